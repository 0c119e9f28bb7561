//! JSON, as Go's `encoding/json` reads and writes it.

use super::function;
use crate::secret::SecretValue;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::printf::float;
use crate::template::value::{Element, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function!("fromJson", "s", |args, run| Ok(
        parsed(args.bytes(0), run).unwrap_or(Value::Nil)
    )),
    function!("mustFromJson", "s", |args, run| parsed(args.bytes(0), run)),
    function!("toJson", "a", |args, run| written(
        args,
        run,
        Style::COMPACT
    )),
    function!("mustToJson", "a", |args, run| written(
        args,
        run,
        Style::COMPACT
    )),
    function!("toPrettyJson", "a", |args, run| written(
        args,
        run,
        Style::PRETTY
    )),
    function!("mustToPrettyJson", "a", |args, run| written(
        args,
        run,
        Style::PRETTY
    )),
    function!("toRawJson", "a", |args, run| written(args, run, Style::RAW)),
    function!("mustToRawJson", "a", |args, run| written(
        args,
        run,
        Style::RAW
    )),
];

/// How JSON is laid out.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) pretty: bool,
    /// `<`, `>` and `&` as `\u003c` and so on.
    pub(super) escapes_html: bool,
}

impl Style {
    pub(super) const COMPACT: Self = Self {
        pretty: false,
        escapes_html: true,
    };
    pub(super) const PRETTY: Self = Self {
        pretty: true,
        escapes_html: true,
    };
    pub(super) const RAW: Self = Self {
        pretty: false,
        escapes_html: false,
    };
    pub(super) const RAW_PRETTY: Self = Self {
        pretty: true,
        escapes_html: false,
    };
}

/// Any JSON, numbers as `float64`.
pub(super) fn parsed(text: &[u8], run: &mut Run<'_, '_>) -> Outcome {
    run.spend(text.len().saturating_mul(2))?;
    // Stray bytes become U+FFFD, as in Go.
    let text = String::from_utf8_lossy(text);
    let json = SecretValue::from_json(text.trim_matches([' ', '\t', '\r', '\n']))
        .map_err(|_| Fault::new("the text is not valid JSON, or nested too deeply"))?;
    with_floats(&json)
}

fn with_floats(json: &SecretValue) -> Outcome {
    Ok(match json {
        SecretValue::Number(text) => {
            let number = std::str::from_utf8(text.expose())
                .ok()
                .and_then(|text| text.parse::<f64>().ok());
            let number = number.filter(|number| number.is_finite());
            Value::Float(number.ok_or("a number in the JSON does not fit into a float64")?)
        }
        SecretValue::List(items) => {
            Value::list(items.iter().map(with_floats).collect::<Result<_, _>>()?)
        }
        SecretValue::Map(entries) => {
            let entry =
                |(key, value): (&String, _)| Ok((Text::from(key.as_str()), with_floats(value)?));
            Value::map(
                entries
                    .iter()
                    .map(entry)
                    .collect::<Result<Vec<_>, Fault>>()?,
            )
        }
        other => Value::from_secret(other),
    })
}

fn written(args: &Args<'_>, run: &mut Run<'_, '_>, style: Style) -> Outcome {
    let json = json(args.get(0), run, style)?;
    run.string(json)
}

/// `value` as JSON.
pub(super) fn json(value: &Value, run: &Run<'_, '_>, style: Style) -> Result<Vec<u8>, Fault> {
    let limits = run.context.limits;
    let mut writer = Writer {
        out: Vec::new(),
        style,
        limit: run.room().min(limits.output),
        depth: limits.depth,
    };
    writer.value(value, 0)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    style: Style,
    limit: usize,
    depth: usize,
}

impl Writer {
    fn value(&mut self, value: &Value, level: usize) -> Result<(), Fault> {
        if level > self.depth {
            return Err("a value is nested too deeply".into());
        }
        if self.out.len() > self.limit {
            return Err("the JSON is too large".into());
        }
        match value {
            Value::NoValue | Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Bool(value) => {
                self.out
                    .extend_from_slice(if *value { b"true" } else { b"false" })
            }
            Value::Int(value) | Value::Int64(value) => {
                self.out.extend_from_slice(value.to_string().as_bytes())
            }
            Value::Uint8(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Uint64(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Float(value) => self.out.extend_from_slice(number(*value)?.as_bytes()),
            Value::Number(text) => self.out.extend_from_slice(text),
            Value::String(text) => self.string(text),
            Value::List(list) => {
                self.sequence(b'[', b']', level, list.items(), |writer, item| {
                    writer.value(item, level + 1)
                })?;
            }
            Value::Map(map) if map.element() == Element::AnyKeyed => {
                return Err(unsupported(value));
            }
            Value::Map(map) => {
                self.sequence(b'{', b'}', level, &map.entries(), |writer, (key, value)| {
                    writer.string(key);
                    writer
                        .out
                        .extend_from_slice(if writer.style.pretty { b": " } else { b":" });
                    writer.value(value, level + 1)
                })?;
            }
            Value::Object(object) => match object.json() {
                Some(text) => self.string(&text),
                None => return Err(unsupported(value)),
            },
            Value::Complex(..) => return Err(unsupported(value)),
        }
        Ok(())
    }

    fn sequence<T>(
        &mut self,
        open: u8,
        close: u8,
        level: usize,
        items: &[T],
        mut write: impl FnMut(&mut Self, &T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.out.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.line(level + 1);
            write(self, item)?;
        }
        if !items.is_empty() {
            self.line(level);
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self, level: usize) {
        if self.style.pretty {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * level, b' ');
        }
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for c in String::from_utf8_lossy(text).chars() {
            let short = match c {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\u{8}' => "\\b",
                '\u{c}' => "\\f",
                _ => "",
            };
            let html = self.style.escapes_html && matches!(c, '<' | '>' | '&');
            if !short.is_empty() {
                self.out.extend_from_slice(short.as_bytes());
            } else if html || u32::from(c) < 0x20 || matches!(c, '\u{2028}' | '\u{2029}') {
                self.out
                    .extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
            } else {
                self.out
                    .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        self.out.push(b'"');
    }
}

/// The refusal of a value that JSON has no form for.
pub(super) fn unsupported(value: &Value) -> Fault {
    Fault::new(format!("json: unsupported type: {}", value.type_name()))
}

/// A float as Go's `encoding/json` writes it.
pub(super) fn number(value: f64) -> Result<String, Fault> {
    if !value.is_finite() {
        return Err("json: unsupported value: not a finite number".into());
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = float::format(value, b'e', None);
        // 1e-07 is written as 1e-7.
        return Ok(text.replace("e-0", "e-"));
    }
    Ok(float::format(value, b'f', None))
}
