//! YAML 1.1, as the Kubernetes tools read and write it: by way of JSON.

mod read;
mod scalar;

use super::function;
use super::json;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::value::{Text, Value};

pub(super) use self::read::document;

pub(super) const FUNCTIONS: &[Function] = &[
    function!("toYaml", "a", |args, run| {
        let yaml = written(args.get(0), run)?;
        run.string(yaml)
    }),
    function!("fromYaml", "s", from_yaml),
];

fn from_yaml(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let error = match document(args.bytes(0), run) {
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
pub(super) fn written(value: &Value, run: &Run<'_, '_>) -> Result<Vec<u8>, Fault> {
    let limits = run.context.limits;
    let mut writer = Writer {
        out: Vec::new(),
        limit: run.room().min(limits.output),
        depth: limits.depth,
    };
    writer.value(value, 0, false)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    limit: usize,
    depth: usize,
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
                    self.out
                        .extend_from_slice(&scalar::string(key, indent, true));
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
            Value::Float(value) => float(*value)?,
            Value::Number(text) => text.to_vec(),
            Value::String(text) => scalar::string(text, indent, false),
            Value::Object(object) => scalar::string(&object.print(), indent, false),
            Value::Complex(..) => return Err("json: unsupported type: complex128".into()),
        };
        self.out.extend_from_slice(&text);
        Ok(())
    }

    fn line(&mut self, indent: usize) {
        self.out.push(b'\n');
        self.out.resize(self.out.len() + indent, b' ');
    }
}

/// An integer when JSON writes one, else the shortest float.
fn float(value: f64) -> Result<Vec<u8>, Fault> {
    let json = json::number(value)?;
    let is_int = json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok();
    let text = if is_int {
        json
    } else {
        crate::template::printf::float::format(value, b'g', None)
    };
    Ok(text.into_bytes())
}
