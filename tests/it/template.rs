//! Templates: what Go says, what nothing may do, and what is not offered.

mod certificates;
mod suite;

use std::time::SystemTime;

use freshet::spec::{FunctionTable, MissingKey, TemplateSpec};
use freshet::template::{Context, Limits, NoSecrets, Rendered, Template, Value};
use proptest::prelude::{ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest};

use self::suite::value;

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
    "loop 3 ",
    "{{range loop 2}}",
    "divide 0 ",
    "scratch.Set \"k\" ",
    "scratch.MapSet \"m\" \"k\" ",
    "scratch.Get \"k\"",
    "parseJSON ",
    "parseYAML ",
    "toYAML ",
    "toTOML ",
    "explodeMap ",
    "mergeMap ",
    "containsAny ",
    "executeTemplate \"x\" ",
    "sprig_list ",
    "splitToMap \",\" \":\" ",
    "toTitle ",
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

#[track_caller]
fn check_refused(text: &str, table: FunctionTable, expected: &str) {
    let error = Template::parse(&spec(text.to_owned(), table))
        .expect_err("not offered")
        .to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_function_that_is_not_offered_is_named_with_the_reason() {
    check_refused(
        "{{ env \"HOME\" }}",
        FunctionTable::ExternalSecrets,
        "\"env\" is not offered: it reads the environment",
    );
    check_refused(
        "{{ secret \"a\" }}",
        FunctionTable::Go,
        "\"secret\" not defined in the table go",
    );
    check_refused(
        "a\n {{ nope }}",
        FunctionTable::Sprig,
        "template:2:5: at <nope>",
    );
}

#[test]
fn what_of_consul_template_is_not_offered_says_why_and_the_way_out() {
    let check = |text: &str, expected: &str| {
        check_refused(text, FunctionTable::ConsulTemplate, expected);
    };
    check(
        "{{ service \"web\" }}",
        "\"service\" is not offered: it asks Consul",
    );
    check(
        "{{ mustEnv \"HOME\" }}",
        "\"mustEnv\" is not offered: it reads the environment, and the refresher has none of the \
         application's; write the value into the template, or keep it in a secret",
    );
    check(
        "{{ \"x\" | writeToFile \"/f\" \"\" \"\" \"0644\" }}",
        "give each file a template of its own (freshet.dev/template-<name>",
    );
    check(
        "{{ file \"/etc/passwd\" }}",
        "\"file\" is not offered: a template reads secrets and nothing else",
    );
    check(
        "{{ byKey nil }}",
        "\"byKey\" is not offered: it takes what only Consul's functions give",
    );
    check(
        "{{ spew_dump . }}",
        "\"spew_dump\" is not offered: it shows addresses",
    );
    check(
        "{{ sprig_now }}",
        "\"sprig_now\" is not offered: consul-template has of sprig only",
    );
    check(
        "{{ sprig_nope }}",
        "\"sprig_nope\" not defined in the table consul-template",
    );
}

#[test]
fn what_a_template_uses_is_known_before_it_runs() {
    let uses = |text: &str| {
        let template = Template::parse(&spec(text.to_owned(), FunctionTable::Sprig));
        template.expect("a template").uses()
    };
    let sorted = uses("{{ upper \"a\" | sha256sum }}{{ now }}");
    assert_eq!(
        sorted.functions.into_iter().collect::<Vec<_>>(),
        ["now", "sha256sum", "upper"]
    );
    assert_eq!(sorted.volatile.into_iter().collect::<Vec<_>>(), ["now"]);
    assert!(sorted.heavy.is_empty());
    let heavy = uses("{{ genCA \"a\" 1 }}{{ dateInZone \"15\" 0 \"Asia/Tokyo\" }}");
    assert_eq!(heavy.volatile.into_iter().collect::<Vec<_>>(), ["genCA"]);
    assert_eq!(
        heavy.heavy.into_iter().collect::<Vec<_>>(),
        ["dateInZone", "genCA"]
    );
}

/// As `yaml.v2` writes it, which both sigs.k8s.io/yaml and consul-template use.
#[test]
fn a_long_text_goes_over_several_lines_in_yaml() {
    let folded = format!("{}\n  w w w w", ["w"; 41].join(" "));
    let check = |text: &str, table| {
        let output = rendered(text, table).expect("no heavy function");
        let output = output.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert_eq!(output.as_ref(), Ok(&folded));
    };
    check(
        "{{ repeat 45 \"w \" | trim | toYaml }}",
        FunctionTable::ExternalSecrets,
    );
    check(
        "{{ sprig_repeat 45 \"w \" | trimSpace | toYAML }}",
        FunctionTable::ConsulTemplate,
    );
}
