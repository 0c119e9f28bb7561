//! Where a secret is read that was named by its path in the HTTP API.
//!
//! consul-template lets a path of a KV version 2 engine have `data/` behind the mount or not have it,
//! and reads what has `metadata/` or `subkeys/` there as it is.

use super::{Engine, SecretsMount};
use crate::spec::{Access, SecretRef, VaultPath};

impl SecretsMount {
    /// How and where `secret`, which this mount serves, is read.
    pub fn place(&self, secret: &SecretRef) -> (Self, VaultPath) {
        let as_it_is = (self.clone(), secret.path.clone());
        let named = match (secret.access, self.engine) {
            (Access::Read | Access::List, Engine::KvV2) => self.relative_path(&secret.path),
            _ => None,
        };
        let Some((folder, rest)) = named.and_then(|named| named.split_once('/')) else {
            return match (secret.access, named) {
                (Access::List, Some("metadata")) => self.at(self.path.as_str(), as_it_is),
                _ => as_it_is,
            };
        };
        match (secret.access, folder) {
            (Access::Read, "data") | (Access::List, "metadata") => {
                self.at(&format!("{}/{rest}", self.path), as_it_is)
            }
            (Access::Read, "metadata" | "subkeys") => {
                let plain = Self {
                    path: self.path.clone(),
                    engine: Engine::Plain,
                };
                (plain, secret.path.clone())
            }
            _ => as_it_is,
        }
    }

    fn at(&self, path: &str, otherwise: (Self, VaultPath)) -> (Self, VaultPath) {
        path.parse().map_or(otherwise, |path| (self.clone(), path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Parameters;

    #[track_caller]
    fn check(path: &str, access: Access, engine: Engine, want: (Engine, &str)) {
        let mount = SecretsMount {
            path: "team/kv".parse().expect("a mount"),
            engine,
        };
        let path = path.parse().expect("a path");
        let secret = SecretRef::of_api(path, None, access, Parameters::default());
        let (mount, path) = mount.place(&secret);
        assert_eq!((mount.engine, path.as_str()), want);
    }

    #[test]
    fn the_folders_of_version_2_may_be_named_or_not() {
        use Engine::{KvV1, KvV2, Plain};
        let read = Access::Read;
        check("team/kv/a/b", read, KvV2, (KvV2, "team/kv/a/b"));
        check("team/kv/data/a/b", read, KvV2, (KvV2, "team/kv/a/b"));
        check("team/kv/data/data/b", read, KvV2, (KvV2, "team/kv/data/b"));
        check("team/kv/a/data/b", read, KvV2, (KvV2, "team/kv/a/data/b"));
        check("team/kv/data/a", read, KvV1, (KvV1, "team/kv/data/a"));
        for path in ["team/kv/metadata/a", "team/kv/subkeys/a"] {
            check(path, read, KvV2, (Plain, path));
        }
        let list = Access::List;
        check("team/kv/metadata/a", list, KvV2, (KvV2, "team/kv/a"));
        check("team/kv/metadata", list, KvV2, (KvV2, "team/kv"));
        check("team/kv", list, KvV2, (KvV2, "team/kv"));
        check("team/kv/a", list, KvV1, (KvV1, "team/kv/a"));
    }
}
