//! `sys/`: health, mounts, auth methods, policies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::Answer;
use super::auth::AuthMethod;
use super::engine::Engine;
use super::parameters::Parameters;
use super::policy::{Acl, Policy};
use super::request::{Method, Request};
use super::state::State;

/// The Vault whose answers these are.
const VERSION: &str = "1.21.0";

/// What everybody may ask an unsealed server.
pub(super) fn unsealed(path: &str) -> Option<Answer> {
    match path {
        "sys/health" | "sys/seal-status" => Some(status(path, false, 200)),
        "sys/leader" => {
            let alone = json!({
                "ha_enabled": false, "is_self": false, "active_time": "0001-01-01T00:00:00Z",
                "leader_address": "", "leader_cluster_address": "", "performance_standby": false,
                "performance_standby_last_remote_wal": 0,
            });
            Some(Answer::bare(200, &alone))
        }
        _ => None,
    }
}

pub(super) fn sealed(path: &str) -> Answer {
    status(path, true, 503)
}

fn status(path: &str, sealed: bool, health: u16) -> Answer {
    if path == "sys/seal-status" {
        let body = json!({
            "type": "shamir", "initialized": true, "sealed": sealed, "t": 1, "n": 1, "progress": 0,
            "version": VERSION, "storage_type": "inmem",
        });
        return Answer::bare(200, &body);
    }
    let body =
        json!({ "initialized": true, "sealed": sealed, "standby": sealed, "version": VERSION });
    Answer::bare(health, &body)
}

/// The mount look-up; denied alike when there is no mount and when the token may do nothing in it.
pub(super) fn find_mount(mounts: &BTreeMap<String, Engine>, path: &str, acl: &Acl<'_>) -> Answer {
    let below = format!("{}/", path.trim_end_matches('/'));
    let mount = mounts
        .iter()
        .rev()
        .find(|(mount, _)| below.starts_with(mount.as_str()));
    match mount.filter(|(mount, _)| acl.reaches(mount)) {
        Some((path, engine)) => Answer::data(&json!({
            "path": path, "type": engine.kind(), "description": "", "local": false,
            "options": options(engine),
        })),
        None => Answer::error(
            403,
            &[&format!(
                "preflight capability check returned 403, please ensure client's policies grant \
                 access \
                 to path \"{below}\""
            )],
        ),
    }
}

impl State {
    /// Answers `sys/` for a token that may.
    pub(super) fn system_request(&mut self, path: &str, request: &Request<'_>) -> Answer {
        let parameters = match Parameters::parse(request.body) {
            Ok(parameters) => parameters,
            Err(answer) => return answer,
        };
        let method = request.method;
        if (path, method) == ("mounts", Method::Read) {
            let mounts = self.mounts.iter();
            let mounts: BTreeMap<_, _> = mounts
                .map(|(path, engine)| {
                    (
                        path,
                        json!({ "type": engine.kind(), "options": options(engine) }),
                    )
                })
                .collect();
            return Answer::data(&mounts);
        }
        if let (Some(name), Method::Write) = (path.strip_prefix("policies/acl/"), method) {
            return self.write_policy(name, &parameters);
        }
        if let (Some(mount), Method::Write) = (path.strip_prefix("mounts/"), method) {
            return self.mount_engine(mount, &parameters);
        }
        if let (Some(mount), Method::Delete) = (path.strip_prefix("mounts/"), method) {
            self.mounts.remove(&folder(mount));
            return Answer::empty();
        }
        if let (Some(mount), Method::Write) = (path.strip_prefix("auth/"), method) {
            return self.mount_auth_method(mount, &parameters);
        }
        Answer::error(404, &["unsupported path"])
    }

    fn write_policy(&mut self, name: &str, parameters: &Parameters) -> Answer {
        let Some(policy) = parameters.text("policy").and_then(Policy::from_json) else {
            return Answer::error(
                400,
                &[
                    "'policy' must be JSON here: {\"path\": {\"secret/*\": {\"capabilities\": \
                     [\"read\"]}}}",
                ],
            );
        };
        self.policies.insert(name.to_owned(), policy);
        Answer::empty()
    }

    fn mount_engine(&mut self, mount: &str, parameters: &Parameters) -> Answer {
        let kind = parameters.text("type").unwrap_or_default();
        let options = parameters.map("options");
        let version = options.and_then(|options| options.get("version"));
        let version = version
            .and_then(|version| version.as_str())
            .unwrap_or_default();
        let Some(engine) = Engine::new(kind, version) else {
            return Answer::error(
                400,
                &["only secrets engines of type kv, database and pki are served here"],
            );
        };
        if self.mounts.contains_key(&folder(mount)) {
            return Answer::error(
                400,
                &[&format!("path is already in use at {}", folder(mount))],
            );
        }
        self.mounts.insert(folder(mount), engine);
        Answer::empty()
    }

    fn mount_auth_method(&mut self, mount: &str, parameters: &Parameters) -> Answer {
        let kind = parameters.text("type").unwrap_or_default();
        let Some(method) = AuthMethod::new(kind, self.tokens.randomness()) else {
            return Answer::error(
                400,
                &["only auth methods of type kubernetes, jwt, approle and cert are served here"],
            );
        };
        if self.auth_methods.contains_key(&folder(mount)) {
            return Answer::error(
                400,
                &[&format!("path is already in use at {}", folder(mount))],
            );
        }
        self.auth_methods.insert(folder(mount), method);
        Answer::empty()
    }
}

fn options(engine: &Engine) -> Value {
    match engine.version() {
        Some(version) => json!({ "version": version }),
        None => Value::Null,
    }
}

fn folder(mount: &str) -> String {
    format!("{}/", mount.trim_matches('/'))
}
