//! YAML 1.1, as Go's `yaml.v2` reads and writes it, directly or by way of JSON.

mod fold;
mod read;
mod scalar;
mod strings;

use super::encoding;
use super::function;
use super::json;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::value::{Text, Value};

pub(super) use self::read::document;
pub use self::strings::string_map_of_yaml;

/// How values and YAML are brought together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As the Kubernetes tools do it: one type of number, keys that are texts.
    ByJson,
    /// As consul-template does it: integers, and bytes that are no text.
    Direct,
}

pub(super) const FUNCTIONS: &[Function] = &[
    function!("toYaml", "a", |args, run| {
        let yaml = written(args.get(0), run, Form::ByJson)?;
        run.string(yaml)
    }),
    function!("fromYaml", "s", from_yaml),
];

fn from_yaml(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let error = match document(args.bytes(0), run, Form::ByJson) {
        Ok(Value::Map(map)) => return Ok(Value::Map(map)),
        Ok(Value::Nil) => return Ok(Value::map([])),
        Ok(other) => {
            let kind = match other {
                Value::List(_) => "array",
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                _ => "number",
            };
            format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
            )
        }
        Err(fault) => format!("error converting YAML to JSON: yaml: {fault}"),
    };
    Ok(Value::map([(Text::from("Error"), Value::string(error))]))
}

/// `value` as YAML, without a newline at its end.
pub(super) fn written(value: &Value, run: &Run<'_, '_>, form: Form) -> Result<Vec<u8>, Fault> {
    let limits = run.context.limits;
    let mut writer = Writer {
        out: Vec::new(),
        limit: run.room().min(limits.output),
        depth: limits.depth,
        form,
    };
    writer.value(value, 0, false)?;
    Ok(writer.out)
}

/// The bytes of the longest key that stands before its colon.
const SIMPLE_KEY: usize = 128;

struct Writer {
    out: Vec<u8>,
    limit: usize,
    depth: usize,
    form: Form,
}

impl Writer {
    /// Writes `value`, whose lines are indented by `indent`; `inline` when it follows `- `.
    fn value(&mut self, value: &Value, indent: usize, inline: bool) -> Result<(), Fault> {
        if indent > 2 * self.depth {
            return Err("a value is nested too deeply".into());
        }
        if self.out.len() > self.limit {
            return Err("the YAML is too large".into());
        }
        match value {
            Value::Map(map) if !map.is_empty() => {
                let mut entries = map.entries();
                entries.sort_by(|(left, _), (right, _)| scalar::key_order(left, right));
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    if key.len() > SIMPLE_KEY || key.contains(&b'\n') {
                        self.complex(key, value, indent)?;
                        continue;
                    }
                    let key = self.text(key, indent, true);
                    self.out.extend_from_slice(&key);
                    self.out.push(b':');
                    self.nested(value, indent)?;
                }
            }
            Value::List(list) if !list.items().is_empty() => {
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    self.out.extend_from_slice(b"- ");
                    self.value(item, indent + 2, true)?;
                }
            }
            other => self.scalar(
                other,
                if inline {
                    indent.saturating_sub(2)
                } else {
                    indent
                },
            )?,
        }
        Ok(())
    }

    /// An entry whose key is longer than a line: `? key` and `: value`.
    fn complex(&mut self, key: &[u8], value: &Value, indent: usize) -> Result<(), Fault> {
        let key = self.text(key, indent, false);
        self.out.extend_from_slice(b"? ");
        self.out.extend_from_slice(&key);
        self.line(indent);
        self.out.extend_from_slice(b": ");
        self.value(value, indent + 2, true)
    }

    /// The value of a key.
    fn nested(&mut self, value: &Value, indent: usize) -> Result<(), Fault> {
        match value {
            Value::Map(map) if !map.is_empty() => {
                self.line(indent + 2);
                self.value(value, indent + 2, false)
            }
            // The dashes stand below the key.
            Value::List(list) if !list.items().is_empty() => {
                self.line(indent);
                self.value(value, indent, false)
            }
            other => {
                self.out.push(b' ');
                self.scalar(other, indent)
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize) -> Result<(), Fault> {
        let text = match value {
            Value::NoValue | Value::Nil => b"null".to_vec(),
            Value::Bool(value) => value.to_string().into_bytes(),
            Value::Map(_) => b"{}".to_vec(),
            Value::List(_) => b"[]".to_vec(),
            Value::Int(value) | Value::Int64(value) => value.to_string().into_bytes(),
            Value::Uint8(value) => value.to_string().into_bytes(),
            Value::Uint64(value) => value.to_string().into_bytes(),
            Value::Float(value) => self.float(*value)?,
            Value::Number(text) => self.number(text)?,
            Value::String(text) => self.text(text, indent, false),
            Value::Object(object) => match object.json() {
                Some(text) if self.form == Form::Direct => text,
                Some(text) => self.text(&text, indent, false),
                None => return Err(json::unsupported(value)),
            },
            Value::Complex(..) => return Err(json::unsupported(value)),
        };
        self.out.extend_from_slice(&text);
        Ok(())
    }

    fn text(&self, text: &[u8], indent: usize, is_key: bool) -> Vec<u8> {
        if self.form == Form::Direct && std::str::from_utf8(text).is_err() {
            return [b"!!binary ", encoding::base64(text).as_slice()].concat();
        }
        let text = scalar::string(text, indent, is_key);
        if is_key {
            return text;
        }
        let line = self.out.rsplit(|byte| *byte == b'\n').next();
        let column = String::from_utf8_lossy(line.unwrap_or_default())
            .chars()
            .count();
        fold::folded(&text, column, indent + 2)
    }

    fn number(&self, text: &[u8]) -> Result<Vec<u8>, Fault> {
        if self.form == Form::ByJson {
            return Ok(text.to_vec());
        }
        let text = std::str::from_utf8(text).unwrap_or_default();
        match (text.parse::<i64>(), text.parse()) {
            (Ok(int), _) => Ok(int.to_string().into_bytes()),
            (_, Ok(float)) => self.float(float),
            _ => Ok(text.as_bytes().to_vec()),
        }
    }

    fn float(&self, value: f64) -> Result<Vec<u8>, Fault> {
        if self.form == Form::Direct {
            return Ok(match (value.is_nan(), value.is_infinite()) {
                (true, _) => b".nan".to_vec(),
                (_, true) if value > 0.0 => b".inf".to_vec(),
                (_, true) => b"-.inf".to_vec(),
                _ => shortest(value),
            });
        }
        // An integer when JSON writes one.
        let json = json::number(value)?;
        let is_int = json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok();
        Ok(match is_int {
            true => json.into_bytes(),
            false => shortest(value),
        })
    }

    fn line(&mut self, indent: usize) {
        self.out.push(b'\n');
        self.out.resize(self.out.len() + indent, b' ');
    }
}

/// A float by its fewest digits.
fn shortest(value: f64) -> Vec<u8> {
    crate::template::printf::float::format(value, b'g', None).into_bytes()
}
