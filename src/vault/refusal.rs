//! What Vault's refusals mean and what mends them: a status and `errors[]` become a
//! [`VaultError`].
//!
//! The meanings were read off real servers; where Vault does not say why (it tells strangers as
//! little as it can), the text names what it can be.

mod login;

use std::time::Duration;

use super::jwt::Claims;
use super::operation::Operation;
use super::{Class, Engine, VaultError};

/// What Vault says of a lease that is of no use any more.
const LEASE_IS_GONE: [&str; 4] = [
    "invalid lease",
    "lease not found",
    "lease expired",
    "not renewable",
];

/// An answer of Vault that is no success.
pub(super) struct Refusal<'a> {
    pub(super) operation: Operation<'a>,
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// `errors[]`, or what stands for them, each in one line.
    pub(super) errors: Vec<String>,
    /// The service-account token's claims, at a login.
    pub(super) claims: Option<Claims>,
}

impl Refusal<'_> {
    /// The error: class, what happened, what to do, and Vault's own words in brackets.
    pub(super) fn into_error(self) -> VaultError {
        let (class, meaning) = self.meaning();
        let mut message = format!("cannot {}: {meaning} (HTTP {}", self.operation, self.status);
        if !self.errors.is_empty() {
            message.push_str(": ");
            message.push_str(&self.errors.join("; "));
        }
        message.push(')');
        VaultError::new(class, message)
    }

    fn meaning(&self) -> (Class, String) {
        match (self.status, self.operation) {
            (429, _) => (Class::RateLimited(self.retry_after), self.rate_limited()),
            (503, _) => (self.unavailable(), self.out_of_service()),
            (412, _) | (471..=473, _) | (500.., _) => {
                (self.unavailable(), self.failing().to_owned())
            }
            (_, Operation::Login(auth, mount)) => (Class::Denied, self.login_refused(auth, mount)),
            (403, _) if self.says(&["invalid token", "bad token"]) => (
                Class::TokenInvalid,
                "the Vault token has expired or was revoked".to_owned(),
            ),
            (401 | 403, _) => (Class::Denied, self.denied()),
            // Vault says 400 too when the engine fails, for instance because its database is down.
            (400 | 404, Operation::RenewLease(_) | Operation::CheckLease(_))
                if self.says(&LEASE_IS_GONE) =>
            {
                let gone = "it has ended, was revoked, or cannot be extended";
                (Class::NotFound, gone.to_owned())
            }
            (404, _) => (Class::NotFound, self.not_found()),
            (405, _) => (
                Class::Invalid,
                "this path cannot be read: name the path of a secret, or what it makes, e.g. \
                 pki/issue/web?common_name=web.shop.svc"
                    .to_owned(),
            ),
            _ => (Class::Invalid, "Vault refuses the request".to_owned()),
        }
    }

    fn unavailable(&self) -> Class {
        match self.retry_after {
            Some(_) => Class::RateLimited(self.retry_after),
            None => Class::Unavailable,
        }
    }

    fn rate_limited(&self) -> String {
        let limited = "Vault limits the rate of requests (vault read sys/quotas/config)";
        match self.retry_after {
            Some(wait) => format!("{limited} and asks to wait {} s", wait.as_secs()),
            None => limited.to_owned(),
        }
    }

    fn out_of_service(&self) -> String {
        if self.says(&["sealed"]) {
            "Vault is sealed: unseal it (vault operator unseal)".to_owned()
        } else {
            "Vault, or the proxy before it, is out of service".to_owned()
        }
    }

    fn failing(&self) -> &'static str {
        if self.says(&["local node not active", "standby"]) || matches!(self.status, 472 | 473) {
            "this Vault node is a standby and reaches no active node"
        } else if self.status == 412 {
            "this Vault node has not yet what was written elsewhere"
        } else {
            "Vault, or the proxy before it, fails"
        }
    }

    fn denied(&self) -> String {
        if let Operation::FindMount(path) = self.operation {
            let (mount, rest) = path.as_str().split_once('/').unwrap_or((path.as_str(), ""));
            return format!(
                "either no secrets engine is mounted there (vault secrets list) or the token's \
                 policies \
                 allow nothing in it; missing for KV version 2: path \"{mount}/data/{rest}\" \
                 {{ capabilities = [\"read\"] }}, for others: path \"{path}\" \
                 {{ capabilities = [\"read\"] }}"
            );
        }
        match self.operation.policy() {
            Some(policy) => format!("the token's policies do not allow it; missing: {policy}"),
            None => "the token's policies do not allow it".to_owned(),
        }
    }

    fn not_found(&self) -> String {
        if self.says(&["no handler for route", "unsupported path"]) {
            return "no secrets engine serves this path (vault secrets list)".to_owned();
        }
        match self.operation {
            Operation::Read(mount, _, version) if mount.engine == Engine::KvV2 => {
                let place = format!("in the KV version 2 engine at {}", mount.path);
                match version {
                    Some(version) => format!(
                        "there is no such secret {place}, or version {version} of it was never \
                         written or is no longer kept"
                    ),
                    None => format!("there is no such secret {place}"),
                }
            }
            Operation::List(..) => "there is no secret in this folder".to_owned(),
            Operation::CheckVersion(mount, _) | Operation::ReadMetadata(mount, _) => {
                format!(
                    "there is no such secret in the KV version 2 engine at {}",
                    mount.path
                )
            }
            _ => "there is nothing at this path".to_owned(),
        }
    }

    /// Whether one of `errors[]` holds one of `texts`.
    fn says(&self, texts: &[&str]) -> bool {
        self.errors.iter().any(|error| {
            let error = error.to_ascii_lowercase();
            texts.iter().any(|text| error.contains(text))
        })
    }
}

/// Vault's lists of errors, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n", as
/// one line each, without what may not be shown, at most 512 characters long in all.
pub(super) fn one_line_each(errors: &[String], hidden: &[&[u8]]) -> Vec<String> {
    let mut room = 512_usize;
    let mut lines = Vec::new();
    for line in errors.iter().flat_map(|error| error.lines()) {
        let line = line.trim().trim_start_matches("* ");
        if line.is_empty() || line.ends_with("occurred:") || room == 0 {
            continue;
        }
        let line: String = redact(line, hidden)
            .chars()
            .filter(|c| !c.is_control())
            .take(room)
            .collect();
        room -= line.chars().count();
        lines.push(line);
    }
    lines
}

/// Vault does not repeat tokens in its errors, but a proxy may.
fn redact(line: &str, hidden: &[&[u8]]) -> String {
    let texts = hidden
        .iter()
        .filter_map(|bytes| std::str::from_utf8(bytes).ok());
    texts
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .fold(line.to_owned(), |line, text| {
            line.replace(text, "[redacted]")
        })
}

#[cfg(test)]
mod tests;
