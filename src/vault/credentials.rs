//! What a login sends to prove who the pod is.

use super::logical::object;
use crate::secret::SecretBytes;
use crate::spec::Auth;
use crate::spec::layout::{ROLE_ID_FILE, SECRET_ID_FILE};

/// The credentials of a login, as their files hold them: blanks at the ends do not count.
#[derive(Debug, PartialEq, Eq)]
pub enum LoginCredentials {
    /// The pod's projected service-account token, for `kubernetes` and `jwt`.
    ServiceAccountToken(SecretBytes),
    /// For `approle`.
    AppRole {
        /// Which role it is.
        role_id: SecretBytes,
        /// What proves the right to it; a role may do without.
        secret_id: Option<SecretBytes>,
    },
    /// For `cert`: the TLS connection carries it.
    ClientCertificate,
}

impl LoginCredentials {
    /// What no message may hold, even where a server repeats it.
    pub(super) fn secret(&self) -> &[u8] {
        match self {
            Self::ServiceAccountToken(jwt) => jwt.expose(),
            Self::AppRole { role_id, secret_id } => secret_id.as_ref().unwrap_or(role_id).expose(),
            Self::ClientCertificate => b"",
        }
    }

    /// The service-account token, where that is what is sent.
    pub(super) fn service_account_token(&self) -> Option<&[u8]> {
        match self {
            Self::ServiceAccountToken(jwt) => Some(jwt.expose()),
            Self::AppRole { .. } | Self::ClientCertificate => None,
        }
    }

    /// The body of the request that logs in by `auth`, in JSON.
    ///
    /// # Errors
    /// What is wrong with the credentials.
    pub(super) fn body(&self, auth: &Auth) -> Result<Vec<u8>, String> {
        match (auth, self) {
            (Auth::Kubernetes(role) | Auth::Jwt(role), Self::ServiceAccountToken(jwt)) => {
                let jwt = word(jwt).ok_or("the service-account token's file holds no JWT")?;
                Ok(object(&[("role", role.as_str().as_bytes()), ("jwt", jwt)]))
            }
            (Auth::AppRole(directory), Self::AppRole { role_id, secret_id }) => {
                let role_id = word(role_id)
                    .ok_or_else(|| format!("{directory}/{ROLE_ID_FILE} holds no role id"))?;
                let Some(secret_id) = secret_id else {
                    return Ok(object(&[("role_id", role_id)]));
                };
                let secret_id = word(secret_id)
                    .ok_or_else(|| format!("{directory}/{SECRET_ID_FILE} holds no secret id"))?;
                Ok(object(&[("role_id", role_id), ("secret_id", secret_id)]))
            }
            (Auth::Cert(role), Self::ClientCertificate) => {
                let name = role.as_ref().map(|role| ("name", role.as_str().as_bytes()));
                Ok(object(name.as_slice()))
            }
            _ => Err("the credentials are those of another auth method".to_owned()),
        }
    }
}

/// The one word that a file holds.
fn word(bytes: &SecretBytes) -> Option<&[u8]> {
    let text = bytes.expose().trim_ascii();
    let is_word = !text.is_empty() && text.iter().all(u8::is_ascii_graphic);
    is_word.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretBytes {
        text.to_owned().into()
    }

    fn app_role(role_id: &str, secret_id: Option<&str>) -> LoginCredentials {
        LoginCredentials::AppRole {
            role_id: secret(role_id),
            secret_id: secret_id.map(secret),
        }
    }

    #[track_caller]
    fn check(auth: &Auth, credentials: &LoginCredentials, want: Result<&str, &str>) {
        let body = credentials.body(auth);
        let body = body.map(|body| String::from_utf8(body).expect("JSON"));
        assert_eq!(body.as_deref().map_err(String::as_str), want);
    }

    #[test]
    fn each_method_sends_what_it_asks_for() {
        let jwt = LoginCredentials::ServiceAccountToken(secret("a.b.c\n"));
        let role = || "web".parse().expect("a role");
        let with_jwt = Ok(r#"{"role":"web","jwt":"a.b.c"}"#);
        check(&Auth::Kubernetes(role()), &jwt, with_jwt);
        check(&Auth::Jwt(role()), &jwt, with_jwt);
        let approle = Auth::AppRole("/a".to_owned());
        check(
            &approle,
            &app_role("r-1\n", Some(" s\"1 ")),
            Ok(r#"{"role_id":"r-1","secret_id":"s\"1"}"#),
        );
        check(&approle, &app_role("r-1", None), Ok(r#"{"role_id":"r-1"}"#));
        let certificate = LoginCredentials::ClientCertificate;
        check(
            &Auth::Cert(Some(role())),
            &certificate,
            Ok(r#"{"name":"web"}"#),
        );
        check(&Auth::Cert(None), &certificate, Ok("{}"));
    }

    #[test]
    fn what_is_no_credential_is_told_by_its_file() {
        let approle = Auth::AppRole("/a".to_owned());
        let no_role = Err("/a/role-id holds no role id");
        check(&approle, &app_role(" \n", Some("s")), no_role);
        check(&approle, &app_role("two words", Some("s")), no_role);
        check(
            &approle,
            &app_role("r", Some("one\ntwo")),
            Err("/a/secret-id holds no secret id"),
        );
        check(
            &approle,
            &LoginCredentials::ClientCertificate,
            Err("the credentials are those of another auth method"),
        );
    }
}
