//! Files beside those of a real `vault agent`: each template of `tests/data/vault_k8s/templates` is
//! rendered by both from the same Vault, and the files are the same byte for byte.

mod fixture;
mod recorder;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use self::recorder::{Recorder, Upstream};
use crate::support::process::{Process, folder, program};
use crate::support::vault_server::Vault;
use crate::vault::pod::{DEV_ROOT_TOKEN, Pod, dev_vault, serve};

/// A template, and how it is parsed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    /// The file `NAME.ctmpl`.
    name: String,
    /// Which of Vault's engines it asks.
    engine: String,
    delimiters: Option<(String, String)>,
    #[serde(default)]
    error_on_missing_key: bool,
}

impl Case {
    fn all() -> Vec<Self> {
        let text = fs::read_to_string(templates().join("cases.json")).expect("the cases");
        serde_json::from_str(&text).expect("cases")
    }

    fn path(&self) -> PathBuf {
        templates().join(format!("{}.ctmpl", self.name))
    }

    fn delimiters(&self) -> (String, String) {
        let usual = || ("{{".to_owned(), "}}".to_owned());
        self.delimiters.clone().unwrap_or_else(usual)
    }

    /// Its file in a SyncSpec, as the dialect of the Vault Agent Injector makes it.
    fn file(&self) -> Value {
        json!({"name": self.name, "path": self.name, "mode": "0644", "content": {"template": {
            "template": {
                "text": fs::read_to_string(self.path()).expect("a template"),
                "functions": "consul-template",
                "missingKey": if self.error_on_missing_key { "error" } else { "zero" },
                "delimiters": self.delimiters(),
            }
        }}})
    }

    /// Its stanza in the agent's configuration.
    fn stanza(&self, out: &Path) -> String {
        let (left, right) = self.delimiters();
        format!(
            "template {{\n source = {:?}\n destination = {:?}\n left_delimiter = {left:?}\n \
             right_delimiter = {right:?}\n error_on_missing_key = {}\n}}\n",
            self.path(),
            out.join(&self.name),
            self.error_on_missing_key
        )
    }
}

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vault_k8s/templates")
}

/// The agent with all `cases`, which logs in as the pod does.
fn agent(cases: &[Case], vault: &str, token: &Path) -> (Process, PathBuf) {
    let directory = folder("agent");
    let out = directory.join("out");
    fs::create_dir_all(&out).expect("a folder");
    let mut config = format!(
        r#"
        vault {{ address = "http://{vault}" }}
        auto_auth {{
          method "jwt" {{
            mount_path = "auth/jwt"
            config = {{ role = "app", path = {token:?}, remove_jwt_after_reading = false }}
          }}
          sink "file" {{ config = {{ path = {:?} }} }}
        }}
        template_config {{ exit_on_retry_failure = true }}
        "#,
        directory.join("token")
    );
    for case in cases {
        let _ = write!(config, "{}", case.stanza(&out));
    }
    let file = directory.join("agent.hcl");
    fs::write(&file, config).expect("the agent's configuration");
    let mut command = Command::new(program("vault"));
    command
        .arg("agent")
        .arg(format!("-config={}", file.display()))
        .env("HOME", folder("home"));
    (Process::start("agent", &command), out)
}

#[test]
fn every_file_is_the_agents_byte_for_byte() {
    let cases = Case::all();
    let vault = Vault::start("vault-of-agents");
    let dev = dev_vault();
    let (database, _served) = serve(dev.clone());
    let recorder = Recorder::before(Upstream {
        vault: vault.address.clone(),
        database: (database, DEV_ROOT_TOKEN),
    });
    let mut pod = Pod::beside(&[], recorder.address.clone());
    fixture::fill(&vault, &dev, &pod.public_key_pem());
    let files: Vec<_> = cases.iter().map(Case::file).collect();
    pod.set_spec(
        &json!({"version": 1, "refreshInterval": "5m", "mounts": [
            {"volume": "a", "mountPath": "/a", "files": files}
        ]})
        .to_string(),
    );
    pod.start(&["--auth-type=jwt", "--auth-path=jwt"]);
    let (agent, out) = agent(&cases, &recorder.address, &pod.path("token/token"));
    agent.wait_for("the agent's files", || {
        cases
            .iter()
            .all(|case| out.join(&case.name).exists())
            .then_some(())
    });
    pod.wait_until("ready", || pod.is_ready());

    let mut report = String::new();
    for case in &cases {
        let theirs = fs::read(out.join(&case.name)).expect("the agent's file");
        let ours = fs::read(pod.path("mounts/a").join(&case.name)).expect("a file");
        if theirs != ours {
            let (theirs, ours) = (theirs.escape_ascii(), ours.escape_ascii());
            let _ = writeln!(
                report,
                "{} ({}):\n  agent: {theirs}\n  ours:  {ours}",
                case.name, case.engine
            );
        }
    }
    assert!(report.is_empty(), "{report}");
    let shared = recorder.shared();
    for path in [
        "/v1/pki/issue/web",
        "/v1/database/creds/app",
        "/v1/transit/encrypt/orders",
        "/v1/auth/token/create",
    ] {
        assert!(
            shared.iter().any(|asked| asked == path),
            "both have asked for {path}: {shared:?}"
        );
    }
}

#[test]
fn every_template_is_a_case_and_says_its_engine() {
    let cases = Case::all();
    assert!(cases.len() >= 30, "{} templates", cases.len());
    let named: BTreeMap<_, _> = cases
        .iter()
        .map(|case| (case.path(), &case.engine))
        .collect();
    let found = fs::read_dir(templates()).expect("the templates");
    let found = found.map(|entry| entry.expect("an entry").path());
    let templates: Vec<_> = found
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "ctmpl")
        })
        .collect();
    assert_eq!(templates.len(), named.len());
    for path in templates {
        let engine = named.get(&path);
        assert!(
            engine.is_some_and(|engine| !engine.is_empty()),
            "{}",
            path.display()
        );
    }
}
