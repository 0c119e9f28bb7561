//! Times and durations that are read.

use std::rc::Rc;

use super::layout::{DAYS, MONTHS, fraction, next};
use super::time::{Offset, Time, Zone};

/// Reads `text` in the form of `layout`; what the layout does not name is that of the year 0.
pub(super) fn parse(layout: &str, text: &str) -> Option<Time> {
    let mut read = Read {
        rest: text,
        year: 0,
        month: 1,
        day: 1,
        seconds: 0,
        zone: ReadZone::default(),
        afternoon: None,
        nanos: 0,
    };
    let mut layout = layout;
    while let Some((before, part, after)) = next(layout) {
        read.literal(before)?;
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
    read.literal(layout)?;
    if !read.rest.is_empty() {
        return None;
    }
    let hour = read.seconds / 3600;
    let shift = match read.afternoon {
        Some(true) if hour < 12 => 12,
        Some(false) if hour == 12 => -12,
        _ => 0,
    };
    let (ahead, zone) = read.zone.resolved();
    let seconds = read.seconds + shift * 3600 - ahead;
    Time::from_civil(read.year, read.month, read.day, seconds, read.nanos)
        .map(|time| time.within(zone))
}

/// What the text says about the zone.
#[derive(Default)]
struct ReadZone {
    utc: bool,
    offset: Option<i32>,
    name: String,
}

impl ReadZone {
    /// The seconds that the text's clock is ahead of UTC, and the zone to show.
    fn resolved(self) -> (i64, Zone) {
        let shown = |seconds, name| {
            let zone: Zone = Some(Rc::new(Offset { seconds, name }));
            zone
        };
        match self.offset {
            _ if self.utc => (0, None),
            Some(0) if matches!(self.name.as_str(), "" | "UTC") => (0, None),
            Some(seconds) => (i64::from(seconds), shown(seconds, self.name)),
            None if self.name.is_empty() => (0, None),
            // As in Go an abbreviation does not move the clock: nobody knows which zone it is. An
            // offset in it is shown and counted for nothing, too.
            None => {
                let hours = self
                    .name
                    .strip_prefix("GMT")
                    .and_then(|hours| hours.parse().ok());
                let seconds = hours.map_or(0, |hours: i32| hours * 3600);
                (0, shown(seconds, self.name))
            }
        }
    }
}

struct Read<'a> {
    rest: &'a str,
    year: i64,
    month: i64,
    day: i64,
    seconds: i64,
    zone: ReadZone,
    afternoon: Option<bool>,
    nanos: u32,
}

impl Read<'_> {
    fn part(&mut self, part: &str) -> Option<()> {
        match part {
            "January" | "Jan" => self.month = self.name(&MONTHS, part.len() == 3)? + 1,
            "Monday" | "Mon" => drop(self.name(&DAYS, part.len() == 3)?),
            "MST" => {
                let length = if self.rest.starts_with("UTC") {
                    self.zone.utc = true;
                    3
                } else {
                    abbreviation(self.rest)?
                };
                let (name, rest) = self.rest.split_at(length);
                if !self.zone.utc {
                    self.zone.name = name.to_owned();
                }
                self.rest = rest;
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
            _ if part.starts_with('Z') && self.rest.starts_with('Z') => {
                self.zone.utc = true;
                self.rest = &self.rest[1..];
            }
            _ if part.starts_with(['Z', '-']) => self.offset(&part[1..])?,
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

    fn offset(&mut self, part: &str) -> Option<()> {
        let sign = match self.rest.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        let (mut unit, mut offset) = (3600, 0);
        for _ in part.split(':').flat_map(|group| group.as_bytes().chunks(2)) {
            if unit < 3600 && part.contains(':') {
                self.rest = self.rest.strip_prefix(':')?;
            }
            offset += sign * unit * self.number(2, 2, 0, if unit == 3600 { 24 } else { 60 })?;
            unit /= 60;
        }
        self.zone.offset = i32::try_from(offset).ok();
        Some(())
    }

    /// What the layout has between its parts; a run of spaces stands for any number of them.
    fn literal(&mut self, mut text: &str) -> Option<()> {
        while let Some(c) = text.chars().next() {
            if c == ' ' {
                if !self.rest.is_empty() && !self.rest.starts_with(' ') {
                    return None;
                }
                text = text.trim_start_matches(' ');
                self.rest = self.rest.trim_start_matches(' ');
                continue;
            }
            self.rest = self.rest.strip_prefix(c)?;
            text = &text[c.len_utf8()..];
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

/// The length of the abbreviation of a zone that `text` begins with.
fn abbreviation(text: &str) -> Option<usize> {
    let signed = |text: &str| {
        let digits = text.strip_prefix(['+', '-'])?;
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let hours: u32 = digits[..length].parse().ok()?;
        (hours <= 23).then_some(length + 1)
    };
    if text.starts_with("ChST") || text.starts_with("MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix("GMT") {
        return Some(3 + signed(rest).unwrap_or(0));
    }
    if text.starts_with(['+', '-']) {
        return signed(text).filter(|_| text.len() >= 3);
    }
    let capitals = text
        .bytes()
        .take(6)
        .take_while(u8::is_ascii_uppercase)
        .count();
    match capitals {
        5 if text.as_bytes()[4] == b'T' => Some(5),
        4 if text.as_bytes()[3] == b'T' || text.starts_with("WITA") => Some(4),
        3 => Some(3),
        _ => None,
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
