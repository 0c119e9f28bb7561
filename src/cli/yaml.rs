//! YAML in and out, as `kubectl` reads it: YAML 1.1 with Go's rules, where `yes` is true, `0644` is
//! octal and a string that looks like either has to be quoted.

use serde_json::{Number, Value};
use serde_saphyr::{
    Budget, Error, MessageFormatter as _, Options, SerializerOptions, UserMessageFormatter,
};

use super::ordered::Ordered;

/// Why a document cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// The line of the text, from 1.
    pub(super) line: u64,
    /// What is wrong; never a piece of the text, which may be a Secret.
    pub(super) reason: String,
}

/// Reads one document. Keys keep their order; a document without content is null.
///
/// # Errors
/// When it is not YAML, or has a key twice.
pub(super) fn read(text: &str) -> Result<Ordered, Unreadable> {
    let options = options();
    let read: Ordered = serde_saphyr::from_str_with_options(text, options).map_err(unreadable)?;
    Ok(read.map(&whole_number))
}

/// Writes one document, in the order of its keys, ending in a newline.
pub(super) fn write(value: &Ordered) -> String {
    let mut options = SerializerOptions::default();
    // Folding breaks long texts over lines, which is harder to read in a diff, not easier.
    options.folded_wrap_chars = usize::MAX;
    let mut text = serde_saphyr::to_string_with_options(value, options).unwrap_or_default();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn options() -> Options {
    // All the objects of a cluster in one List are the largest that somebody pipes in. The depth
    // stays bounded, and so do aliases, for a file may come from elsewhere.
    let mut budget = Budget::default();
    budget.max_nodes = 50_000_000;
    budget.max_events = 200_000_000;
    budget.max_total_scalar_bytes = 1 << 30;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.legacy_octal_numbers = true;
    options.with_snippet = false;
    options
}

fn unreadable(error: Error) -> Unreadable {
    let reason = UserMessageFormatter.format_message(error.without_snippet());
    Unreadable {
        line: error.location().map_or(1, |location| location.line()),
        reason: reason.replace(char::is_control, " "),
    }
}

/// `1e3` is the number 1000, which JSON's readers of integers must see as such.
fn whole_number(value: Value) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
                Value::Number(Number::from(float as i64))
            }
            _ => Value::Number(number),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// What a string becomes as a value and as a key.
    #[track_caller]
    fn check(text: &str, written: &str) {
        let value = Ordered::from(json!({ text: text }));
        assert_eq!(write(&value), format!("{written}: {written}\n"));
        assert_eq!(read(&write(&value)), Ok(value));
    }

    #[test]
    fn a_string_that_a_reader_of_yaml_1_1_takes_for_something_else_is_quoted() {
        for text in [
            "yes",
            "No",
            "ON",
            "off",
            "y",
            "N",
            "true",
            "False",
            "null",
            "~",
            "",
            "0x1F",
            "0b1",
            "012",
            "0o12",
            "1_000",
            "12",
            "-1",
            "+1",
            "1e3",
            ".5",
            "1.",
            ".inf",
            ".NaN",
            "1:30",
            "190:20:30",
            "2026-01-31",
            "2026-01-31T12:00:00Z",
            "=",
            "<<",
            "0.1.0",
            "08",
            "---",
            "...",
        ] {
            check(text, &format!("{text:?}"));
        }
    }

    #[test]
    fn a_string_that_is_syntax_is_quoted() {
        for text in [
            "- a", "a: b", "a:", "a #b", "#b", "&a", "*a", "!a", "|", ">", "@a", "`a", "%a", "{a}",
            "[a]", "{{ .a }}", "? a", ":", " a", "a ", "'", "a\tb ",
        ] {
            check(text, &format!("{text:?}"));
        }
    }

    #[test]
    fn other_strings_are_plain() {
        for text in [
            "a",
            "a b",
            "v1.2",
            "10.0.0.1/8",
            "secret/db#password",
            "None",
            "\u{e9}",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_text_of_lines_is_a_block_and_a_long_line_stays_whole() {
        let long = "x ".repeat(100) + "x";
        let value = Ordered::Map(vec![
            ("lines".to_owned(), json!("a\n  b\n").into()),
            ("open".to_owned(), json!("a\nb").into()),
            ("long".to_owned(), json!(long).into()),
        ]);
        let text = format!("lines: |\n  a\n    b\nopen: |-\n  a\n  b\nlong: {long}\n");
        assert_eq!(write(&value), text);
        assert_eq!(read(&text), Ok(value));
    }

    #[test]
    fn lists_stand_below_their_keys_as_kubectl_writes_them() {
        let json = r#"{"b": [{"c": 1, "d": []}, "e"], "a": {}}"#;
        let value = serde_json::from_str(json).expect("JSON");
        assert_eq!(write(&value), "b:\n- c: 1\n  d: []\n- e\na: {}\n");
    }

    #[test]
    fn plain_scalars_are_read_as_kubectl_reads_them() {
        for (text, value) in [
            ("yes", json!(true)),
            ("off", json!(false)),
            ("0644", json!(420)),
            ("0x1F", json!(31)),
            ("1e3", json!(1000)),
            ("1.0", json!(1)),
            ("1.5", json!(1.5)),
            ("~", json!(null)),
            ("2026-01-31", json!("2026-01-31")),
            ("1:30", json!("1:30")),
            ("'yes'", json!("yes")),
        ] {
            assert_eq!(
                read(&format!("a: {text}")),
                Ok(json!({"a": value}).into()),
                "{text}"
            );
        }
        assert_eq!(read("# nothing\n"), Ok(Value::Null.into()));
        assert_eq!(
            read("a: &x {b: 1}\nc: *x"),
            Ok(json!({"a": {"b": 1}, "c": {"b": 1}}).into())
        );
    }

    #[test]
    fn a_list_of_a_whole_cluster_is_read_and_a_bottomless_document_is_not() {
        let list = format!("items:\n{}", "- 0\n".repeat(251_000));
        let value = read(&list).expect("a list").to_value();
        assert_eq!(value["items"].as_array().map(Vec::len), Some(251_000));
        assert!(read(&"[".repeat(1000)).is_err());
    }

    #[test]
    fn what_is_wrong_has_a_line_and_shows_nothing_of_the_text() {
        let line = |text: &str| read(text).map_err(|unreadable| unreadable.line);
        assert_eq!(line("a: 1\nb: [\n"), Err(2));
        assert_eq!(line("a: 1\n  b: 2\n"), Err(2));
        let secret = read("a: hunter2\nb: 'hunter2\n").expect_err("an open quote");
        assert!(!secret.reason.contains("hunter2"), "{secret:?}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "\\PC{0,20}", more in "[ -~\n\t]{0,30}") {
            let value = Ordered::from(json!({"a": text, "b": [more], text.as_str(): more}));
            prop_assert_eq!(read(&write(&value)), Ok(value));
        }
    }
}
