//! Which secret: `path`, `path#key`, `path?version=3#key`, `path?common_name=web.shop.svc&ttl=24h`,
//! and of another login than the pod's own `profile:path`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::access::Access;
use super::invalid::Invalid;
use super::kv::{Kv, KvPart};
use super::names::Profile;
use super::parameters::Parameters;
use super::vault::{MountPath, VaultPath};

/// A secret in Vault, perhaps one version of it, perhaps one key of it; or a request that makes one.
///
/// The text form is that of a URL: the path, then `?version=N` (KV v2 only) or the parameters of a
/// request, then `#key`. A version stands alone, so whatever else is there makes it a request, and
/// requests are written to Vault, not read. A key is everything after the first `#`, so it may hold
/// any character. In a SyncSpec what is declared of the engine stands before the version
/// (`?kv=2&mount=2&version=3`); people cannot write that.
///
/// Before the path may stand a profile and a colon. What could be a profile's name is one, so a path
/// whose own first part begins so has a slash before it: `/eu:west/db`. Whether there is such a
/// profile is not decided here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretRef {
    /// The login that it is read with; `None` is the pod's own.
    pub profile: Option<Profile>,
    /// The path as `vault kv get` or `vault read` takes it.
    pub path: VaultPath,
    /// The version of a KV v2 secret; `None` is the newest.
    pub version: Option<u64>,
    /// What is written to the path, so that its engine makes a secret; nothing where it is read.
    pub parameters: Parameters,
    /// The top-level key of the secret's data; `None` is the whole secret.
    pub key: Option<String>,
    /// What is declared of its engine; `None` is looked up.
    pub kv: Option<Kv>,
    /// How the path is taken.
    pub access: Access,
}

/// What stands in a path of KV version 2's API behind the mount.
const FOLDERS: [&str; 3] = ["/data/", "/metadata/", "/subkeys/"];

impl SecretRef {
    /// What a template asks for as consul-template does. Where that means the same as for the
    /// command line, it is the same reference, so that nothing is read or made twice.
    pub fn of_api(
        path: VaultPath,
        version: Option<u64>,
        access: Access,
        parameters: Parameters,
    ) -> Self {
        let text = path.as_str();
        let is_plain = parameters.is_empty() && !FOLDERS.iter().any(|part| text.contains(part));
        Self {
            access: match access {
                Access::Read if is_plain => Access::Command,
                access => access,
            },
            profile: None,
            path,
            version,
            parameters,
            key: None,
            kv: None,
        }
    }

    /// The secret without the key: what is read from Vault.
    pub fn whole(&self) -> Self {
        Self {
            key: None,
            ..self.clone()
        }
    }

    /// The same as somebody means it who knows no profiles: all of it is the path.
    pub fn without_profile(mut self) -> Self {
        if let Some(profile) = self.profile.take()
            // A part of a path may hold what a profile may, and a colon.
            && let Ok(path) = format!("{profile}:{}", self.path).parse()
        {
            self.path = path;
        }
        self
    }

    /// The declared mount.
    pub fn mount(&self) -> Option<MountPath> {
        let parts: Vec<_> = self.path.as_str().split('/').collect();
        let mount = parts.get(..usize::from(self.kv?.mount_parts))?;
        mount.join("/").parse().ok()
    }

    /// What is read at the path.
    pub fn part(&self) -> KvPart {
        match self.access {
            Access::List => KvPart::List,
            _ => self.kv.map_or(KvPart::Data, |kv| kv.part),
        }
    }

    /// Whether it is written to the path and answered with what the engine made of it.
    pub fn is_request(&self) -> bool {
        match self.access {
            Access::Command => !self.parameters.is_empty(),
            Access::Write => true,
            Access::Read | Access::List => false,
        }
    }

    /// Whether it is an answer that there is nothing.
    pub fn is_optional(&self) -> bool {
        self.access == Access::List || self.kv.is_some_and(|kv| kv.optional)
    }

    fn parse(text: &str, query: impl Fn(&str) -> Result<Query, Invalid>) -> Result<Self, Invalid> {
        let (location, key) = match text.split_once('#') {
            Some((_, "")) => {
                return Err(Invalid::new(
                    "must name a key after \"#\", e.g. secret/db#password",
                ));
            }
            Some((location, key)) => (location, Some(key.to_owned())),
            None => (text, None),
        };
        let (path, asked) = match location.split_once('?') {
            Some((path, asked)) => (path, Some(asked)),
            None => (location, None),
        };
        let Query {
            version,
            parameters,
            kv,
            access,
        } = asked.map(query).transpose()?.unwrap_or_default();
        let (profile, path) = split_profile(path);
        let path = path.parse().map_err(|invalid| {
            Invalid::new(format!(
                "must be a Vault path, e.g. secret/db#password: it {invalid}"
            ))
        })?;
        Ok(Self {
            profile,
            path,
            version,
            parameters,
            key,
            kv,
            access,
        })
    }

    /// Profile and path, as they are written.
    fn location(&self) -> impl fmt::Display {
        let path = &self.path;
        match &self.profile {
            Some(profile) => format!("{profile}:{path}"),
            None if split_profile(path.as_str()).0.is_some() => format!("/{path}"),
            None => path.to_string(),
        }
    }
}

/// What stands before the first colon, where it could be a profile's name, and the path after it.
fn split_profile(text: &str) -> (Option<Profile>, &str) {
    let split = text.split_once(':');
    match split.and_then(|(profile, path)| Some((profile.parse().ok()?, path))) {
        Some((profile, path)) => (Some(profile), path),
        None => (None, text),
    }
}

/// What stands between `?` and `#`.
#[derive(Default)]
struct Query {
    version: Option<u64>,
    parameters: Parameters,
    kv: Option<Kv>,
    access: Access,
}

impl FromStr for SecretRef {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text, asked)
    }
}

/// The form that people write.
fn asked(query: &str) -> Result<Query, Invalid> {
    let is_version = query.starts_with("version=") && !query.contains('&');
    Ok(match is_version {
        true => Query {
            version: Some(version_of(query)?),
            ..Query::default()
        },
        false => Query {
            parameters: Parameters::parse(query)?,
            ..Query::default()
        },
    })
}

/// The form of a SyncSpec.
fn declared(query: &str) -> Result<Query, Invalid> {
    if let Some(query) = query.strip_prefix("api=") {
        return of_api(query);
    }
    let is_declared = query.split('&').any(|field| field.starts_with("kv="));
    if !is_declared {
        return asked(query);
    }
    let is_version = |field: &&str| field.starts_with("version=");
    let version = query.split('&').find(is_version);
    Ok(Query {
        version: version.map(version_of).transpose()?,
        kv: Some(Kv::parse(
            query.split('&').filter(|field| !is_version(field)),
        )?),
        ..Query::default()
    })
}

/// `read&version=3`, `write&name=value`: the version stands before all parameters.
fn of_api(query: &str) -> Result<Query, Invalid> {
    let mut fields = query.split('&').peekable();
    let access = Access::named(fields.next().unwrap_or_default())?;
    let version = fields.next_if(|field| access == Access::Read && field.starts_with("version="));
    Ok(Query {
        version: version.map(version_of).transpose()?,
        parameters: Parameters::recalled(fields)?,
        kv: None,
        access,
    })
}

fn version_of(query: &str) -> Result<u64, Invalid> {
    let accepted = || {
        Invalid::new(
            "must have a version from 1 on after \"version=\", e.g. secret/db?version=3#password",
        )
    };
    let number = query.strip_prefix("version=").ok_or_else(accepted)?;
    match number.bytes().all(|byte| byte.is_ascii_digit()) {
        true => number
            .parse()
            .ok()
            .filter(|version| *version > 0)
            .ok_or_else(accepted),
        false => Err(accepted()),
    }
}

impl fmt::Display for SecretRef {
    /// For people: without what is declared.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.part() {
            KvPart::Data => "",
            KvPart::Metadata => "metadata of ",
            KvPart::List => "list of ",
        })?;
        write!(f, "{}", self.location())?;
        if let Some(version) = self.version {
            write!(f, "?version={version}")?;
        }
        if !self.parameters.is_empty() {
            write!(f, "?{}", self.parameters)?;
        }
        match &self.key {
            Some(key) => write!(f, "#{key}"),
            None => Ok(()),
        }
    }
}

impl Serialize for SecretRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            version,
            parameters,
            key,
            ..
        } = self;
        let location = self.location();
        if let Some(access) = self.access.name() {
            let version = version.map_or_else(String::new, |version| format!("&version={version}"));
            let and = if parameters.is_empty() { "" } else { "&" };
            return serializer.collect_str(&format_args!(
                "{location}?api={access}{version}{and}{parameters}"
            ));
        }
        let Some(kv) = self.kv else {
            return serializer.collect_str(self);
        };
        let version = version.map_or_else(String::new, |version| format!("&version={version}"));
        let key = key
            .as_ref()
            .map_or_else(String::new, |key| format!("#{key}"));
        serializer.collect_str(&format_args!("{location}?{kv}{version}{key}"))
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        let secret = Self::parse(&text, declared);
        secret.map_err(|invalid| serde::de::Error::custom(format_args!("{text:?}: {invalid}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_path_version_and_key() {
        for text in [
            "secret/db",
            "secret/db#password",
            "secret/db?version=3#password",
            "secret/db?version=3",
            "a b/c#d#e?f",
            "pki/issue/web?common_name=web.shop.svc&ttl=24h",
            "pki/issue/web?common_name=web%23&ttl=24h#private_key",
            "eu:secret/db?version=3#password",
            "eu:pki/issue/web?common_name=a",
            "/eu:west/db#a:b",
            "eu:west:1/db",
            "EU:west/db",
            "a/eu:west",
        ] {
            assert_eq!(
                text.parse::<SecretRef>().map(|secret| secret.to_string()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(
            "/secret/db/"
                .parse::<SecretRef>()
                .map(|secret| secret.to_string()),
            Ok("secret/db".to_owned())
        );
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "",
            "#key",
            "secret/db#",
            "secret/db?",
            "secret/db?version=",
            "secret/db?version=0",
            "secret/db?version=-1",
            "secret/db?version=3&ttl=1h",
            "secret/db?v=1",
            "secret/db?kv=2",
        ] {
            assert!(text.parse::<SecretRef>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_profile_is_what_stands_before_the_first_colon_unless_a_slash_does() {
        for (text, profile, path) in [
            ("eu:secret/db", Some("eu"), "secret/db"),
            ("eu:/secret/db", Some("eu"), "secret/db"),
            ("eu:west:1/db", Some("eu"), "west:1/db"),
            ("/eu:west/db", None, "eu:west/db"),
            ("a/eu:west", None, "a/eu:west"),
            ("Eu:west", None, "Eu:west"),
            ("a#b:c", None, "a"),
        ] {
            let secret: SecretRef = text.parse().expect(text);
            let found = secret.profile.as_ref().map(Profile::as_str);
            assert_eq!((found, secret.path.as_str()), (profile, path), "{text}");
            let shown = secret.to_string().parse();
            assert_eq!(shown, Ok(secret.clone()), "{text}");
            assert_eq!(secret.whole().profile, secret.profile);
        }
        for text in ["eu:", "eu:#key", "eu:?version=3"] {
            assert!(text.parse::<SecretRef>().is_err(), "{text:?}");
        }
        let meant: SecretRef = "eu:west/db?version=3#a".parse().expect("a reference");
        let meant = meant.without_profile();
        assert_eq!(meant.to_string(), "/eu:west/db?version=3#a");
    }

    #[test]
    fn a_request_is_what_has_parameters() {
        for (text, is_request) in [
            ("secret/db", false),
            ("secret/db?version=3", false),
            ("pki/issue/web?common_name=a", true),
        ] {
            let secret: SecretRef = text.parse().expect(text);
            assert_eq!(secret.is_request(), is_request, "{text}");
        }
        let one: SecretRef = "pki/issue/web?ttl=1h&common_name=a#x".parse().expect("one");
        let two: SecretRef = "pki/issue/web?common_name=a&ttl=1h#y".parse().expect("two");
        assert_eq!(one.whole(), two.whole(), "their order means nothing");
    }

    /// What a SyncSpec holds, and what people see of it.
    #[track_caller]
    fn check(text: &str, shown: &str, mount: Option<&str>) {
        let json = serde_json::to_string(text).expect("JSON");
        let secret: SecretRef = serde_json::from_str(&json).expect(text);
        assert_eq!(serde_json::to_string(&secret).expect("JSON"), json);
        assert_eq!(secret.to_string(), shown);
        let found = secret.mount();
        assert_eq!(found.as_ref().map(MountPath::as_str), mount);
    }

    #[test]
    fn what_a_template_asks_of_the_api_reads_back_as_it_was() {
        let of = |path: &str, version, access, fields: &[(&str, &str)]| {
            let mut parameters = Parameters::default();
            for (name, value) in fields {
                parameters.set((*name).to_owned(), (*value).to_owned());
            }
            SecretRef::of_api(path.parse().expect(path), version, access, parameters)
        };
        for (secret, json, shown) in [
            (
                of("secret/db", Some(2), Access::Read, &[]),
                "\"secret/db?version=2\"",
                "secret/db?version=2",
            ),
            (
                of("secret/data/db", Some(2), Access::Read, &[]),
                "\"secret/data/db?api=read&version=2\"",
                "secret/data/db?version=2",
            ),
            (
                of("aws/creds/a", None, Access::Read, &[("ttl", "1h")]),
                "\"aws/creds/a?api=read&ttl=1h\"",
                "aws/creds/a?ttl=1h",
            ),
            (
                of(
                    "transit/sign/a",
                    None,
                    Access::Write,
                    &[("a=B", "x&=%"), ("version", "")],
                ),
                "\"transit/sign/a?api=write&a%3DB=x%26=%25&version=\"",
                "transit/sign/a?a%3DB=x%26=%25&version=",
            ),
            (
                of("secret/a", None, Access::List, &[]),
                "\"secret/a?api=list\"",
                "list of secret/a",
            ),
            (
                of("eu:west/data/a", None, Access::Read, &[]),
                "\"/eu:west/data/a?api=read\"",
                "/eu:west/data/a",
            ),
        ] {
            assert_eq!(serde_json::to_string(&secret).expect("JSON"), json);
            assert_eq!(serde_json::from_str::<SecretRef>(json).expect(json), secret);
            assert_eq!(secret.to_string(), shown);
        }
    }

    #[test]
    fn a_sync_spec_can_declare_the_engine() {
        check("secret/db?version=3#a", "secret/db?version=3#a", None);
        check("secret/db?kv=2", "secret/db", Some("secret"));
        let full = "team/kv/db?kv=2&mount=2&optional&version=3#a";
        check(full, "team/kv/db?version=3#a", Some("team/kv"));
        check("kv/db?kv=1", "kv/db", Some("kv"));
        check("kv/a?kv=2&part=metadata", "metadata of kv/a", Some("kv"));
        check("kv?kv=2&part=list&optional", "list of kv", Some("kv"));
        let of_profile = "eu:team/kv/db?kv=2&mount=2&version=3#a";
        check(of_profile, "eu:team/kv/db?version=3#a", Some("team/kv"));
        check("/eu:kv/db?kv=1", "/eu:kv/db", Some("eu:kv"));
        let request = "pki/issue/web?common_name=a&ttl=1h#x";
        check(request, request, None);
        for text in ["a?kv=3", "a?mount=1", "a?kv=2&mount=0", "a?kv=2&x", "a?"] {
            let json = serde_json::to_string(text).expect("JSON");
            assert!(serde_json::from_str::<SecretRef>(&json).is_err(), "{text}");
        }
    }
}
