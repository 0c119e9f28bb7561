//! The format string: flags, width, precision, argument indexes.

use super::Sink;
use super::print::{Flags, Printer};
use crate::template::value::Value;

/// Go takes no width, precision or index beyond this.
const TOO_LARGE: i64 = 1_000_000;

pub(super) fn printf(sink: &mut Sink, format: &[u8], values: &[Value]) {
    let mut state = Format {
        format,
        at: 0,
        values,
        next: 0,
        reordered: false,
        index_is_good: true,
        after_index: false,
    };
    state.run(sink);
}

struct Format<'a> {
    format: &'a [u8],
    at: usize,
    values: &'a [Value],
    /// The argument that the next verb takes.
    next: usize,
    /// An index was used, so unused arguments are not reported.
    reordered: bool,
    index_is_good: bool,
    /// The last thing read was an index.
    after_index: bool,
}

impl Format<'_> {
    fn run(&mut self, sink: &mut Sink) {
        while self.at < self.format.len() && !sink.is_full() {
            let rest = &self.format[self.at..];
            let text = rest
                .iter()
                .position(|byte| *byte == b'%')
                .unwrap_or(rest.len());
            sink.write(&rest[..text]);
            self.at += text;
            if self.at < self.format.len() {
                self.at += 1;
                self.verb(sink);
            }
        }
        if !self.reordered && self.next < self.values.len() {
            self.extra(sink);
        }
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn verb(&mut self, sink: &mut Sink) {
        self.index_is_good = true;
        self.after_index = false;
        let mut flags = self.flags();
        self.index();
        self.width(sink, &mut flags);
        self.precision(sink, &mut flags);
        if !self.after_index {
            self.index();
        }
        let Some((verb, length)) = decode(&self.format[self.at..]) else {
            return sink.write(b"%!(NOVERB)");
        };
        self.at += length;
        if verb == '%' {
            return sink.write(b"%");
        }
        if !self.index_is_good {
            return bad(sink, verb, "(BADINDEX)");
        }
        let Some(value) = self.values.get(self.next) else {
            return bad(sink, verb, "(MISSING)");
        };
        self.next += 1;
        if matches!(verb, 'v' | 'w') {
            flags.go_syntax = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        Printer { sink, flags }.value(value, verb, 0);
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        flags
    }

    fn width(&mut self, sink: &mut Sink, flags: &mut Flags) {
        if self.peek() == Some(b'*') {
            self.at += 1;
            flags.width = self.argument();
            if flags.width.is_none() {
                sink.write(b"%!(BADWIDTH)");
            }
            if let Some(width) = flags.width.filter(|width| *width < 0) {
                flags.width = Some(-width);
                flags.minus = true;
                flags.zero = false;
            }
            self.after_index = false;
            return;
        }
        flags.width = self.number();
        if self.after_index && flags.width.is_some() {
            self.index_is_good = false;
        }
    }

    fn precision(&mut self, sink: &mut Sink, flags: &mut Flags) {
        if self.peek() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if self.after_index {
            self.index_is_good = false;
        }
        self.after_index = false;
        self.index();
        if self.peek() == Some(b'*') {
            self.at += 1;
            flags.precision = self.argument().filter(|precision| *precision >= 0);
            if flags.precision.is_none() {
                sink.write(b"%!(BADPREC)");
            }
            self.after_index = false;
        } else {
            flags.precision = Some(self.number().unwrap_or(0));
        }
    }

    /// The integer that `*` takes.
    fn argument(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        let number = match value {
            Value::Int(value) | Value::Int64(value) => *value,
            Value::Uint8(value) => i64::from(*value),
            Value::Uint64(value) => i64::try_from(*value).ok()?,
            _ => return None,
        };
        (-TOO_LARGE..=TOO_LARGE).contains(&number).then_some(number)
    }

    fn number(&mut self) -> Option<i64> {
        let start = self.at;
        let mut number = 0_i64;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            number = number * 10 + i64::from(digit - b'0');
            if number > TOO_LARGE {
                // As in Go, the digits that were read are dropped.
                self.at = self.format.len();
                return None;
            }
            self.at += 1;
        }
        (self.at > start).then_some(number)
    }

    /// `[2]`
    fn index(&mut self) {
        if self.peek() != Some(b'[') {
            self.after_index = false;
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(close) = rest.iter().position(|byte| *byte == b']') else {
            self.index_is_good = false;
            self.at += 1;
            self.after_index = false;
            return;
        };
        let digits = std::str::from_utf8(&rest[1..close]).unwrap_or_default();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse::<usize>().ok().filter(|_| is_number);
        self.at += close + 1;
        self.after_index = number.is_some();
        match number.and_then(|number| number.checked_sub(1)) {
            Some(index) if index < self.values.len() => self.next = index,
            _ => self.index_is_good = false,
        }
    }

    fn extra(&self, sink: &mut Sink) {
        sink.write(b"%!(EXTRA ");
        for (index, value) in self.values[self.next..].iter().enumerate() {
            if index > 0 {
                sink.write(b", ");
            }
            if !value.is_nil() {
                sink.write(value.type_name().as_bytes());
                sink.write(b"=");
            }
            Printer::new(sink).value(value, 'v', 0);
        }
        sink.write(b")");
    }
}

fn bad(sink: &mut Sink, verb: char, what: &str) {
    sink.write(b"%!");
    sink.push(verb);
    sink.write(what.as_bytes());
}

/// The first character, U+FFFD for a byte that is none.
pub(super) fn decode(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((char::from(first), 1));
    }
    let window = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default(),
    };
    Some(
        valid
            .chars()
            .next()
            .map_or(('\u{fffd}', 1), |c| (c, c.len_utf8())),
    )
}
