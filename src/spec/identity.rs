//! Who the refresher is and where it sends its token: the container's arguments.
//!
//! Kubernetes lets nobody change the arguments of a running container, while annotations can be
//! changed by whoever may patch pods. So all that decides *where a token goes* is here and nothing
//! of it is in the SyncSpec. The webhook writes [`Identity::to_args`]; the refresher feeds the same
//! options to an [`IdentityBuilder`].

use std::collections::BTreeMap;

use super::auth::{Auth, AuthType};
use super::ca_bundle::CaBundle;
use super::header::Header;
use super::invalid::Invalid;
use super::names::VolumeName;
use super::vault::{Audience, MountPath, Role, TlsName, VaultAddress, VaultNamespace};

/// Who to be, whom to ask, and which volumes are ours to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
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
    /// The volumes to write, and where the refresher has them mounted.
    pub mounts: BTreeMap<VolumeName, String>,
}

/// What is wrong with the options: all of it, one text each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct IdentityError(pub Vec<String>);

impl Identity {
    /// The options, each as one `--name=value`, in a fixed order.
    pub fn to_args(&self) -> Vec<String> {
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
        args.extend(
            self.mounts
                .iter()
                .map(|(volume, directory)| format!("--mount={volume}={directory}")),
        );
        args
    }
}

/// Collects the options of a command line into an [`Identity`].
#[derive(Debug, Default)]
pub struct IdentityBuilder {
    values: BTreeMap<&'static str, String>,
    mounts: BTreeMap<VolumeName, String>,
    headers: Vec<Header>,
    problems: Vec<String>,
}

const SINGLE: [&str; 12] = [
    "vault-address",
    "vault-namespace",
    "auth-namespace",
    "auth-type",
    "auth-path",
    "role",
    "approle-dir",
    "audience",
    "ca-file",
    "ca-certificates",
    "client-certificate-dir",
    "tls-server-name",
];

impl IdentityBuilder {
    /// Takes the option `--name=value`; answers whether `name` is one of ours.
    ///
    /// A bad value is kept for [`build`](Self::build), so that all problems are told at once.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        match name {
            "mount" => {
                self.add_mount(value);
                return true;
            }
            "vault-header" => {
                match value.parse() {
                    Ok(header) => self.headers.push(header),
                    Err(invalid) => {
                        self.problems
                            .push(format!("--{name}: {value:?}: {invalid}"));
                    }
                }
                return true;
            }
            _ => {}
        }
        let Some(known) = SINGLE.into_iter().find(|known| *known == name) else {
            return false;
        };
        if self.values.insert(known, value.to_owned()).is_some() {
            self.problems.push(format!("--{name}: given twice"));
        }
        true
    }

    fn add_mount(&mut self, value: &str) {
        let accepted =
            "must be VOLUME=DIRECTORY, e.g. freshet-secrets=/run/freshet/mounts/freshet-secrets";
        match value
            .split_once('=')
            .map(|(volume, directory)| (volume.parse::<VolumeName>(), directory))
        {
            Some((Ok(volume), directory)) if directory.starts_with('/') => {
                if self.mounts.insert(volume, directory.to_owned()).is_some() {
                    self.problems
                        .push(format!("--mount: {value:?}: the volume is given twice"));
                }
            }
            _ => self
                .problems
                .push(format!("--mount: {value:?}: {accepted}")),
        }
    }

    /// The identity.
    ///
    /// # Errors
    /// All that is missing or wrong, one text for each option.
    pub fn build(mut self) -> Result<Identity, IdentityError> {
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
        let client_certificate_dir = self.values.remove("client-certificate-dir");
        let tls_server_name = self.optional("tls-server-name");
        if self.mounts.is_empty() {
            self.problems
                .push("--mount: missing: name at least one volume to write".to_owned());
        }
        match (vault_address, auth) {
            (Some(vault_address), Some(auth)) if self.problems.is_empty() => Ok(Identity {
                vault_address,
                vault_namespace,
                auth_namespace,
                auth,
                auth_path,
                audience,
                ca_file,
                ca_certificates,
                headers: self.headers,
                client_certificate_dir,
                tls_server_name,
                mounts: self.mounts,
            }),
            _ => Err(IdentityError(self.problems)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn build(args: &[String]) -> Result<Identity, IdentityError> {
        let mut builder = IdentityBuilder::default();
        for arg in args {
            let (name, value) = arg
                .strip_prefix("--")
                .and_then(|arg| arg.split_once('='))
                .expect("--name=value");
            assert!(builder.set(name, value), "{arg}");
        }
        builder.build()
    }

    #[test]
    fn arguments_round_trip() {
        let identity = Identity {
            vault_address: "https://vault.vault:8200".parse().expect("address"),
            vault_namespace: Some("team-a".parse().expect("namespace")),
            auth_namespace: Some("root".parse().expect("namespace")),
            auth: Auth::Jwt("app".parse().expect("role")),
            auth_path: "jwt-prod".parse().expect("mount path"),
            audience: Some("vault".parse().expect("audience")),
            ca_file: None,
            ca_certificates: Some("MIIB,MIIC".parse().expect("certificates")),
            headers: vec!["x-team: a, b".parse().expect("a header")],
            client_certificate_dir: Some("/run/freshet/tls".to_owned()),
            tls_server_name: Some("vault.example".parse().expect("a name")),
            mounts: BTreeMap::from([(
                "freshet-secrets".parse().expect("volume"),
                "/run/freshet/mounts/a=b".to_owned(),
            )]),
        };
        for auth in [
            Auth::Kubernetes("app".parse().expect("role")),
            Auth::AppRole("/run/freshet/approle".to_owned()),
            Auth::Cert(Some("app".parse().expect("role"))),
            Auth::Cert(None),
            identity.auth.clone(),
        ] {
            let identity = Identity {
                auth,
                ..identity.clone()
            };
            assert_eq!(build(&identity.to_args()), Ok(identity));
        }
    }

    #[test]
    fn a_login_has_what_its_method_needs_and_nothing_else() {
        for (options, want) in [
            ("--auth-type=jwt", "--role: missing"),
            (
                "--auth-type=jwt --role=app --approle-dir=/a",
                "--approle-dir: has no place beside --auth-type=jwt",
            ),
            (
                "--auth-type=approle --role=app",
                "--role: has no place beside --auth-type=approle\n\
                 --approle-dir: missing, and --auth-type=approle needs it",
            ),
            (
                "--auth-type=cert --vault-address=http://vault:8200",
                "--client-certificate-dir: missing, and --auth-type=cert logs in with what is in it\n\
                 --vault-address: \"http://vault:8200\": must begin with https://, for \
                 --auth-type=cert logs in with the certificate of the TLS connection",
            ),
        ] {
            let mut args: Vec<String> = options.split(' ').map(str::to_owned).collect();
            if !options.contains("--vault-address") {
                args.push("--vault-address=https://vault:8200".to_owned());
            }
            args.push("--mount=a=/a".to_owned());
            let error = build(&args).expect_err(options).to_string();
            assert_eq!(error, want, "{options}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let args = [
            "--vault-address=vault",
            "--auth-type=ldap",
            "--mount=x",
            "--vault-header=Authorization: x",
            "--ca-certificates=x",
        ]
        .map(str::to_owned);
        let error = build(&args).expect_err("bad options").to_string();
        for option in [
            "--vault-address: \"vault\"",
            "--auth-type: \"ldap\"",
            "--mount: \"x\"",
            "--vault-header: \"Authorization: x\": must not carry a credential",
            "--ca-certificates: \"x\": must be base64",
            "--role: missing",
        ] {
            assert!(error.contains(option), "{option} in {error}");
        }
    }
}
