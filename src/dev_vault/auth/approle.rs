//! The auth method `approle`: roles, their role ids, and the secret ids that are made for them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::TokenRules;
use crate::dev_vault::Randomness;
use crate::dev_vault::answer::Answer;
use crate::dev_vault::parameters::Parameters;
use crate::dev_vault::request::Method;
use crate::dev_vault::token::Grant;

/// A mounted method.
pub(in crate::dev_vault) struct AppRoleMethod {
    roles: BTreeMap<String, Role>,
    randomness: Randomness,
}

struct Role {
    id: String,
    /// Whether a login needs a secret id.
    binds_secret_id: bool,
    /// How often a secret id can be used; zero is without bound.
    uses: u64,
    /// How long a secret id can be used; zero is without end.
    lifetime: Duration,
    secret_ids: BTreeMap<String, SecretId>,
    token: TokenRules,
}

struct SecretId {
    uses_left: Option<u64>,
    expires: Option<SystemTime>,
}

impl AppRoleMethod {
    pub(super) fn new(randomness: Randomness) -> Self {
        Self {
            roles: BTreeMap::new(),
            randomness,
        }
    }

    /// Answers `role/<name>` and what is below it.
    pub(super) fn answer(
        &mut self,
        path: &str,
        method: Method,
        parameters: &Parameters,
        now: SystemTime,
    ) -> Answer {
        let Some(path) = path.strip_prefix("role/") else {
            return Answer::error(404, &["unsupported path"]);
        };
        let (name, verb) = path.split_once('/').unwrap_or((path, ""));
        match (verb, method) {
            ("", Method::Write) => return self.write_role(name, parameters),
            ("", Method::Delete) => {
                self.roles.remove(name);
                return Answer::empty();
            }
            _ => {}
        }
        let secret_id = self.random_id();
        let accessor = self.random_id();
        let Some(role) = self.roles.get_mut(name) else {
            return Answer::not_found();
        };
        match (verb, method) {
            ("role-id", Method::Read) => Answer::data(&json!({ "role_id": role.id })),
            ("role-id", Method::Write) => match parameters.text("role_id") {
                Some(id) => {
                    role.id = id.to_owned();
                    Answer::empty()
                }
                None => Answer::error(400, &["missing role_id"]),
            },
            ("secret-id", Method::Write) => {
                let seconds = role.lifetime.as_secs();
                let data = json!({
                    "secret_id": secret_id, "secret_id_accessor": accessor,
                    "secret_id_num_uses": role.uses, "secret_id_ttl": seconds,
                });
                role.issue(secret_id, now);
                Answer::data(&data)
            }
            ("secret-id/destroy", Method::Write) => {
                let id = parameters.text("secret_id").unwrap_or_default();
                role.secret_ids.remove(id);
                Answer::empty()
            }
            _ => Answer::error(404, &["unsupported path"]),
        }
    }

    fn write_role(&mut self, name: &str, parameters: &Parameters) -> Answer {
        let id = self.random_id();
        let role = self.roles.entry(name.to_owned()).or_insert_with(|| Role {
            id,
            binds_secret_id: true,
            uses: 0,
            lifetime: Duration::ZERO,
            secret_ids: BTreeMap::new(),
            token: TokenRules::default(),
        });
        role.token.set(parameters);
        if let Some(binds) = parameters.truth("bind_secret_id") {
            role.binds_secret_id = binds;
        }
        if let Some(uses) = parameters.numbers("secret_id_num_uses").first() {
            role.uses = *uses;
        }
        role.lifetime = parameters
            .duration("secret_id_ttl")
            .unwrap_or(role.lifetime);
        Answer::empty()
    }

    pub(super) fn login(
        &mut self,
        parameters: &Parameters,
        now: SystemTime,
    ) -> Result<Grant, Answer> {
        let refused = |reason: &str| Answer::error(400, &[reason]);
        let text = |name: &str| parameters.text(name).unwrap_or_default().trim();
        let role_id = text("role_id");
        if role_id.is_empty() {
            return Err(refused("missing role_id"));
        }
        let mut roles = self.roles.iter_mut();
        let (name, role) = roles
            .find(|(_, role)| role.id == role_id)
            .ok_or_else(|| refused("invalid role or secret ID"))?;
        if role.binds_secret_id {
            let secret_id = text("secret_id");
            if secret_id.is_empty() {
                return Err(refused("missing secret_id"));
            }
            if !role.spend(secret_id, now) {
                return Err(refused("invalid role or secret ID"));
            }
        }
        let metadata = [("role_name", name.clone())];
        Ok(role.token.grant("approle".to_owned(), metadata))
    }

    /// In the form of a UUID, as Vault's are.
    fn random_id(&self) -> String {
        let mut bytes = [0; 16];
        (self.randomness)(&mut bytes);
        let number = u128::from_be_bytes(bytes);
        let digits = format!("{number:032x}");
        let parts = [
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..],
        ];
        parts.join("-")
    }
}

impl Role {
    fn issue(&mut self, id: String, now: SystemTime) {
        let secret_id = SecretId {
            uses_left: (self.uses > 0).then_some(self.uses),
            expires: (!self.lifetime.is_zero()).then(|| now + self.lifetime),
        };
        self.secret_ids.insert(id, secret_id);
    }

    /// Uses a secret id once; answers whether it could be.
    fn spend(&mut self, id: &str, now: SystemTime) -> bool {
        self.secret_ids
            .retain(|_, secret_id| secret_id.expires.is_none_or(|end| end > now));
        let Some(secret_id) = self.secret_ids.get_mut(id) else {
            return false;
        };
        if let Some(left) = &mut secret_id.uses_left {
            *left -= 1;
            if *left == 0 {
                self.secret_ids.remove(id);
            }
        }
        true
    }
}
