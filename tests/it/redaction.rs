//! No secret value, no Vault token and no service-account token leaves the refresher: markers are
//! planted in all of them, everything that can fail fails, and everything that was said is searched.

use freshet::dev_vault::Fault;
use serde_json::json;

use super::refresh::pod::{Pod, get, spec};

/// Stands in every secret value; written so that no text of the program can hold it by chance.
const MARKER: &str = "m4rk3r-S3CRET";

/// What Vault's tokens begin with.
const TOKEN: &str = "hvs.";

/// All that a refresher says, under the name of where it says it.
struct Said(Vec<(&'static str, String)>);

impl Said {
    fn by(pod: &Pod, address: &str) -> Self {
        let output = |args: &[&str]| {
            let output = pod.ask(args);
            [output.stdout, output.stderr]
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .concat()
        };
        Self(vec![
            ("the log", pod.text("log")),
            ("the termination message", pod.text("termination-log")),
            ("status", output(&["status"])),
            ("status as JSON", output(&["status", "-o", "json"])),
            ("ready", output(&["ready"])),
            ("/metrics", get(address, "/metrics")),
            ("/healthz", get(address, "/healthz")),
            ("/status", get(address, "/status")),
        ])
    }

    #[track_caller]
    fn holds_no(&self, marker: &str) {
        for (place, text) in &self.0 {
            assert!(
                !text.is_empty() || *place == "ready" || place.contains("termination"),
                "{place} is empty"
            );
            let found = text.lines().find(|line| line.contains(marker));
            assert!(found.is_none(), "{place} holds {marker:?}: {found:?}");
        }
    }
}

#[test]
fn nothing_that_is_secret_is_said() {
    let mut pod = Pod::new(&[("a", "password", "secret/db#password")]);
    pod.put(
        "secret/data/db",
        json!({"password": MARKER, "list": [MARKER], "number": 4_711_471_147_u64}),
    );
    // Values that formats refuse, and keys that are missing.
    pod.put(
        "secret/data/api",
        json!({"bad key": MARKER, "nul": format!("\0{MARKER}"), "a/b": MARKER}),
    );
    pod.start(&["--metrics-address=127.0.0.1:0"]);
    pod.wait_for_file("a/password", MARKER);
    let log = pod.text("log");
    let (_, rest) = log
        .split_once("serving metrics and health on ")
        .expect("the address");
    let address = rest.lines().next().expect("a line").to_owned();
    let jwt = pod.text("token/token");

    let mut said = vec![Said::by(&pod, &address)];
    for source in ["secret/db#missing", "secret/db#list", "secret/db#number"] {
        pod.set_spec(&spec(
            "1s",
            &[("a", "password", source), ("b", "x", "secret/api#nul")],
        ));
        pod.wait_until("followed", || pod.status()["mounts"][1]["state"] == "fresh");
        said.push(Said::by(&pod, &address));
    }
    for format in ["env", "properties", "yaml", "dir"] {
        let text = spec("1s", &[("b", "x", "secret/api")]);
        pod.set_spec(&text.replace("\"format\":\"json\"", &format!("\"format\":\"{format}\"")));
        pod.wait_until("followed", || {
            let status = pod.status();
            status["mounts"]
                .as_array()
                .is_some_and(|mounts| mounts.len() == 1)
        });
        said.push(Said::by(&pod, &address));
    }
    said.extend(by_failing(&pod, &address));
    pod.vault.heal();
    pod.vault.revoke_tokens();
    pod.role(json!({"audience": "somebody-else"}));
    pod.replace("pod/refresh", "the login is refused");
    pod.wait_until("refused", || pod.status()["token"]["message"].is_string());
    said.push(Said::by(&pod, &address));

    let signature = jwt.rsplit('.').next().expect("a signature");
    for said in said {
        for marker in [MARKER, "4711471147", TOKEN, &jwt, signature] {
            said.holds_no(marker);
        }
    }
}

/// What is said when Vault fails in each of its ways.
fn by_failing(pod: &Pod, address: &str) -> Vec<Said> {
    let mut said = Vec::new();
    for fault in [
        Fault::Sealed,
        Fault::Cut,
        Fault::RateLimited(Some(1)),
        Fault::OutOfService(None),
    ] {
        pod.vault.heal();
        pod.wait_until("fresh", || pod.status()["token"]["present"] == true);
        pod.vault.order(fault);
        pod.replace("pod/refresh", &format!("{fault:?}"));
        pod.wait_until("it fails", || {
            pod.status().to_string().contains("\"class\":\"")
        });
        said.push(Said::by(pod, address));
    }
    said
}
