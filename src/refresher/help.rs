//! What `--help` says.

/// Which command is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Program,
    Run,
    Once,
    Ready,
    Exec,
    Status,
}

impl Topic {
    /// The topic of a command; of the whole program where there is no such command.
    pub(crate) fn of(command: Option<&str>) -> Self {
        match command {
            Some("run") => Self::Run,
            Some("once") => Self::Once,
            Some("ready") => Self::Ready,
            Some("exec") => Self::Exec,
            Some("status") => Self::Status,
            _ => Self::Program,
        }
    }

    /// The text, with a line break at its end.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Program => PROGRAM.to_owned(),
            Self::Run => format!("{RUN}{REFRESH_OPTIONS}{RUN_EXIT}"),
            Self::Once => format!("{ONCE}{REFRESH_OPTIONS}{ONCE_EXIT}"),
            Self::Ready => READY.to_owned(),
            Self::Exec => EXEC.to_owned(),
            Self::Status => STATUS.to_owned(),
        }
    }
}

const PROGRAM: &str = "\
freshet-refresher keeps the files of a pod as Vault has their secrets. Freshet's webhook puts it
into pods as a native sidecar; it is seldom called by hand.

Usage: freshet-refresher COMMAND [OPTIONS]

Commands:
  run     log in to Vault, write the files, keep them current
  once    the same, once: an init container
  ready   tell whether all files are there, or wait for them
  exec    start an application with the variables of its container
  status  tell how current each file is, and why not

Options:
  -h, --help     this text; after a command, the text of that command
  -V, --version  the release

Examples:
  kubectl exec POD -c freshet -- /freshet-refresher status
  kubectl exec POD -c freshet -- /freshet-refresher ready

Exit codes:
  0  done
  1  not done: the reason is on standard error
  2  the command line is wrong
";

const RUN: &str = "\
Logs in to Vault as the pod's service account, writes the files that the SyncSpec names, and keeps
them current until SIGTERM.

Usage: freshet-refresher run --vault-address=URL --role=ROLE --mount=VOLUME=DIRECTORY [OPTIONS]

Example:
  freshet-refresher run --vault-address=https://vault.vault:8200 --role=app \\
    --mount=freshet-secrets=/run/freshet/mounts/freshet-secrets

Options of run alone:
  --quit-address=ADDRESS          a loopback address on which POST /agent/v1/quit ends the upkeep of
                                  the files, as Vault Agent's does; the process stays until SIGTERM,
                                  because the kubelet would start it anew [off]
";

const ONCE: &str = "\
Logs in to Vault as the pod's service account and writes the files that the SyncSpec names, once.
What fails is tried again until the time is over.

Usage: freshet-refresher once --vault-address=URL --role=ROLE --mount=VOLUME=DIRECTORY [OPTIONS]

Example:
  freshet-refresher once --timeout=1m --vault-address=https://vault.vault:8200 --role=app \\
    --mount=freshet-secrets=/run/freshet/mounts/freshet-secrets

Options of once alone:
  --timeout=DURATION              how long to try [30s at a pod's first attempt, then 1m45s]
  --leave-leases                  fetch dynamic secrets, too: nobody renews their leases, which live
                                  as long as Vault lets them
";

const REFRESH_OPTIONS: &str = "
Whom to ask, and as whom:
  --vault-address=URL             the Vault or OpenBao server
  --vault-namespace=NAMESPACE     its namespace
  --auth-namespace=NAMESPACE      the namespace of the login, where it is another one
  --vault-header=NAME: VALUE      sent with every request; once for each
  --auth-type=TYPE                kubernetes, jwt, approle or cert [kubernetes]
  --auth-path=PATH                where the auth method is mounted [the type's name]
  --role=ROLE                     the role to log in with; not for approle, and with cert it may be
                                  left to Vault
  --approle-dir=DIR               role-id and secret-id, for approle
  --audience=AUDIENCE             the audience of the service-account token, for messages
  --ca-file=FILE                  CA certificates for Vault [Mozilla's roots]
  --ca-certificates=BASE64        the same certificates in DER, with commas between
  --client-certificate-dir=DIR    tls.crt and tls.key for Vault
  --tls-server-name=NAME          the name in Vault's certificate [the server's]
  --token-file=FILE               the service-account token
                                  [/var/run/secrets/kubernetes.io/serviceaccount/token]
  --profile=NAME                  the options of this group that follow are those of another login,
                                  for the secrets NAME:PATH; once for each

What to write, and where:
  --mount=VOLUME=DIRECTORY        a volume to write; once for each
  --spec-file=FILE                the SyncSpec [/run/freshet/pod/sync-spec]
  --refresh-file=FILE             any new content: look at Vault now [/run/freshet/pod/refresh]
  --program-dir=DIR               put this program there, for exec in other containers [nowhere]
  --templates-dir=DIR             texts of ConfigMaps for templates [/run/freshet/templates]

Whom to tell when files have switched:
  --on-change=[NAME=]ACTION       signal:HUP, http:POST http://127.0.0.1:8080/-/reload, or restart;
                                  for one file or variable alone with its name; once for each
  --supervise=CONTAINER=DIR       a container that takes signals and restarts; once for each
  --shares-processes=CONTAINER    a container that takes signals because the pod shares its process
                                  namespace; once for each

How to be found:
  --state-dir=DIR                 for ready and status [/run/freshet/state]
  --termination-message=FILE      why the pod cannot start [/dev/termination-log]
  --metrics-address=ADDRESS       serve /metrics, /healthz and /status [off]
  --log-format=FORMAT             text or json [text]
  --log-level=LEVEL               error, warn, info or debug [info]

Dynamic secrets:
  --grace=DURATION                how long an old credential lives beside its successor [30s]
  --revoke-on-shutdown            at the end revoke the Vault token, and with it all credentials
";

const RUN_EXIT: &str = "
Exit codes:
  0  ended by SIGTERM or SIGINT
  1  a volume or the socket cannot be used
  2  the command line is wrong
";

const ONCE_EXIT: &str = "
Exit codes:
  0  all files are written
  1  not all in time: the reason is on standard error and in the termination message
  2  the command line is wrong
";

const READY: &str = "\
Tells whether every mounted directory has a complete set of files: the pod may start. With --wait it
is the postStart hook of the sidecar, which holds back the containers after it.

Usage: freshet-refresher ready [--wait] [OPTIONS]

Options:
  --wait              wait until it is so
  --timeout=DURATION  how long [30s until a wait of this pod has ended in vain, then 1m45s]
  --state-dir=DIR     where the running refresher is found [/run/freshet/state]

Examples:
  freshet-refresher ready
  freshet-refresher ready --wait --timeout=5s

Exit codes:
  0  ready
  1  not ready: the reason is on standard error
  2  the command line is wrong
";

const EXEC: &str = "\
Starts an application with the variables that the refresher has written for its container, and is
replaced by it: process id, signals and exit code are the application's. The webhook writes it before
the command of a container.

Usage: freshet-refresher exec [OPTIONS] -- COMMAND [ARGUMENT...]

$(freshet.dev/NAME) in an argument, or in a variable that is there already, becomes the value of NAME.

Options:
  --env-dir=DIR        where the variables are [none are added]
  --env-optional       start without them where they are not there
  --supervise-dir=DIR  stay as the application's parent, which forwards signals, reaps processes, and
                       starts the application anew when the refresher, found there, says so
  --grace=DURATION     how long the application may take to end then, before it is killed [30s]

Example:
  freshet-refresher exec --env-dir=/run/freshet/environment -- /app --port=8080

Exit codes:
  125  the variables cannot be read
  126  the command cannot be started
  127  there is no such command
  2    the command line is wrong
  any other is the command's own
";

const STATUS: &str = "\
Tells how current each mount and each secret is, and why not; never a value.

Usage: freshet-refresher status [OPTIONS]

Options:
  -o, --output=FORMAT  text or json [text]
  --state-dir=DIR      where the running refresher is found [/run/freshet/state]

Examples:
  freshet-refresher status
  kubectl exec POD -c freshet -- /freshet-refresher status -o json

Exit codes:
  0  told
  1  no refresher answers
  2  the command line is wrong
";
