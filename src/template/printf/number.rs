//! Integers and floats under a verb.

use super::float;
use super::print::{Flags, Printer};
use super::quote;
use crate::template::value::Value;

const LOWER: &[u8; 17] = b"0123456789abcdefx";
const UPPER: &[u8; 17] = b"0123456789ABCDEFX";

/// The number of characters, each stray byte being one.
pub(super) fn count(text: &[u8]) -> usize {
    text.utf8_chunks()
        .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
        .sum()
}

impl Printer<'_> {
    pub(super) fn signed(&mut self, int: i64, value: &Value, verb: char) {
        self.integer(int.unsigned_abs(), int < 0, int as u64, true, value, verb);
    }

    pub(super) fn unsigned(&mut self, uint: u64, value: &Value, verb: char) {
        self.integer(uint, false, uint, false, value, verb);
    }

    fn integer(
        &mut self,
        magnitude: u64,
        negative: bool,
        bits: u64,
        signed: bool,
        value: &Value,
        verb: char,
    ) {
        match verb {
            'v' if self.flags.go_syntax && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.in_base(magnitude, negative, 16, LOWER, verb);
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.in_base(magnitude, negative, 10, LOWER, verb),
            'b' => self.in_base(magnitude, negative, 2, LOWER, verb),
            'o' | 'O' => self.in_base(magnitude, negative, 8, LOWER, verb),
            'x' => self.in_base(magnitude, negative, 16, LOWER, verb),
            'X' => self.in_base(magnitude, negative, 16, UPPER, verb),
            'c' => {
                let mut buffer = [0; 4];
                self.padded(character(bits).encode_utf8(&mut buffer).as_bytes());
            }
            'q' => {
                let mut buffer = [0; 4];
                let text = character(bits).encode_utf8(&mut buffer);
                let quoted = quote::quote(text.as_bytes(), '\'', self.flags.plus);
                self.padded(&quoted);
            }
            'U' => self.unicode(bits),
            _ => self.bad(verb, value),
        }
    }

    fn in_base(
        &mut self,
        magnitude: u64,
        negative: bool,
        base: u64,
        digits: &[u8; 17],
        verb: char,
    ) {
        let flags = self.flags;
        let width = usize::try_from(flags.width.unwrap_or(0)).unwrap_or(0);
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = usize::try_from(precision).unwrap_or(0);
            if least == 0 && magnitude == 0 {
                self.sink.pad(b' ', width);
                return;
            }
        } else if flags.zero && !flags.minus && flags.width.is_some() {
            least = width.saturating_sub(usize::from(negative || flags.plus || flags.space));
        }
        // From the right.
        let mut out = Vec::new();
        let mut left = magnitude;
        loop {
            out.push(digits[usize::try_from(left % base).unwrap_or(0)]);
            left /= base;
            if left == 0 {
                break;
            }
        }
        while out.len() < least {
            out.push(b'0');
        }
        if flags.sharp {
            match base {
                2 => out.extend_from_slice(b"b0"),
                8 if out.last() != Some(&b'0') => out.push(b'0'),
                16 => out.extend_from_slice(&[digits[16], b'0']),
                _ => {}
            }
        }
        if verb == 'O' {
            out.extend_from_slice(b"o0");
        }
        out.extend_from_slice(sign(negative, flags));
        out.reverse();
        self.unzeroed(&out);
    }

    fn unicode(&mut self, bits: u64) {
        let precision = usize::try_from(self.flags.precision.unwrap_or(4))
            .unwrap_or(4)
            .max(4);
        let mut out = format!("U+{bits:0precision$X}");
        let shown = u32::try_from(bits).ok().and_then(char::from_u32);
        if let Some(c) = shown.filter(|c| self.flags.sharp && quote::is_printable(*c)) {
            out.push_str(&format!(" '{c}'"));
        }
        self.unzeroed(out.as_bytes());
    }

    /// Pads with spaces even when zeros are asked for: they are there already.
    fn unzeroed(&mut self, text: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.padded(text);
        self.flags.zero = zero;
    }

    /// Prints a float; false when it has no such verb.
    pub(super) fn float(&mut self, value: f64, verb: char) -> bool {
        let (format, precision) = match verb {
            'v' => (b'g', None),
            'b' => (b'b', None),
            'g' => (b'g', None),
            'G' => (b'G', None),
            'x' => (b'x', None),
            'X' => (b'X', None),
            'e' => (b'e', Some(6)),
            'E' => (b'E', Some(6)),
            'f' | 'F' => (b'f', Some(6)),
            _ => return false,
        };
        let flags = self.flags;
        let precision = flags
            .precision
            .and_then(|precision| usize::try_from(precision).ok())
            .or(precision);
        let text = float::format(value, format, precision);
        let (negative, mut text) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest.to_owned()),
            None => (false, text),
        };
        if !value.is_finite() {
            let signed = match value.is_nan() {
                true if !flags.space && !flags.plus => text,
                _ if negative => format!("-{text}"),
                _ if flags.plus || !flags.space && value.is_nan() => format!("+{text}"),
                _ if flags.space => format!(" {text}"),
                _ => format!("+{text}"),
            };
            self.unzeroed(signed.as_bytes());
            return true;
        }
        if flags.sharp && verb != 'b' {
            text = with_point(&text, verb, precision);
        }
        let sign = sign(negative, flags);
        if flags.zero && !flags.minus && !sign.is_empty() {
            let width = usize::try_from(flags.width.unwrap_or(0)).unwrap_or(0);
            self.sink.write(sign);
            self.sink.pad(b'0', width.saturating_sub(1 + text.len()));
            self.sink.write(text.as_bytes());
        } else {
            self.padded(&[sign, text.as_bytes()].concat());
        }
        true
    }
}

fn sign(negative: bool, flags: Flags) -> &'static [u8] {
    match (negative, flags.plus, flags.space) {
        (true, ..) => b"-",
        (_, true, _) => b"+",
        (.., true) => b" ",
        _ => b"",
    }
}

fn character(bits: u64) -> char {
    u32::try_from(bits)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or('\u{fffd}')
}

/// The flag `#`: always a point, and the zeros at the end.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let mut missing = match verb {
        'v' | 'g' | 'G' | 'x' => i64::try_from(precision.unwrap_or(6)).unwrap_or(6),
        _ => 0,
    };
    let hexadecimal = matches!(verb, 'x' | 'X');
    let tail = text.find(|c| matches!(c, 'p' | 'P') || !hexadecimal && matches!(c, 'e' | 'E'));
    let (mantissa, tail) = text.split_at(tail.unwrap_or(text.len()));
    let mut significant = false;
    for c in mantissa.chars().filter(|c| *c != '.') {
        significant |= c != '0';
        missing -= i64::from(significant);
    }
    let mut out = mantissa.to_owned();
    if !mantissa.contains('.') {
        missing -= i64::from(mantissa == "0");
        out.push('.');
    }
    out.extend(std::iter::repeat_n(
        '0',
        usize::try_from(missing).unwrap_or(0),
    ));
    out + tail
}
