//! YAML that is read.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::super::{encoding, json};
use super::{Form, scalar};
use crate::template::call::{Fault, Run};
use crate::template::value::{Element, Map, Text, Value};

/// The first document of `text`.
pub(in crate::template::functions) fn document(
    text: &[u8],
    run: &mut Run<'_, '_>,
    form: Form,
) -> Result<Value, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| "invalid UTF-8")?;
    run.spend(text.len())?;
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        run,
        form,
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
    form: Form,
}

impl<'i> Reader<'i, '_, '_, '_> {
    fn next(&mut self) -> Result<Event<'i>, Fault> {
        loop {
            match self.parser.next() {
                None => return Ok(Event::StreamEnd),
                // The parser's own words might quote the text.
                Some(Err(_)) => return Err("the text is not valid YAML".into()),
                Some(Ok((
                    event @ (Event::StreamStart
                    | Event::StreamEnd
                    | Event::DocumentStart(..)
                    | Event::DocumentEnd
                    | Event::Scalar(..)
                    | Event::SequenceStart(..)
                    | Event::SequenceEnd
                    | Event::MappingStart(..)
                    | Event::MappingEnd
                    | Event::Alias(..)
                    | Event::UnresolvedAlias(..)),
                    _,
                ))) => return Ok(event),
                // Comments and the names of anchors; whether the parser tells them depends on
                // what else is linked.
                Some(Ok(_)) => {}
            }
        }
    }

    fn value(&mut self, event: Event<'i>, depth: usize) -> Result<Value, Fault> {
        let depth = depth.checked_sub(1).ok_or("nested too deeply")?;
        self.run.spend(size_of::<Value>())?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(&text, style, tag.as_deref())?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        event => items.push(self.element(event, depth)?),
                    }
                }
                (Value::list(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => (self.mapping(depth)?, anchor),
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

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
    ) -> Result<Value, Fault> {
        let string = |run: &mut Run<'_, '_>| run.string(text.as_bytes());
        let Some(tag) = tag else {
            let plain = Some(text).filter(|_| style == ScalarStyle::Plain);
            let resolved = plain.and_then(scalar::resolved);
            return resolved.map_or_else(|| string(self.run), Ok);
        };
        let wanted = match tag.suffix() {
            "binary" if tag.is_yaml_core_schema() => {
                let bytes = encoding::unbase64(text.as_bytes(), encoding::STANDARD);
                let bytes = bytes.map_err(|_| "!!binary value contains invalid base64 data")?;
                return self.run.string(bytes);
            }
            name @ ("int" | "float" | "bool" | "null") if tag.is_yaml_core_schema() => name,
            _ => return string(self.run),
        };
        match (wanted, scalar::resolved(text)) {
            ("int", Some(value @ (Value::Int(_) | Value::Uint64(_)))) => Ok(value),
            ("float", Some(Value::Int(value))) => Ok(Value::Float(value as f64)),
            ("float", Some(value @ Value::Float(_))) => Ok(value),
            ("bool", Some(value @ Value::Bool(_))) => Ok(value),
            ("null", Some(Value::Nil)) => Ok(Value::Nil),
            _ => Err(Fault::new(format!(
                "cannot decode a scalar as a !!{wanted}"
            ))),
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut entries: Vec<(Text, Value)> = Vec::new();
        loop {
            let event = match self.next()? {
                Event::MappingEnd => break,
                event => event,
            };
            let merges =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.value(event, depth)?;
            let event = self.next()?;
            let value = self.element(event, depth)?;
            if merges {
                merge(&mut entries, &value)?;
                continue;
            }
            let key = self.key(&key)?;
            match entries.iter_mut().find(|(known, _)| *known == key) {
                None => entries.push((key, value)),
                Some(entry) => entry.1 = value,
            }
        }
        Ok(Value::Map(Map::new(self.element_type(), entries)))
    }

    fn element_type(&self) -> Element {
        match self.form {
            Form::ByJson => Element::Any,
            Form::Direct => Element::AnyKeyed,
        }
    }

    /// A key, by way of JSON as the text that it is there.
    fn key(&self, value: &Value) -> Result<Text, Fault> {
        let text = match value {
            Value::String(text) => return Ok(text.clone()),
            _ if self.form == Form::Direct => {
                return Err("a key that is not a string is not supported: quote it".into());
            }
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Uint64(value) => value.to_string(),
            Value::Float(value) => json::number(*value)?,
            _ => return Err("a key must be a scalar".into()),
        };
        Ok(Text::new(text.into_bytes()))
    }

    /// A value inside of another; out of JSON, which has one type of number, it is a float.
    fn element(&mut self, event: Event<'i>, depth: usize) -> Result<Value, Fault> {
        Ok(match self.value(event, depth)? {
            value if self.form == Form::Direct => value,
            Value::Int(value) => Value::Float(value as f64),
            Value::Uint64(value) => Value::Float(value as f64),
            Value::Float(value) if !value.is_finite() => {
                return Err("json: unsupported value".into());
            }
            other => other,
        })
    }
}

/// `<<`: the entries of a map, or of several, of which the first counts most.
fn merge(entries: &mut Vec<(Text, Value)>, value: &Value) -> Result<(), Fault> {
    match value {
        Value::Map(map) => {
            for (key, value) in map.entries() {
                entries.retain(|(known, _)| *known != key);
                entries.push((key, value));
            }
            Ok(())
        }
        Value::List(list) => list
            .items()
            .iter()
            .rev()
            .filter(|item| matches!(item, Value::Map(_)))
            .try_for_each(|item| merge(entries, item)),
        _ => Err("map merge requires map or sequence of maps as the value".into()),
    }
}
