//! Templates against recorded results of Go's own `text/template`, sprig, External Secrets and
//! consul-template.
//!
//! Names of cases repeat, so a case is known by its index in its file. Each list of known
//! differences is exact: a case on it that passes fails the test, too.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use freshet::secret::{SecretBytes, SecretValue, VaultSecret};
use freshet::spec::{FunctionTable, MissingKey, SecretRef, TemplateSpec};
use freshet::template::{Context, Limits, Rendered, SecretSource, Template, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Suite {
    shared_data: serde_json::Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    template: String,
    data: serde_json::Value,
    /// What `secret` reads: the data at each path, numbers as they are written.
    #[serde(default)]
    secrets: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    missingkey: String,
    #[serde(default)]
    strmap: bool,
    #[serde(default)]
    left_delim: String,
    #[serde(default)]
    right_delim: String,
    expected: Option<String>,
    error_stage: Option<String>,
}

/// A case that differs: its index, its name, why.
type Known = (usize, &'static str, &'static str);

#[test]
fn the_language_is_gos() {
    check_suite("go-template.json", FunctionTable::Go, &[]);
}

#[test]
fn the_language_is_gos_at_its_edges() {
    check_suite("go-template-edges.json", FunctionTable::Go, &[]);
}

#[test]
fn sprig_is_sprig() {
    check_suite("sprig.json", FunctionTable::Sprig, &[]);
}

#[test]
fn sprig_is_sprig_at_its_edges() {
    check_suite("sprig-edges.json", FunctionTable::Sprig, &[]);
}

#[test]
fn consul_template_is_consul_template() {
    check_suite("consul-template.json", FunctionTable::ConsulTemplate, &[]);
}

#[test]
fn external_secrets_templates_work_unchanged() {
    check_suite(
        "external-secrets-template.json",
        FunctionTable::ExternalSecrets,
        &[],
    );
}

#[track_caller]
fn check_suite(file: &str, table: FunctionTable, known: &[Known]) {
    let path = format!("{}/tests/data/template/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the file is in the repository");
    let suite: Suite = serde_json::from_str(&text).expect("the file is JSON of this form");
    let mut failures = Vec::new();
    for (index, case) in suite.cases.iter().enumerate() {
        let result = run(case, table, &suite.shared_data);
        let listed = known
            .iter()
            .any(|(listed, name, _)| *listed == index && *name == case.name);
        match (result, listed) {
            (Ok(()), false) | (Err(_), true) => {}
            (Ok(()), true) => failures.push(format!("{index} {}: listed, but passes", case.name)),
            (Err(difference), false) => {
                failures.push(format!(
                    "{index} {}: {:?}: {difference}",
                    case.name, case.template
                ));
            }
        }
    }
    let total = suite.cases.len();
    assert!(
        failures.is_empty(),
        "{} of {total} fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn run(case: &Case, table: FunctionTable, shared: &serde_json::Value) -> Result<(), String> {
    let data = match case.data.as_str() {
        Some("@shared") => shared,
        _ => &case.data,
    };
    let data = value(data, case.strmap || table == FunctionTable::ExternalSecrets);
    let outcome = render(case, table, &data);
    match (&case.expected, case.error_stage.as_deref(), outcome) {
        (Some(expected), None, Ok(output)) if output.expose() == expected.as_bytes() => Ok(()),
        (None, Some("parse"), Err((Stage::Parse, _))) => Ok(()),
        (None, Some("exec" | "panic"), Err((Stage::Exec, _))) => Ok(()),
        (expected, stage, outcome) => {
            let got = outcome.map(|output| String::from_utf8_lossy(output.expose()).into_owned());
            Err(format!("expected {expected:?} {stage:?}, got {got:?}"))
        }
    }
}

#[derive(Debug)]
enum Stage {
    Parse,
    Exec,
}

fn render(case: &Case, table: FunctionTable, data: &Value) -> Result<SecretBytes, (Stage, String)> {
    let spec = TemplateSpec {
        text: case.template.clone(),
        functions: table,
        missing_key: match case.missingkey.as_str() {
            "error" => MissingKey::Error,
            "zero" => MissingKey::Zero,
            // As Vault Agent has it.
            _ if table == FunctionTable::ConsulTemplate => MissingKey::Zero,
            _ => MissingKey::Default,
        },
        delimiters: (case.left_delim.clone(), case.right_delim.clone()),
    };
    let template = Template::parse(&spec).map_err(|error| (Stage::Parse, error.to_string()))?;
    let mut state = 0_u64;
    let mut context = Context {
        secrets: &Secrets::of(case),
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        random: &mut |bytes: &mut [u8]| {
            // Knuth's MMIX generator: the high bits are good enough for a prime to be found.
            for byte in bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                *byte = state.to_be_bytes()[0];
            }
        },
        limits: Limits::default(),
    };
    match template.render(data, &mut context) {
        Ok(Rendered::Complete(output)) => Ok(output),
        Ok(Rendered::Needs(_)) => Err((Stage::Exec, "needs secrets".to_owned())),
        Err(error) => Err((Stage::Exec, error.to_string())),
    }
}

struct Secrets(BTreeMap<SecretRef, VaultSecret>);

impl Secrets {
    fn of(case: &Case) -> Self {
        let mut secrets = BTreeMap::new();
        for (path, data) in &case.secrets {
            let Ok(SecretValue::Map(data)) = SecretValue::from_json(data.get()) else {
                panic!("the data of {path} is an object");
            };
            let secret = VaultSecret {
                data,
                version: None,
                lease: None,
                ..VaultSecret::default()
            };
            secrets.insert(path.parse().expect("a path"), secret);
        }
        Self(secrets)
    }
}

impl SecretSource for Secrets {
    fn secret(&self, wanted: &SecretRef) -> Option<&VaultSecret> {
        self.0.get(wanted)
    }
}

pub(crate) fn value(data: &serde_json::Value, string_map: bool) -> Value {
    if let (true, Some(entries)) = (string_map, data.as_object()) {
        let entries: Vec<_> = entries
            .iter()
            .map(|(key, value)| {
                (
                    key.as_str(),
                    SecretBytes::from(value.as_str().unwrap_or_default().to_owned()),
                )
            })
            .collect();
        return Value::string_map(entries.iter().map(|(key, value)| (*key, value)));
    }
    let data = SecretValue::from_json(&data.to_string()).expect("data is JSON");
    Value::from_data(&data).expect("the numbers fit")
}
