//! Names and places that the webhook writes into a pod and the refresher expects there.

/// The refresher's container.
pub const CONTAINER: &str = "freshet";

/// The volumes of Secrets that the Vault Agent Injector's annotations name.
pub const VAULT_TLS_VOLUME: &str = "freshet-vault-tls";
/// See [`VAULT_TLS_VOLUME`].
pub const EXTRA_VOLUME: &str = "freshet-extra";

/// The volume of the default mount path; further ones are `freshet-secrets-2`, `freshet-secrets-3` …
/// in the order of their paths.
pub const SECRETS_VOLUME: &str = "freshet-secrets";

/// The volume of the projected service-account token.
pub const TOKEN_VOLUME: &str = "freshet-token";
/// Where the token's volume is mounted: the standard place, so that the ServiceAccount admission
/// plugin, which adds the API token to every container that has nothing there, leaves ours alone.
pub const TOKEN_DIR: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The token's file below [`TOKEN_DIR`].
pub const TOKEN_FILE: &str = "token";

/// The downward API volume with the annotations that the refresher follows.
pub const POD_VOLUME: &str = "freshet-pod";
/// Where it is mounted.
pub const POD_DIR: &str = "/run/freshet/pod";
/// The file below [`POD_DIR`] that holds the annotation [`crate::spec::ANNOTATION`].
pub const SPEC_FILE: &str = "sync-spec";
/// The file below [`POD_DIR`] that holds the annotation [`REFRESH_ANNOTATION`].
pub const REFRESH_FILE: &str = "refresh";
/// Any new value of this annotation means: look at Vault now.
pub const REFRESH_ANNOTATION: &str = "freshet.dev/refresh";

/// The memory volume for the refresher's own state, mounted nowhere else.
pub const STATE_VOLUME: &str = "freshet-state";
/// Where it is mounted; the refresher makes its directory with mode 0700 below it.
pub const STATE_DIR: &str = "/run/freshet/state";

/// The ConfigMap volume with the CA bundle for Vault.
pub const CA_VOLUME: &str = "freshet-ca";
/// Where it is mounted.
pub const CA_DIR: &str = "/run/freshet/ca";
/// The key of the ConfigMap, and the file below [`CA_DIR`].
pub const CA_FILE: &str = "ca.crt";

/// The Secret volume with the client certificate for Vault.
pub const TLS_VOLUME: &str = "freshet-tls";
/// Where it is mounted; `tls.crt` and `tls.key` below it.
pub const TLS_DIR: &str = "/run/freshet/tls";

/// The Secret volume with the role id and the secret id of an AppRole.
pub const APPROLE_VOLUME: &str = "freshet-approle";
/// Where it is mounted.
pub const APPROLE_DIR: &str = "/run/freshet/approle";
/// The key of the Secret, and the file below [`APPROLE_DIR`], with the role id.
pub const ROLE_ID_FILE: &str = "role-id";
/// The key of the Secret, and the file below [`APPROLE_DIR`], with the secret id.
pub const SECRET_ID_FILE: &str = "secret-id";

/// The volume with the texts of the ConfigMaps that templates of ExternalSecrets are taken from.
pub const TEMPLATES_VOLUME: &str = "freshet-templates";
/// Where it is mounted; below it a directory for each ConfigMap, and in that a file for each key.
pub const TEMPLATES_DIR: &str = "/run/freshet/templates";

/// The memory volume with the refresher's own program, for the containers that start through it.
pub const PROGRAM_VOLUME: &str = "freshet-program";
/// Where it is mounted, in the refresher and in those containers.
pub const PROGRAM_DIR: &str = "/run/freshet/program";
/// The program below [`PROGRAM_DIR`], and in the refresher's image, which has no search path, below
/// the root.
pub const PROGRAM_FILE: &str = "freshet-refresher";

/// The volumes of the variables begin so, and end in a number: each container has its own.
pub const ENVIRONMENT_VOLUME: &str = "freshet-environment";
/// Where a container has its own volume of variables.
pub const ENVIRONMENT_DIR: &str = "/run/freshet/environment";
/// The file below [`ENVIRONMENT_DIR`]: `NAME=value` and a NUL for each variable.
pub const ENVIRONMENT_FILE: &str = "variables";
/// What stands before a variable's name where a text names it: `$(freshet.dev/NAME)`. Kubelet knows
/// no such variable and leaves it, and `$$(NAME)` is still an escape.
pub const REFERENCE: &str = "freshet.dev/";

/// The volumes on which the refresher is found by whoever supervises an application begin so, and end
/// in a number: each container has its own.
pub const SUPERVISION_VOLUME: &str = "freshet-supervision";
/// Where a container has its own, and below it, under the volume's name, the refresher each of them.
pub const SUPERVISION_DIR: &str = "/run/freshet/supervision";
/// The socket on such a volume.
pub const SUPERVISION_SOCKET: &str = "socket";

/// Below it each memory volume of secrets is mounted read-write, under its volume's name.
pub const MOUNTS_DIR: &str = "/run/freshet/mounts";

/// Where Kubernetes reads a container's last words (the default of `terminationMessagePath`).
pub const TERMINATION_MESSAGE: &str = "/dev/termination-log";

/// Stands in a refresher's last words when nothing is wrong but that Vault does not answer.
pub const WAITING_FOR_VAULT: &str = "waiting for Vault: ";
