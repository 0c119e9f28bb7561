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
pub use self::file::{FileMode, FilePath, MountDirectory};
pub use self::header::Header;
pub use self::identity::{Identity, IdentityBuilder, IdentityError};
pub use self::invalid::Invalid;
pub use self::kv::{Kv, KvPart, KvVersion};
pub use self::names::{ContainerName, ObjectName, SecretName, VariableName, VolumeName};
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

/// The version of the format that this code writes.
pub const VERSION: u32 = 1;

/// What a pod is served: for each mounted directory its files, and how often Vault is asked.
///
/// An unknown field is an error that names it: an older refresher must not serve half of what a
/// newer webhook asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncSpec {
    /// The version of the format, [`VERSION`].
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
        let spec: Self =
            serde_json::from_str(&json).map_err(|error| Invalid::new(error.to_string()))?;
        match spec.version {
            VERSION => Ok(spec),
            other => Err(Invalid::new(format!(
                "has version {other}: this refresher reads version {VERSION}; give it the image of the webhook's release"
            ))),
        }
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
}
