//! What a login has where its annotations do not say.

use crate::dialect::external_secret::StoreSettings;
use crate::dialect::{CaSource, DialectDefaults, LoginSettings};
use crate::spec::layout::CA_FILE;
use crate::spec::{
    Audience, AuthType, Header, MountPath, ObjectName, Role, VaultAddress, VaultNamespace,
};

/// The values to fall back to.
#[derive(Debug, Default)]
pub(in crate::dialect::native) struct Fallback {
    pub(super) vault_address: Option<VaultAddress>,
    pub(super) auth_type: AuthType,
    /// Where that method is mounted, and the role and the audience for it; without a path, under its
    /// own name.
    pub(super) auth_path: Option<MountPath>,
    pub(super) role: Option<Role>,
    pub(super) audience: Option<Audience>,
    pub(super) server: OfServer,
    /// The one server that `server` is for; `None` is any.
    pub(super) only_at: Option<VaultAddress>,
}

/// What belongs to a server: it means nothing to another one, or must not be shown to it.
#[derive(Debug, Default)]
pub(super) struct OfServer {
    pub(super) namespace: Option<VaultNamespace>,
    pub(super) auth_namespace: Option<VaultNamespace>,
    pub(super) ca: Option<CaSource>,
    pub(super) headers: Vec<Header>,
    pub(super) tls_secret: Option<String>,
    pub(super) approle_secret: Option<String>,
}

impl Fallback {
    /// A pod's own login falls back to the webhook's flags.
    pub(in crate::dialect::native) fn of(flags: &DialectDefaults) -> Self {
        Self {
            vault_address: flags.vault_address.clone(),
            auth_type: flags.auth_type,
            auth_path: flags.auth_path.clone(),
            role: None,
            audience: Some(flags.audience.clone()),
            server: OfServer {
                namespace: flags.vault_namespace.clone(),
                ca: flags.ca_config_map.as_ref().map(ca_source),
                ..OfServer::default()
            },
            only_at: None,
        }
    }

    /// Beside a store it falls back to that, and of the webhook's flags to the CA alone.
    pub(in crate::dialect::native) fn over(store: &StoreSettings, flags: &DialectDefaults) -> Self {
        let usual = || flags.ca_config_map.as_ref().map(ca_source);
        Self {
            vault_address: Some(store.address.clone()),
            auth_type: store.auth_type,
            auth_path: Some(store.auth_path.clone()),
            role: store.role.clone(),
            audience: store.audience.clone(),
            server: OfServer {
                namespace: store.namespace.clone(),
                auth_namespace: store.auth_namespace.clone(),
                ca: store.ca.clone().or_else(usual),
                headers: store.headers.clone(),
                ..OfServer::default()
            },
            only_at: None,
        }
    }

    /// A profile falls back to the pod's own login, and where it means another server to nothing that
    /// belongs to the pod's. Without a login of the pod there is a problem, and nothing to fall back
    /// to.
    pub(super) fn of_profile(login: Option<&LoginSettings>, flags: &DialectDefaults) -> Self {
        let Some(login) = login else {
            return Self::default();
        };
        let audience = match login.auth_type.sends_service_account_token() {
            true => login.audience.clone(),
            false => Some(flags.audience.clone()),
        };
        Self {
            vault_address: Some(login.vault_address.clone()),
            auth_type: login.auth_type,
            auth_path: Some(login.auth_path.clone()),
            role: login.role.clone(),
            audience,
            server: OfServer {
                namespace: login.vault_namespace.clone(),
                auth_namespace: login.auth_namespace.clone(),
                ca: login.ca.clone(),
                headers: login.headers.clone(),
                tls_secret: login.tls_secret.clone(),
                approle_secret: login.approle_secret.clone(),
            },
            only_at: Some(login.vault_address.clone()),
        }
    }

    /// Where a method is mounted: the path of another one is not meant.
    pub(super) fn path_of(&self, auth_type: AuthType) -> MountPath {
        match &self.auth_path {
            Some(path) if auth_type == self.auth_type => path.clone(),
            _ => auth_type.mount_path(),
        }
    }

    /// The role for a method: one for a service account's token is none for a certificate.
    pub(super) fn role_of(&self, auth_type: AuthType) -> Option<Role> {
        let kind = AuthType::sends_service_account_token;
        let fits = kind(auth_type) == kind(self.auth_type);
        self.role.clone().filter(|_| fits)
    }

    /// What belongs to the server at `address`.
    pub(super) fn at(self, address: Option<&VaultAddress>) -> OfServer {
        match self.only_at.is_none() || self.only_at.as_ref() == address {
            true => self.server,
            false => OfServer::default(),
        }
    }
}

/// The key `ca.crt` of a ConfigMap.
pub(super) fn ca_source(config_map: &ObjectName) -> CaSource {
    CaSource::ConfigMap {
        name: config_map.to_string(),
        key: CA_FILE.to_owned(),
    }
}
