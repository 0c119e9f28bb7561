//! `/livez` and `/readyz`, in the form that the API server's own have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName};

use super::App;

/// Whether the webhook wants reviews.
///
/// It is ready as soon as there is a certificate and, where pods are served from ExternalSecrets, those
/// are known; and it stays so: it does not depend on the API server, whose absence a webhook outlives.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
}

impl Readiness {
    /// From now on: not ready.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the end has not been asked for.
    pub fn is_ready(&self) -> bool {
        !self.draining.load(Ordering::Relaxed)
    }
}

type Answer = (StatusCode, [(HeaderName, &'static str); 1], String);

/// A check: its name, and why it has failed where it has. The reason may be empty.
type Check = (&'static str, Result<(), String>);

/// The process runs and answers.
pub(super) async fn livez(RawQuery(query): RawQuery) -> Answer {
    answer("livez", &[check("ping", true)], query.as_deref())
}

/// Reviews should be sent here.
pub(super) async fn readyz(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Answer {
    let certificate = app.certificate.as_ref();
    let mut checks = vec![
        check("ping", true),
        check("certificate", certificate.is_none_or(|it| it.is_there())),
    ];
    if let Some(cache) = &app.external_secrets {
        checks.push(("external-secrets", all_known(&cache.awaited())));
    }
    checks.push(check("not-draining", app.readiness.is_ready()));
    answer("readyz", &checks, query.as_deref())
}

fn check(name: &'static str, passed: bool) -> Check {
    (name, passed.then_some(()).ok_or_else(String::new))
}

/// A pod that is admitted before they are known would start without its secrets.
fn all_known(awaited: &[&str]) -> Result<(), String> {
    match awaited {
        [] => Ok(()),
        resources => Err(format!("not known yet: {}", resources.join(", "))),
    }
}

fn answer(endpoint: &str, checks: &[Check], query: Option<&str>) -> Answer {
    let passed = checks.iter().all(|(_, state)| state.is_ok());
    let asked = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .any(|pair| pair == "verbose" || pair.starts_with("verbose="));
    let body = if passed && !asked {
        "ok".to_owned()
    } else {
        let verdict = if passed { "passed" } else { "failed" };
        let lines: String = checks.iter().map(line).collect();
        format!("{lines}{endpoint} check {verdict}\n")
    };
    let code = if passed {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, [(CACHE_CONTROL, "no-store")], body)
}

fn line((name, state): &Check) -> String {
    match state {
        Ok(()) => format!("[+]{name} ok\n"),
        Err(reason) if reason.is_empty() => format!("[-]{name} failed\n"),
        Err(reason) => format!("[-]{name} failed: {reason}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_answer(checks: &[Check], query: Option<&str>, want: (u16, &str)) {
        let (code, _, body) = answer("readyz", checks, query);
        assert_eq!((code.as_u16(), body.as_str()), want);
    }

    #[test]
    fn checks_are_listed_when_one_fails_or_they_are_asked_for() {
        let ping = || check("ping", true);
        let (good, bad) = ([ping()], [ping(), check("not-draining", false)]);
        let listed = "[+]ping ok\nreadyz check passed\n";
        check_answer(&good, None, (200, "ok"));
        check_answer(&good, Some("timeout=1s"), (200, "ok"));
        check_answer(&good, Some("verbose"), (200, listed));
        check_answer(&good, Some("timeout=1s&verbose=true"), (200, listed));
        let failed = "[+]ping ok\n[-]not-draining failed\nreadyz check failed\n";
        check_answer(&bad, None, (503, failed));
        let bad = [(
            "external-secrets",
            all_known(&["externalsecrets", "namespaces"]),
        )];
        let failed = "[-]external-secrets failed: not known yet: externalsecrets, namespaces\nreadyz check failed\n";
        check_answer(&bad, None, (503, failed));
    }
}
