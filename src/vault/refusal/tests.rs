use super::*;
use crate::spec::{AuthType, MountPath, Role, VaultPath};
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
fn check_login(auth_type: AuthType, status: u16, error: &str, want: &str) {
    let mount: MountPath = auth_type.as_str().parse().expect("mount");
    let role: Role = "web".parse().expect("role");
    let operation = Operation::Login {
        auth_type,
        mount: &mount,
        role: &role,
    };
    check(operation, status, &[error], Class::Denied, want);
}

#[test]
fn a_wrong_audience_is_named_with_the_line_that_mends_it() {
    check_login(
        AuthType::Kubernetes,
        403,
        "invalid audience (aud) claim: audience claim does not match any expected audience",
        "cannot log in at auth/kubernetes with role web: the role expects another audience than \
         the service-account token's, which is \"vault\"; mend it: vault write \
         auth/kubernetes/role/web audience=vault; or ask for the role's audience (annotation \
         freshet.dev/auth-audience) (HTTP 403: invalid audience (aud) claim: audience claim does \
         not match any expected audience)",
    );
    check_login(
        AuthType::Jwt,
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
        AuthType::Kubernetes,
        400,
        "invalid role name \"web\"",
        "cannot log in at auth/kubernetes with role web: the role does not exist; create it: \
         vault write \
         auth/kubernetes/role/web bound_service_account_names=app \
         bound_service_account_namespaces=shop audience=vault \
         policies=POLICY (HTTP 400: invalid role name \"web\")",
    );
    check_login(
        AuthType::Jwt,
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
        AuthType::Kubernetes,
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
