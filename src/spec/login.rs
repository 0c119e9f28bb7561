//! One login: whom to ask, and as whom. A part of the [`Identity`](super::Identity).

use std::collections::BTreeMap;

use super::auth::{Auth, AuthType};
use super::ca_bundle::CaBundle;
use super::header::Header;
use super::invalid::Invalid;
use super::vault::{Audience, MountPath, Role, TlsName, VaultAddress, VaultNamespace};

/// A Vault server, and who the refresher is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The Vault server.
    pub vault_address: VaultAddress,
    /// The Vault namespace, for login and reading.
    pub vault_namespace: Option<VaultNamespace>,
    /// The Vault namespace of the login, where it is another one.
    pub auth_namespace: Option<VaultNamespace>,
    /// The login.
    pub auth: Auth,
    /// Where the auth method is mounted.
    pub auth_path: MountPath,
    /// The audience of the projected token, for messages; `None` is the API server's own.
    pub audience: Option<Audience>,
    /// The file of the projected token; `None` is the usual one, of a profile the pod's.
    pub token_file: Option<String>,
    /// The file with the CA certificates (PEM) that Vault's certificate is checked against; `None`
    /// is the bundled Mozilla roots.
    pub ca_file: Option<String>,
    /// The CA certificates themselves, in place of a file.
    pub ca_certificates: Option<CaBundle>,
    /// What is sent with every request.
    pub headers: Vec<Header>,
    /// The directory with `tls.crt` and `tls.key` of the client certificate for Vault.
    pub client_certificate_dir: Option<String>,
    /// The name in Vault's certificate, where it is not the server's.
    pub tls_server_name: Option<TlsName>,
}

impl Login {
    /// The options, each as one `--name=value`, in a fixed order.
    pub(super) fn to_args(&self) -> Vec<String> {
        let mut args = vec![format!("--vault-address={}", self.vault_address)];
        let mut optional = |name: &str, value: Option<&str>| {
            args.extend(value.map(|value| format!("--{name}={value}")))
        };
        optional(
            "vault-namespace",
            self.vault_namespace.as_ref().map(VaultNamespace::as_str),
        );
        optional(
            "auth-namespace",
            self.auth_namespace.as_ref().map(VaultNamespace::as_str),
        );
        optional("auth-type", Some(self.auth.auth_type().as_str()));
        optional("auth-path", Some(self.auth_path.as_str()));
        optional("role", self.auth.role().map(Role::as_str));
        optional(
            "approle-dir",
            match &self.auth {
                Auth::AppRole(directory) => Some(directory),
                _ => None,
            },
        );
        optional("audience", self.audience.as_ref().map(Audience::as_str));
        optional("token-file", self.token_file.as_deref());
        optional("ca-file", self.ca_file.as_deref());
        let certificates = self.ca_certificates.as_ref().map(CaBundle::to_string);
        optional("ca-certificates", certificates.as_deref());
        optional(
            "client-certificate-dir",
            self.client_certificate_dir.as_deref(),
        );
        optional(
            "tls-server-name",
            self.tls_server_name.as_ref().map(TlsName::as_str),
        );
        let headers = self.headers.iter();
        args.extend(headers.map(|header| format!("--vault-header={header}")));
        args
    }
}

/// Collects the options of one login.
#[derive(Debug, Default)]
pub(super) struct LoginBuilder {
    values: BTreeMap<&'static str, String>,
    headers: Vec<Header>,
    problems: Vec<String>,
}

const SINGLE: [&str; 13] = [
    "vault-address",
    "vault-namespace",
    "auth-namespace",
    "auth-type",
    "auth-path",
    "role",
    "approle-dir",
    "audience",
    "token-file",
    "ca-file",
    "ca-certificates",
    "client-certificate-dir",
    "tls-server-name",
];

impl LoginBuilder {
    /// Takes the option `--name=value`; answers whether `name` is one of a login.
    pub(super) fn set(&mut self, name: &str, value: &str) -> bool {
        if name == "vault-header" {
            match value.parse() {
                Ok(header) => self.headers.push(header),
                Err(invalid) => {
                    self.problems
                        .push(format!("--{name}: {value:?}: {invalid}"));
                }
            }
            return true;
        }
        let Some(known) = SINGLE.into_iter().find(|known| *known == name) else {
            return false;
        };
        if self.values.insert(known, value.to_owned()).is_some() {
            self.problems.push(format!("--{name}: given twice"));
        }
        true
    }

    /// The login.
    ///
    /// # Errors
    /// All that is missing or wrong, one text for each option.
    pub(super) fn build(mut self) -> Result<Login, Vec<String>> {
        let vault_address = self.required("vault-address");
        let vault_namespace = self.optional("vault-namespace");
        let auth_namespace = self.optional("auth-namespace");
        let auth_type = self.optional("auth-type").unwrap_or(AuthType::Kubernetes);
        let auth_path = self
            .optional("auth-path")
            .unwrap_or_else(|| auth_type.mount_path());
        let auth = self.auth(auth_type, vault_address.as_ref());
        let audience = self.optional("audience");
        let ca_file = self.values.remove("ca-file");
        let ca_certificates = self.optional("ca-certificates");
        if ca_file.is_some() && ca_certificates.is_some() {
            self.problems
                .push("--ca-certificates: must not stand beside --ca-file".to_owned());
        }
        let token_file = self.values.remove("token-file");
        let client_certificate_dir = self.values.remove("client-certificate-dir");
        let tls_server_name = self.optional("tls-server-name");
        match (vault_address, auth) {
            (Some(vault_address), Some(auth)) if self.problems.is_empty() => Ok(Login {
                vault_address,
                vault_namespace,
                auth_namespace,
                auth,
                auth_path,
                audience,
                token_file,
                ca_file,
                ca_certificates,
                headers: self.headers,
                client_certificate_dir,
                tls_server_name,
            }),
            _ => Err(self.problems),
        }
    }

    /// The login of the method, with what it needs and nothing else.
    fn auth(&mut self, auth_type: AuthType, server: Option<&VaultAddress>) -> Option<Auth> {
        let directory = self.values.remove("approle-dir");
        if auth_type != AuthType::AppRole && directory.is_some() {
            self.misplaced("approle-dir", auth_type);
        }
        Some(match auth_type {
            AuthType::Kubernetes => Auth::Kubernetes(self.required("role")?),
            AuthType::Jwt => Auth::Jwt(self.required("role")?),
            AuthType::AppRole => {
                if self.values.remove("role").is_some() {
                    self.misplaced("role", auth_type);
                }
                let Some(directory) = directory else {
                    self.problems.push(
                        "--approle-dir: missing, and --auth-type=approle needs it".to_owned(),
                    );
                    return None;
                };
                Auth::AppRole(directory)
            }
            AuthType::Cert => {
                if !self.values.contains_key("client-certificate-dir") {
                    let missing = "missing, and --auth-type=cert logs in with what is in it";
                    self.problems
                        .push(format!("--client-certificate-dir: {missing}"));
                }
                if let Some(server) = server.filter(|server| !server.is_secure()) {
                    self.problems.push(format!(
                        "--vault-address: \"{server}\": must begin with https://, for \
                         --auth-type=cert logs in with the certificate of the TLS connection"
                    ));
                }
                Auth::Cert(self.optional("role"))
            }
        })
    }

    fn misplaced(&mut self, name: &str, auth_type: AuthType) {
        self.problems.push(format!(
            "--{name}: has no place beside --auth-type={auth_type}"
        ));
    }

    fn required<T: std::str::FromStr<Err = Invalid>>(&mut self, name: &'static str) -> Option<T> {
        if !self.values.contains_key(name) {
            self.problems.push(format!("--{name}: missing"));
        }
        self.optional(name)
    }

    fn optional<T: std::str::FromStr<Err = Invalid>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.values.remove(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.problems.push(format!("--{name}: {text:?}: {invalid}"));
                None
            }
        }
    }
}
