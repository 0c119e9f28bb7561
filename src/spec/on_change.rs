//! How the application is told that its files have switched.
//!
//! It stands in the container's arguments and not in the SyncSpec: who may change annotations must not
//! be able to send signals and requests.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::duration::GoDuration;
use super::invalid::Invalid;
use super::names::SecretName;
use super::process_signal::ProcessSignal;
use super::program_call::ProgramCall;
use super::signal::SignalName;
use super::text::serde_as_text;

/// One way of telling: `restart`, or `web=signal:HUP` for one name alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OnChange {
    /// The file or variable whose change is told; `None` is any.
    pub name: Option<SecretName>,
    /// What is done.
    pub action: ChangeAction,
}

/// What is done when files have switched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeAction {
    /// `signal:HUP`: the application's process gets a signal.
    Signal(SignalName),
    /// `http:POST http://127.0.0.1:8080/-/reload`: a request within the pod.
    Http(LoopbackRequest),
    /// `restart` or `restart:2m`: the application is started anew, at a moment within that time.
    Restart(Splay),
    /// `processes:HUP pidof nginx`: the processes of that name in the pod's process namespace get a
    /// signal.
    Processes(ProcessSignal),
    /// `run:["/scripts/reload"]`: a program is run in the refresher's container.
    Run(ProgramCall),
}

/// How far the restarts of replicas are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Splay(GoDuration);

/// The splay of `restart`.
const USUAL_SPLAY: GoDuration = GoDuration::from_secs(30);

/// A request to a server in the same pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoopbackRequest {
    /// The method.
    pub method: &'static str,
    /// The host as it was written: `127.0.0.1`, `localhost` or `[::1]`.
    pub host: &'static str,
    /// The port.
    pub port: u16,
    /// Path and query, with the slash at its beginning.
    pub path: String,
}

const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "PATCH"];

/// A request leaves the pod nowhere else than to itself.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl OnChange {
    /// Whether the application needs a parent that takes orders.
    pub fn needs_supervisor(&self) -> bool {
        matches!(
            self.action,
            ChangeAction::Signal(_) | ChangeAction::Restart(_)
        )
    }
}

impl ChangeAction {
    /// What people may write.
    pub fn accepted() -> Invalid {
        Invalid::new("must be signal:HUP, http:POST http://127.0.0.1:8080/-/reload, or restart")
    }

    /// What it is called in metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Signal(_) => "signal",
            Self::Http(_) => "http",
            Self::Restart(_) => "restart",
            Self::Processes(_) => "processes",
            Self::Run(_) => "run",
        }
    }
}

impl Splay {
    /// The longest delay.
    pub fn get(self) -> Duration {
        self.0.get()
    }
}

impl FromStr for LoopbackRequest {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let accepted = || {
            Invalid::new(
                "must be a method and a URL of the pod itself, e.g. http:POST http://127.0.0.1:8080/-/reload",
            )
        };
        let (method, url) = text.split_once(' ').ok_or_else(accepted)?;
        let known =
            |known: &[&'static str], word: &str| known.iter().copied().find(|known| *known == word);
        let method = known(&METHODS, method).ok_or_else(accepted)?;
        let rest = url.strip_prefix("http://").ok_or_else(accepted)?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| accepted())?)
            }
            _ => (authority, 80),
        };
        let host = known(&HOSTS, host).ok_or_else(accepted)?;
        let is_plain = path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#');
        match is_plain && port != 0 {
            true => Ok(Self {
                method,
                host,
                port,
                path: path.to_owned(),
            }),
            false => Err(accepted()),
        }
    }
}

impl FromStr for ChangeAction {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "signal" => rest.parse().map(Self::Signal),
            "http" => rest.parse().map(Self::Http),
            "processes" => rest.parse().map(Self::Processes),
            "run" => rest.parse().map(Self::Run),
            "restart" if !text.contains(':') => Ok(Self::Restart(Splay(USUAL_SPLAY))),
            "restart" => {
                let splay = rest.parse::<GoDuration>().map_err(|invalid| {
                    Invalid::new(format!(
                        "must be restart, or restart and the time to spread it over, e.g. restart:2m: the time {invalid}"
                    ))
                })?;
                Ok(Self::Restart(Splay(splay)))
            }
            _ => Err(Self::accepted()),
        }
    }
}

impl FromStr for OnChange {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let named = text.split_once('=').and_then(|(name, action)| {
            let name = name.parse::<SecretName>().ok()?;
            Some((name, action))
        });
        let (name, action) = match named {
            Some((name, action)) => (Some(name), action),
            None => (None, text),
        };
        let action = action.parse()?;
        Ok(Self { name, action })
    }
}

impl fmt::Display for LoopbackRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            host,
            port,
            path,
        } = self;
        write!(f, "{method} http://{host}:{port}{path}")
    }
}

impl fmt::Display for ChangeAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(f, "signal:{signal}"),
            Self::Http(request) => write!(f, "http:{request}"),
            Self::Restart(Splay(splay)) => write!(f, "restart:{splay}"),
            Self::Processes(signal) => write!(f, "processes:{signal}"),
            Self::Run(call) => write!(f, "run:{call}"),
        }
    }
}

impl fmt::Display for OnChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name}=")?;
        }
        self.action.fmt(f)
    }
}

serde_as_text!(OnChange);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_has_one_text() {
        for (text, want) in [
            ("signal:HUP", "signal:HUP"),
            ("signal:SIGUSR1", "signal:USR1"),
            ("signal:SIGRTMIN+3", "signal:RTMIN+3"),
            ("web=signal:HUP", "web=signal:HUP"),
            ("restart", "restart:30s"),
            ("restart:2m", "restart:2m0s"),
            ("restart:0s", "restart:0s"),
            ("a.b-c=restart", "a.b-c=restart:30s"),
            (
                "http:POST http://127.0.0.1:8080/-/reload?a=b",
                "http:POST http://127.0.0.1:8080/-/reload?a=b",
            ),
            ("http:GET http://localhost", "http:GET http://localhost:80/"),
            ("x=http:PUT http://[::1]:1/", "x=http:PUT http://[::1]:1/"),
            ("http:GET http://[::1]/x", "http:GET http://[::1]:80/x"),
            ("processes:SIGHUP pidof nginx", "processes:HUP pidof nginx"),
            ("web=run:[\"/r\", \"a\"]", "web=run:[\"/r\",\"a\"]"),
        ] {
            let value = text.parse::<OnChange>().expect(text);
            assert_eq!(value.to_string(), want);
            assert_eq!(want.parse(), Ok(value));
        }
    }

    #[test]
    fn what_leaves_the_pod_or_is_unknown_is_refused() {
        for text in [
            "",
            "reload",
            "signal",
            "signal:",
            "signal:hup",
            "signal:1",
            "signal:STOP",
            "restart:",
            "restart:soon",
            "=restart",
            "http:http://127.0.0.1/",
            "http:DELETE http://127.0.0.1/",
            "http:POST https://127.0.0.1/",
            "http:POST http://10.0.0.1/",
            "http:POST http://127.0.0.1.example/",
            "http:POST http://user@127.0.0.1/",
            "http:POST http://127.0.0.1:99999/",
            "http:POST http://127.0.0.1:0/",
            "http:POST http://127.0.0.1/a b",
            "http:POST http://127.0.0.1/\u{e9}",
            "http:POST http://127.0.0.1/#x",
        ] {
            assert!(text.parse::<OnChange>().is_err(), "{text:?}");
        }
    }
}
