//! A YAML mapping as a `map[string]string`, as the Kubernetes tools read one: for a text, numbers and
//! booleans of YAML 1.1 are written anew.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::scalar;
use crate::template::call::Fault;
use crate::template::printf::float;
use crate::template::value::Value;

/// Reads a mapping of scalars: `1.50` becomes `1.5`, `0x10` becomes `16`, `yes` becomes `true`, `~`
/// becomes nothing. Of a key that is there twice the last value counts. Nothing at all, and null,
/// are an empty map.
///
/// # Errors
/// When it is not YAML, not a mapping, or holds anything but scalars; the text shows nothing of it.
pub fn string_map_of_yaml(text: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| "invalid UTF-8")?;
    let mut events = Parser::new_from_str(text).filter_map(|event| match event {
        // The parser's own words might quote the text.
        Err(_) => Some(Err(Fault::new("the text is not valid YAML"))),
        Ok((event, _)) => counts(&event).then_some(Ok(event)),
    });
    let mut next = move || events.next().unwrap_or(Ok(Event::StreamEnd));
    match next()? {
        Event::StreamEnd | Event::DocumentEnd => return Ok(BTreeMap::new()),
        Event::Scalar(text, ScalarStyle::Plain, _, None)
            if matches!(scalar::resolved(&text), Some(Value::Nil)) =>
        {
            return Ok(BTreeMap::new());
        }
        Event::MappingStart(..) => {}
        _ => return Err("the text is no mapping of keys to values".into()),
    }
    let mut anchors = BTreeMap::new();
    let mut entries = BTreeMap::new();
    let mut read = |event: Event<'_>| {
        let (text, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_string = style != ScalarStyle::Plain || tag.is_some();
                let resolved = scalar::resolved(&text).filter(|_| !is_string);
                let written = resolved.map_or_else(|| text.as_bytes().to_vec(), written);
                (written, anchor)
            }
            Event::Alias(anchor) => {
                let known: Option<&Vec<u8>> = anchors.get(&anchor);
                (known.cloned().ok_or("a value is no scalar")?, 0)
            }
            _ => return Err(Fault::new("a key or value is no scalar")),
        };
        if anchor > 0 {
            anchors.insert(anchor, text.clone());
        }
        Ok(text)
    };
    loop {
        let key = match next()? {
            Event::MappingEnd => break,
            event => read(event)?,
        };
        let key = String::from_utf8(key).map_err(|_| "invalid UTF-8")?;
        let value = read(next()?)?;
        entries.insert(key, value);
    }
    // What follows has to be YAML, too.
    match next()? {
        Event::DocumentEnd => Ok(entries),
        _ => Err("did not find expected <document start>".into()),
    }
}

/// Whether it is no start of a text, comment or name of an anchor; whether the parser tells the last two
/// depends on what else is linked.
const fn counts(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Scalar(..)
            | Event::Alias(..)
            | Event::UnresolvedAlias(..)
            | Event::SequenceStart(..)
            | Event::SequenceEnd
            | Event::MappingStart(..)
            | Event::MappingEnd
            | Event::DocumentEnd
            | Event::StreamEnd
    )
}

/// A scalar that is no string, as a text.
fn written(value: Value) -> Vec<u8> {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint64(value) => value.to_string(),
        Value::Float(value) if value == f64::INFINITY => "+Inf".to_owned(),
        Value::Float(value) if value == f64::NEG_INFINITY => "-Inf".to_owned(),
        Value::Float(value) => float::format(value, b'g', None),
        _ => String::new(),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(yaml: &str, want: &[(&str, &str)]) {
        let map = string_map_of_yaml(yaml.as_bytes()).expect(yaml);
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).expect("UTF-8");
        let found: Vec<_> = map
            .iter()
            .map(|(key, value)| (key.as_str(), text(value)))
            .collect();
        let found: Vec<_> = found
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        assert_eq!(found, want, "{yaml}");
    }

    #[test]
    fn scalars_of_yaml_1_1_are_written_anew() {
        for (value, want) in [
            ("1", "1"),
            ("~", ""),
            ("null", ""),
            ("", ""),
            ("yes", "true"),
            ("off", "false"),
            ("True", "true"),
            ("1.50", "1.5"),
            ("0x10", "16"),
            ("012", "10"),
            ("0b11", "3"),
            ("1_000", "1000"),
            ("1e3", "1000"),
            ("1e21", "1e+21"),
            ("12345678901234567890", "12345678901234567890"),
            (".inf", "+Inf"),
            ("-.inf", "-Inf"),
            (".nan", "NaN"),
            ("-0", "0"),
            ("2026-01-31", "2026-01-31"),
            ("1:30", "1:30"),
            ("'1.50'", "1.50"),
            ("\"yes\"", "yes"),
            ("!!str 1.50", "1.50"),
            ("text with spaces", "text with spaces"),
            ("a#b", "a#b"),
            ("a #b", "a"),
        ] {
            check(&format!("key: {value}"), &[("key", want)]);
        }
    }

    #[test]
    fn keys_are_texts_and_the_last_value_counts() {
        check("", &[]);
        check("~", &[]);
        check("# nothing\n", &[]);
        check("yes: 1\n2: b\n", &[("2", "b"), ("true", "1")]);
        check(
            "a: 1\nb: |\n  x\n  y\na: 2\n",
            &[("a", "2"), ("b", "x\ny\n")],
        );
        check("a: &x 1.50\nb: *x\n", &[("a", "1.5"), ("b", "1.5")]);
        check("{a: b}", &[("a", "b")]);
    }

    #[test]
    fn anything_else_is_refused() {
        for yaml in [
            "a",
            "- a",
            "a: [b]",
            "a: {b: c}",
            "a: b: c",
            "a: \"b",
            "? [a]\n: b",
        ] {
            let refused = string_map_of_yaml(yaml.as_bytes());
            assert!(refused.is_err(), "{yaml}: {refused:?}");
        }
    }
}
