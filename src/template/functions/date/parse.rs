//! Times and durations that are read.

use super::layout::{DAYS, MONTHS, fraction, next};
use super::time::Time;

/// Reads `text` in the form of `layout`; what the layout does not name is that of the year 0.
pub(super) fn parse(layout: &str, text: &str) -> Option<Time> {
    let mut read = Read {
        rest: text,
        year: 0,
        month: 1,
        day: 1,
        seconds: 0,
        offset: 0,
        afternoon: None,
        nanos: 0,
    };
    let mut layout = layout;
    while let Some((before, part, after)) = next(layout) {
        read.rest = read.rest.strip_prefix(before)?;
        read.part(part)?;
        // A fraction may follow the seconds without being in the layout.
        if matches!(part, "05" | "5")
            && fraction(after).is_none()
            && read.rest.starts_with(['.', ','])
        {
            read.nanos = read.fraction()?;
        }
        layout = after;
    }
    if read.rest != layout {
        return None;
    }
    let hour = read.seconds / 3600;
    let shift = match read.afternoon {
        Some(true) if hour < 12 => 12,
        Some(false) if hour == 12 => -12,
        _ => 0,
    };
    let seconds = read.seconds + shift * 3600 - read.offset;
    Time::from_civil(read.year, read.month, read.day, seconds, read.nanos)
}

struct Read<'a> {
    rest: &'a str,
    year: i64,
    month: i64,
    day: i64,
    seconds: i64,
    offset: i64,
    afternoon: Option<bool>,
    nanos: u32,
}

impl Read<'_> {
    fn part(&mut self, part: &str) -> Option<()> {
        match part {
            "January" | "Jan" => self.month = self.name(&MONTHS, part.len() == 3)? + 1,
            "Monday" | "Mon" => drop(self.name(&DAYS, part.len() == 3)?),
            "MST" => {
                self.rest = self
                    .rest
                    .strip_prefix("UTC")
                    .or_else(|| self.rest.strip_prefix("GMT"))?;
            }
            "2006" => self.year = self.number(4, 4, 0, 9999)?,
            "06" => {
                let year = self.number(2, 2, 0, 99)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            "01" => self.month = self.number(2, 2, 1, 12)?,
            "1" => self.month = self.number(1, 2, 1, 12)?,
            "02" => self.day = self.number(2, 2, 1, 31)?,
            "_2" | "2" => {
                self.rest = if part == "_2" {
                    self.rest.trim_start_matches(' ')
                } else {
                    self.rest
                };
                self.day = self.number(1, 2, 1, 31)?;
            }
            "15" => self.seconds += 3600 * self.number(1, 2, 0, 23)?,
            "03" | "3" => self.seconds += 3600 * self.number(part.len(), 2, 0, 12)?,
            "04" | "4" => self.seconds += 60 * self.number(part.len(), 2, 0, 59)?,
            "05" | "5" => self.seconds += self.number(part.len(), 2, 0, 59)?,
            "PM" | "pm" => {
                let (half, rest) = self.rest.split_at_checked(2)?;
                let names = if part == "PM" {
                    ["AM", "PM"]
                } else {
                    ["am", "pm"]
                };
                self.afternoon = Some(names.iter().position(|name| *name == half)? == 1);
                self.rest = rest;
            }
            _ if part.starts_with('Z') && self.rest.starts_with('Z') => self.rest = &self.rest[1..],
            _ if part.starts_with(['Z', '-']) => self.zone(&part[1..])?,
            _ if part.starts_with(['.', ',']) => {
                // Nines may be missing.
                if !part.ends_with('9') || self.rest.starts_with(['.', ',']) {
                    self.nanos = self.fraction()?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn name(&mut self, names: &[&str], short: bool) -> Option<i64> {
        for (index, name) in names.iter().enumerate() {
            let name = if short { &name[..3] } else { name };
            if self
                .rest
                .get(..name.len())
                .is_some_and(|text| text.eq_ignore_ascii_case(name))
            {
                self.rest = &self.rest[name.len()..];
                return i64::try_from(index).ok();
            }
        }
        None
    }

    fn number(&mut self, least: usize, most: usize, low: i64, high: i64) -> Option<i64> {
        let digits = self
            .rest
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        let number = number.parse().ok().filter(|_| digits >= least)?;
        (low..=high).contains(&number).then_some(number)
    }

    fn zone(&mut self, part: &str) -> Option<()> {
        let sign = match self.rest.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        let mut unit = 3600;
        for field in part.split(':').flat_map(|group| group.as_bytes().chunks(2)) {
            if unit < 3600 && part.contains(':') {
                self.rest = self.rest.strip_prefix(':')?;
            }
            debug_assert_eq!(field.len(), 2);
            self.offset +=
                sign * unit * self.number(2, 2, 0, if unit == 3600 { 24 } else { 60 })?;
            unit /= 60;
        }
        Some(())
    }

    fn fraction(&mut self) -> Option<u32> {
        let digits = self.rest.strip_prefix(['.', ','])?;
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (text, rest) = digits.split_at(length);
        self.rest = rest;
        format!("{:0<9}", text.get(..9).unwrap_or(text))
            .parse()
            .ok()
            .filter(|_| length > 0)
    }
}

/// Go's `time.ParseDuration`, in nanoseconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(length);
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let nanos: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || number.len() > 30 {
            return None;
        }
        let whole = if whole.is_empty() {
            0
        } else {
            whole.parse::<i128>().ok()?
        };
        let fraction = fraction.get(..15).unwrap_or(fraction);
        let part = if fraction.is_empty() {
            0
        } else {
            fraction.parse::<i128>().ok()?
        };
        let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        total = total
            .checked_add(whole.checked_mul(nanos)?)?
            .checked_add(part * nanos / scale)?;
        rest = tail;
    }
    i64::try_from(sign * total).ok()
}
