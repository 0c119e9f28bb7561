//! How a pod logs in, as itself and for its profiles: the server, the method, and what that method
//! needs.

use std::collections::BTreeMap;

use super::Reader;
use super::fallback::{Fallback, ca_source};
use crate::dialect::findings::{Findings, at};
use crate::dialect::native::Sorted;
use crate::dialect::native::vocabulary::Key;
use crate::dialect::{DialectDefaults, LoginSettings};
use crate::spec::{AuthType, ObjectName, Profile, VaultAddress};

/// The pod's own login, and those of its profiles. One that has a problem is left out.
pub(super) fn read(
    sorted: &Sorted<'_>,
    fallback: Fallback,
    flags: &DialectDefaults,
    findings: &mut Findings,
) -> (Option<LoginSettings>, BTreeMap<Profile, LoginSettings>) {
    let mut own = Reader {
        values: &sorted.pod,
        profile: None,
        findings,
    };
    let own = own.login(fallback);
    let mut profiles = BTreeMap::new();
    for (profile, values) in &sorted.profiles {
        let mut reader = Reader {
            values,
            profile: Some(profile),
            findings,
        };
        let login = reader.login(Fallback::of_profile(own.as_ref(), flags));
        profiles.extend(login.map(|login| (profile.clone(), login)));
    }
    (own, profiles)
}

impl Reader<'_> {
    /// A login; what its method has no use for is not in it. `None` is always accompanied by a
    /// problem.
    fn login(&mut self, fallback: Fallback) -> Option<LoginSettings> {
        let vault_address = self.vault_address(fallback.vault_address.as_ref());
        let namespace = self.value(Key::VaultNamespace);
        let auth_type = self.value(Key::AuthType).unwrap_or(fallback.auth_type);
        let auth_path = self.value(Key::AuthPath);
        let auth_path = auth_path.unwrap_or_else(|| fallback.path_of(auth_type));
        let role = self.value(Key::Role);
        let role = role.or_else(|| fallback.role_of(auth_type));
        let audience = self.value(Key::AuthAudience);
        let audience = audience.or_else(|| fallback.audience.clone());
        let approle_secret: Option<ObjectName> = self.value(Key::ApproleSecret);
        let ca: Option<ObjectName> = self.value(Key::CaConfigMap);
        let tls_secret: Option<ObjectName> = self.value(Key::TlsSecret);
        let of_server = fallback.at(vault_address.as_ref());
        let named = |name: Option<ObjectName>, usual: Option<String>| {
            name.as_ref().map(ToString::to_string).or(usual)
        };
        let approle_secret = named(approle_secret, of_server.approle_secret);
        let tls_secret = named(tls_secret, of_server.tls_secret);
        self.check_needs(
            auth_type,
            vault_address.as_ref(),
            (approle_secret.is_some(), tls_secret.is_some()),
        );
        self.doubt_useless(auth_type);
        let sends_token = auth_type.sends_service_account_token();
        let is_approle = auth_type == AuthType::AppRole;
        Some(LoginSettings {
            vault_address: vault_address?,
            auth_namespace: of_server
                .auth_namespace
                .filter(|_| !self.values.contains_key(&Key::VaultNamespace)),
            vault_namespace: namespace.or(of_server.namespace),
            auth_type,
            auth_path,
            role: role.filter(|_| !is_approle),
            audience: audience.filter(|_| sends_token),
            approle_secret: approle_secret.filter(|_| is_approle),
            ca: ca.as_ref().map(ca_source).or(of_server.ca),
            headers: of_server.headers,
            tls_secret,
            token_file: None,
            ca_file: None,
            tls_server_name: None,
        })
    }

    fn vault_address(&mut self, usual: Option<&VaultAddress>) -> Option<VaultAddress> {
        let key = self.key(Key::VaultAddress);
        let Some(text) = self.values.get(&Key::VaultAddress) else {
            // A profile falls back to the pod's, whose absence is told once.
            if usual.is_none() && self.profile.is_none() {
                self.findings.problem(at(&key).say(
                    "missing, and the webhook has no default: set it, e.g. https://vault.vault:8200, or start the webhook with --vault-address",
                ));
            }
            return usual.cloned();
        };
        let address: VaultAddress = self.findings.value(&key, text)?;
        if !address.is_secure() {
            self.findings.warn(at(&key).with(
                text,
                "is not https: tokens and secrets cross the network in clear",
            ));
        }
        Some(address)
    }

    /// What the method cannot do without.
    fn check_needs(
        &mut self,
        auth_type: AuthType,
        server: Option<&VaultAddress>,
        (has_approle, has_certificate): (bool, bool),
    ) {
        match auth_type {
            AuthType::Kubernetes | AuthType::Jwt => {}
            AuthType::AppRole => self.needs(
                (Key::ApproleSecret, has_approle),
                "missing, and the auth method approle logs in with what is in it: name the Secret whose keys are role-id and secret-id",
            ),
            AuthType::Cert => {
                self.needs(
                    (Key::TlsSecret, has_certificate),
                    "missing, and the auth method cert logs in with what is in it: name the Secret (kubernetes.io/tls) with the client certificate",
                );
                self.needs_tls(server);
            }
        }
    }

    fn needs(&mut self, (key, is_there): (Key, bool), missing: &str) {
        // A bad one is told already.
        if !is_there && !self.values.contains_key(&key) {
            let problem = at(&self.key(key)).say(missing);
            self.findings.problem(problem);
        }
    }

    fn needs_tls(&mut self, server: Option<&VaultAddress>) {
        if let Some(server) = server.filter(|server| !server.is_secure()) {
            let message = "must begin with https://: the auth method cert logs in with the certificate of the TLS connection";
            let key = self.key(Key::VaultAddress);
            self.findings
                .problem(at(&key).with(&server.to_string(), message));
        }
    }

    /// Warns of what the method has no use for.
    fn doubt_useless(&mut self, auth_type: AuthType) {
        if !auth_type.sends_service_account_token() {
            let message = format!(
                "has no effect: the auth method {auth_type} sends no service account's token"
            );
            self.doubt(Key::AuthAudience, message);
        }
        if auth_type == AuthType::AppRole {
            self.doubt(Key::Role, "has no effect: the role id decides on the role");
        } else {
            let auth_type = self.key(Key::AuthType);
            let message = format!("has no effect: set {auth_type} to approle");
            self.doubt(Key::ApproleSecret, message);
        }
    }

    /// Warns of a key that stands on the pod.
    fn doubt(&mut self, key: Key, message: impl Into<String>) {
        if self.values.contains_key(&key) {
            let warning = at(&self.key(key)).say(message);
            self.findings.warn(warning);
        }
    }
}
