//! Why a login is refused, and the `vault write` line that mends it.

use super::Refusal;
use crate::spec::layout::{ROLE_ID_FILE, SECRET_ID_FILE};
use crate::spec::{Auth, MountPath, Role};
use crate::vault::jwt::Claims;

/// A login with a service-account token: its method, its role, and what the token says.
struct Login<'a> {
    method: Method,
    mount: &'a MountPath,
    role: &'a Role,
    claims: Option<&'a Claims>,
}

#[derive(Clone, Copy)]
enum Method {
    Kubernetes,
    Jwt,
}

impl Refusal<'_> {
    pub(super) fn login_refused(&self, auth: &Auth, mount: &MountPath) -> String {
        if self.says(&["no handler for route"]) || self.status == 404 {
            return format!(
                "no auth method is mounted there; enable it: vault auth enable -path={mount} {}",
                auth.auth_type()
            );
        }
        let (method, role) = match auth {
            Auth::Kubernetes(role) => (Method::Kubernetes, role),
            Auth::Jwt(role) => (Method::Jwt, role),
            Auth::AppRole(directory) => return self.approle_refused(mount, directory),
            Auth::Cert(role) => return self.certificate_refused(mount, role.as_ref()),
        };
        let claims = self.claims.as_ref();
        let login = Login {
            method,
            mount,
            role,
            claims,
        };
        if self.says(&["audience"]) {
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
        }
    }

    /// Vault does not tell which of the two ids is wrong.
    fn approle_refused(&self, mount: &MountPath, directory: &str) -> String {
        let role = format!("auth/{mount}/role/ROLE");
        let keep = format!(
            "keep it under the key {SECRET_ID_FILE} of the Secret (annotation \
             freshet.dev/approle-secret)"
        );
        if self.says(&["missing secret_id"]) {
            format!(
                "the role asks for a secret id, and {directory}/{SECRET_ID_FILE} is not there; \
                 make one: vault write -f {role}/secret-id; {keep}"
            )
        } else if self.says(&["cidr"]) {
            format!(
                "the role or its secret id is not for the address of this pod; see \
                 vault read {role} (secret_id_bound_cidrs)"
            )
        } else if self.says(&["invalid role", "invalid secret"]) {
            format!(
                "either the role id in {directory}/{ROLE_ID_FILE} is of no role there (compare: \
                 vault read {role}/role-id), or the secret id has expired, is used up or is \
                 another role's (make a new one: vault write -f {role}/secret-id; {keep})"
            )
        } else {
            format!(
                "Vault gives no reason; the usual ones: no auth method is mounted there (vault \
                 auth list); the role id is locked for 15 min after five refused logins (vault \
                 read sys/locked-users); the address of this pod is none of the role's (vault \
                 read {role}, token_bound_cidrs)"
            )
        }
    }

    fn certificate_refused(&self, mount: &MountPath, role: Option<&Role>) -> String {
        let name = role.map_or("ROLE", Role::as_str);
        if self.says(&["tls connection required", "must be supplied"]) {
            "Vault has not seen the client certificate: its listener must ask for one \
             (tls_disable_client_certs = false), and a proxy before it must not end TLS"
                .to_owned()
        } else if self.says(&[
            "constraints",
            "invalid certificate",
            "no certificate was matched",
        ]) {
            format!(
                "no role there trusts the client certificate or allows its names; see vault list \
                 auth/{mount}/certs, or write one that does: vault write \
                 auth/{mount}/certs/{name} certificate=@ca.crt policies=POLICY"
            )
        } else {
            format!(
                "Vault gives no reason; the usual ones: no auth method is mounted there (vault \
                 auth list); the address of this pod is none of the role's (vault read \
                 auth/{mount}/certs/{name}, token_bound_cidrs)"
            )
        }
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
        let line = match self.method {
            Method::Kubernetes => format!(
                "vault write auth/{mount}/role/{role} bound_service_account_names={name} \
                 bound_service_account_namespaces={namespace} audience={audience} policies=POLICY"
            ),
            Method::Jwt => format!(
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
        let line = match self.method {
            Method::Kubernetes => format!(
                "vault write auth/{mount}/role/{role} bound_service_account_names={name} \
                 bound_service_account_namespaces={namespace} (naming those that it has, too)"
            ),
            Method::Jwt => format!(
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
        let mount = self.mount;
        let check = match self.method {
            Method::Kubernetes => "the API server does not accept the token (TokenReview); see",
            Method::Jwt => "the token's signature does not fit the keys; see",
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
        match self.method {
            Method::Kubernetes => {
                format!("vault write auth/{mount}/role/{role} audience={audience}")
            }
            Method::Jwt => {
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
