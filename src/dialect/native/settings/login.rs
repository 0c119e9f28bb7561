//! How the pod logs in: the method, and what that method needs.

use super::Reader;
use crate::dialect::DialectDefaults;
use crate::dialect::findings::at;
use crate::dialect::native::vocabulary::Key;
use crate::spec::{Audience, AuthType, MountPath, ObjectName, Role, VaultAddress};

/// A login; what its method has no use for is not in it.
pub(super) struct Login {
    pub(super) auth_type: AuthType,
    pub(super) auth_path: MountPath,
    pub(super) role: Option<Role>,
    pub(super) audience: Option<Audience>,
    pub(super) approle_secret: Option<ObjectName>,
}

impl Reader<'_> {
    /// The login at `server`.
    pub(super) fn login(
        &mut self,
        server: Option<&VaultAddress>,
        defaults: &DialectDefaults,
    ) -> Login {
        let auth_type = self.value(Key::AuthType).unwrap_or(defaults.auth_type);
        let auth_path = self
            .value(Key::AuthPath)
            .unwrap_or_else(|| default_auth_path(auth_type, defaults));
        let role = self.value(Key::Role);
        let audience = self.value(Key::AuthAudience);
        let approle_secret = self.value(Key::ApproleSecret);
        match auth_type {
            AuthType::Kubernetes | AuthType::Jwt => {}
            AuthType::AppRole => self.needs(
                Key::ApproleSecret,
                "missing, and the auth method approle logs in with what is in it: name the Secret whose keys are role-id and secret-id",
            ),
            AuthType::Cert => {
                self.needs(
                    Key::TlsSecret,
                    "missing, and the auth method cert logs in with what is in it: name the Secret (kubernetes.io/tls) with the client certificate",
                );
                self.needs_tls(server);
            }
        }
        let sends_token = auth_type.sends_service_account_token();
        if !sends_token {
            let message = format!(
                "has no effect: the auth method {auth_type} sends no service account's token"
            );
            self.doubt(Key::AuthAudience, message);
        }
        if auth_type == AuthType::AppRole {
            self.doubt(Key::Role, "has no effect: the role id decides on the role");
        } else {
            let message = "has no effect: set freshet.dev/auth-type to approle";
            self.doubt(Key::ApproleSecret, message);
        }
        Login {
            auth_type,
            auth_path,
            role: role.filter(|_| auth_type != AuthType::AppRole),
            audience: sends_token.then(|| audience.unwrap_or_else(|| defaults.audience.clone())),
            approle_secret: approle_secret.filter(|_| auth_type == AuthType::AppRole),
        }
    }

    fn needs(&mut self, key: Key, missing: &str) {
        if !self.pod.contains_key(&key) {
            self.findings.problem(at(&key.annotation("")).say(missing));
        }
    }

    fn needs_tls(&mut self, server: Option<&VaultAddress>) {
        if let Some(server) = server.filter(|server| !server.is_secure()) {
            let message = "must begin with https://: the auth method cert logs in with the certificate of the TLS connection";
            let key = Key::VaultAddress.annotation("");
            self.findings
                .problem(at(&key).with(&server.to_string(), message));
        }
    }

    /// Warns of a key that stands on the pod.
    fn doubt(&mut self, key: Key, message: impl Into<String>) {
        if self.pod.contains_key(&key) {
            self.findings.warn(at(&key.annotation("")).say(message));
        }
    }
}

/// The webhook's path belongs to the webhook's method: a pod that logs in another way gets the
/// usual mount of that way.
fn default_auth_path(auth_type: AuthType, defaults: &DialectDefaults) -> MountPath {
    match &defaults.auth_path {
        Some(path) if auth_type == defaults.auth_type => path.clone(),
        _ => auth_type.mount_path(),
    }
}
