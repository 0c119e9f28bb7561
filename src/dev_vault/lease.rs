//! Leases: given, renewed, looked up, revoked; they die with the token that they were given to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::answer::Answer;
use super::database::Role;
use super::parameters::Parameters;
use super::request::{Method, Request};
use super::timestamp::rfc3339;
use super::token::TokenStore;

/// All leases that may live, by their ids.
#[derive(Default)]
pub(super) struct LeaseStore(BTreeMap<String, Lease>);

struct Lease {
    token: String,
    user: String,
    issued: SystemTime,
    expires: SystemTime,
    role: Role,
}

impl LeaseStore {
    /// Makes a user for `token` and answers with it and its lease. `name` tells it from all others.
    pub(super) fn issue(
        &mut self,
        (path, name): (&str, String),
        role: Role,
        token: &str,
        now: SystemTime,
    ) -> Answer {
        let life = role.default_ttl.min(role.max_ttl);
        let (id, user) = (format!("{path}/{name}"), format!("v-{name}"));
        let data = json!({"username": user, "password": format!("pw-{name}")});
        let lease = Lease {
            token: token.to_owned(),
            user,
            issued: now,
            expires: now + life,
            role,
        };
        self.0.insert(id.clone(), lease);
        Answer::leased(Some(&data), &id, life)
    }

    /// The users that a database would let in.
    pub(super) fn users(&mut self, tokens: &TokenStore, now: SystemTime) -> BTreeSet<String> {
        self.forget_the_dead(tokens, now);
        self.0.values().map(|lease| lease.user.clone()).collect()
    }

    pub(super) fn revoke_all(&mut self) {
        self.0.clear();
    }

    /// Answers what stands below `sys/leases/`.
    pub(super) fn answer(
        &mut self,
        verb: &str,
        request: &Request<'_>,
        tokens: &TokenStore,
        now: SystemTime,
    ) -> Answer {
        self.forget_the_dead(tokens, now);
        let parameters = match Parameters::parse(request.body) {
            Ok(parameters) => parameters,
            Err(answer) => return answer,
        };
        let id = parameters.text("lease_id").unwrap_or_default();
        let lease = self.0.get_mut(id);
        match (verb, request.method, lease) {
            ("lookup", Method::Write, Some(lease)) => lease.describe(id, now),
            ("lookup", Method::Write, None) => Answer::error(400, &["invalid lease"]),
            ("renew", Method::Write, Some(lease)) => {
                let life = lease.extend(now);
                Answer::leased(None, id, life)
            }
            ("renew", Method::Write, None) => Answer::error(400, &["lease not found"]),
            ("revoke", Method::Write, _) => {
                self.0.remove(id);
                Answer::empty()
            }
            _ => Answer::error(404, &["unsupported path"]),
        }
    }

    fn forget_the_dead(&mut self, tokens: &TokenStore, now: SystemTime) {
        self.0
            .retain(|_, lease| lease.expires > now && tokens.is_live(&lease.token, now));
    }
}

impl Lease {
    /// By as much as at first, but not beyond its longest life; whole seconds, as Vault counts.
    fn extend(&mut self, now: SystemTime) -> Duration {
        let age = now.duration_since(self.issued).unwrap_or_default();
        let left = Duration::from_secs(self.role.max_ttl.saturating_sub(age).as_secs());
        let life = self.role.default_ttl.min(left);
        self.expires = now + life;
        life
    }

    fn describe(&self, id: &str, now: SystemTime) -> Answer {
        let left = self.expires.duration_since(now).unwrap_or_default();
        Answer::data(&json!({
            "id": id, "issue_time": rfc3339(self.issued), "expire_time": rfc3339(self.expires),
            "last_renewal": null, "renewable": true, "ttl": left.as_secs(),
        }))
    }
}
