//! The `database` engine, without a database: it makes up users, and a lease is all that they live
//! by.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer::Answer;
use super::parameters::Parameters;
use super::request::{Method, Request};

/// How long a user lives whose role does not say.
const USUAL: Duration = Duration::from_secs(3600);

#[derive(Default)]
pub(super) struct Database {
    roles: BTreeMap<String, Role>,
}

/// How long its users live.
#[derive(Clone, Copy)]
pub(super) struct Role {
    pub(super) default_ttl: Duration,
    pub(super) max_ttl: Duration,
}

impl Database {
    pub(super) fn exists(&self, path: &str) -> bool {
        path.strip_prefix("roles/")
            .is_some_and(|name| self.roles.contains_key(name))
    }

    /// The role whose user a read of `path` makes.
    pub(super) fn role(&self, path: &str) -> Option<Role> {
        self.roles.get(path.strip_prefix("creds/")?).copied()
    }

    /// Answers `config/<name>`, which is of no consequence, and `roles/<name>`.
    pub(super) fn answer(&mut self, path: &str, request: &Request<'_>) -> Answer {
        let parameters = match Parameters::parse(request.body) {
            Ok(parameters) => parameters,
            Err(answer) => return answer,
        };
        match (path.split_once('/'), request.method) {
            (Some(("config", _)), Method::Write) => Answer::empty(),
            (Some(("roles", name)), Method::Write) => {
                let length = |name, usual| parameters.duration(name).unwrap_or(usual);
                let default_ttl = length("default_ttl", USUAL);
                let max_ttl = length("max_ttl", default_ttl.max(USUAL));
                let role = Role {
                    default_ttl,
                    max_ttl,
                };
                self.roles.insert(name.to_owned(), role);
                Answer::empty()
            }
            (Some(("creds", name)), Method::Read) => {
                Answer::error(400, &[&format!("unknown role: {name}")])
            }
            _ => Answer::error(404, &["unsupported path"]),
        }
    }
}
