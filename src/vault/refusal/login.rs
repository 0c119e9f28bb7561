//! Why a login is refused, and the `vault write` line that mends it.

use super::Refusal;
use crate::spec::{AuthType, MountPath, Role};
use crate::vault::Class;
use crate::vault::jwt::Claims;
use crate::vault::operation::Operation;

/// The role that the login names, and the token that it sends.
struct Login<'a> {
    auth_type: AuthType,
    mount: &'a MountPath,
    role: &'a Role,
    claims: Option<&'a Claims>,
}

impl Refusal<'_> {
    pub(super) fn login_refused(&self) -> (Class, String) {
        let Operation::Login {
            auth_type,
            mount,
            role,
        } = self.operation
        else {
            return (Class::Invalid, "Vault refuses the request".to_owned());
        };
        let claims = self.claims.as_ref();
        let login = Login {
            auth_type,
            mount,
            role,
            claims,
        };
        let meaning = if self.says(&["no handler for route"]) || self.status == 404 {
            format!(
                "no auth method is mounted there; enable it: vault auth enable -path={mount} \
                 {auth_type}"
            )
        } else if self.says(&["audience"]) {
            login.wrong_audience()
        } else if self.says(&["invalid role name", "could not be found"]) {
            login.no_role()
        } else if self.says(&[
            "service account name not authorized",
            "namespace not authorized",
            "subject",
        ]) {
            login.not_bound()
        } else if self.says(&["expired", "expiration"]) {
            "the service-account token has expired: look at the clocks of the node and of Vault, \
             and whether kubelet renews the token"
                .to_owned()
        } else if self.says(&["could not load"]) {
            format!("the auth method is not configured; see vault read auth/{mount}/config")
        } else {
            login.no_reason()
        };
        (Class::Denied, meaning)
    }
}

impl Login<'_> {
    fn wrong_audience(&self) -> String {
        format!(
            "the role expects another audience than the service-account token's, which is {}; \
             mend it: {}; or ask for the role's audience (annotation freshet.dev/auth-audience)",
            self.audiences(),
            self.write_audience()
        )
    }

    fn no_role(&self) -> String {
        let (namespace, name) = self.service_account();
        let audience = self.audience();
        let (mount, role) = (self.mount, self.role);
        let line = match self.auth_type {
            AuthType::Kubernetes => format!(
                "vault write auth/{mount}/role/{role} bound_service_account_names={name} \
                 bound_service_account_namespaces={namespace} audience={audience} policies=POLICY"
            ),
            AuthType::Jwt => format!(
                "vault write auth/{mount}/role/{role} role_type=jwt user_claim=sub \
                 bound_subject=system:serviceaccount:{namespace}:{name} \
                 bound_audiences={audience} policies=POLICY"
            ),
        };
        format!("the role does not exist; create it: {line}")
    }

    fn not_bound(&self) -> String {
        let (namespace, name) = self.service_account();
        let (mount, role) = (self.mount, self.role);
        let line = match self.auth_type {
            AuthType::Kubernetes => format!(
                "vault write auth/{mount}/role/{role} bound_service_account_names={name} \
                 bound_service_account_namespaces={namespace} (naming those that it has, too)"
            ),
            AuthType::Jwt => format!(
                "vault write auth/{mount}/role/{role} role_type=jwt \
                 bound_subject=system:serviceaccount:{namespace}:{name}"
            ),
        };
        format!(
            "the role is not for service account {name} of namespace {namespace}; if it should \
             be: {line}"
        )
    }

    /// Vault answers "permission denied" alone to a mount that does not exist and to a token that
    /// the API server (TokenReview) or the signature check refuses.
    fn no_reason(&self) -> String {
        let (mount, auth_type) = (self.mount, self.auth_type);
        let check = match auth_type {
            AuthType::Kubernetes => "the API server does not accept the token (TokenReview); see",
            AuthType::Jwt => "the token's signature does not fit the keys; see",
        };
        format!(
            "Vault gives no reason; the usual ones: the service-account token's audience, {}, is \
             not the role's \
             (mend it: {}); {check} vault read auth/{mount}/config; no auth method is mounted \
             there \
             (vault auth list)",
            self.audiences(),
            self.write_audience()
        )
    }

    fn write_audience(&self) -> String {
        let (mount, role, audience) = (self.mount, self.role, self.audience());
        match self.auth_type {
            AuthType::Kubernetes => {
                format!("vault write auth/{mount}/role/{role} audience={audience}")
            }
            AuthType::Jwt => {
                format!(
                    "vault write auth/{mount}/role/{role} role_type=jwt \
                     bound_audiences={audience} (naming those that it has, too)"
                )
            }
        }
    }

    fn audience(&self) -> &str {
        let first = self.claims.and_then(|claims| claims.audiences.first());
        first.map_or("AUDIENCE", String::as_str)
    }

    fn audiences(&self) -> String {
        match self.claims.map(|claims| claims.audiences.as_slice()) {
            None => "unreadable (it is no JWT)".to_owned(),
            Some([]) => "missing".to_owned(),
            Some(audiences) => format!("\"{}\"", audiences.join("\", \"")),
        }
    }

    fn service_account(&self) -> (&str, &str) {
        let account = self
            .claims
            .and_then(|claims| claims.service_account.as_ref());
        account.map_or(("NAMESPACE", "NAME"), |(namespace, name)| (namespace, name))
    }
}
