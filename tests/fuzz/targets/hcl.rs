//! The reader of an agent's configuration alone, HCL and JSON: it ends, says where a mistake is, and
//! what it has read and is written anew is read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| agent_config::check(text));

// The reader is its parent's alone, so the target stands in the parent's place.
#[path = "../../../src/dialect/vault_k8s/agent_config"]
mod agent_config {
    mod syntax;

    use self::syntax::{Item, Value, parse};

    pub(super) fn check(text: &str) {
        let items = match parse(text) {
            Ok(items) => items,
            Err(error) => return check_place(&error.to_string(), text),
        };
        let mut hcl = String::new();
        if body_in_hcl(&items, &mut hcl).is_some() {
            assert_eq!(parse(&hcl).as_ref(), Ok(&items), "read from {hcl}");
        }
        if let Some(json) = body_in_json(&items) {
            let json = json.to_string();
            assert_eq!(parse(&json).as_ref(), Ok(&items), "read from {json}");
        }
    }

    /// `line 3: …`, and nothing of the text.
    fn check_place(error: &str, text: &str) {
        let line = error.strip_prefix("line ");
        let place = line.and_then(|line| line.split_once(": "));
        let (line, message) = place.unwrap_or_else(|| panic!("at no line: {error}"));
        let line: usize = line.parse().expect("a number");
        let lines = text.split('\n').count();
        assert!((1..=lines).contains(&line), "of {lines} lines: {error}");
        assert!(!message.contains(char::is_control) && message.len() < 200);
    }

    /// `None` where HCL has no words for it.
    fn body_in_hcl(items: &[Item], out: &mut String) -> Option<()> {
        for Item { keys, value } in items {
            for key in keys {
                text_in_hcl(key, out);
                out.push(' ');
            }
            if !matches!(value, Value::Body(_)) || keys.len() == 1 && keys[0].len() % 2 == 0 {
                out.push_str("= ");
            }
            value_in_hcl(value, out)?;
            out.push('\n');
        }
        Some(())
    }

    fn value_in_hcl(value: &Value, out: &mut String) -> Option<()> {
        match value {
            Value::Text(text) => text_in_hcl(text, out),
            Value::Integer(number) => out.push_str(&number.to_string()),
            Value::Float(number) if number.is_finite() => out.push_str(&format!("{number:?}")),
            Value::Float(_) | Value::Null => return None,
            Value::Truth(truth) => out.push_str(&truth.to_string()),
            Value::List(values) => {
                out.push('[');
                for value in values {
                    value_in_hcl(value, out)?;
                    out.push_str(", ");
                }
                out.push(']');
            }
            Value::Body(items) => {
                out.push_str("{\n");
                body_in_hcl(items, out)?;
                out.push('}');
            }
        }
        Some(())
    }

    fn text_in_hcl(text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                // It would begin what comes through as it is.
                '$' => out.push_str("\\x24"),
                c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => out.push(c),
            }
        }
        out.push('"');
    }

    /// Keys keep their order and may stand twice, so the object is put together as text. `None` for
    /// labels and infinity, which JSON has not.
    fn body_in_json(items: &[Item]) -> Option<String> {
        let members = items.iter().map(|Item { keys, value }| {
            let [key] = keys.as_slice() else {
                return None;
            };
            Some(format!("{}: {}", text_in_json(key), value_in_json(value)?))
        });
        let members: Option<Vec<_>> = members.collect();
        Some(format!("{{{}}}", members?.join(", ")))
    }

    fn value_in_json(value: &Value) -> Option<String> {
        Some(match value {
            Value::Text(text) => text_in_json(text),
            Value::Integer(number) => number.to_string(),
            Value::Truth(truth) => truth.to_string(),
            Value::Float(number) if number.is_finite() => format!("{number:?}"),
            Value::Float(_) => return None,
            Value::Null => "null".to_owned(),
            Value::List(values) => {
                let values: Option<Vec<_>> = values.iter().map(value_in_json).collect();
                format!("[{}]", values?.join(", "))
            }
            Value::Body(items) => body_in_json(items)?,
        })
    }

    fn text_in_json(text: &str) -> String {
        serde_json::Value::from(text).to_string()
    }
}
