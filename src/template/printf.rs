//! Go's `fmt`: how values print, alone and under `printf`'s verbs.

pub(super) mod float;
mod format;
mod number;
mod print;
pub(super) mod quote;

use super::value::Value;

/// Where printing goes: bytes up to a limit. What does not fit is dropped and remembered.
pub(super) struct Sink {
    bytes: Vec<u8>,
    limit: usize,
    depth: usize,
    overflow: Option<Overflow>,
}

#[derive(Clone, Copy)]
enum Overflow {
    Size,
    Depth,
    Unprintable,
}

impl Sink {
    /// A sink for `limit` bytes, of values at most `depth` deep.
    pub(super) fn new(limit: usize, depth: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            depth,
            overflow: None,
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        if bytes.len() > self.limit - self.bytes.len() {
            self.overflow.get_or_insert(Overflow::Size);
        } else if self.overflow.is_none() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    fn push(&mut self, c: char) {
        self.write(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn pad(&mut self, with: u8, count: usize) {
        if count > self.limit - self.bytes.len() {
            self.overflow.get_or_insert(Overflow::Size);
        } else {
            self.bytes.resize(self.bytes.len() + count, with);
        }
    }

    /// Whether anything was dropped; what comes after that is dropped too.
    pub(super) fn is_full(&self) -> bool {
        self.overflow.is_some()
    }

    /// Why something was dropped.
    pub(super) fn overflow(&self) -> Option<String> {
        self.overflow.map(|overflow| match overflow {
            Overflow::Size => format!("the output is larger than {} bytes", self.limit),
            Overflow::Depth => format!("a value is nested more than {} deep", self.depth),
            Overflow::Unprintable => {
                "a value prints as an address in Go; print one of its fields".to_owned()
            }
        })
    }

    pub(super) fn too_deep(&mut self) {
        self.overflow = Some(Overflow::Depth);
    }

    fn unprintable(&mut self) {
        self.overflow = Some(Overflow::Unprintable);
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// What an action `{{value}}` prints.
pub(super) fn print_action(sink: &mut Sink, value: &Value) {
    match value {
        Value::NoValue => sink.write(b"<no value>"),
        Value::String(text) | Value::Number(text) => sink.write(text),
        other => print::Printer::new(sink).value(other, 'v', 0),
    }
}

/// `fmt.Sprint`: a space between two operands when neither is a string.
pub(super) fn print(sink: &mut Sink, values: &[Value]) {
    let mut after_string = true;
    for (index, value) in values.iter().enumerate() {
        let is_string = value.as_bytes().is_some();
        if index > 0 && !is_string && !after_string {
            sink.write(b" ");
        }
        print::Printer::new(sink).value(value, 'v', 0);
        after_string = is_string;
    }
}

/// `fmt.Sprintln`: spaces between all operands and a newline.
pub(super) fn println(sink: &mut Sink, values: &[Value]) {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            sink.write(b" ");
        }
        print::Printer::new(sink).value(value, 'v', 0);
    }
    sink.write(b"\n");
}

/// `fmt.Sprintf`.
pub(super) fn printf(sink: &mut Sink, format: &[u8], values: &[Value]) {
    format::printf(sink, format, values);
}
