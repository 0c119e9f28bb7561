//! The SyncSpec: what the webhook writes into a pod and the refresher reads from it.
//!
//! It is versioned JSON in the annotation [`ANNOTATION`], which the refresher sees through a
//! downward API volume, so it may change while the pod runs. It says *what* to fetch and how to
//! write it, never who to be or where to send a token: that is [`Identity`], in the container's
//! arguments, which nobody can change. Neither holds a secret value.

mod access;
mod annotation;
mod auth;
mod ca_bundle;
mod duration;
mod file;
mod header;
mod identity;
mod invalid;
mod kv;
pub mod layout;
mod login;
mod names;
mod on_change;
mod parameters;
mod process_signal;
mod program_call;
mod property;
mod secret_ref;
mod signal;
mod store_path;
pub mod target;
mod template;
mod text;
mod vault;

use serde::{Deserialize, Serialize};

pub use self::access::Access;
pub use self::annotation::AnnotationSize;
pub use self::auth::{Auth, AuthType};
pub use self::ca_bundle::CaBundle;
pub use self::duration::GoDuration;
pub use self::file::{FileMode, FilePath, MountDirectory, is_within};
pub use self::header::Header;
pub use self::identity::{Identity, IdentityBuilder, IdentityError};
pub use self::invalid::Invalid;
pub use self::kv::{Kv, KvPart, KvVersion};
pub use self::login::Login;
pub use self::names::{ContainerName, ObjectName, Profile, SecretName, VariableName, VolumeName};
pub use self::on_change::{ChangeAction, LoopbackRequest, OnChange, Splay};
pub use self::parameters::Parameters;
pub use self::process_signal::{ProcessLookup, ProcessSignal};
pub use self::program_call::ProgramCall;
pub use self::property::Property;
pub use self::secret_ref::SecretRef;
pub use self::signal::SignalName;
pub use self::store_path::StorePath;
pub use self::target::TargetSpec;
pub use self::template::{FunctionTable, MissingKey, TemplateFileSpec, TemplatePath, TemplateSpec};
pub use self::vault::{
    Audience, MountPath, Role, TlsName, VaultAddress, VaultNamespace, VaultPath,
};

/// The annotation that carries the SyncSpec of a pod.
pub const ANNOTATION: &str = "freshet.dev/sync-spec";

/// The version of a SyncSpec whose secrets are all read with the pod's own login.
///
/// A SyncSpec is written in the oldest version that has what it holds, so that a refresher of an
/// earlier release follows it, and what it does not know is refused as a whole.
pub const VERSION: u32 = 1;

/// The version of a SyncSpec of a pod with profiles: `profile:path` names another login.
pub const PROFILES_VERSION: u32 = 2;

/// What a pod is served: for each mounted directory its files, and how often Vault is asked.
///
/// An unknown field is an error that names it: an older refresher must not serve half of what a
/// newer webhook asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncSpec {
    /// The version of the format: [`VERSION`] or [`PROFILES_VERSION`].
    pub version: u32,
    /// The time between two looks at Vault.
    pub refresh_interval: GoDuration,
    /// The directories, in the order of their volumes' names.
    pub mounts: Vec<Mount>,
}

/// One memory volume and the files in it. All of them switch at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mount {
    /// The volume's name in the pod; [`Identity::mounts`] tells where the refresher has it.
    pub volume: VolumeName,
    /// Where the application sees it; for messages alone.
    pub mount_path: MountDirectory,
    /// The files, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileSpec>,
    /// What ExternalSecrets put into it, in the order of the volume's sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetSpec>,
    /// Whether the pod may start without its files, once it is known that they cannot be had.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The time between two looks at its secrets, where it is not the pod's; zero looks once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_interval: Option<GoDuration>,
    /// Any new value means: look at its secrets now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether its files are the variables of a container: each is called as its variable, and all
    /// are written as one, [`layout::ENVIRONMENT_FILE`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub environment: bool,
}

impl Mount {
    /// A mount of `volume` that holds nothing yet.
    pub fn new(volume: VolumeName, mount_path: MountDirectory) -> Self {
        Self {
            volume,
            mount_path,
            files: Vec::new(),
            targets: Vec::new(),
            optional: false,
            refresh_interval: None,
            revision: None,
            environment: false,
        }
    }
}

/// One secret of a pod: what the annotations `secret-<name>`, `template-<name>`, `file-<name>` …
/// say together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileSpec {
    /// The `<name>` of the annotations.
    pub name: SecretName,
    /// The file below the mount directory; with [`Format::Dir`] the directory of its files.
    pub path: FilePath,
    /// The mode of the file or files.
    pub mode: FileMode,
    /// What is written.
    pub content: Content,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Content {
    /// A secret, or one key of it, in one of the formats.
    Secret {
        /// The secret.
        source: SecretRef,
        /// How it is written.
        format: Format,
    },
    /// The output of a template.
    Template {
        /// The secret whose data is `.`; without it `.` is an empty map.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<SecretRef>,
        /// The template.
        template: TemplateSpec,
    },
    /// The output of a template that lies in the refresher's container; `.` is an empty map.
    TemplateFile(TemplateFileSpec),
    /// The Vault token of the pod's login, without a newline at its end. It is written anew when a new
    /// login brings another one; until then the old one stays.
    Token,
}

/// How a secret becomes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The bytes of one key, as they are.
    Raw,
    /// JSON, keys sorted, no newline at the end.
    Json,
    /// A YAML mapping, keys sorted.
    Yaml,
    /// `KEY=value` lines that a POSIX shell can source.
    Env,
    /// Java's `.properties`.
    Properties,
    /// A directory with a file for each key.
    Dir,
    /// A directory with a certificate, its key, its chain and its CA, each in PEM.
    Pem,
    /// A certificate, its key and its chain in one file, in PEM.
    #[serde(rename = "pem-bundle")]
    PemBundle,
    /// The same as PKCS#12.
    Pkcs12,
}

impl SyncSpec {
    /// Reads the text of the annotation, plain or compressed.
    ///
    /// # Errors
    /// When it is not JSON, names an unknown field or version, or holds a bad value; the text says
    /// which and where. When it is compressed, also what is wrong with that.
    pub fn from_annotation(text: &str) -> Result<Self, Invalid> {
        let json = annotation::unpack(text)?;
        let mut spec: Self =
            serde_json::from_str(&json).map_err(|error| Invalid::new(error.to_string()))?;
        match spec.version {
            VERSION => {
                // Whoever wrote this knew no profiles.
                for secret in spec.secrets_mut() {
                    *secret = secret.clone().without_profile();
                }
                Ok(spec)
            }
            PROFILES_VERSION => Ok(spec),
            other => Err(Invalid::new(format!(
                "has version {other}: this refresher reads versions {VERSION} to {PROFILES_VERSION}; give it the image of the webhook's release"
            ))),
        }
    }

    /// Every reference to a secret in it.
    fn secrets_mut(&mut self) -> impl Iterator<Item = &mut SecretRef> {
        self.mounts.iter_mut().flat_map(|mount| {
            let files = mount.files.iter_mut();
            let files = files.filter_map(|file| file.content.source_mut());
            let targets = mount.targets.iter_mut();
            files.chain(targets.flat_map(TargetSpec::secrets_mut))
        })
    }

    /// The text of the annotation: JSON, and over 16 KiB of it compressed.
    pub fn to_annotation(&self) -> String {
        annotation::pack(self.to_json())
    }

    /// Whether the annotation is small enough for Kubernetes, which allows a pod 256 KiB of
    /// annotations, ours and the author's together.
    pub fn size(&self) -> AnnotationSize {
        let json = self.to_json();
        let plain = json.len();
        AnnotationSize::of(plain, annotation::pack(json).len())
    }

    fn to_json(&self) -> String {
        // Only maps with keys that are not strings, and failing `Serialize` implementations, can
        // fail here; there are none.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Content {
    fn source_mut(&mut self) -> Option<&mut SecretRef> {
        match self {
            Self::Secret { source, .. } => Some(source),
            Self::Template { source, .. } => source.as_mut(),
            Self::TemplateFile(_) | Self::Token => None,
        }
    }

    /// The secret that it names.
    pub fn source(&self) -> Option<&SecretRef> {
        match self {
            Self::Secret { source, .. } => Some(source),
            Self::Template { source, .. } => source.as_ref(),
            Self::TemplateFile(_) | Self::Token => None,
        }
    }
}

impl std::str::FromStr for Format {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Ok(match text {
            "raw" => Self::Raw,
            "json" => Self::Json,
            "yaml" => Self::Yaml,
            "env" => Self::Env,
            "properties" => Self::Properties,
            "dir" => Self::Dir,
            "pem" => Self::Pem,
            "pem-bundle" => Self::PemBundle,
            "pkcs12" => Self::Pkcs12,
            _ => {
                return Err(Invalid::new(
                    "must be raw, json, yaml, env, properties or dir, or for a certificate pem, pem-bundle or pkcs12",
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str) {
        let content: Content = serde_json::from_str(json).expect(json);
        assert_eq!(serde_json::to_string(&content).expect("JSON"), json);
    }

    #[test]
    fn what_a_file_holds_has_one_form() {
        check(r#"{"secret":{"source":"secret/db#password","format":"raw"}}"#);
        check(r#""token""#);
        check(
            r#"{"templateFile":{"path":"/templates/app","functions":"consul-template","missingKey":"zero","delimiters":["{{","}}"]}}"#,
        );
        for json in [
            r#"{"templateFile":{"path":"app","functions":"go","missingKey":"error","delimiters":["{{","}}"]}}"#,
            r#"{"token":{"mode":"0600"}}"#,
        ] {
            assert!(serde_json::from_str::<Content>(json).is_err(), "{json}");
        }
    }

    fn read(version: u32) -> Result<SyncSpec, Invalid> {
        let file = |name: &str, content: &str| {
            format!(r#"{{"name":"{name}","path":"{name}","mode":"0644","content":{content}}}"#)
        };
        let raw = r#"{"secret":{"source":"eu:secret/db#a","format":"raw"}}"#;
        let template = r#"{"template":{"source":"eu:secret/db","template":{"text":"x","functions":"go","missingKey":"error","delimiters":["{{","}}"]}}}"#;
        let target = r#"{"name":"t","mode":"0644","entries":[{"take":{"extract":{"source":"eu:kv/db?kv=2"}}}]}"#;
        let files = [file("a", raw), file("b", template)].join(",");
        let mount =
            format!(r#"{{"volume":"v","mountPath":"/v","files":[{files}],"targets":[{target}]}}"#);
        let head = format!(r#"{{"version":{version},"refreshInterval":"1m","mounts":["#);
        SyncSpec::from_annotation(&format!("{head}{mount}]}}"))
    }

    #[test]
    fn an_older_version_knows_no_profiles_and_a_newer_one_is_refused() {
        let shown = |version| {
            let mut spec = read(version).expect("a SyncSpec");
            let secrets = spec.secrets_mut().map(|secret| secret.to_string());
            secrets.collect::<Vec<_>>()
        };
        let of_profile = ["eu:secret/db#a", "eu:secret/db", "eu:kv/db"];
        assert_eq!(shown(PROFILES_VERSION), of_profile);
        assert_eq!(shown(VERSION), of_profile.map(|text| format!("/{text}")));
        let error = read(3).expect_err("a newer version").to_string();
        let want = "has version 3: this refresher reads versions 1 to 2; give it the image of the webhook's release";
        assert_eq!(error, want);
    }
}
