//! The vocabulary of the Vault Agent Injector's annotations: one row for each key. Parsing,
//! suggestions and the reference in the README read this table and nothing else.
//!
//! Source: the annotations of vault-k8s 1.7.6.

mod misspelling;

use std::fmt::Write as _;

pub(super) use self::misspelling::clause;

/// What all keys begin with; of a key that stands under both, the later one's value counts.
pub(super) const PREFIXES: [&str; 2] = ["vault.hashicorp.com/", "openbao.org/"];

/// A key, or a family of keys that end in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::enum_variant_names,
    reason = "a variant is called as its key is"
)]
pub(super) enum Key {
    Inject,
    Status,
    Secret,
    File,
    Perms,
    Template,
    TemplateFile,
    LeftDelim,
    RightDelim,
    ErrorOnMissingKey,
    Command,
    VolumePathOf,
    PreserveCaseOf,
    DefaultTemplate,
    VolumePath,
    PreserveCase,
    InjectToken,
    InjectContainers,
    PrePopulate,
    PrePopulateOnly,
    InitFirst,
    StaticSecretInterval,
    Role,
    AuthType,
    AuthPath,
    AuthConfig,
    TokenVolume,
    Namespace,
    Service,
    CaCert,
    CaKey,
    ClientCert,
    ClientKey,
    TlsSecret,
    TlsServerName,
    TlsSkipVerify,
    ExtraSecret,
    CopyMounts,
    ConfigMap,
    RevokeOnShutdown,
    EnableQuit,
    ListenerPort,
    LimitsCpu,
    LimitsMem,
    LimitsEphemeral,
    RequestsCpu,
    RequestsMem,
    RequestsEphemeral,
    RunAsUser,
    RunAsGroup,
    RunAsSameUser,
    SetSecurityContext,
    ShareProcessNamespace,
    JsonPatch,
    InitJsonPatch,
    LogLevel,
    LogFormat,
    Image,
    RequestNamespace,
    RevokeGrace,
    CacheEnable,
    CacheUseToken,
    CacheExitOnErr,
    MinBackoff,
    MaxBackoff,
    ExitOnErr,
    ExitOnRetryFailure,
    MaxConnections,
    LeaseThreshold,
    MaxRetries,
    Timeout,
    MaxProcs,
    Proxy,
    DisableIdleConnections,
    DisableKeepAlives,
    Telemetry,
}

/// How often a key may stand on a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// Once, under its own name.
    Pod,
    /// Once for each secret: the row's name, then the secret's.
    Secret,
    /// Once for each parameter: the row's name, then the parameter's.
    Parameter,
}

/// What becomes of a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is read.
    Served,
    /// It must be what the injector would take, and changes nothing.
    Idle(Check),
}

/// What the injector takes as a value of a key that changes nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Any,
    Text,
    Truth,
    Unsigned,
    Integer,
    Float,
    Duration,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) key: Key,
    /// Its name after the prefix; of a family, what stands before the secret's name.
    pub(super) name: &'static str,
    pub(super) arity: Arity,
    pub(super) effect: Effect,
    /// A value that is accepted.
    pub(super) example: &'static str,
    /// What it means here, in Markdown; of an idle key, why it changes nothing.
    pub(super) doc: &'static str,
}

macro_rules! rows {
    ($($key:ident $arity:ident $name:literal = $example:literal, $doc:literal $(, idle $check:ident)?;)+) => {
        &[$(Row {
            key: Key::$key,
            name: $name,
            arity: Arity::$arity,
            effect: rows!(@effect $($check)?),
            example: $example,
            doc: $doc,
        }),+]
    };
    (@effect) => { Effect::Served };
    (@effect $check:ident) => { Effect::Idle(Check::$check) };
}

/// The table, in the order of the reference.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = rows! {
    Inject Pod "agent-inject" = "true", "turns injection on";
    Status Pod "agent-inject-status" = "injected", "written by the webhook. A pod that says `injected` and has no refresher was injected by the Vault Agent Injector and is left alone";
    Secret Secret "agent-inject-secret-" = "secret/data/db", "the Vault path of a secret; `<name>`, in lower case, is its file";
    File Secret "agent-inject-file-" = "conf/db.yaml", "the file, relative to the secret's directory";
    Perms Secret "agent-inject-perms-" = "0640", "the mode of the file, in octal; `0644` without it";
    Template Secret "agent-inject-template-" = "{{ with secret \"secret/data/db\" }}{{ .Data.data.password }}{{ end }}", "a template in the language of consul-template; works without a secret of its name";
    TemplateFile Secret "agent-inject-template-file-" = "/vault/custom/db.tpl", "a template in the sidecar's file system, which `agent-extra-secret` or `agent-copy-volume-mounts` put there";
    LeftDelim Secret "agent-template-left-delim-" = "[[", "the left delimiter of that template";
    RightDelim Secret "agent-template-right-delim-" = "]]", "the right delimiter of that template";
    ErrorOnMissingKey Secret "error-on-missing-key-" = "true", "a key that is missing in that template is an error, and not `<no value>`";
    Command Secret "agent-inject-command-" = "pkill -HUP app", "done when the file changes: a signal by kill, killall or pkill, a request by curl or wget within the pod, or one program of a mounted volume; there is no shell for more";
    VolumePathOf Secret "secret-volume-path-" = "/etc/app/tls", "the directory of that secret alone";
    PreserveCaseOf Secret "preserve-secret-case-" = "true", "keeps the case of that `<name>` in its file";
    DefaultTemplate Pod "agent-inject-default-template" = "json", "how a secret without a template is written: `map` or `json`";
    VolumePath Pod "secret-volume-path" = "/app/secrets", "the directory at which the containers see the files; `/vault/secrets` without it";
    PreserveCase Pod "preserve-secret-case" = "true", "keeps the case of every `<name>`";
    InjectToken Pod "agent-inject-token" = "true", "writes the Vault token to the file `token`";
    InjectContainers Pod "agent-inject-containers" = "app,worker", "the containers that see the files, beside all init containers; all without it";
    PrePopulate Pod "agent-pre-populate" = "true", "`false` lets the application start before its files are there";
    PrePopulateOnly Pod "agent-pre-populate-only" = "true", "fetches the files once, in an init container, and adds no sidecar";
    InitFirst Pod "agent-init-first" = "true", "puts the sidecar before the other init containers, and not behind them";
    StaticSecretInterval Pod "template-static-secret-render-interval" = "1m", "the time between two looks at a secret without a lease; `5m` without it";
    Role Pod "role" = "app", "the Vault role to log in with";
    AuthType Pod "auth-type" = "jwt", "the auth method: `kubernetes`, `jwt`, `approle` or `cert`";
    AuthPath Pod "auth-path" = "auth/kubernetes", "where the auth method is mounted; as the webhook says without it";
    AuthConfig Parameter "auth-config-" = "app", "a parameter of the auth method: `role`, `token-path`, `path`, `role-id-file-path`, `secret-id-file-path`, `name`";
    TokenVolume Pod "agent-service-account-token-volume-name" = "vault-token", "the volume of a service account token whose audience the sidecar's own token gets";
    Namespace Pod "namespace" = "team-a", "the Vault namespace";
    Service Pod "service" = "https://vault.vault:8200", "the Vault server";
    CaCert Pod "ca-cert" = "/vault/tls/ca.crt", "the file with the CA certificates that Vault's is checked against; that of the cluster's own CA in the service account's directory is known, too";
    CaKey Pod "ca-key" = "/vault/tls", "a directory of CA certificates; refused without `ca-cert`";
    ClientCert Pod "client-cert" = "/vault/tls/tls.crt", "the client certificate for Vault, a key of `tls-secret`";
    ClientKey Pod "client-key" = "/vault/tls/tls.key", "its key, of the same Secret";
    TlsSecret Pod "tls-secret" = "vault-tls", "a Secret that the sidecar sees in `/vault/tls`";
    TlsServerName Pod "tls-server-name" = "vault.example", "the name in Vault's certificate, where it is not the server's";
    TlsSkipVerify Pod "tls-skip-verify" = "false", "never honoured: Vault's certificate is always checked. Refused for `https` where no CA is named";
    ExtraSecret Pod "agent-extra-secret" = "approle", "a Secret that the sidecar sees in `/vault/custom`";
    CopyMounts Pod "agent-copy-volume-mounts" = "app", "the container whose mounts the sidecar gets, too";
    ConfigMap Pod "agent-configmap" = "vault-agent", "a ConfigMap with the agent's whole configuration: `config.hcl`, or `config-init.hcl` for a pod without sidecar";
    RevokeOnShutdown Pod "agent-revoke-on-shutdown" = "true", "revokes the Vault token when the pod ends";
    EnableQuit Pod "agent-enable-quit" = "true", "`POST http://127.0.0.1:8200/agent/v1/quit` ends the sidecar";
    ListenerPort Pod "agent-cache-listener-port" = "8200", "the port of that";
    LimitsCpu Pod "agent-limits-cpu" = "100m", "the CPU limit of the sidecar; none without it";
    LimitsMem Pod "agent-limits-mem" = "64Mi", "its memory limit";
    LimitsEphemeral Pod "agent-limits-ephemeral" = "64Mi", "its limit of ephemeral storage";
    RequestsCpu Pod "agent-requests-cpu" = "10m", "the CPU that it requests";
    RequestsMem Pod "agent-requests-mem" = "16Mi", "the memory that it requests";
    RequestsEphemeral Pod "agent-requests-ephemeral" = "64Mi", "the ephemeral storage that it requests";
    RunAsUser Pod "agent-run-as-user" = "1000", "the user id of the sidecar; `100` without it";
    RunAsGroup Pod "agent-run-as-group" = "1000", "its group id; `1000` without it";
    RunAsSameUser Pod "agent-run-as-same-user" = "true", "runs it as the user of the first container";
    SetSecurityContext Pod "agent-set-security-context" = "true", "`false` leaves user and group to the pod; the rest of its security context stays";
    ShareProcessNamespace Pod "agent-share-process-namespace" = "true", "sets `shareProcessNamespace` of the pod";
    JsonPatch Pod "agent-json-patch" = "[{\"op\": \"add\", \"path\": \"/env\", \"value\": []}]", "a JSON patch for the sidecar, but for its image, command and arguments";
    InitJsonPatch Pod "agent-init-json-patch" = "[]", "the same for the init container of `agent-pre-populate-only`";
    LogLevel Pod "log-level" = "debug", "the level of the sidecar's log";
    LogFormat Pod "log-format" = "json", "its format: `standard` or `json`";
    Image Pod "agent-image" = "hashicorp/vault:1.21.0", "no agent runs: the sidecar is Freshet's own", idle Text;
    RequestNamespace Pod "agent-request-namespace" = "shop", "the pod's namespace is known", idle Any;
    RevokeGrace Pod "agent-revoke-grace" = "5", "the sidecar ends after the application", idle Unsigned;
    CacheEnable Pod "agent-cache-enable" = "true", "the sidecar is no proxy of Vault: an application that asks it at 127.0.0.1 for secrets finds nobody", idle Truth;
    CacheUseToken Pod "agent-cache-use-auto-auth-token" = "true", "the sidecar is no proxy of Vault", idle Any;
    CacheExitOnErr Pod "agent-cache-exit-on-err" = "false", "the sidecar is no proxy of Vault", idle Truth;
    MinBackoff Pod "auth-min-backoff" = "1s", "a login that fails is tried again as the sidecar sees fit", idle Duration;
    MaxBackoff Pod "auth-max-backoff" = "5m", "a login that fails is tried again as the sidecar sees fit", idle Duration;
    ExitOnErr Pod "agent-auto-auth-exit-on-err" = "true", "a login that fails is tried again, and the pod waits for it", idle Truth;
    ExitOnRetryFailure Pod "template-config-exit-on-retry-failure" = "true", "what cannot be fetched is tried again; the last files stay", idle Truth;
    MaxConnections Pod "template-max-connections-per-host" = "10", "the sidecar needs few connections", idle Integer;
    LeaseThreshold Pod "template-lease-renewal-threshold" = "0.9", "leases are renewed at two thirds of their time", idle Float;
    MaxRetries Pod "client-max-retries" = "2", "what fails is tried again until it succeeds", idle Any;
    Timeout Pod "client-timeout" = "60s", "the sidecar has time-outs of its own", idle Any;
    MaxProcs Pod "go-max-procs" = "1", "the sidecar is no Go program", idle Any;
    Proxy Pod "proxy-address" = "http://proxy:3128", "the sidecar goes to Vault by no proxy: Vault has to be reachable from the pod", idle Any;
    DisableIdleConnections Pod "agent-disable-idle-connections" = "auto-auth", "the sidecar keeps no idle connections", idle Any;
    DisableKeepAlives Pod "agent-disable-keep-alives" = "auto-auth", "the sidecar keeps no idle connections", idle Any;
    Telemetry Parameter "agent-telemetry-" = "24h", "the sidecar serves metrics of its own", idle Any;
};

impl Key {
    /// The row of the key.
    pub(super) fn row(self) -> &'static Row {
        // A test holds that every key has its row; the first row stands in for one that is lost.
        ROWS.iter().find(|row| row.key == self).unwrap_or(&ROWS[0])
    }
}

impl Row {
    /// Whether its keys end in a name.
    pub(super) fn is_family(&self) -> bool {
        self.arity != Arity::Pod
    }

    fn suffix(&self) -> &'static str {
        match self.arity {
            Arity::Pod => "",
            Arity::Secret => "<name>",
            Arity::Parameter => "<parameter>",
        }
    }
}

/// What stands after the prefix: the row, and of a family, the name.
///
/// Of several families the one with the longest name is meant: `agent-inject-template-file-db` is
/// the template file of `db`.
pub(super) fn look_up(word: &str) -> Option<(Key, &str)> {
    let exact = ROWS.iter().find(|row| !row.is_family() && row.name == word);
    if let Some(row) = exact {
        return Some((row.key, ""));
    }
    let families = ROWS.iter().filter(|row| row.is_family());
    let members = families.filter_map(|row| Some((row, word.strip_prefix(row.name)?)));
    let members = members.filter(|(_, name)| !name.is_empty());
    let longest = members.max_by_key(|(row, _)| row.name.len())?;
    Some((longest.0.key, longest.1))
}

/// The reference of the annotations as a Markdown table, as the README has it.
pub fn reference() -> String {
    let mut table = String::from("| `vault.hashicorp.com/…` | here | example |\n|---|---|---|\n");
    for row in ROWS {
        let Row {
            name,
            effect,
            example,
            doc,
            ..
        } = row;
        let suffix = row.suffix();
        // A pipe would end the cell, in code too.
        let example = example.replace('|', "\\|");
        let doc = match effect {
            Effect::Served => (*doc).to_owned(),
            Effect::Idle(_) => format!("*no effect:* {doc}"),
        };
        // Writing to a String does not fail.
        let _ = writeln!(table, "| `{name}{suffix}` | {doc} | `{example}` |");
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_has_one_row_and_no_name_hides_another() {
        let keys: BTreeSet<Key> = ROWS.iter().map(|row| row.key).collect();
        assert_eq!(keys.len(), ROWS.len());
        assert_eq!(keys.len(), Key::Telemetry as usize + 1);
        for row in ROWS {
            let name = if row.is_family() { "Db" } else { "" };
            let word = format!("{}{name}", row.name);
            assert_eq!(look_up(&word), Some((row.key, name)), "{word}");
        }
    }

    #[test]
    fn the_longest_family_is_meant() {
        let template = Some((Key::TemplateFile, "db"));
        assert_eq!(look_up("agent-inject-template-file-db"), template);
        assert_eq!(look_up("agent-inject-secret-"), None);
        assert_eq!(look_up("agent-injected"), None);
    }
}
