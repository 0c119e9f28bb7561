//! How the refresher logs in to Vault.

use std::fmt;
use std::str::FromStr;

use super::invalid::Invalid;
use super::text::serde_as_text;
use super::vault::{MountPath, Role};

/// An auth method of Vault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthType {
    /// Vault's `kubernetes` method: Vault asks the API server (TokenReview) whether the pod's
    /// service-account token is genuine.
    #[default]
    Kubernetes,
    /// Vault's `jwt` method: Vault checks the signature of the pod's service-account token itself.
    Jwt,
    /// Vault's `approle` method: a role id and a secret id.
    AppRole,
    /// Vault's `cert` method: the client certificate of the TLS connection.
    Cert,
}

impl AuthType {
    /// The name of the method, which is also its usual mount path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Jwt => "jwt",
            Self::AppRole => "approle",
            Self::Cert => "cert",
        }
    }

    /// Where Vault mounts the method unless told otherwise: under its name.
    pub fn mount_path(self) -> MountPath {
        MountPath::named(self.as_str())
    }

    /// Whether the login sends the pod's projected service-account token.
    pub const fn sends_service_account_token(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Jwt)
    }
}

impl FromStr for AuthType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "kubernetes" => Ok(Self::Kubernetes),
            "jwt" => Ok(Self::Jwt),
            "approle" => Ok(Self::AppRole),
            "cert" => Ok(Self::Cert),
            _ => Err(Invalid::new("must be kubernetes, jwt, approle or cert")),
        }
    }
}

impl fmt::Display for AuthType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(AuthType);

/// A login: the method, and what it needs beside its mount path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// The service-account token and a role of the `kubernetes` method.
    Kubernetes(Role),
    /// The service-account token and a role of the `jwt` method.
    Jwt(Role),
    /// The directory with the files `role-id` and `secret-id`; without the second one the role must
    /// not ask for it (`bind_secret_id=false`).
    AppRole(String),
    /// The client certificate, for one role or for whichever fits it.
    Cert(Option<Role>),
}

impl Auth {
    /// The method.
    pub const fn auth_type(&self) -> AuthType {
        match self {
            Self::Kubernetes(_) => AuthType::Kubernetes,
            Self::Jwt(_) => AuthType::Jwt,
            Self::AppRole(_) => AuthType::AppRole,
            Self::Cert(_) => AuthType::Cert,
        }
    }

    /// The role that the login names.
    pub const fn role(&self) -> Option<&Role> {
        match self {
            Self::Kubernetes(role) | Self::Jwt(role) => Some(role),
            Self::AppRole(_) => None,
            Self::Cert(role) => role.as_ref(),
        }
    }
}
