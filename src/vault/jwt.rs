//! The claims of a service-account token, for messages: whom it names and what it is for.
//!
//! Nothing is verified here, that is Vault's work. The token itself never leaves this file: only
//! claims do, and they are no secret (the API server logs them).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::secret::SecretBytes;

/// When the service-account token `jwt` expires, as its claim `exp` says; `None` when it does not
/// say.
pub fn service_account_token_expiry(jwt: &SecretBytes) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Payload {
        exp: u64,
    }
    let Payload { exp } = payload(jwt.expose())?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(exp))
}

/// What a service-account token says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// `aud`: whom the token is meant for.
    pub(super) audiences: Vec<String>,
    /// The service account of `sub`: its namespace and its name.
    pub(super) service_account: Option<(String, String)>,
}

impl Claims {
    /// The claims of `jwt`; `None` when it is not a JWT.
    pub(super) fn of(jwt: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Payload {
            #[serde(default)]
            aud: Option<Audiences>,
            #[serde(default)]
            sub: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Audiences {
            One(String),
            Many(Vec<String>),
        }
        let payload: Payload = payload(jwt)?;
        let audiences = match payload.aud {
            Some(Audiences::One(audience)) => vec![audience],
            Some(Audiences::Many(audiences)) => audiences,
            None => Vec::new(),
        };
        let service_account = payload.sub.and_then(|subject| {
            let (namespace, name) = subject
                .strip_prefix("system:serviceaccount:")?
                .split_once(':')?;
            Some((namespace.to_owned(), name.to_owned()))
        });
        Some(Self {
            audiences,
            service_account,
        })
    }
}

/// The second part of a JWT, decoded.
fn payload<T: DeserializeOwned>(jwt: &[u8]) -> Option<T> {
    let mut parts = jwt.trim_ascii().split(|byte| *byte == b'.');
    let payload = parts.nth(1)?;
    let (Some(_), None) = (parts.next(), parts.next()) else {
        return None;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: &str, audiences: &[&str], service_account: Option<(&str, &str)>) {
        let jwt = format!("e30.{}.c2ln\n", URL_SAFE_NO_PAD.encode(payload));
        let owned = |(namespace, name): (&str, &str)| (namespace.to_owned(), name.to_owned());
        assert_eq!(
            Claims::of(jwt.as_bytes()),
            Some(Claims {
                audiences: audiences.iter().map(|&text| text.to_owned()).collect(),
                service_account: service_account.map(owned),
            })
        );
    }

    #[test]
    fn an_audience_is_one_text_or_a_list() {
        check(r#"{"aud":"vault"}"#, &["vault"], None);
        check(r#"{"aud":["a","b"],"exp":1}"#, &["a", "b"], None);
        check("{}", &[], None);
    }

    #[test]
    fn the_subject_names_the_service_account() {
        check(
            r#"{"sub":"system:serviceaccount:shop:app"}"#,
            &[],
            Some(("shop", "app")),
        );
        check(r#"{"sub":"somebody"}"#, &[], None);
    }

    #[test]
    fn the_expiry_is_a_claim() {
        let jwt = |payload: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload)).into();
        let expiry = service_account_token_expiry(&jwt(r#"{"exp":1795489212,"aud":["a"]}"#));
        let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_489_212);
        assert_eq!(expiry, Some(moment));
        assert_eq!(service_account_token_expiry(&jwt("{}")), None);
    }

    #[test]
    fn what_is_no_jwt_has_no_claims() {
        for text in ["", "a.b", "a.b.c", "a.e30.c.d", "hvs.token"] {
            assert_eq!(Claims::of(text.as_bytes()), None, "{text}");
        }
    }
}
