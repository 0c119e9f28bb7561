//! YAML that is read.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::super::json;
use super::scalar;
use crate::template::call::{Fault, Run};
use crate::template::value::{Text, Value};

/// The first document of `text`: numbers as `float64`, keys as texts.
pub(in crate::template::functions) fn document(
    text: &[u8],
    run: &mut Run<'_, '_>,
) -> Result<Value, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| "invalid UTF-8")?;
    run.spend(text.len())?;
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        run,
    };
    loop {
        match reader.next()? {
            Event::StreamEnd => return Ok(Value::Nil),
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::DocumentEnd => return Ok(Value::Nil),
            event => {
                let depth = reader.run.context.limits.depth.min(100);
                let value = reader.value(event, depth)?;
                // What follows has to be YAML, too.
                match reader.next()? {
                    Event::DocumentEnd => return Ok(value),
                    _ => return Err("did not find expected <document start>".into()),
                }
            }
        }
    }
}

struct Reader<'i, 'r, 'a, 'c> {
    parser: Parser<'i, granit_parser::StrInput<'i>>,
    anchors: HashMap<usize, Value>,
    run: &'r mut Run<'a, 'c>,
}

impl<'i> Reader<'i, '_, '_, '_> {
    fn next(&mut self) -> Result<Event<'i>, Fault> {
        loop {
            match self.parser.next() {
                None => return Ok(Event::StreamEnd),
                // The parser's own words might quote the text.
                Some(Err(_)) => return Err("the text is not valid YAML".into()),
                Some(Ok((Event::Anchor(..), _))) => {}
                Some(Ok((event, _))) => return Ok(event),
            }
        }
    }

    fn value(&mut self, event: Event<'i>, depth: usize) -> Result<Value, Fault> {
        let depth = depth.checked_sub(1).ok_or("nested too deeply")?;
        self.run.spend(size_of::<Value>())?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_string = style != ScalarStyle::Plain || tag.is_some();
                let plain = if is_string {
                    None
                } else {
                    scalar::resolved(&text)
                };
                (
                    plain.unwrap_or_else(|| Value::string(text.as_bytes())),
                    anchor,
                )
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        event => items.push(as_json(self.value(event, depth)?)?),
                    }
                }
                (Value::list(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                let mut entries = Vec::new();
                loop {
                    let key = match self.next()? {
                        Event::MappingEnd => break,
                        event => key(&self.value(event, depth)?)?,
                    };
                    let event = self.next()?;
                    let value = as_json(self.value(event, depth)?)?;
                    if entries.iter().any(|(known, _)| *known == key) {
                        return Err("a key is there twice".into());
                    }
                    entries.push((key, value));
                }
                (Value::map(entries), anchor)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().ok_or("unknown anchor")?;
                return Ok(value);
            }
            _ => return Err("the text is not valid YAML".into()),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }
}

/// A key as JSON has it.
fn key(value: &Value) -> Result<Text, Fault> {
    let text = match value {
        Value::String(text) => return Ok(text.clone()),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint64(value) => value.to_string(),
        Value::Float(value) => json::number(*value)?,
        _ => return Err("a key must be a scalar".into()),
    };
    Ok(Text::new(text.into_bytes()))
}

/// A value as it comes out of JSON, which has one type of number.
fn as_json(value: Value) -> Result<Value, Fault> {
    Ok(match value {
        Value::Int(value) => Value::Float(value as f64),
        Value::Uint64(value) => Value::Float(value as f64),
        Value::Float(value) if !value.is_finite() => return Err("json: unsupported value".into()),
        other => other,
    })
}
