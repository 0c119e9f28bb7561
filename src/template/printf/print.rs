//! One value under one verb.

use super::quote;
use super::{Sink, number};
use crate::template::value::{List, Map, Value};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) width: Option<i64>,
    pub(super) precision: Option<i64>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`
    pub(super) plus_v: bool,
    /// `%#v`
    pub(super) go_syntax: bool,
}

pub(super) struct Printer<'s> {
    pub(super) sink: &'s mut Sink,
    pub(super) flags: Flags,
}

impl<'s> Printer<'s> {
    pub(super) fn new(sink: &'s mut Sink) -> Self {
        Self {
            sink,
            flags: Flags::default(),
        }
    }

    /// Prints `value`, which is `depth` levels inside of a container.
    pub(super) fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > self.sink.depth() {
            self.sink.too_deep();
        }
        if self.sink.is_full() {
            return;
        }
        match (verb, value) {
            ('T', Value::NoValue | Value::Nil) if depth == 0 => return self.padded(b"<nil>"),
            ('T', _) if depth == 0 => return self.string(value.type_name().as_bytes()),
            // An address, which is never the same.
            ('p', Value::List(_) | Value::Map(_)) => return self.sink.unprintable(),
            ('w', Value::List(_) | Value::Map(_)) => return self.bad(verb, value),
            _ => {}
        }
        match value {
            Value::NoValue | Value::Nil => self.nil(verb, depth),
            Value::Bool(value) => match verb {
                't' | 'v' => self.padded(if *value { b"true" } else { b"false" }),
                _ => self.bad(verb, &Value::Bool(*value)),
            },
            Value::Int(int) | Value::Int64(int) => self.signed(*int, value, verb),
            Value::Uint8(uint) => self.unsigned(u64::from(*uint), value, verb),
            Value::Uint64(uint) => self.unsigned(*uint, value, verb),
            Value::Float(float) => {
                if !self.float(*float, verb) {
                    self.bad(verb, value);
                }
            }
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, value, verb),
            Value::String(text) => self.text(text, value, verb),
            // json.Number prints through its String method, %#v through its kind.
            Value::Number(text) => self.text(text, value, verb),
            Value::List(list) => self.list(list, verb, depth),
            Value::Map(map) => self.map(map, verb, depth),
            Value::Object(object) => {
                let Some(text) = object.print() else {
                    return self.sink.unprintable();
                };
                match verb {
                    'v' => self.padded(&text),
                    _ => self.text(&text, value, verb),
                }
            }
        }
    }

    fn nil(&mut self, verb: char, depth: usize) {
        match verb {
            // Inside of a container nil prints alike under every verb.
            _ if depth > 0 && self.flags.go_syntax => self.sink.write(b"interface {}(nil)"),
            _ if depth > 0 => self.sink.write(b"<nil>"),
            'v' => self.padded(b"<nil>"),
            _ => {
                self.sink.write(b"%!");
                self.sink.push(verb);
                self.sink.write(b"(<nil>)");
            }
        }
    }

    /// `%!d(string=x)`
    pub(super) fn bad(&mut self, verb: char, value: &Value) {
        self.sink.write(b"%!");
        self.sink.push(verb);
        self.sink.write(b"(");
        self.sink.write(value.type_name().as_bytes());
        self.sink.write(b"=");
        self.value(value, 'v', 0);
        self.sink.write(b")");
    }

    fn text(&mut self, text: &[u8], value: &Value, verb: char) {
        match verb {
            'v' if self.flags.go_syntax => self.quoted(text),
            'v' | 's' => self.string(text),
            'q' => self.quoted(text),
            'x' => self.hex_string(text, b"0123456789abcdefx"),
            'X' => self.hex_string(text, b"0123456789ABCDEFX"),
            // The value itself, so that its type is shown.
            _ if matches!(value, Value::Object(_)) => {
                self.sink.write(b"%!");
                self.sink.push(verb);
                self.sink.write(b"(");
                self.sink.write(value.type_name().as_bytes());
                self.sink.write(b"=");
                self.padded(text);
                self.sink.write(b")");
            }
            _ => self.bad(verb, value),
        }
    }

    fn truncated<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let Some(mut left) = self.flags.precision else {
            return text;
        };
        let mut at = 0;
        while at < text.len() {
            left -= 1;
            if left < 0 {
                return &text[..at];
            }
            at += super::format::decode(&text[at..]).map_or(1, |(_, length)| length);
        }
        text
    }

    fn string(&mut self, text: &[u8]) {
        self.padded(self.truncated(text));
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        if self.flags.sharp && quote::can_backquote(text) {
            return self.padded(&[b"`", text, b"`"].concat());
        }
        let quoted = quote::quote(text, '"', self.flags.plus);
        self.padded(&quoted);
    }

    fn hex_string(&mut self, text: &[u8], digits: &[u8; 17]) {
        let length = usize::try_from(self.flags.precision.unwrap_or(i64::MAX))
            .unwrap_or(0)
            .min(text.len());
        let mut out = Vec::with_capacity(2 * length);
        for (index, byte) in text[..length].iter().enumerate() {
            if self.flags.space && index > 0 {
                out.push(b' ');
            }
            if self.flags.sharp && (self.flags.space || index == 0) {
                out.extend_from_slice(&[b'0', digits[16]]);
            }
            out.extend_from_slice(&[
                digits[usize::from(byte >> 4)],
                digits[usize::from(byte & 15)],
            ]);
        }
        self.padded(&out);
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) {
        let (open, between, close): (&[u8], &[u8], &[u8]) = match self.flags.go_syntax {
            true => (b"{", b", ", b"}"),
            false => (b"[", b" ", b"]"),
        };
        if self.flags.go_syntax {
            self.sink
                .write(Value::List(list.clone()).type_name().as_bytes());
        }
        self.sink.write(open);
        for (index, item) in list.items().iter().enumerate() {
            if self.sink.is_full() {
                return;
            }
            if index > 0 {
                self.sink.write(between);
            }
            self.value(item, verb, depth + 1);
        }
        self.sink.write(close);
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) {
        let (between, close): (&[u8], &[u8]) = match self.flags.go_syntax {
            true => (b", ", b"}"),
            false => (b" ", b"]"),
        };
        if self.flags.go_syntax {
            self.sink
                .write(Value::Map(map.clone()).type_name().as_bytes());
            self.sink.write(b"{");
        } else {
            self.sink.write(b"map[");
        }
        for (index, (key, item)) in map.entries().into_iter().enumerate() {
            if self.sink.is_full() {
                return;
            }
            if index > 0 {
                self.sink.write(between);
            }
            self.value(&Value::String(key), verb, depth + 1);
            self.sink.write(b":");
            self.value(&item, verb, depth + 1);
        }
        self.sink.write(close);
    }

    fn complex(&mut self, real: f64, imaginary: f64, value: &Value, verb: char) {
        if !"vbgGxXfFeE".contains(verb) {
            return self.bad(verb, value);
        }
        let plus = self.flags.plus;
        self.sink.write(b"(");
        self.float(real, verb);
        self.flags.plus = true;
        self.float(imaginary, verb);
        self.sink.write(b"i)");
        self.flags.plus = plus;
    }

    /// Writes `text` in the width asked for.
    pub(super) fn padded(&mut self, text: &[u8]) {
        let width = usize::try_from(self.flags.width.unwrap_or(0)).unwrap_or(0);
        let missing = width.saturating_sub(number::count(text));
        let with = if self.flags.zero && !self.flags.minus {
            b'0'
        } else {
            b' '
        };
        if !self.flags.minus {
            self.sink.pad(with, missing);
        }
        self.sink.write(text);
        if self.flags.minus {
            self.sink.pad(b' ', missing);
        }
    }
}
