//! Tokens: issued, looked up, renewed, revoked.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::json;

use super::answer::Answer;
use super::policy::{Acl, Policy};
use super::timestamp::{rfc3339, unix};
use super::{DEFAULT_TTL, Randomness};

/// What a login or `auth/token/create` gives.
pub(super) struct Grant {
    pub(super) policies: Vec<String>,
    /// Zero is Vault's default.
    pub(super) ttl: Duration,
    /// Zero is without bound.
    pub(super) max_ttl: Duration,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) display_name: String,
}

pub(super) struct Token {
    accessor: String,
    grant: Grant,
    created: SystemTime,
    expires: SystemTime,
}

/// All tokens but the root token, by their text.
pub(super) struct TokenStore {
    root: String,
    tokens: BTreeMap<String, Token>,
    randomness: Randomness,
}

#[derive(Serialize)]
struct Auth<'a> {
    client_token: &'a str,
    accessor: &'a str,
    policies: &'a [String],
    token_policies: &'a [String],
    metadata: &'a BTreeMap<String, String>,
    lease_duration: u64,
    renewable: bool,
    entity_id: &'static str,
    token_type: &'static str,
    orphan: bool,
    mfa_requirement: Option<()>,
    num_uses: u64,
}

impl TokenStore {
    pub(super) fn new(root: &str, randomness: Randomness) -> Self {
        Self {
            root: root.to_owned(),
            tokens: BTreeMap::new(),
            randomness,
        }
    }

    pub(super) fn randomness(&self) -> &Randomness {
        &self.randomness
    }

    /// The rights of `token`; `None` when it is not valid (any more).
    pub(super) fn acl<'a>(
        &mut self,
        token: &str,
        policies: &'a BTreeMap<String, Policy>,
        now: SystemTime,
    ) -> Option<Acl<'a>> {
        if token == self.root {
            return Some(Acl::Everything);
        }
        self.tokens.retain(|_, token| token.expires > now);
        let token = self.tokens.get(token)?;
        let names = token.grant.policies.iter();
        Some(Acl::Policies(
            names.filter_map(|name| policies.get(name)).collect(),
        ))
    }

    /// Whether `token` is valid.
    pub(super) fn is_live(&self, token: &str, now: SystemTime) -> bool {
        let issued = self.tokens.get(token);
        token == self.root || issued.is_some_and(|token| token.expires > now)
    }

    pub(super) fn issue(&mut self, mut grant: Grant, now: SystemTime) -> Answer {
        if !grant.policies.iter().any(|policy| policy == "default") {
            grant.policies.push("default".to_owned());
        }
        grant.policies.sort_unstable();
        if grant.ttl.is_zero() {
            grant.ttl = DEFAULT_TTL;
        }
        let mut warnings = Vec::new();
        let ttl = capped(grant.ttl, grant.max_ttl, Duration::ZERO, &mut warnings);
        let (id, accessor) = (format!("hvs.{}", self.random_text()), self.random_text());
        let token = Token {
            accessor,
            grant,
            created: now,
            expires: now + ttl,
        };
        let answer = token.auth(&id, ttl, &warnings);
        self.tokens.insert(id, token);
        answer
    }

    pub(super) fn renew(
        &mut self,
        id: &str,
        increment: Option<Duration>,
        now: SystemTime,
    ) -> Answer {
        let Some(token) = self.tokens.get_mut(id) else {
            return Answer::error(400, &["lease is not renewable"]);
        };
        let asked = increment
            .filter(|increment| !increment.is_zero())
            .unwrap_or(token.grant.ttl);
        let age = now.duration_since(token.created).unwrap_or_default();
        let mut warnings = Vec::new();
        let ttl = capped(asked, token.grant.max_ttl, age, &mut warnings);
        token.expires = now + ttl;
        token.auth(id, ttl, &warnings)
    }

    pub(super) fn look_up(&self, id: &str, now: SystemTime) -> Answer {
        let Some(token) = self.tokens.get(id) else {
            return Answer::data(&json!({
                "id": id, "policies": ["root"], "ttl": 0, "renewable": false, "expire_time": null,
                "display_name": "root", "type": "service", "orphan": true,
            }));
        };
        let left = token.expires.duration_since(now).unwrap_or_default();
        Answer::data(&json!({
            "id": id, "accessor": token.accessor, "policies": token.grant.policies,
            "creation_time": unix(token.created), "creation_ttl": token.grant.ttl.as_secs(),
            "ttl": left.as_secs(), "expire_time": rfc3339(token.expires), "renewable": true,
            "display_name": token.grant.display_name, "meta": token.grant.metadata, "type": "service",
            "orphan": true,
        }))
    }

    pub(super) fn revoke(&mut self, id: &str) -> Answer {
        self.tokens.remove(id);
        Answer::empty()
    }

    pub(super) fn revoke_all(&mut self) {
        self.tokens.clear();
    }

    pub(super) fn random_text(&self) -> String {
        const ALPHABET: &[u8; 62] =
            b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut bytes = [0; 24];
        (self.randomness)(&mut bytes);
        bytes
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(*byte) % 62]))
            .collect()
    }
}

impl Token {
    fn auth(&self, id: &str, ttl: Duration, warnings: &[String]) -> Answer {
        let auth = Auth {
            client_token: id,
            accessor: &self.accessor,
            policies: &self.grant.policies,
            token_policies: &self.grant.policies,
            metadata: &self.grant.metadata,
            lease_duration: ttl.as_secs(),
            renewable: true,
            entity_id: "",
            token_type: "service",
            orphan: true,
            mfa_requirement: None,
            num_uses: 0,
        };
        Answer::auth(&auth, warnings)
    }
}

/// `asked`, but not beyond what is left of `max` after `age`; whole seconds, as Vault counts.
fn capped(asked: Duration, max: Duration, age: Duration, warnings: &mut Vec<String>) -> Duration {
    let left = Duration::from_secs(max.saturating_sub(age).as_secs());
    if max.is_zero() || asked <= left {
        return asked;
    }
    warnings.push(format!(
        "TTL of \"{}s\" exceeded the effective max_ttl of \"{}s\"; TTL value is capped accordingly",
        asked.as_secs(),
        left.as_secs()
    ));
    left
}
