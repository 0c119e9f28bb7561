use super::*;
use crate::spec::{Auth, MountPath, VaultPath};
use crate::vault::SecretsMount;

#[track_caller]
fn check(operation: Operation<'_>, status: u16, errors: &[&str], class: Class, want: &str) {
    let claims = Claims {
        audiences: vec!["vault".to_owned()],
        service_account: Some(("shop".to_owned(), "app".to_owned())),
    };
    let errors: Vec<_> = errors.iter().map(|&error| error.to_owned()).collect();
    let error = Refusal {
        operation,
        status,
        retry_after: None,
        errors: one_line_each(&errors, &[]),
        claims: Some(claims),
    }
    .into_error();
    assert_eq!((error.to_string().as_str(), error.class()), (want, class));
}

#[track_caller]
fn check_login(auth: &Auth, status: u16, error: &str, want: &str) {
    let mount: MountPath = auth.auth_type().mount_path();
    let operation = Operation::Login(auth, &mount);
    check(operation, status, &[error], Class::Denied, want);
}

fn kubernetes() -> Auth {
    Auth::Kubernetes("web".parse().expect("role"))
}

fn jwt() -> Auth {
    Auth::Jwt("web".parse().expect("role"))
}

#[test]
fn a_wrong_audience_is_named_with_the_line_that_mends_it() {
    check_login(
        &kubernetes(),
        403,
        "invalid audience (aud) claim: audience claim does not match any expected audience",
        "cannot log in at auth/kubernetes with role web: the role expects another audience than \
         the service-account token's, which is \"vault\"; mend it: vault write \
         auth/kubernetes/role/web audience=vault; or ask for the role's audience (annotation \
         freshet.dev/auth-audience) (HTTP 403: invalid audience (aud) claim: audience claim does \
         not match any expected audience)",
    );
    check_login(
        &jwt(),
        400,
        "error validating token: invalid audience (aud) claim: x",
        "cannot log in at auth/jwt with role web: the role expects another audience than the \
         service-account token's, which is \"vault\"; mend it: vault write auth/jwt/role/web \
         role_type=jwt bound_audiences=vault (naming those that it has, too); or ask for the \
         role's audience (annotation freshet.dev/auth-audience) (HTTP 400: error validating \
         token: invalid audience (aud) claim: x)",
    );
}

#[test]
fn a_missing_role_is_named_with_the_line_that_creates_it() {
    check_login(
        &kubernetes(),
        400,
        "invalid role name \"web\"",
        "cannot log in at auth/kubernetes with role web: the role does not exist; create it: \
         vault write \
         auth/kubernetes/role/web bound_service_account_names=app \
         bound_service_account_namespaces=shop audience=vault \
         policies=POLICY (HTTP 400: invalid role name \"web\")",
    );
    check_login(
        &jwt(),
        400,
        "role \"web\" could not be found",
        "cannot log in at auth/jwt with role web: the role does not exist; create it: vault write \
         auth/jwt/role/web \
         role_type=jwt user_claim=sub bound_subject=system:serviceaccount:shop:app \
         bound_audiences=vault policies=POLICY \
         (HTTP 400: role \"web\" could not be found)",
    );
}

#[test]
fn a_refusal_without_a_reason_names_the_usual_ones() {
    check_login(
        &kubernetes(),
        403,
        "permission denied",
        "cannot log in at auth/kubernetes with role web: Vault gives no reason; the usual ones: \
         the service-account \
         token's audience, \"vault\", is not the role's (mend it: vault write \
         auth/kubernetes/role/web audience=vault); \
         the API server does not accept the token (TokenReview); see vault read \
         auth/kubernetes/config; no auth method is \
         mounted there (vault auth list) (HTTP 403: permission denied)",
    );
}

#[test]
fn a_refused_approle_names_both_ids_and_how_to_make_them() {
    let approle = Auth::AppRole("/ids".to_owned());
    check_login(
        &approle,
        400,
        "invalid role or secret ID",
        "cannot log in at auth/approle: either the role id in /ids/role-id is of no role there \
         (compare: vault read auth/approle/role/ROLE/role-id), or the secret id has expired, is \
         used up or is another role's (make a new one: vault write -f \
         auth/approle/role/ROLE/secret-id; keep it under the key secret-id of the Secret \
         (annotation freshet.dev/approle-secret)) (HTTP 400: invalid role or secret ID)",
    );
    check_login(
        &approle,
        400,
        "missing secret_id",
        "cannot log in at auth/approle: the role asks for a secret id, and /ids/secret-id is not \
         there; make one: vault write -f auth/approle/role/ROLE/secret-id; keep it under the key \
         secret-id of the Secret (annotation freshet.dev/approle-secret) (HTTP 400: missing \
         secret_id)",
    );
}

#[test]
fn a_refused_certificate_names_the_role_that_would_trust_it() {
    check_login(
        &Auth::Cert(Some("web".parse().expect("role"))),
        400,
        "failed to match all constraints for this login certificate",
        "cannot log in at auth/cert with role web: no role there trusts the client certificate or \
         allows its names; see vault list auth/cert/certs, or write one that does: vault write \
         auth/cert/certs/web certificate=@ca.crt policies=POLICY (HTTP 400: failed to match all \
         constraints for this login certificate)",
    );
    check_login(
        &Auth::Cert(None),
        400,
        "client certificate must be supplied",
        "cannot log in at auth/cert: Vault has not seen the client certificate: its listener must \
         ask for one (tls_disable_client_certs = false), and a proxy before it must not end TLS \
         (HTTP 400: client certificate must be supplied)",
    );
}

#[test]
fn a_denied_path_names_the_policy_that_is_missing() {
    let path: VaultPath = "team/kv/db".parse().expect("path");
    let mount = |engine| SecretsMount {
        path: "team/kv".parse().expect("mount"),
        engine,
    };
    let errors = ["1 error occurred:\n\t* permission denied\n\n"];
    let (v2, plain) = (mount(Engine::KvV2), mount(Engine::Plain));
    check(
        Operation::Read(&v2, &path, None),
        403,
        &errors,
        Class::Denied,
        "cannot read team/kv/db: the token's policies do not allow it; missing: path \
         \"team/kv/data/db\" { capabilities = \
         [\"read\"] } (HTTP 403: permission denied)",
    );
    check(
        Operation::CheckVersion(&v2, &path),
        403,
        &errors,
        Class::Denied,
        "cannot check the version of team/kv/db: the token's policies do not allow it; missing: \
         path \
         \"team/kv/metadata/db\" { capabilities = [\"read\"] } (HTTP 403: permission denied)",
    );
    check(
        Operation::Read(&plain, &path, None),
        403,
        &errors,
        Class::Denied,
        "cannot read team/kv/db: the token's policies do not allow it; missing: path \
         \"team/kv/db\" { capabilities = \
         [\"read\"] } (HTTP 403: permission denied)",
    );
}

#[test]
fn an_expired_token_is_not_a_denied_path() {
    check(
        Operation::RenewToken,
        403,
        &["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"],
        Class::TokenInvalid,
        "cannot renew the Vault token: the Vault token has expired or was revoked (HTTP 403: \
         permission denied; invalid \
         token)",
    );
}

#[test]
fn a_sealed_server_and_a_lonely_standby_are_unavailable() {
    check(
        Operation::RenewToken,
        503,
        &["Vault is sealed"],
        Class::Unavailable,
        "cannot renew the Vault token: Vault is sealed: unseal it (vault operator unseal) (HTTP \
         503: Vault is sealed)",
    );
    check(
        Operation::RenewToken,
        500,
        &["local node not active but active cluster node not found"],
        Class::Unavailable,
        "cannot renew the Vault token: this Vault node is a standby and reaches no active node \
         (HTTP 500: local node not \
         active but active cluster node not found)",
    );
}

#[test]
fn errors_are_short_and_never_show_what_was_sent() {
    let errors = [
        format!("token hvs.abc is bad\x1b[31m {}", "x".repeat(1000)),
        "more".to_owned(),
    ];
    let lines = one_line_each(&errors, &[b"hvs.abc\n"]);
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with("token [redacted] is bad[31m xx"),
        "{lines:?}"
    );
    assert_eq!(lines[0].chars().count(), 512);
}
