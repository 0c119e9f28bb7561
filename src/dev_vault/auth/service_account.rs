//! The auth methods `kubernetes` and `jwt`: their configuration, their roles, their logins.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::TokenRules;
use crate::dev_vault::answer::Answer;
use crate::dev_vault::jwt::{self, Claims, VerifyingKey};
use crate::dev_vault::parameters::Parameters;
use crate::dev_vault::request::Method;
use crate::dev_vault::timestamp::unix;
use crate::dev_vault::token::Grant;

/// The audience that the API server itself expects, unless told otherwise.
const API_SERVER: &str = "https://kubernetes.default.svc.cluster.local";

/// Clocks may differ by so much, in seconds.
const LEEWAY: u64 = 60;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kubernetes,
    Jwt,
}

/// A mounted method.
pub(in crate::dev_vault) struct ServiceAccountMethod {
    kind: Kind,
    keys: Vec<VerifyingKey>,
    roles: BTreeMap<String, Role>,
}

#[derive(Default)]
struct Role {
    /// `audience`, or `bound_audiences`.
    audiences: Vec<String>,
    names: Vec<String>,
    namespaces: Vec<String>,
    subject: String,
    token: TokenRules,
}

impl ServiceAccountMethod {
    pub(super) fn kubernetes() -> Self {
        Self::new(Kind::Kubernetes)
    }

    pub(super) fn jwt() -> Self {
        Self::new(Kind::Jwt)
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            keys: Vec::new(),
            roles: BTreeMap::new(),
        }
    }

    /// Answers `config` and `role/<name>`.
    pub(super) fn answer(&mut self, path: &str, method: Method, parameters: &Parameters) -> Answer {
        match (path.split_once('/'), method) {
            (None, Method::Write) if path == "config" => self.configure(parameters),
            (Some(("role", name)), Method::Write) => self.write_role(name, parameters),
            (Some(("role", name)), Method::Delete) => {
                self.roles.remove(name);
                Answer::empty()
            }
            _ => Answer::error(404, &["unsupported path"]),
        }
    }

    fn configure(&mut self, parameters: &Parameters) -> Answer {
        let name = match self.kind {
            Kind::Kubernetes => "pem_keys",
            Kind::Jwt => "jwt_validation_pubkeys",
        };
        let keys = parameters.list(name).unwrap_or_default();
        let Some(keys) = keys.iter().map(|pem| VerifyingKey::from_pem(pem)).collect() else {
            return Answer::error(400, &["error parsing public key"]);
        };
        self.keys = keys;
        Answer::empty()
    }

    /// Sets what is named and leaves the rest of a role as it was.
    fn write_role(&mut self, name: &str, parameters: &Parameters) -> Answer {
        let role = self.roles.entry(name.to_owned()).or_default();
        let audiences = match self.kind {
            Kind::Kubernetes => "audience",
            Kind::Jwt => "bound_audiences",
        };
        let set = |field: &mut Vec<String>, name: &str| {
            if let Some(list) = parameters.list(name) {
                *field = list;
            }
        };
        set(&mut role.audiences, audiences);
        set(&mut role.names, "bound_service_account_names");
        set(&mut role.namespaces, "bound_service_account_namespaces");
        role.token.set(parameters);
        if let Some(subject) = parameters.text("bound_subject") {
            role.subject = subject.to_owned();
        }
        Answer::empty()
    }

    /// What a login gives, or how it is refused.
    pub(super) fn login(&self, parameters: &Parameters, now: SystemTime) -> Result<Grant, Answer> {
        let parameter = |name: &str| {
            let text = parameters.text(name).filter(|text| !text.is_empty());
            text.ok_or_else(|| Answer::error(400, &[&format!("missing {name}")]))
        };
        let (name, jwt) = (parameter("role")?, parameter("jwt")?);
        let Some(role) = self.roles.get(name) else {
            let error = match self.kind {
                Kind::Kubernetes => format!("invalid role name \"{name}\""),
                Kind::Jwt => format!("role \"{name}\" could not be found"),
            };
            return Err(Answer::error(400, &[&error]));
        };
        let claims = jwt::verify(jwt, &self.keys);
        let metadata = match self.kind {
            Kind::Kubernetes => role.check_kubernetes(claims, now)?,
            Kind::Jwt => role.check_jwt(claims, now)?,
        };
        let display_name = format!(
            "{}-{name}",
            if self.kind == Kind::Jwt {
                "jwt"
            } else {
                "kubernetes"
            }
        );
        let metadata = metadata.iter();
        let metadata = metadata.map(|(name, value)| (name.as_str(), value.clone()));
        let metadata = metadata.chain([("role", name.to_owned())]);
        Ok(role.token.grant(display_name, metadata))
    }
}

type Metadata = BTreeMap<String, String>;

impl Role {
    fn check_kubernetes(
        &self,
        claims: Option<Claims>,
        now: SystemTime,
    ) -> Result<Metadata, Answer> {
        let denied = |reason: &str| Answer::error(403, &[reason]);
        let claims = claims.ok_or_else(|| denied("permission denied"))?;
        self.check_claims(&claims, now)
            .map_err(|reason| denied(&reason))?;
        let subject = claims
            .kubernetes
            .ok_or_else(|| denied("permission denied"))?;
        if !is_one_of(&self.names, &subject.serviceaccount.name) {
            return Err(denied("service account name not authorized"));
        }
        if !is_one_of(&self.namespaces, &subject.namespace) {
            return Err(denied("namespace not authorized"));
        }
        // The API server's review of a token is for its own audience where the role names none.
        let reviewed = claims
            .aud
            .as_slice()
            .iter()
            .any(|audience| audience == API_SERVER);
        if self.audiences.is_empty() && !reviewed {
            return Err(denied("permission denied"));
        }
        Ok(BTreeMap::from([
            (
                "service_account_name".to_owned(),
                subject.serviceaccount.name,
            ),
            ("service_account_namespace".to_owned(), subject.namespace),
            ("service_account_secret_name".to_owned(), String::new()),
            ("service_account_uid".to_owned(), subject.serviceaccount.uid),
        ]))
    }

    fn check_jwt(&self, claims: Option<Claims>, now: SystemTime) -> Result<Metadata, Answer> {
        let refused = |reason: &str| Answer::error(400, &[reason]);
        let claims = claims.ok_or_else(|| {
            refused(
                "error validating token: error verifying token signature: no known key \
                 successfully \
                 validated the token signature",
            )
        })?;
        if !self.subject.is_empty() && claims.sub.as_ref() != Some(&self.subject) {
            return Err(refused(
                "error validating token: invalid subject (sub) claim",
            ));
        }
        let invalid = |reason: String| refused(&format!("error validating token: {reason}"));
        self.check_claims(&claims, now).map_err(invalid)?;
        if self.audiences.is_empty() && !claims.aud.as_slice().is_empty() {
            return Err(refused(
                "audience claim found in JWT but no audiences bound to the role",
            ));
        }
        Ok(Metadata::new())
    }

    fn check_claims(&self, claims: &Claims, now: SystemTime) -> Result<(), String> {
        let audiences = claims.aud.as_slice();
        if !self.audiences.is_empty()
            && !audiences
                .iter()
                .any(|audience| self.audiences.contains(audience))
        {
            return Err(
                "invalid audience (aud) claim: audience claim does not match any expected audience"
                    .to_owned(),
            );
        }
        let now = unix(now);
        if claims.nbf.is_some_and(|start| now + LEEWAY < start) {
            return Err("invalid not before (nbf) claim: token not yet valid".to_owned());
        }
        if claims.exp.is_some_and(|end| now > end + LEEWAY) {
            return Err("invalid expiration time (exp) claim: token is expired".to_owned());
        }
        Ok(())
    }
}

/// Whether `name` is one of `allowed`, which may be `*` or end in it.
fn is_one_of(allowed: &[String], name: &str) -> bool {
    allowed
        .iter()
        .any(|allowed| match allowed.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => allowed == name,
        })
}
