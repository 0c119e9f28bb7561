//! `status` for people: the JSON that the running refresher answers, as lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

/// The fields of the status that people want to see. Those that a newer refresher adds are left
/// out: both are of one image, but perhaps not of one moment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    ready: bool,
    reason: Option<String>,
    spec_refused: Option<String>,
    token: Token,
    #[serde(default)]
    profiles: BTreeMap<String, Token>,
    service_account_token: Token,
    mounts: Vec<Mount>,
    #[serde(default)]
    notifications: Vec<Notification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    on_change: String,
    last: Option<String>,
    message: Option<String>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    present: bool,
    #[serde(default)]
    used: bool,
    expires: Option<String>,
    #[serde(default)]
    next: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mount {
    volume: String,
    mount_path: String,
    state: String,
    stale_since: Option<String>,
    message: Option<String>,
    written: Option<String>,
    secrets: Vec<Secret>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    secret: String,
    names: Vec<String>,
    state: String,
    stale_since: Option<String>,
    class: Option<String>,
    message: Option<String>,
    version: Option<u64>,
    ends: Option<String>,
    next_look: Option<String>,
}

/// The status as text.
///
/// # Errors
/// When `json` is not a refresher's answer.
pub(crate) fn text(json: &str) -> Result<String, serde_json::Error> {
    let status: Status = serde_json::from_str(json)?;
    let mut lines = Vec::new();
    lines.push(match (&status.reason, status.ready) {
        (Some(reason), false) => format!("not ready: {reason}"),
        (_, ready) => if ready { "ready" } else { "not ready" }.to_owned(),
    });
    if let Some(message) = &status.spec_refused {
        lines.push(format!(
            "the newest SyncSpec is refused, the one before it is followed: {message}"
        ));
    }
    // Beside others, one that nothing is read with says nothing.
    if status.token.used || status.token.present || status.profiles.is_empty() {
        lines.push(vault_token(&status.token, "Vault token"));
    }
    for (profile, token) in &status.profiles {
        let name = format!("Vault token of profile {profile}");
        lines.push(vault_token(token, &name));
    }
    let service_account_token = &status.service_account_token;
    if let Some(message) = &service_account_token.message {
        lines.push(message.clone());
    } else if let Some(expires) = &service_account_token.expires {
        lines.push(format!("service-account token: expires {expires}"));
    }
    for mount in &status.mounts {
        describe(mount, &mut lines);
    }
    lines.extend(status.notifications.iter().map(notification));
    lines.push(String::new());
    Ok(lines.join("\n"))
}

fn vault_token(token: &Token, name: &str) -> String {
    let mut line = match (token.present, &token.expires) {
        (true, Some(expires)) => format!("{name}: expires {expires}"),
        (true, None) => format!("{name}: does not expire"),
        (false, _) => format!("{name}: none"),
    };
    // Writing into a string cannot fail.
    if let Some(next) = &token.next {
        let what = if token.present && token.message.is_none() {
            "renewed"
        } else {
            "next login"
        };
        let _ = write!(line, ", {what} {next}");
    }
    if let Some(message) = &token.message {
        let _ = write!(line, ": {message}");
    }
    line
}

fn notification(notification: &Notification) -> String {
    let mut line = format!("on change, {}: ", notification.on_change);
    // Writing into a string cannot fail.
    let _ = match (&notification.last, &notification.message) {
        (Some(last), Some(message)) => write!(line, "failed {last}: {message}"),
        (Some(last), None) => write!(line, "done {last}"),
        (None, _) => write!(line, "nothing to tell yet"),
    };
    if let Some(next) = &notification.next {
        let _ = write!(line, ", next attempt {next}");
    }
    line
}

fn describe(mount: &Mount, lines: &mut Vec<String>) {
    let mut line = format!(
        "{} ({}): {}",
        mount.mount_path,
        mount.volume,
        state(&mount.state, &mount.stale_since)
    );
    if let Some(written) = &mount.written {
        let _ = write!(line, ", written {written}");
    }
    if let Some(message) = &mount.message {
        let _ = write!(line, ": {message}");
    }
    lines.push(line);
    for secret in &mount.secrets {
        let mut line = format!(
            "  {}: {}",
            secret.secret,
            state(&secret.state, &secret.stale_since)
        );
        if let Some(version) = secret.version {
            let _ = write!(line, ", version {version}");
        }
        if let Some(ends) = &secret.ends {
            let _ = write!(line, ", ends {ends}");
        }
        if let Some(next) = &secret.next_look {
            let _ = write!(line, ", next look {next}");
        }
        if !secret.names.is_empty() {
            let _ = write!(line, " [{}]", secret.names.join(", "));
        }
        lines.push(line);
        if let Some(message) = &secret.message {
            let class = secret.class.as_deref().unwrap_or("failing");
            lines.push(format!("    {class}: {message}"));
        }
    }
}

fn state(state: &str, since: &Option<String>) -> String {
    match since {
        Some(since) => format!("{state} since {since}"),
        None => state.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    #[test]
    fn a_pod_in_trouble_is_told_line_by_line() {
        let json = serde_json::json!({
            "ready": false,
            "reason": "Vault is sealed",
            "specRefused": "unknown field `owner`",
            "token": {"present": false, "used": true, "expires": null, "next": "2026-01-01T00:00:08Z", "message": "Vault is sealed"},
            "profiles": {"eu": {"present": true, "used": true, "expires": null, "next": null, "message": null}},
            "serviceAccountToken": {"expires": "2026-01-01T00:10:00Z", "message": null},
            "mounts": [{
                "volume": "freshet-secrets", "mountPath": "/secrets", "state": "stale",
                "staleSince": "2026-01-01T00:00:00Z", "message": null, "written": "2025-12-31T23:00:00Z",
                "secrets": [{
                    "secret": "secret/db", "names": ["password", "user"], "state": "stale",
                    "staleSince": "2026-01-01T00:00:00Z", "class": "unavailable", "message": "no answer",
                    "version": 3, "ends": "2026-01-01T01:00:00Z", "nextLook": "2026-01-01T00:00:09Z", "added later": true,
                }],
            }],
            "notifications": [
                {"onChange": "restart:30s", "last": null, "message": null, "next": "2026-01-01T00:00:20Z"},
                {"onChange": "tls=signal:HUP", "last": "2026-01-01T00:00:02Z", "message": "no supervisor", "next": null},
                {"onChange": "signal:USR1", "last": "2026-01-01T00:00:02Z", "message": null, "next": null},
            ],
        });
        expect![[r#"
            not ready: Vault is sealed
            the newest SyncSpec is refused, the one before it is followed: unknown field `owner`
            Vault token: none, next login 2026-01-01T00:00:08Z: Vault is sealed
            Vault token of profile eu: does not expire
            service-account token: expires 2026-01-01T00:10:00Z
            /secrets (freshet-secrets): stale since 2026-01-01T00:00:00Z, written 2025-12-31T23:00:00Z
              secret/db: stale since 2026-01-01T00:00:00Z, version 3, ends 2026-01-01T01:00:00Z, next look 2026-01-01T00:00:09Z [password, user]
                unavailable: no answer
            on change, restart:30s: nothing to tell yet, next attempt 2026-01-01T00:00:20Z
            on change, tls=signal:HUP: failed 2026-01-01T00:00:02Z: no supervisor
            on change, signal:USR1: done 2026-01-01T00:00:02Z
        "#]]
        .assert_eq(&super::text(&json.to_string()).expect("a status"));
    }
}
