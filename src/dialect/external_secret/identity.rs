//! What a store means for one pod: who it logs in as, and whom it trusts. Only the pod's own service
//! account can log in.

use super::auth::Account;
use super::facts::ExternalSecretFacts;
use super::fields::Notes;
use super::store::{Ca, Store, Vault, certificates};
use super::usage::PodSecrets;
use crate::dialect::CaSource;
use crate::spec::{Audience, AuthType, Header, MountPath, Role, VaultAddress, VaultNamespace};

/// What a store says about the login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dialect) struct StoreSettings {
    pub(in crate::dialect) address: VaultAddress,
    pub(in crate::dialect) namespace: Option<VaultNamespace>,
    pub(in crate::dialect) auth_namespace: Option<VaultNamespace>,
    pub(in crate::dialect) auth_type: AuthType,
    pub(in crate::dialect) auth_path: MountPath,
    pub(in crate::dialect) role: Option<Role>,
    pub(in crate::dialect) audience: Option<Audience>,
    pub(in crate::dialect) ca: Option<CaSource>,
    pub(in crate::dialect) headers: Vec<Header>,
}

/// A store, as a pod meets it.
pub(super) struct Login<'a> {
    store: &'a Store,
    vault: &'a Vault,
    /// Whether it is a ClusterSecretStore.
    cluster: bool,
}

impl<'a> Login<'a> {
    pub(super) fn of(store: &'a Store, vault: &'a Vault, cluster: bool) -> Self {
        Self {
            store,
            vault,
            cluster,
        }
    }

    /// The settings, and what is wrong with them for this pod.
    pub(super) fn settings(
        &self,
        pod: &PodSecrets<'_>,
        facts: &ExternalSecretFacts,
    ) -> (Option<StoreSettings>, Notes) {
        let mut notes = Notes::of(self.store.object.clone());
        let Vault {
            address,
            namespace,
            headers,
            login,
            ..
        } = self.vault;
        if let (Some(account), Some(own)) = (&login.account, pod.service_account) {
            self.check_account(account, own, facts, &mut notes);
        }
        let ca = match &self.vault.ca {
            None => Some(None),
            Some(Ca::Bundle(bundle)) => Some(Some(CaSource::Bundle(bundle.clone()))),
            Some(Ca::ConfigMap {
                path,
                namespace,
                name,
                key,
            }) => {
                let namespace = self.namespace_of_ca(path, namespace.as_deref(), facts, &mut notes);
                namespace
                    .and_then(|namespace| ca_of(path, (namespace, name, key), facts, &mut notes))
                    .map(Some)
            }
        };
        let settings = ca.map(|ca| StoreSettings {
            address: address.clone(),
            namespace: namespace.clone(),
            auth_namespace: login.namespace.clone(),
            auth_type: login.auth_type,
            auth_path: login.auth_path.clone(),
            role: login.role.clone(),
            audience: login.audience.clone(),
            ca,
            headers: headers.clone(),
        });
        (settings, notes)
    }

    fn check_account(
        &self,
        account: &Account,
        own: &str,
        facts: &ExternalSecretFacts,
        notes: &mut Notes,
    ) {
        // A SecretStore's is always its own namespace; a cluster's store without one means the pod's.
        let named = account.namespace.as_deref().filter(|_| self.cluster);
        let elsewhere = named.filter(|other| *other != facts.namespace());
        if account.name != own || elsewhere.is_some() {
            let place = elsewhere
                .map(|other| format!("{other}/"))
                .unwrap_or_default();
            notes.refuse(
                account.path.as_str(),
                format!("{place}{}", account.name),
                format!(
                    "is another service account than the pod's, {own}: a pod logs in as itself; bind the Vault role to {own} and leave serviceAccountRef out, or run the pod as the other one"
                ),
            );
        }
    }

    fn namespace_of_ca<'n>(
        &self,
        path: &str,
        named: Option<&'n str>,
        facts: &'n ExternalSecretFacts,
        notes: &mut Notes,
    ) -> Option<&'n str> {
        let path = format!("{path}.namespace");
        let own = facts.namespace();
        match (self.cluster, named) {
            (true, None) => {
                notes.say(path, "missing: a ClusterSecretStore must name it");
                None
            }
            (false, Some(other)) if other != own => {
                notes.refuse(path, other, "must be the namespace of the SecretStore");
                None
            }
            (_, named) => Some(named.unwrap_or(own)),
        }
    }
}

/// A ConfigMap of the pod's namespace is mounted; of one from elsewhere the certificates travel.
fn ca_of(
    path: &str,
    (namespace, name, key): (&str, &str, &str),
    facts: &ExternalSecretFacts,
    notes: &mut Notes,
) -> Option<CaSource> {
    if namespace == facts.namespace() {
        return Some(CaSource::ConfigMap {
            name: name.to_owned(),
            key: key.to_owned(),
        });
    }
    let Some(pem) = facts.config_map(namespace, name, key) else {
        notes.refuse(
            format!("{path}.name"),
            format!("{namespace}/{name}"),
            format!("there is no such ConfigMap with a key {key:?}"),
        );
        return None;
    };
    match certificates(pem.as_bytes()) {
        Ok(bundle) => Some(CaSource::Bundle(bundle)),
        Err(invalid) => {
            let message = format!("key {key:?} of ConfigMap {namespace}/{name} {invalid}");
            notes.say(path, message);
            None
        }
    }
}
