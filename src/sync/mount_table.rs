//! What one login has found out about secrets engines and policies, so that nothing is asked twice.
//!
//! Vault forbids a secrets engine below another one's path, so a known mount answers for every path
//! below it.

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::{KvVersion, MountPath, SecretRef, VaultPath, is_within};
use crate::vault::{Class, Engine, SecretsMount, VaultError};

/// The memory of a login; a new login starts with an empty one.
#[derive(Debug, Default)]
pub(crate) struct MountTable {
    known: Vec<SecretsMount>,
    /// First segments of paths that are being looked up. Paths that share one may share the mount.
    asked: BTreeSet<String>,
    /// Paths whose look-up was denied, and what is assumed instead.
    guesses: BTreeMap<VaultPath, Guess>,
    /// Paths whose metadata cannot be read, or whose CA cannot be seen.
    blind: BTreeSet<VaultPath>,
}

/// A denied look-up, and the engine that is assumed.
#[derive(Debug)]
struct Guess {
    engine: Engine,
    denial: VaultError,
}

/// What is left to be tried after a read that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Alternative {
    /// The mount is known: nothing.
    None,
    /// Another guess.
    Guess,
    /// No guess was right: what the look-up was denied with says more than the last read.
    Exhausted(VaultError),
}

/// What is known about the mount of a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// This mount serves it.
    Mount(SecretsMount),
    /// Vault may not be asked: this is what most installations would say.
    Guess(SecretsMount),
    /// A look-up that is under way may tell.
    Awaited,
    /// Nothing yet.
    Nothing,
}

impl MountTable {
    /// What is known about the mount of `secret`: what is declared or can only be so, else what was
    /// found out.
    pub(crate) fn of(&self, secret: &SecretRef) -> Knowledge {
        let known = declared(secret).or_else(|| reserved(&secret.path));
        match known {
            Some(mount) => Knowledge::Mount(mount),
            None => self.found(&secret.path),
        }
    }

    fn found(&self, path: &VaultPath) -> Knowledge {
        if let Some(mount) = self.known.iter().find(|mount| serves(mount, path)) {
            return Knowledge::Mount(mount.clone());
        }
        if let Some(guess) = self.guesses.get(path)
            && let Ok(first) = first_segment(path).parse::<MountPath>()
        {
            return Knowledge::Guess(SecretsMount {
                path: first,
                engine: guess.engine,
            });
        }
        match self.asked.contains(first_segment(path)) {
            true => Knowledge::Awaited,
            false => Knowledge::Nothing,
        }
    }

    /// A look-up of `path` is under way.
    pub(crate) fn ask(&mut self, path: &VaultPath) {
        self.asked.insert(first_segment(path).to_owned());
    }

    /// The look-up of `path` ended without an answer that helps.
    pub(crate) fn give_up(&mut self, path: &VaultPath) {
        self.asked.remove(first_segment(path));
    }

    /// The look-up of `path` found `mount`.
    pub(crate) fn learn(&mut self, path: &VaultPath, mount: SecretsMount) {
        self.give_up(path);
        self.guesses.remove(path);
        if !self.known.contains(&mount) {
            self.known.push(mount);
        }
    }

    /// The look-up of `secret` was denied: assume KV v2, mounted at the first segment of the path. A
    /// KV engine makes nothing of what is written to it, so a request is to another one.
    pub(crate) fn guess(&mut self, secret: &SecretRef, denial: VaultError) {
        let path = &secret.path;
        self.give_up(path);
        let engine = match path.as_str().contains('/') && !secret.is_request() {
            true => Engine::KvV2,
            false => Engine::Plain,
        };
        self.guesses.insert(path.clone(), Guess { engine, denial });
    }

    /// A read of `secret` failed as it would where a guess is wrong. When all guesses were, the
    /// denied look-up is worth nothing and is forgotten: the next attempt asks again.
    pub(crate) fn guess_again(&mut self, secret: &SecretRef, error: &VaultError) -> Alternative {
        let path = &secret.path;
        match self.guesses.get_mut(path) {
            // A declared engine is no guess.
            _ if secret.kv.is_some() => Alternative::None,
            None => Alternative::None,
            Some(guess) if guess.engine == Engine::KvV2 => {
                guess.engine = Engine::Plain;
                // The policies allow a path of KV v2: the guess was right, and the secret is missing.
                if error.class() == Class::NotFound {
                    guess.denial = error.clone();
                }
                Alternative::Guess
            }
            Some(_) => match self.guesses.remove(path) {
                Some(guess) => Alternative::Exhausted(guess.denial),
                None => Alternative::None,
            },
        }
    }

    /// The metadata of `path` cannot be read: read the secret itself at each look. Or its CA cannot
    /// be seen: nobody looks for it.
    pub(crate) fn forget_metadata(&mut self, path: &VaultPath) {
        self.blind.insert(path.clone());
    }

    /// Whether the metadata or the CA of `path` may be readable.
    pub(crate) fn has_metadata(&self, path: &VaultPath) -> bool {
        !self.blind.contains(path)
    }

    /// Forgets what was denied: somebody says that things have changed.
    pub(crate) fn forget_denials(&mut self) {
        self.guesses.clear();
        self.blind.clear();
    }
}

fn declared(secret: &SecretRef) -> Option<SecretsMount> {
    Some(SecretsMount {
        path: secret.mount()?,
        engine: match secret.kv?.version {
            KvVersion::One => Engine::KvV1,
            KvVersion::Two => Engine::KvV2,
        },
    })
}

/// What Vault keeps to itself: nobody can mount an engine there. Of an auth method's path it names a
/// mount that is no part of the path.
fn reserved(path: &VaultPath) -> Option<SecretsMount> {
    let first = first_segment(path);
    let engine = match first {
        "auth" | "sys" | "identity" => Engine::Plain,
        "cubbyhole" => Engine::KvV1,
        _ => return None,
    };
    let path = first.parse().ok()?;
    Some(SecretsMount { path, engine })
}

fn serves(mount: &SecretsMount, path: &VaultPath) -> bool {
    is_within(path.as_str(), mount.path.as_str())
}

fn first_segment(path: &VaultPath) -> &str {
    path.as_str().split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VaultPath {
        text.parse().expect("a path")
    }

    fn secret(text: &str) -> SecretRef {
        text.parse().expect("a reference")
    }

    fn mount(text: &str, engine: Engine) -> SecretsMount {
        SecretsMount {
            path: text.parse().expect("a mount"),
            engine,
        }
    }

    #[test]
    fn a_known_mount_answers_for_all_below_it_and_for_nothing_else() {
        let mut table = MountTable::default();
        table.ask(&path("team/kv/a"));
        assert_eq!(table.of(&secret("team/other/b")), Knowledge::Awaited);
        table.learn(&path("team/kv/a"), mount("team/kv", Engine::KvV2));
        assert_eq!(
            table.of(&secret("team/kv/x/y")),
            Knowledge::Mount(mount("team/kv", Engine::KvV2))
        );
        assert_eq!(table.of(&secret("team/kv2/x")), Knowledge::Nothing);
    }

    #[test]
    fn a_denied_look_up_is_guessed_as_v2_then_plain_then_given_up() {
        let mut table = MountTable::default();
        let db = path("secret/db");
        table.ask(&db);
        let denial = VaultError::new(Class::Denied, "no look-ups");
        table.guess(&secret("secret/db"), denial.clone());
        assert_eq!(
            table.of(&secret("secret/db")),
            Knowledge::Guess(mount("secret", Engine::KvV2))
        );
        assert_eq!(
            table.guess_again(&secret("secret/db"), &denial),
            Alternative::Guess
        );
        assert_eq!(
            table.of(&secret("secret/db")),
            Knowledge::Guess(mount("secret", Engine::Plain))
        );
        assert_eq!(
            table.guess_again(&secret("secret/db"), &denial),
            Alternative::Exhausted(denial.clone())
        );
        assert_eq!(table.of(&secret("secret/db")), Knowledge::Nothing);
        assert_eq!(
            table.guess_again(&secret("secret/db"), &denial),
            Alternative::None
        );
    }

    #[test]
    fn what_vault_keeps_to_itself_is_not_looked_up() {
        let table = MountTable::default();
        for (path, engine) in [
            ("auth/token/lookup-self", Engine::Plain),
            ("sys/health", Engine::Plain),
            ("identity/oidc/token/app", Engine::Plain),
            ("cubbyhole/a", Engine::KvV1),
        ] {
            let first = path.split('/').next().expect("a part");
            let known = Knowledge::Mount(mount(first, engine));
            assert_eq!(table.of(&secret(path)), known);
        }
        assert_eq!(table.of(&secret("authors/a")), Knowledge::Nothing);
    }

    #[test]
    fn a_declared_engine_is_neither_looked_up_nor_guessed() {
        let mut table = MountTable::default();
        let text = "\"team/kv/db?kv=2&mount=2\"";
        let declared: SecretRef = serde_json::from_str(text).expect("a reference");
        let known = Knowledge::Mount(mount("team/kv", Engine::KvV2));
        assert_eq!(table.of(&declared), known);
        let denial = VaultError::new(Class::Denied, "no look-ups");
        table.guess(&secret("team/kv/db"), denial.clone());
        assert_eq!(table.guess_again(&declared, &denial), Alternative::None);
    }
}
