//! `auth` of a Vault store: what a pod can do as itself, and why it cannot do the rest.

use super::fields::{Fields, Notes};
use crate::spec::{Audience, AuthType, MountPath, Role, VaultNamespace};

/// How the refresher logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) auth_type: AuthType,
    pub(super) auth_path: MountPath,
    /// Nothing in the store is the service account's name.
    pub(super) role: Option<Role>,
    /// `None` is the API server's own.
    pub(super) audience: Option<Audience>,
    /// `auth.namespace`.
    pub(super) namespace: Option<VaultNamespace>,
    /// The service account that the store names.
    pub(super) account: Option<Account>,
}

/// A service account that a store names: only the pod's own can log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
}

/// Methods whose credential lies in a Secret, or that need more than a pod is.
const UNSERVED: [(&str, &str); 7] = [
    ("tokenSecretRef", "a Vault token from a Secret"),
    ("appRole", "an AppRole, whose SecretID lies in a Secret,"),
    ("ldap", "an LDAP password from a Secret"),
    ("userPass", "a password from a Secret"),
    ("cert", "a client certificate from a Secret"),
    ("iam", "an AWS identity"),
    ("gcp", "a Google identity"),
];

/// Reads `spec.provider.vault.auth`.
pub(super) fn read(mut auth: Fields<'_>, notes: &mut Notes) -> Option<Login> {
    let way_out = "a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)";
    for (name, what) in UNSERVED {
        auth.unserved(
            name,
            &format!("{what} is not given to pods; {way_out}"),
            notes,
        );
    }
    let namespace = auth.parsed("namespace", notes);
    let kubernetes = auth.object("kubernetes", notes);
    let jwt = auth.object("jwt", notes);
    let login = match (kubernetes, jwt) {
        // The order in which External Secrets tries them.
        (Some(fields), other) => {
            if let Some(other) = other {
                notes.warn(other.own_path(), "has no effect beside auth.kubernetes");
            }
            self::kubernetes(fields, notes)
        }
        (None, Some(fields)) => self::jwt(fields, notes),
        (None, None) => {
            if !UNSERVED.iter().any(|(name, _)| auth.has(name)) {
                notes.say(auth.own_path(), format!("names no method: {way_out}"));
            }
            None
        }
    };
    auth.close(notes);
    login.map(|login| Login { namespace, ..login })
}

fn kubernetes(mut fields: Fields<'_>, notes: &mut Notes) -> Option<Login> {
    let auth_path = fields.parsed("mountPath", notes);
    let role = fields.parsed("role", notes);
    let account = fields.object("serviceAccountRef", notes);
    let (account, audience) = account.map_or((None, None), |account| self::account(account, notes));
    fields.unserved(
        "secretRef",
        "a service account token from a Secret is not given to pods: leave the field out, and the pod logs in as its own service account",
        notes,
    );
    fields.close(notes);
    Some(Login {
        auth_type: AuthType::Kubernetes,
        auth_path: auth_path.unwrap_or_else(|| AuthType::Kubernetes.mount_path()),
        role,
        audience,
        namespace: None,
        account,
    })
}

fn jwt(mut fields: Fields<'_>, notes: &mut Notes) -> Option<Login> {
    let auth_path = fields.parsed("path", notes);
    let role = fields.parsed("role", notes);
    fields.unserved(
        "secretRef",
        "a JWT from a Secret is not given to pods: use kubernetesServiceAccountToken",
        notes,
    );
    let token = fields.object("kubernetesServiceAccountToken", notes);
    if token.is_none() && !fields.has("secretRef") {
        notes.say(fields.path("kubernetesServiceAccountToken"), "missing");
    }
    fields.close(notes);
    let mut token = token?;
    let account = token.object("serviceAccountRef", notes);
    let (account, own) = account.map_or((None, None), |account| self::account(account, notes));
    let audience = first_audience(&mut token, notes).or(own);
    // The kubelet renews the pod's token by a rhythm of its own.
    token.skip(&["expirationSeconds"]);
    token.close(notes);
    Some(Login {
        auth_type: AuthType::Jwt,
        auth_path: auth_path.unwrap_or_else(|| AuthType::Jwt.mount_path()),
        role,
        audience: audience.or_else(|| "vault".parse().ok()),
        namespace: None,
        account,
    })
}

/// A `serviceAccountRef`: the account, and the audience that it asks for.
fn account(mut fields: Fields<'_>, notes: &mut Notes) -> (Option<Account>, Option<Audience>) {
    let name = fields.required("name", notes);
    let namespace = fields.text("namespace", notes);
    let audience = first_audience(&mut fields, notes);
    let account = name.map(|name| Account {
        path: fields.path("name"),
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
    });
    fields.close(notes);
    (account, audience)
}

/// A projected token has one audience.
fn first_audience(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Audience> {
    let audiences = fields.list("audiences", notes);
    if audiences.len() > 1 {
        notes.warn(
            fields.path("audiences"),
            "a pod's token has one audience: the first one is used",
        );
    }
    let (value, path) = audiences.into_iter().next()?;
    let text = value.as_str().unwrap_or_default();
    match text.parse() {
        Ok(audience) => Some(audience),
        Err(invalid) => {
            notes.refuse(path, text, invalid.to_string());
            None
        }
    }
}
