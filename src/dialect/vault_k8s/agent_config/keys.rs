//! What becomes of each key of an agent's configuration, as Vault 1.21 knows them.

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is read, or means nothing and harms nobody.
    Read,
    /// Nothing comes of it, and the pod misses nothing.
    Idle(&'static str),
    /// The pod would miss something: what to do instead.
    Refused(&'static str),
}

use Fate::{Idle, Read, Refused};

/// A key of a block.
pub(super) type Row = (&'static str, Fate);

const OWN_LOG: &str = "the sidecar writes its log to its standard error; its level and format are annotations, log-level and log-format";
const PROXY: &str = "the sidecar is no proxy of Vault: an application that asks it at 127.0.0.1 would find nobody: let the application read files, which templates write, or keep the Vault Agent Injector for this pod";
const WRAPPED: &str = "a token in a file is not wrapped: take this key away and let the application read the token itself, or a file that a template writes";

/// The whole configuration.
pub(super) const TOP: &[Row] = &[
    ("auto_auth", Read),
    ("vault", Read),
    ("template", Read),
    ("template_config", Read),
    ("exit_after_auth", Read),
    ("pid_file", Read),
    ("disable_mlock", Read),
    ("listener", Read),
    (
        "cache",
        Idle("the sidecar keeps token and leases itself, and is no proxy of Vault"),
    ),
    ("api_proxy", Refused(PROXY)),
    (
        "exec",
        Refused(
            "the sidecar does not start the application: name the environment variables with the annotations freshet.dev/env-<VAR>, which let it start with them",
        ),
    ),
    (
        "env_template",
        Refused(
            "environment variables are asked for with the annotations freshet.dev/env-<VAR>, in place of vault.hashicorp.com/*",
        ),
    ),
    ("telemetry", Idle("the sidecar serves metrics of its own")),
    ("log_level", Idle(OWN_LOG)),
    ("log_format", Idle(OWN_LOG)),
    ("log_file", Idle(OWN_LOG)),
    ("log_rotate_duration", Idle(OWN_LOG)),
    ("log_rotate_bytes", Idle(OWN_LOG)),
    ("log_rotate_max_files", Idle(OWN_LOG)),
    (
        "disable_idle_connections",
        Idle("the sidecar keeps no idle connections"),
    ),
    (
        "disable_keep_alives",
        Idle("the sidecar keeps no idle connections"),
    ),
];

/// `listener`: what the agent's own interface is for.
pub(super) const LISTENER: &str = PROXY;

/// `vault`.
pub(super) const VAULT: &[Row] = &[
    ("address", Read),
    ("namespace", Read),
    ("ca_cert", Read),
    ("ca_path", Read),
    ("client_cert", Read),
    ("client_key", Read),
    (
        "tls_skip_verify",
        Idle(
            "Vault's certificate is always checked; to the agent, too, the annotation tls-skip-verify counted, and this did not",
        ),
    ),
    ("tls_server_name", Read),
    ("retry", Read),
];

/// `vault.retry`.
pub(super) const RETRY: &[Row] = &[("num_retries", Read)];

/// `auto_auth`.
pub(super) const AUTO_AUTH: &[Row] = &[
    ("method", Read),
    ("sink", Read),
    ("sinks", Read),
    // The sidecar always does.
    ("enable_reauth_on_new_credentials", Read),
];

/// `auto_auth.method`.
pub(super) const METHOD: &[Row] = &[
    ("type", Read),
    ("mount_path", Read),
    ("namespace", Read),
    ("config", Read),
    ("exit_on_err", Read),
    ("min_backoff", Read),
    ("max_backoff", Read),
    ("wrap_ttl", Refused(WRAPPED)),
];

/// `auto_auth.method.config`.
pub(super) const METHOD_CONFIG: &[Row] = &[
    ("role", Read),
    ("token_path", Read),
    ("path", Read),
    ("name", Read),
    ("client_cert", Read),
    ("client_key", Read),
    ("ca_cert", Read),
    ("role_id_file_path", Read),
    ("secret_id_file_path", Read),
    (
        "remove_secret_id_file_after_reading",
        Idle("the sidecar sees the ids in a volume that it cannot change"),
    ),
    (
        "secret_id_response_wrapping_path",
        Refused("a wrapped secret id is not unwrapped: mount the secret id itself"),
    ),
    (
        "remove_jwt_after_reading",
        Idle("the sidecar leaves tokens to Kubernetes"),
    ),
    (
        "remove_jwt_follows_symlinks",
        Idle("the sidecar leaves tokens to Kubernetes"),
    ),
    (
        "jwt_read_period",
        Idle("the token is read again at each login"),
    ),
    (
        "reload",
        Idle("the certificate is read again when it changes"),
    ),
    (
        "reload_period",
        Idle("the certificate is read again when it changes"),
    ),
];

/// `auto_auth.sink`.
pub(super) const SINK: &[Row] = &[
    ("type", Read),
    ("config", Read),
    ("wrap_ttl", Refused(WRAPPED)),
    ("dh_type", Refused(WRAPPED)),
    ("dh_path", Refused(WRAPPED)),
    ("derive_key", Refused(WRAPPED)),
    ("aad", Refused(WRAPPED)),
    ("aad_env_var", Refused(WRAPPED)),
];

const OWNER: &str =
    "a file belongs to the sidecar's user and group, agent-run-as-user and agent-run-as-group";

/// `auto_auth.sink.config`.
pub(super) const SINK_CONFIG: &[Row] = &[
    ("path", Read),
    ("mode", Read),
    ("owner", Idle(OWNER)),
    ("group", Idle(OWNER)),
];

/// `template`.
pub(super) const TEMPLATE: &[Row] = &[
    ("contents", Read),
    ("source", Read),
    ("destination", Read),
    ("perms", Read),
    ("left_delimiter", Read),
    ("right_delimiter", Read),
    ("error_on_missing_key", Read),
    ("command", Read),
    ("exec", Read),
    ("create_dest_dirs", Read),
    ("backup", Read),
    (
        "command_timeout",
        Idle("it is for a command, which the sidecar does not run"),
    ),
    (
        "error_fatal",
        Idle("what cannot be rendered is tried again; the last file stays"),
    ),
    (
        "wait",
        Idle("all files of a directory change at once, when all are there"),
    ),
    ("user", Idle(OWNER)),
    ("uid", Idle(OWNER)),
    ("group", Idle(OWNER)),
    ("gid", Idle(OWNER)),
    (
        "function_denylist",
        Idle("templates have no function that reaches beyond Vault and the sidecar's own files"),
    ),
    (
        "function_blacklist",
        Idle("templates have no function that reaches beyond Vault and the sidecar's own files"),
    ),
    (
        "sandbox_path",
        Idle("templates have no function that reaches beyond Vault and the sidecar's own files"),
    ),
];

/// `template_config`.
pub(super) const TEMPLATE_CONFIG: &[Row] = &[
    ("static_secret_render_interval", Read),
    ("exit_on_retry_failure", Read),
    ("max_connections_per_host", Read),
    ("lease_renewal_threshold", Read),
];

/// Where the values stand that an annotation can say, too, and the annotation's name after its
/// prefix.
pub(super) const SETTINGS: &[(&[&str], &str, &str)] = &[
    (&["vault"], "address", "service"),
    (&["vault"], "namespace", "namespace"),
    (&["vault"], "ca_cert", "ca-cert"),
    (&["vault"], "ca_path", "ca-key"),
    (&["vault"], "client_cert", "client-cert"),
    (&["vault"], "client_key", "client-key"),
    (&["vault"], "tls_server_name", "tls-server-name"),
    (&["vault", "retry"], "num_retries", "client-max-retries"),
    (&["auto_auth", "method"], "mount_path", "auth-path"),
    (
        &["auto_auth", "method"],
        "exit_on_err",
        "agent-auto-auth-exit-on-err",
    ),
    (&["auto_auth", "method"], "min_backoff", "auth-min-backoff"),
    (&["auto_auth", "method"], "max_backoff", "auth-max-backoff"),
    (&["auto_auth", "method", "config"], "role", "role"),
    (
        &["auto_auth", "method", "config"],
        "token_path",
        "auth-config-token-path",
    ),
    (
        &["auto_auth", "method", "config"],
        "path",
        "auth-config-path",
    ),
    (
        &["auto_auth", "method", "config"],
        "name",
        "auth-config-name",
    ),
    (
        &["auto_auth", "method", "config"],
        "client_cert",
        "auth-config-client-cert",
    ),
    (
        &["auto_auth", "method", "config"],
        "client_key",
        "auth-config-client-key",
    ),
    (
        &["auto_auth", "method", "config"],
        "ca_cert",
        "auth-config-ca-cert",
    ),
    (
        &["auto_auth", "method", "config"],
        "role_id_file_path",
        "auth-config-role-id-file-path",
    ),
    (
        &["auto_auth", "method", "config"],
        "secret_id_file_path",
        "auth-config-secret-id-file-path",
    ),
    (
        &["template_config"],
        "static_secret_render_interval",
        "template-static-secret-render-interval",
    ),
    (
        &["template_config"],
        "exit_on_retry_failure",
        "template-config-exit-on-retry-failure",
    ),
    (
        &["template_config"],
        "max_connections_per_host",
        "template-max-connections-per-host",
    ),
    (
        &["template_config"],
        "lease_renewal_threshold",
        "template-lease-renewal-threshold",
    ),
];

/// Blocks whose type may stand as their label.
pub(super) const LABELLED: [&str; 3] = ["method", "sink", "listener"];

/// Whether a key is one of those blocks' own, and no label.
pub(super) fn is_no_label(key: &str) -> bool {
    let mut all = METHOD.iter().chain(SINK);
    all.any(|(name, _)| name.eq_ignore_ascii_case(key))
}
