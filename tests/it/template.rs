//! Templates against recorded results of Go's own `text/template`, sprig and External Secrets.
//!
//! Names of cases repeat, so a case is known by its index in its file. Each list of known
//! differences is exact: a case on it that passes fails the test, too.

use std::time::{Duration, SystemTime};

use freshet::secret::{SecretBytes, SecretValue};
use freshet::spec::{FunctionTable, MissingKey, TemplateSpec};
use freshet::template::{Context, Limits, NoSecrets, Rendered, Template, Value};
use proptest::prelude::{ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest};
use serde::Deserialize;

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
fn sprig_is_sprig() {
    check_suite("sprig.json", FunctionTable::Sprig, &[]);
}

#[test]
fn external_secrets_templates_work_unchanged() {
    check_suite(
        "external-secrets-template.json",
        FunctionTable::ExternalSecrets,
        &[(
            78,
            "pkcs12cert disjunct",
            "a certificate that is not in the key's chain is left out",
        )],
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
            _ => MissingKey::Default,
        },
        delimiters: (case.left_delim.clone(), case.right_delim.clone()),
    };
    let template = Template::parse(&spec).map_err(|error| (Stage::Parse, error.to_string()))?;
    let mut counter = 0_u8;
    let mut context = Context {
        secrets: &NoSecrets,
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        random: &mut |bytes: &mut [u8]| {
            for byte in bytes {
                counter = counter.wrapping_mul(5).wrapping_add(17);
                *byte = counter;
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

fn value(data: &serde_json::Value, string_map: bool) -> Value {
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

/// A value that no error may show.
const MARKER: &str = "hunter2";

fn spec(text: String, functions: FunctionTable) -> TemplateSpec {
    TemplateSpec {
        text,
        functions,
        missing_key: MissingKey::Error,
        delimiters: ("{{".to_owned(), "}}".to_owned()),
    }
}

const SMALL: Limits = Limits {
    depth: 60,
    output: 2_000,
    iterations: 300,
    memory: 100_000,
};

/// Renders with fixed surroundings and small limits.
fn rendered(text: &str, table: FunctionTable) -> Option<Result<Vec<u8>, String>> {
    let template = Template::parse(&spec(text.to_owned(), table)).ok()?;
    if !template.uses().heavy.is_empty() {
        return None;
    }
    let data = format!(
        r#"{{"a": "{MARKER}", "b": ["{MARKER}", 7, null], "c": {{"d": "{MARKER}"}}, "e": 3, "f": 1.5}}"#
    );
    let data = value(&serde_json::from_str(&data).expect("JSON"), false);
    let mut context = Context {
        secrets: &NoSecrets,
        now: SystemTime::UNIX_EPOCH,
        random: &mut |bytes: &mut [u8]| bytes.fill(7),
        limits: SMALL,
    };
    Some(match template.render(&data, &mut context) {
        Ok(Rendered::Complete(output)) => Ok(output.expose().to_vec()),
        Ok(Rendered::Needs(needs)) => Ok(format!("{needs:?}").into_bytes()),
        Err(error) => Err(error.to_string()),
    })
}

/// The words of generated templates.
const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "if ",
    "else",
    "end",
    "range ",
    "with ",
    "define \"x\"",
    "template \"x\" .",
    "break",
    "block \"y\" .",
    "$x := ",
    "$x = ",
    "$x",
    "$",
    ".",
    ".a",
    ".b",
    ".c.d",
    ".e",
    ".f",
    ".nope",
    "(",
    ")",
    " | ",
    " ",
    "1",
    "-3",
    "2.5",
    "'c'",
    "\"s\"",
    "`r`",
    "nil",
    "true",
    "\n",
    "text",
    "{{end}}",
    "{{range .b}}",
    "{{if .a}}",
    "{{.a}}",
    "printf \"%v %5d %q %x\" ",
    "index ",
    "slice ",
    "len ",
    "eq ",
    "lt ",
    "and ",
    "or ",
    "not ",
    "call ",
    "until ",
    "repeat 50 ",
    "list ",
    "dict ",
    "set ",
    "merge ",
    "splitList ",
    "join \",\" ",
    "regexFind ",
    "regexReplaceAll ",
    "toJson ",
    "fromJson ",
    "toYaml ",
    "fromYaml ",
    "b64enc ",
    "b64dec ",
    "trunc 3 ",
    "indent 2 ",
    "quote ",
    "int ",
    "add ",
    "div ",
    "mulf ",
    "round ",
    "seq ",
    "chunk 2 ",
    "dig \"a\" ",
    "date \"2006\" ",
    "toDate \"2006-01-02\" ",
    "semver ",
    "urlParse ",
    "wrap 3 ",
    "abbrev 5 ",
    "snakecase ",
    "fail ",
    "secret \"a/b\" ",
    "filterPEM \"X\" ",
    "substr 1 2 ",
    "deepCopy ",
    "has ",
    "without ",
    "uniq ",
    "title ",
    "{{range until 9}}",
    "append ",
    "ternary ",
    "default ",
    "printf \"%*d %[2]v %.3s %#v\" ",
    "html ",
    "js ",
    "duration ",
    "é",
    "\\",
];

/// Sources made of words that mean something, so that many of them parse.
fn sources() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(WORDS), 0..24)
        .prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_source_panics_outgrows_its_limits_or_shows_a_value_in_an_error(text in sources()) {
        for table in [FunctionTable::ExternalSecrets, FunctionTable::ConsulTemplate] {
            let first = rendered(&text, table);
            prop_assert_eq!(&first, &rendered(&text, table), "the output is a function of the inputs");
            match first {
                Some(Ok(output)) => prop_assert!(output.len() <= SMALL.output),
                Some(Err(error)) => prop_assert!(!error.contains(MARKER), "{}", error),
                None => {}
            }
        }
    }

    #[test]
    fn no_text_at_all_makes_the_parser_panic(text in "(\\PC|[{}$.()|`\"\n-]){0,60}") {
        let _ = Template::parse(&spec(format!("{{{{{text}"), FunctionTable::Sprig));
        let _ = Template::parse(&spec(text, FunctionTable::Sprig));
    }
}

#[track_caller]
fn check_stopped(text: &str, reason: &str) {
    match rendered(text, FunctionTable::Sprig) {
        Some(Err(error)) => assert!(error.contains(reason), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_limit_says_what_it_is() {
    check_stopped("{{range until 301}}{{end}}", "iterations");
    check_stopped(
        "{{define \"x\"}}{{template \"x\"}}{{end}}{{template \"x\"}}",
        "deep",
    );
    check_stopped("{{range until 250}}0123456789{{end}}", "output");
    check_stopped("{{$x := repeat 99999999 \"x\"}}", "bytes of values");
    check_stopped(
        "{{$x := \"x\"}}{{range until 200}}{{$x = cat $x $x}}{{end}}",
        "bytes",
    );
    check_stopped(
        "{{$x := list}}{{range until 200}}{{$x = list $x}}{{end}}{{$x}}",
        "nested",
    );
    check_stopped("{{$x := dict}}{{$_ := set $x \"x\" $x}}", "contain itself");
}

#[test]
fn a_chain_of_values_is_dropped_without_exhausting_the_stack() {
    let text = "{{$x := dict}}{{$y := $x}}{{range until 100000}}{{$z := dict}}{{$_ := set $y \"k\" $z}}{{$y = $z}}{{end}}";
    let template =
        Template::parse(&spec(text.to_owned(), FunctionTable::Sprig)).expect("a template");
    let mut context = Context {
        secrets: &NoSecrets,
        now: SystemTime::UNIX_EPOCH,
        random: &mut |_: &mut [u8]| {},
        limits: Limits {
            iterations: 1 << 20,
            memory: 1 << 30,
            ..Limits::default()
        },
    };
    assert!(template.render(&Value::NoValue, &mut context).is_ok());
}

#[test]
fn a_function_that_is_not_offered_is_named_with_the_reason() {
    let check = |text: &str, table, expected: &str| {
        let error = Template::parse(&spec(text.to_owned(), table))
            .expect_err("not offered")
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(
        "{{ env \"HOME\" }}",
        FunctionTable::ExternalSecrets,
        "\"env\" is not offered: it reads the environment",
    );
    check(
        "{{ service \"web\" }}",
        FunctionTable::ConsulTemplate,
        "\"service\" is not offered: it asks Consul",
    );
    check(
        "{{ secret \"a\" }}",
        FunctionTable::Go,
        "\"secret\" not defined in the table go",
    );
    check(
        "a\n {{ nope }}",
        FunctionTable::Sprig,
        "template:2:5: at <nope>",
    );
}
