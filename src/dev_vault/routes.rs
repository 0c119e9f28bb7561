//! From a path to what answers it, and whether the token may.

use std::time::SystemTime;

use super::answer::Answer;
use super::engine::Engine;
use super::parameters::Parameters;
use super::request::{Method, Request};
use super::state::State;
use super::token::Grant;

impl State {
    /// The right answer to `request`.
    pub(super) fn respond(&mut self, request: &Request<'_>, now: SystemTime) -> Answer {
        let path = request.path;
        if let Some(answer) = super::sys::unsealed(path) {
            return answer;
        }
        if let (Some(method), Method::Write) = (self.auth_method(path, "login"), request.method) {
            return match method.login(request, now) {
                Ok(grant) => self.tokens.issue(grant, now),
                Err(answer) => answer,
            };
        }
        let mut mounts = self.mounts.iter().rev();
        let open =
            |(mount, engine): (&String, &Engine)| engine.open(below(mount, path)?, request.method);
        if let Some(answer) = mounts.find_map(open) {
            return answer;
        }
        let Some(token) = request.token.filter(|token| !token.is_empty()) else {
            return Answer::error(403, &["permission denied"]);
        };
        let Some(acl) = self.tokens.acl(token, &self.policies, now) else {
            return Answer::error(
                403,
                &["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"],
            );
        };
        // Who may look up a mount is decided by what the token may do in it.
        if let Some(path) = path.strip_prefix("sys/internal/ui/mounts/") {
            return super::sys::find_mount(&self.mounts, path, &acl);
        }
        // A list is of a folder.
        let slash = if request.method == Method::List {
            "/"
        } else {
            ""
        };
        if !acl.allows(&format!("{path}{slash}"), self.capabilities(request)) {
            return Answer::permission_denied();
        }
        self.allowed(token, request, now)
    }

    fn allowed(&mut self, token: &str, request: &Request<'_>, now: SystemTime) -> Answer {
        if let Some(verb) = request.path.strip_prefix("auth/token/") {
            return self.token_request(verb, token, request, now);
        }
        if let Some(verb) = request.path.strip_prefix("sys/leases/") {
            return self.leases.answer(verb, request, &self.tokens, now);
        }
        if let Some(rest) = request.path.strip_prefix("sys/") {
            return self.system_request(rest, request);
        }
        if let Some(rest) = request.path.strip_prefix("auth/") {
            let mut methods = self.auth_methods.iter_mut().rev();
            let found = methods
                .find_map(|(mount, method)| Some((rest.strip_prefix(mount.as_str())?, method)));
            return match found {
                Some((rest, method)) => method.answer(rest, request, now),
                None => no_route(request.path),
            };
        }
        let mut mounts = self.mounts.iter_mut().rev();
        let found = mounts.find_map(|(mount, engine)| Some((below(mount, request.path)?, engine)));
        match found {
            Some((rest, Engine::Database(database)))
                if let (Some(role), Method::Read) = (database.role(rest), request.method) =>
            {
                let name = self.tokens.random_text();
                let path = (request.path, name);
                self.leases.issue(path, role, token, now)
            }
            Some((rest, engine)) => engine.answer(rest, request, now),
            None => no_route(request.path),
        }
    }

    fn token_request(
        &mut self,
        verb: &str,
        token: &str,
        request: &Request<'_>,
        now: SystemTime,
    ) -> Answer {
        let parameters = match Parameters::parse(request.body) {
            Ok(parameters) => parameters,
            Err(answer) => return answer,
        };
        match (verb, request.method) {
            ("lookup-self", Method::Read) => self.tokens.look_up(token, now),
            ("renew-self", Method::Write) => {
                self.tokens
                    .renew(token, parameters.duration("increment"), now)
            }
            ("revoke-self", Method::Write) => self.tokens.revoke(token),
            ("create", Method::Write) => {
                let grant = Grant {
                    policies: parameters.list("policies").unwrap_or_default(),
                    ttl: parameters.duration("ttl").unwrap_or_default(),
                    max_ttl: parameters.duration("explicit_max_ttl").unwrap_or_default(),
                    metadata: std::collections::BTreeMap::new(),
                    display_name: "token".to_owned(),
                };
                self.tokens.issue(grant, now)
            }
            _ => Answer::error(405, &["unsupported operation"]),
        }
    }

    /// The capabilities one of which `request` needs.
    fn capabilities(&self, request: &Request<'_>) -> &'static [&'static str] {
        match request.method {
            Method::Read => &["read"],
            Method::List => &["list"],
            Method::Delete => &["delete"],
            Method::Write => {
                let mut mounts = self.mounts.iter().rev();
                let is_new = mounts.find_map(|(mount, engine)| {
                    Some(!engine.exists(request.path.strip_prefix(mount.as_str())?))
                });
                if is_new == Some(true) {
                    &["create"]
                } else {
                    &["update"]
                }
            }
        }
    }

    /// The auth method whose `verb` `path` is.
    fn auth_method(&mut self, path: &str, verb: &str) -> Option<&mut super::auth::AuthMethod> {
        let mount = path.strip_prefix("auth/")?.strip_suffix(verb)?;
        self.auth_methods.get_mut(mount)
    }
}

/// The part of `path` below `mount/`; nothing for the mount itself.
fn below<'p>(mount: &str, path: &'p str) -> Option<&'p str> {
    match path.strip_prefix(mount) {
        None if mount.strip_suffix('/') == Some(path) => Some(""),
        rest => rest,
    }
}

fn no_route(path: &str) -> Answer {
    Answer::error(
        404,
        &[&format!(
            "no handler for route \"{path}\". route entry not found."
        )],
    )
}
