//! `toTOML`: TOML 1.0, laid out as the encoder does that consul-template uses.

use crate::template::call::{Fault, Run};
use crate::template::functions::json;
use crate::template::printf::float;
use crate::template::value::{Element, Map, Text, Value};

/// `value` as TOML.
pub(super) fn written(value: &Value, run: &Run<'_, '_>) -> Result<Vec<u8>, Fault> {
    let limits = run.context.limits;
    let mut writer = Writer {
        out: Vec::new(),
        limit: run.room().min(limits.output),
        depth: limits.depth,
    };
    match Kind::of(value)? {
        Kind::Table(map) => writer.table(&[], map)?,
        Kind::Tables(_) => return Err("toml: top-level values must be Go maps or structs".into()),
        Kind::Plain => writer.plain(value, 0)?,
    }
    Ok(writer.out)
}

/// How a value is written.
enum Kind<'a> {
    /// With a header, `[name]`.
    Table(&'a Map),
    /// Each with a header, `[[name]]`.
    Tables(&'a [Value]),
    /// Behind `name = `.
    Plain,
}

impl<'a> Kind<'a> {
    fn of(value: &'a Value) -> Result<Self, Fault> {
        Ok(match value {
            Value::NoValue | Value::Nil => return Err("toml: cannot encode nil".into()),
            Value::Map(map) => Self::Table(map),
            Value::List(list) => {
                let items = list.items();
                if items.iter().any(Value::is_nil) {
                    return Err("toml: cannot encode array with nil element".into());
                }
                let tables = items.iter().all(|item| matches!(item, Value::Map(_)));
                match tables && !items.is_empty() {
                    true => Self::Tables(items),
                    false => Self::Plain,
                }
            }
            _ => Self::Plain,
        })
    }
}

struct Writer {
    out: Vec<u8>,
    limit: usize,
    depth: usize,
}

impl Writer {
    /// The entries of the table at `path`: first what has no header of its own.
    fn table(&mut self, path: &[Text], map: &Map) -> Result<(), Fault> {
        self.check(path.len())?;
        let entries = entries(map)?;
        let mut headed = Vec::new();
        for (key, value) in entries.iter().filter(|(_, value)| !value.is_nil()) {
            match Kind::of(value)? {
                Kind::Plain => {
                    self.indent(path.len());
                    self.key(key);
                    self.out.extend_from_slice(b" = ");
                    self.plain(value, 0)?;
                    self.out.push(b'\n');
                }
                kind => headed.push((key, kind)),
            }
        }
        for (key, kind) in headed {
            let path = [path, std::slice::from_ref(key)].concat();
            match kind {
                Kind::Table(map) => {
                    // Only tables at the top stand apart.
                    self.header(&path, path.len() == 1, ["[", "]"]);
                    self.table(&path, map)?;
                }
                Kind::Tables(items) => {
                    for item in items {
                        self.header(&path, true, ["[[", "]]"]);
                        if let Value::Map(map) = item {
                            self.table(&path, map)?;
                        }
                    }
                }
                Kind::Plain => {}
            }
        }
        Ok(())
    }

    fn header(&mut self, path: &[Text], apart: bool, [open, close]: [&str; 2]) {
        if apart && !self.out.is_empty() {
            self.out.push(b'\n');
        }
        self.indent(path.len() - 1);
        self.out.extend_from_slice(open.as_bytes());
        for (index, key) in path.iter().enumerate() {
            if index > 0 {
                self.out.push(b'.');
            }
            self.key(key);
        }
        self.out.extend_from_slice(close.as_bytes());
        self.out.push(b'\n');
    }

    /// A value on its line; maps inside of lists are written in braces.
    fn plain(&mut self, value: &Value, depth: usize) -> Result<(), Fault> {
        self.check(depth)?;
        match value {
            Value::Bool(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Int(value) | Value::Int64(value) => {
                self.out.extend_from_slice(value.to_string().as_bytes())
            }
            Value::Uint8(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Uint64(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Float(value) => self.out.extend_from_slice(number(*value).as_bytes()),
            Value::String(text) => self.string(text),
            Value::Number(text) => self.json_number(text)?,
            Value::List(list) => {
                // Nil is refused here, too.
                Kind::of(value)?;
                self.list(list.items(), depth)?;
            }
            Value::Map(map) => self.braced(map, depth)?,
            // A time stands bare, any other text in quotes.
            Value::Object(object) => match (object.json(), object.type_name()) {
                (Some(text), "time.Time") => self.out.extend_from_slice(&text),
                (Some(text), _) => self.string(&text),
                (None, _) => return Err(json::unsupported(value)),
            },
            Value::NoValue | Value::Nil | Value::Complex(..) => {
                return Err(json::unsupported(value));
            }
        }
        Ok(())
    }

    fn list(&mut self, items: &[Value], depth: usize) -> Result<(), Fault> {
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            self.plain(item, depth + 1)?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// A map inside of a list: what would have no header of its own comes first, here too. A nil is
    /// left out, but not the comma before it.
    fn braced(&mut self, map: &Map, depth: usize) -> Result<(), Fault> {
        let (mut bare, mut headed) = (Vec::new(), Vec::new());
        for (key, value) in entries(map)? {
            let is_bare = value.is_nil() || matches!(Kind::of(&value)?, Kind::Plain);
            if is_bare { &mut bare } else { &mut headed }.push((key, value));
        }
        let last = (bare.len() + headed.len()).saturating_sub(1);
        self.out.push(b'{');
        for (index, (key, value)) in bare.iter().chain(&headed).enumerate() {
            if value.is_nil() {
                continue;
            }
            self.key(key);
            self.out.extend_from_slice(b" = ");
            self.plain(value, depth + 1)?;
            if index < last {
                self.out.extend_from_slice(b", ");
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn json_number(&mut self, text: &[u8]) -> Result<(), Fault> {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let written = match text.parse::<i64>() {
            Ok(int) => int.to_string(),
            Err(_) => text
                .parse()
                .map(number)
                .map_err(|_| "toml: a number cannot be written")?,
        };
        self.out.extend_from_slice(written.as_bytes());
        Ok(())
    }

    fn key(&mut self, key: &[u8]) {
        let bare = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        match !key.is_empty() && key.iter().all(bare) {
            true => self.out.extend_from_slice(key),
            false => self.string(key),
        }
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for c in String::from_utf8_lossy(text).chars() {
            match c {
                '"' => self.out.extend_from_slice(b"\\\""),
                '\\' => self.out.extend_from_slice(b"\\\\"),
                '\u{8}' => self.out.extend_from_slice(b"\\b"),
                '\t' => self.out.extend_from_slice(b"\\t"),
                '\n' => self.out.extend_from_slice(b"\\n"),
                '\u{c}' => self.out.extend_from_slice(b"\\f"),
                '\r' => self.out.extend_from_slice(b"\\r"),
                '\0'..' ' | '\u{7f}' => {
                    let escape = format!("\\u{:04x}", u32::from(c));
                    self.out.extend_from_slice(escape.as_bytes());
                }
                _ => self
                    .out
                    .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.out.push(b'"');
    }

    fn indent(&mut self, level: usize) {
        self.out.resize(self.out.len() + 2 * level, b' ');
    }

    fn check(&self, depth: usize) -> Result<(), Fault> {
        if depth > self.depth {
            return Err("a value is nested too deeply".into());
        }
        match self.out.len() > self.limit {
            true => Err("the TOML is too large".into()),
            false => Ok(()),
        }
    }
}

/// The entries in the order of their keys.
fn entries(map: &Map) -> Result<Vec<(Text, Value)>, Fault> {
    if map.element() == Element::AnyKeyed {
        return Err("toml: cannot encode a map with non-string key type".into());
    }
    Ok(map.entries())
}

fn number(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = float::format(value, b'f', None);
    match text.contains('.') {
        true => text,
        false => text + ".0",
    }
}
