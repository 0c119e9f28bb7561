//! The auth methods, and what their roles say of the tokens that a login gives.

mod approle;
mod cert;
mod service_account;

use std::time::{Duration, SystemTime};

use self::approle::AppRoleMethod;
use self::cert::CertMethod;
use self::service_account::ServiceAccountMethod;
use super::Randomness;
use super::answer::Answer;
use super::parameters::Parameters;
use super::request::Request;
use super::token::Grant;

/// A mounted auth method.
pub(super) enum AuthMethod {
    ServiceAccount(ServiceAccountMethod),
    AppRole(AppRoleMethod),
    Cert(CertMethod),
}

impl AuthMethod {
    pub(super) fn new(kind: &str, randomness: &Randomness) -> Option<Self> {
        Some(match kind {
            "kubernetes" => Self::ServiceAccount(ServiceAccountMethod::kubernetes()),
            "jwt" => Self::ServiceAccount(ServiceAccountMethod::jwt()),
            "approle" => Self::AppRole(AppRoleMethod::new(randomness.clone())),
            "cert" => Self::Cert(CertMethod::default()),
            _ => return None,
        })
    }

    /// Answers what is below the mount, but for the login.
    pub(super) fn answer(&mut self, path: &str, request: &Request<'_>, now: SystemTime) -> Answer {
        let parameters = match Parameters::parse(request.body) {
            Ok(parameters) => parameters,
            Err(answer) => return answer,
        };
        match self {
            Self::ServiceAccount(method) => method.answer(path, request.method, &parameters),
            Self::AppRole(method) => method.answer(path, request.method, &parameters, now),
            Self::Cert(method) => method.answer(path, request.method, &parameters),
        }
    }

    /// What a login gives, or how it is refused.
    pub(super) fn login(
        &mut self,
        request: &Request<'_>,
        now: SystemTime,
    ) -> Result<Grant, Answer> {
        let parameters = Parameters::parse(request.body)?;
        match self {
            Self::ServiceAccount(method) => method.login(&parameters, now),
            Self::AppRole(method) => method.login(&parameters, now),
            Self::Cert(method) => method.login(&parameters, request.client, now),
        }
    }
}

/// The part of a role that is alike in all methods.
#[derive(Default)]
struct TokenRules {
    policies: Vec<String>,
    ttl: Duration,
    max_ttl: Duration,
}

impl TokenRules {
    /// Sets what is named and leaves the rest as it was.
    fn set(&mut self, parameters: &Parameters) {
        for name in ["policies", "token_policies"] {
            if let Some(policies) = parameters.list(name) {
                self.policies = policies;
            }
        }
        for name in ["ttl", "token_ttl"] {
            self.ttl = parameters.duration(name).unwrap_or(self.ttl);
        }
        for name in ["max_ttl", "token_max_ttl"] {
            self.max_ttl = parameters.duration(name).unwrap_or(self.max_ttl);
        }
    }

    fn grant<'m>(
        &self,
        display_name: String,
        metadata: impl IntoIterator<Item = (&'m str, String)>,
    ) -> Grant {
        let metadata = metadata.into_iter();
        Grant {
            policies: self.policies.clone(),
            ttl: self.ttl,
            max_ttl: self.max_ttl,
            metadata: metadata
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            display_name,
        }
    }
}
