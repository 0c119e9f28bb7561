//! What the tree of a text is; `tests/data/agent_config/syntax` holds texts and what
//! `github.com/hashicorp/hcl` 1.0.1-vault-7, the agent's own parser, makes of them.

use serde_json::{Map, Value as Json, json};

use super::super::super::syntax::{self, Item, Value};

/// The tree as the agent's parser decodes it: a block is a list of objects, a label an object.
fn decoded(items: &[Item]) -> Json {
    let mut all = Map::new();
    for item in items {
        let mut keys = item.keys.iter();
        let first = keys.next().expect("a key");
        let is_block = matches!(item.value, Value::Body(_));
        let value = keys
            .rev()
            .fold(plain(&item.value), |value, key| json!({ key: [value] }));
        match all.get_mut(first) {
            Some(Json::Array(blocks)) if is_block => blocks.push(value),
            _ if is_block => drop(all.insert(first.clone(), json!([value]))),
            _ => drop(all.insert(first.clone(), value)),
        }
    }
    Json::Object(all)
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Integer(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Truth(truth) => json!(truth),
        Value::List(values) => values.iter().map(plain).collect(),
        Value::Body(items) => decoded(items),
        Value::Null => Json::Null,
    }
}

#[track_caller]
fn check(text: &str, want: &str) {
    let want: Json = serde_json::from_str(want).expect("the expectation");
    let found = decoded(&syntax::parse(text).expect("the configuration"));
    // The agent's 1000 is 1e3.
    let floats = |json: &Json| json.to_string().replace("1000.0", "1000");
    assert_eq!(floats(&found), floats(&want), "{found:#}");
}

macro_rules! data {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/agent_config/syntax/",
            $name
        ))
    };
}

#[test]
fn hcl_is_read_as_the_agent_reads_it() {
    check(data!("usual.hcl"), data!("usual.json"));
    check(data!("literal.hcl"), data!("literal.json"));
    check(data!("indents.hcl"), data!("indents.json"));
    check(data!("values.hcl"), data!("values.json"));
}

#[test]
fn a_heredoc_may_end_the_text_without_a_line_break() {
    check("a = <<EOT\nx\nEOT", r#"{"a": "x\n"}"#);
    check("a = <<EOT\r\nx\r\nEOT\r\n", r#"{"a": "x\r\n"}"#);
}

#[test]
fn json_keeps_order_and_repetition() {
    let text = r#" {"template": {"b": 1, "a": [true, null, 1.5]}, "template": {"b": "2"}}"#;
    let want = r#"{"template": [{"b": 1, "a": [true, null, 1.5]}, {"b": "2"}]}"#;
    check(text, want);
}

#[test]
fn a_mistake_is_told_by_its_line_and_never_by_its_text() {
    for (text, want) in [
        ("a = 1\nb", "line 2: ends before a block does"),
        (
            "a = \"hunter2\nb = 1",
            "line 1: the text has no closing quote in its line",
        ),
        (
            "a = \"${hunter2\"",
            "line 1: the text has no closing quote in its line",
        ),
        ("a {\n b = 1", "line 2: ends before a block does"),
        (
            "a = hunter2",
            "line 1: a value is expected here: a text in quotes, a number, true, false, a list or a block",
        ),
        ("\n\na b = 1", "line 3: \"=\" or a block is expected here"),
        ("= 1", "line 1: a key is expected here"),
        ("}", "line 1: a key is expected here"),
        (
            "a = [1 2]",
            "line 1: a comma or the end of the list is expected here",
        ),
        (
            "a = \"\\q\"",
            "line 1: is no escape of HCL: write \\\\ for a backslash, or take a heredoc, <<EOT",
        ),
        (
            "a = <<EOT\nhunter2\n",
            "line 1: the heredoc has no end: its word stands on no line of its own",
        ),
        (
            "a = << EOT\nEOT\n",
            "line 1: << takes a word that ends the heredoc, e.g. <<EOT, and nothing behind it",
        ),
        ("a = 1\n/* hunter2", "line 2: the comment has no end"),
        ("a = 08", "line 1: is no number"),
        ("a = --1", "line 1: is no number"),
        ("a = 0-5", "line 1: is no number"),
        ("a = 0x-5", "line 1: is no number"),
        ("a = -0-1000000000000000000000", "line 1: is no number"),
        ("a: 1", "line 1: is no character of HCL outside quotes"),
        (
            "{\n\"a\": hunter2}",
            "line 2: is not JSON, as which it begins",
        ),
        ("{} x", "line 1: is not JSON, as which it begins"),
    ] {
        let error = syntax::parse(text).expect_err(text);
        assert_eq!(error.to_string(), want, "{text:?}");
    }
}

#[test]
fn the_least_and_the_greatest_number_are_numbers() {
    let text = "a = -9223372036854775808 b = 9223372036854775807";
    check(
        text,
        r#"{"a": -9223372036854775808, "b": 9223372036854775807}"#,
    );
}

#[test]
fn depth_has_a_limit() {
    let hcl = format!("a = {}", "[".repeat(100_000));
    let blocks = "a {".repeat(100_000);
    let json = format!("{{\"a\": {}1{}}}", "[".repeat(100), "]".repeat(100));
    for text in [hcl, blocks, json] {
        let error = syntax::parse(&text).expect_err("too deep").to_string();
        assert!(error.ends_with("too deep in each other"), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_ends_the_program(text in "(\\PC|[a-z{}\\[\\]=,\"$\\\\<\\-#/\n 0-9]){0,60}") {
        let _: Result<_, _> = syntax::parse(&text);
    }

    #[test]
    fn a_heredoc_is_its_lines(lines in proptest::collection::vec("[ -~]{0,20}", 0..5)) {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let items = syntax::parse(&format!("a = <<ENDOFTEXT\n{body}ENDOFTEXT\n")).expect("a heredoc");
        proptest::prop_assert_eq!(&items[0].value, &Value::Text(body));
    }
}
