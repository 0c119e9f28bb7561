//! The refresher's container.

use serde_json::{Map, Value, json};

use super::logins::LoginFiles;
use super::security::Ids;
use super::volumes::refresher_mounts;
use super::wrapper::Wrappers;
use super::{Defaults, resources};
use crate::dialect::{Parsed, Resources, Settings};
use crate::spec::Identity;
use crate::spec::layout::{PROGRAM_DIR, SUPERVISION_DIR};

/// The program in the refresher's image, which has no shell and no search path.
pub(super) const PROGRAM: &str = "/freshet-refresher";

/// The name of the metrics' port, at most 15 characters.
const METRICS_PORT: &str = "freshet-metrics";

/// What the container is made of, beside what was parsed.
#[derive(Debug)]
pub(super) struct Sidecar<'a> {
    pub(super) parsed: &'a Parsed,
    pub(super) defaults: &'a Defaults,
    pub(super) image: &'a str,
    pub(super) identity: Identity,
    pub(super) login_files: &'a LoginFiles<'a>,
    pub(super) ids: Ids,
    pub(super) resources: Option<Resources>,
    pub(super) metrics_port: Option<u16>,
    pub(super) wrappers: &'a Wrappers,
}

impl Sidecar<'_> {
    /// The container: a native sidecar whose hook holds back every container after it until all
    /// files are there, or an init container that ends when they are.
    pub(super) fn container(&self) -> Value {
        let Parsed { settings, spec, .. } = self.parsed;
        let mut container = Map::new();
        let mut set = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                container.insert(field.to_owned(), value);
            }
        };
        let resources = self.resources.as_ref();
        set("name", Some(json!(settings.appearance.container)));
        set("image", Some(json!(self.image)));
        let pull_policy = self.defaults.image_pull_policy.as_ref();
        set("imagePullPolicy", pull_policy.map(|policy| json!(policy)));
        set("command", Some(json!([PROGRAM])));
        set("args", Some(json!(self.args())));
        set("ports", self.metrics_port.map(ports));
        set("resources", resources.and_then(resources::field));
        set(
            "volumeMounts",
            Some(json!(refresher_mounts(
                self.login_files,
                spec,
                self.wrappers
            ))),
        );
        if !settings.once {
            set("restartPolicy", Some(json!("Always")));
            let hook = json!({"exec": {"command": [PROGRAM, "ready", "--wait"]}});
            let waits = settings.appearance.waits;
            set("lifecycle", waits.then(|| json!({"postStart": hook})));
        }
        set("securityContext", Some(self.ids.security_context()));
        Value::Object(container)
    }

    fn args(&self) -> Vec<String> {
        let Settings {
            once,
            revoke,
            ref on_change,
            ..
        } = self.parsed.settings;
        let mut args = vec![if once { "once" } else { "run" }.to_owned()];
        args.extend(self.identity.to_args());
        if !self.wrappers.is_empty() {
            args.push(format!("--program-dir={PROGRAM_DIR}"));
        }
        args.extend(revoke.then(|| "--revoke-on-shutdown".to_owned()));
        if !once {
            args.extend(on_change.iter().map(|way| format!("--on-change={way}")));
        }
        let supervisions = self.wrappers.supervisions();
        args.extend(supervisions.map(|(container, volume)| {
            format!("--supervise={container}={SUPERVISION_DIR}/{volume}")
        }));
        let sharing = self.wrappers.sharing();
        args.extend(sharing.map(|container| format!("--shares-processes={container}")));
        // The refresher falls back to IPv4 where the kernel has no IPv6.
        let metrics = self.metrics_port.map(|port| format!("[::]:{port}"));
        let grace = self.parsed.settings.grace.map(|grace| grace.to_string());
        let appearance = &self.parsed.settings.appearance;
        let log_format = self.defaults.log_format.as_deref();
        let log_level = self.defaults.log_level.as_deref();
        let options = [
            ("grace", grace.as_deref()),
            ("metrics-address", metrics.as_deref()),
            ("log-format", appearance.log_format.or(log_format)),
            ("log-level", appearance.log_level.or(log_level)),
        ];
        args.extend(
            options
                .into_iter()
                .filter_map(|(name, value)| Some(format!("--{name}={}", value?))),
        );
        args.extend(appearance.arguments.iter().cloned());
        args
    }
}

fn ports(port: u16) -> Value {
    json!([{"name": METRICS_PORT, "containerPort": port, "protocol": "TCP"}])
}
