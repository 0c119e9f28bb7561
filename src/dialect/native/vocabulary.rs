//! The vocabulary of the annotations `freshet.dev/*`: one row for each key. Parsing, suggestions
//! and the reference in the README read this table and nothing else.

mod misspelling;
mod reference;

use self::misspelling::NotAKey;
pub use self::reference::{overview, reference};
use crate::spec::{ContainerName, Invalid, Profile, SecretName, VariableName};

/// What all keys begin with.
pub(super) const PREFIX: &str = "freshet.dev/";

/// A key, or a family of keys that end in the name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::enum_variant_names,
    reason = "a variant is called as its key is"
)]
pub(super) enum Key {
    Inject,
    Role,
    VaultAddress,
    VaultNamespace,
    AuthType,
    AuthPath,
    AuthAudience,
    ApproleSecret,
    CaConfigMap,
    TlsSecret,
    Containers,
    RefreshInterval,
    Grace,
    Revoke,
    Once,
    User,
    Group,
    RequestsCpu,
    RequestsMemory,
    LimitsCpu,
    LimitsMemory,
    MountPath,
    Secret,
    Template,
    Functions,
    MissingKey,
    LeftDelimiter,
    RightDelimiter,
    Format,
    File,
    Mode,
    FileMountPath,
    Variable,
    Command,
    OnChange,
    NamedOnChange,
    Refresh,
    Status,
    SyncSpec,
    ReplacedVolumes,
    OptionalVariables,
}

/// How often a key may stand on a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// Once, under its own name.
    Pod,
    /// Once for each file: the row's name, then the file's.
    File,
    /// Once for each environment variable: the row's name, then the variable's.
    Variable,
    /// Once for each container: the row's name, then the container's.
    Container,
    /// It is the webhook's, or read by the refresher; a pod's author need not write it.
    Ours,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Which key it is.
    pub(super) key: Key,
    /// Its name after [`PREFIX`]; of a family, what stands before the file's name.
    pub(super) name: &'static str,
    /// How often it may stand on a pod.
    pub(super) arity: Arity,
    /// A value that is accepted; empty where nobody writes one.
    pub(super) example: &'static str,
    /// What holds without it, in Markdown; empty when there is nothing to say.
    pub(super) default: &'static str,
    /// What it means, in Markdown.
    pub(super) doc: &'static str,
    /// What other injectors and people call it.
    pub(super) aliases: &'static [&'static str],
    /// The same setting of a profile, where there is one.
    pub(super) profile: Option<Setting>,
}

/// A setting of a profile: the key `vault-<profile>-<name>`.
///
/// No name ends in a hyphen and another one, so a key is of one profile alone, whatever profiles are
/// called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// What stands after the profile.
    pub(super) name: &'static str,
    /// Where it comes from when the profile does not say.
    pub(super) inherited: Inherited,
}

/// When a profile has a setting of the pod's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inherited {
    /// Always.
    Always,
    /// When it means the pod's server: it belongs to that.
    AtTheSameServer,
}

/// What stands before a profile.
const PROFILE_PREFIX: &str = "vault-";

macro_rules! rows {
    ($($key:ident $arity:ident $name:literal = $example:literal, $default:literal, $doc:literal
        $(, also $($alias:literal)+)? $(, profile $setting:literal $inherited:ident)?;)+) => {
        &[$(Row {
            key: Key::$key,
            name: $name,
            arity: Arity::$arity,
            example: $example,
            default: $default,
            doc: $doc,
            aliases: &[$($($alias),+)?],
            profile: [$(Setting { name: $setting, inherited: Inherited::$inherited })?].first().copied(),
        }),+]
    };
}

/// The table, in the order of the reference.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = rows! {
    Inject Pod "inject" = "true", "off",
        "`true` turns injection on",
        also "agent-inject" "injection" "enabled";
    Secret File "secret-" = "secret/db#password", "",
        "what is fetched: `path`, `path#key` or `path?version=3#key`, the path as `vault kv get` or `vault read` takes it; or what is issued: `pki/issue/web?common_name=web.shop.svc&ttl=24h`",
        also "agent-inject-secret-";
    Template File "template-" = "{{ .password }}", "",
        "a Go template. With `secret-<name>` beside it, `.` is that secret's data, without it an empty map; `secret \"path\"` works in both",
        also "agent-inject-template-";
    Functions File "functions-" = "sprig", "`external-secrets`",
        "the functions of that template: `go`, `sprig`, `external-secrets` or `consul-template`",
        also "template-functions-";
    MissingKey File "missing-key-" = "zero", "`error`",
        "what the template does at a key that is missing: `error`, `zero` or `default`",
        also "error-on-missing-key-";
    LeftDelimiter File "left-delimiter-" = "[[", "`{{`",
        "the left delimiter of that template",
        also "left-delim-" "template-left-delim-";
    RightDelimiter File "right-delimiter-" = "]]", "`}}`",
        "the right delimiter of that template",
        also "right-delim-" "template-right-delim-";
    Format File "format-" = "raw", "`raw` with `#key`, else `json`",
        "how a secret without a template is written: `raw` (the bytes of one key), `json`, `yaml`, `env`, `properties`, or `dir` (a file for each key); a certificate as `pem` (a directory of `tls.key`, `tls.crt`, `chain.crt` and `ca.crt`), `pem-bundle` (all in one file) or `pkcs12`";
    File File "file-" = "conf/app.yaml", "`<name>`",
        "the file, relative to the mount path; with the formats `dir` and `pem` the directory",
        also "agent-inject-file-" "path-";
    Mode File "mode-" = "0640", "`0644`",
        "the mode of the file, in octal",
        also "agent-inject-perms-" "perms-" "permissions-" "file-mode-";
    FileMountPath File "mount-path-" = "/etc/app/tls", "`mount-path`",
        "the directory of that file alone",
        also "secret-volume-path-";
    Variable Variable "env-" = "secret/db#password", "",
        "an environment variable of the containers: `path#key`. What a container runs has to be known: its `command`, or `command-<container>`",
        also "variable-" "environment-" "env-var-";
    Command Container "command-" = r#"["/app", "--port=8080"]"#, "its `command`",
        "what a container runs, as a JSON list, where its manifest leaves that to the image and `env-<VAR>`, a signal or a restart has to know",
        also "cmd-" "entrypoint-";
    OnChange Pod "on-change" = "signal:HUP", "nothing",
        "how the application is told that its files have switched: `signal:HUP`, `http:POST http://127.0.0.1:8080/-/reload`, or `restart` (`restart:2m` spreads the replicas over two minutes, not 30 seconds)",
        also "notify" "reload" "agent-inject-command";
    NamedOnChange File "on-change-" = "restart", "nothing",
        "the same for a change of that file, or variable, alone",
        also "agent-inject-command-" "notify-" "reload-";
    MountPath Pod "mount-path" = "/secrets", "`/secrets`",
        "the directory at which the containers see the files",
        also "secret-volume-path" "path";
    Containers Pod "containers" = "app, migrate", "all",
        "the containers that see the files, separated by commas; init containers too",
        also "agent-inject-containers";
    RefreshInterval Pod "refresh-interval" = "5m", "`1m`",
        "the time between two looks at Vault, as a Go duration of at least `1s`", also "interval" "refresh-period" "template-static-secret-render-interval";
    Grace Pod "grace" = "1m", "`30s`", "how long the old credential of a dynamic secret lives beside the new one, counted from when the files switched and the application was told; a Go duration", also "grace-period" "lease-grace";
    Revoke Pod "revoke" = "true", "`false`", "`true` revokes the Vault token when the sidecar ends, and with it every credential that Vault made for the pod", also "agent-revoke-on-shutdown" "revoke-on-shutdown";
    Once Pod "once" = "true", "`false`",
        "`true` fetches the files once, in an init container, and adds no sidecar", also "agent-pre-populate-only" "init-only";
    Role Pod "role" = "app", "the service account's name",
        "the Vault role to log in with; `approle` has none, and `cert` needs none",
        also "auth-role" "vault-role", profile "role" Always;
    VaultAddress Pod "vault-address" = "https://vault.vault:8200", "the webhook's",
        "the Vault server",
        also "service" "address" "vault-addr" "vault-server", profile "address" Always;
    VaultNamespace Pod "vault-namespace" = "team-a", "the webhook's",
        "the Vault namespace",
        also "namespace", profile "namespace" AtTheSameServer;
    AuthType Pod "auth-type" = "jwt", "`kubernetes`",
        "the auth method: `kubernetes`, `jwt`, `approle` (with `approle-secret`) or `cert` (with `tls-secret`)",
        also "auth-method", profile "auth-type" Always;
    AuthPath Pod "auth-path" = "kubernetes", "the name of the method",
        "where the auth method is mounted",
        also "auth-mount", profile "auth-path" Always;
    AuthAudience Pod "auth-audience" = "vault", "`vault`",
        "the audience of the service account's token",
        also "audience" "auth-config-audience", profile "auth-audience" Always;
    ApproleSecret Pod "approle-secret" = "vault-approle", "none",
        "the Secret with the keys `role-id` and `secret-id`, for the auth method `approle`; mounted in the sidecar alone, and read at every login",
        also "agent-extra-secret" "extra-secret" "auth-config-role-id-file-path" "auth-config-secret-id-file-path",
        profile "approle-secret" AtTheSameServer;
    CaConfigMap Pod "ca-config-map" = "vault-ca", "the webhook's, or the Mozilla roots",
        "the ConfigMap whose key `ca.crt` holds the CA certificates that Vault's is checked against",
        also "ca-cert" "ca-configmap" "ca-bundle", profile "ca-config-map" AtTheSameServer;
    TlsSecret Pod "tls-secret" = "vault-client", "none",
        "the Secret (`kubernetes.io/tls`) with a client certificate for Vault; mounted in the sidecar alone",
        also "client-cert" "client-key", profile "tls-secret" AtTheSameServer;
    User Pod "user" = "1000", "the pod's, unless that is 0",
        "the user id of the sidecar",
        also "agent-run-as-user" "run-as-user" "uid";
    Group Pod "group" = "1000", "the pod's, unless that is 0",
        "the group id of the sidecar",
        also "agent-run-as-group" "run-as-group" "gid";
    RequestsCpu Pod "requests-cpu" = "5m", "`5m`",
        "the CPU that the sidecar requests",
        also "agent-requests-cpu" "cpu-request";
    RequestsMemory Pod "requests-memory" = "8Mi", "`8Mi`",
        "the memory that the sidecar requests",
        also "agent-requests-mem" "requests-mem" "memory-request";
    LimitsCpu Pod "limits-cpu" = "100m", "none",
        "the CPU limit of the sidecar",
        also "agent-limits-cpu" "cpu-limit";
    LimitsMemory Pod "limits-memory" = "32Mi", "`32Mi`",
        "the memory limit of the sidecar",
        also "agent-limits-mem" "limits-mem" "memory-limit";
    Refresh Ours "refresh" = "2026-01-31T12:00:00Z", "",
        "on a running pod, any new value means: look at Vault now";
    Status Ours "status" = "", "",
        "written by the webhook: `injected`",
        also "agent-inject-status";
    SyncSpec Ours "sync-spec" = "", "",
        "written by the webhook: what the sidecar serves";
    ReplacedVolumes Ours "replaced-volumes" = "", "",
        "written by the webhook: the Secret volumes that became memory volumes";
    OptionalVariables Ours "optional-variables" = "", "",
        "written by the webhook: the variables of containers for which kubelet does not wait, because the sidecar has them";
};

impl Key {
    /// The row of the key.
    pub(super) fn row(self) -> &'static Row {
        // A test holds that every key has its row; the first row stands in for one that is lost.
        ROWS.iter().find(|row| row.key == self).unwrap_or(&ROWS[0])
    }

    /// The whole key, `freshet.dev/mode-db`; `name` is the file's, empty for a key of the pod.
    pub(super) fn annotation(self, name: &str) -> String {
        format!("{PREFIX}{}{name}", self.row().name)
    }

    /// The whole key of a profile, `freshet.dev/vault-eu-role`; without one, of the pod's own login.
    pub(super) fn of_login(self, profile: Option<&Profile>) -> String {
        match (profile, self.row().profile) {
            (Some(profile), Some(setting)) => {
                format!("{PREFIX}{PROFILE_PREFIX}{profile}-{}", setting.name)
            }
            _ => self.annotation(""),
        }
    }
}

/// What a key says: which row, and of a family, which file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A key of the whole pod.
    Pod(Key),
    /// A key of one file.
    File(Key, SecretName),
    /// An environment variable.
    Variable(VariableName),
    /// A key of one container.
    Container(Key, ContainerName),
    /// A setting of a profile.
    Profile(Key, Profile),
    /// A key that is not the author's to write.
    Ours,
}

/// Looks up what stands after [`PREFIX`].
pub(super) fn look_up(word: &str) -> Result<Word, NotAKey<'_>> {
    let exact = |row: &&Row| !row.is_family() && row.name == word;
    if let Some(row) = ROWS.iter().find(exact) {
        return Ok(match row.arity {
            Arity::Ours => Word::Ours,
            _ => Word::Pod(row.key),
        });
    }
    families()
        .find_map(|row| row.member(word.strip_prefix(row.name)?).ok())
        .or_else(|| {
            let (row, profile) = of_profile(word)?;
            Some(Word::Profile(row.key, profile.parse().ok()?))
        })
        .ok_or(NotAKey(word))
}

/// The row of a profile's setting, and what should be the profile's name.
fn of_profile(word: &str) -> Option<(&'static Row, &str)> {
    let rest = word.strip_prefix(PROFILE_PREFIX)?;
    settings().find_map(|(row, setting)| {
        let profile = rest.strip_suffix(setting.name)?.strip_suffix('-')?;
        Some((row, profile))
    })
}

/// The settings of profiles.
pub(super) fn settings() -> impl Iterator<Item = (&'static Row, Setting)> {
    ROWS.iter().filter_map(|row| Some((row, row.profile?)))
}

fn families() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.is_family())
}

impl Row {
    fn is_family(&self) -> bool {
        !self.suffix().is_empty()
    }

    /// What a family's keys end in, for people.
    fn suffix(&self) -> &'static str {
        match self.arity {
            Arity::File => "<name>",
            Arity::Variable => "<VAR>",
            Arity::Container => "<container>",
            Arity::Pod | Arity::Ours => "",
        }
    }

    /// The key of a family that ends in `name`.
    fn member(&self, name: &str) -> Result<Word, Invalid> {
        Ok(match self.arity {
            Arity::Variable => Word::Variable(name.parse()?),
            Arity::Container => Word::Container(self.key, name.parse()?),
            _ => Word::File(self.key, name.parse()?),
        })
    }

    /// A name that a family's key may end in.
    pub(super) fn example_name(&self) -> &'static str {
        match self.arity {
            Arity::File => "db",
            Arity::Variable => "DB_PASSWORD",
            Arity::Container => "app",
            Arity::Pod | Arity::Ours => "",
        }
    }
}

#[cfg(test)]
mod tests;
