//! The options of the commands that refresh.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Given;
use crate::refresher::inputs::InputPaths;
use crate::refresher::notifier::Listeners;
use crate::refresher::state_directory::StateDirectory;
use crate::spec::{Identity, OnChange, layout};
use crate::telemetry::{LogFormat, LogLevel};

/// The options of `run` and `once`.
#[derive(Debug)]
pub(crate) struct Refresh {
    pub(crate) identity: Identity,
    pub(crate) inputs: InputPaths,
    pub(crate) state: StateDirectory,
    pub(crate) program: Option<PathBuf>,
    pub(crate) on_change: Vec<OnChange>,
    pub(crate) listeners: Listeners,
    pub(crate) termination_message: PathBuf,
    pub(crate) metrics_address: Option<SocketAddr>,
    pub(crate) quit_address: Option<SocketAddr>,
    pub(crate) revoke_on_shutdown: bool,
    pub(crate) grace: Option<Duration>,
    pub(crate) leave_leases: bool,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: LogLevel,
}

impl Given {
    pub(super) fn refresh(&mut self) -> Option<Refresh> {
        let pod = Path::new(layout::POD_DIR);
        let inputs = InputPaths {
            spec: self.path("spec-file", pod.join(layout::SPEC_FILE)),
            refresh: self.path("refresh-file", pod.join(layout::REFRESH_FILE)),
            token: Path::new(layout::TOKEN_DIR).join(layout::TOKEN_FILE),
            templates: self.path("templates-dir", layout::TEMPLATES_DIR.into()),
            private: Vec::new(),
        };
        let termination_message = layout::TERMINATION_MESSAGE.into();
        let state = self.state();
        let program = self.values.remove("program-dir").map(PathBuf::from);
        let (on_change, listeners) = (self.on_change(), self.listeners());
        let termination_message = self.path("termination-message", termination_message);
        let accepted = "must be an address and a port, e.g. 0.0.0.0:9090 or [::]:9090";
        let metrics_address = self.parsed("metrics-address", |text| {
            text.parse().map_err(|_| accepted.to_owned())
        });
        let log_format = self.parsed("log-format", |text| {
            text.parse::<LogFormat>().map_err(|error| error.to_string())
        });
        let log_level = self.parsed("log-level", |text| {
            text.parse::<LogLevel>().map_err(|error| error.to_string())
        });
        let revoke_on_shutdown = self.switch("revoke-on-shutdown");
        let grace = self.duration("grace");
        self.identity_options.clear();
        match std::mem::take(&mut self.identity).build() {
            Ok(identity) => Some(Refresh {
                identity,
                inputs,
                state,
                program,
                on_change,
                listeners,
                termination_message,
                metrics_address,
                quit_address: None,
                revoke_on_shutdown,
                grace,
                leave_leases: false,
                log_format: log_format.unwrap_or_default(),
                log_level: log_level.unwrap_or_default(),
            }),
            Err(error) => {
                self.problems.extend(error.0);
                None
            }
        }
    }

    /// A port that only the pod can reach: whoever asks there ends the upkeep of the files.
    pub(super) fn quit_address(&mut self) -> Option<SocketAddr> {
        self.parsed("quit-address", |text| {
            let address = text.parse().ok();
            address
                .filter(|address: &SocketAddr| address.ip().is_loopback())
                .ok_or_else(|| {
                    "must be a loopback address and a port, e.g. 127.0.0.1:8200".to_owned()
                })
        })
    }
}
