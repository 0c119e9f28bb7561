//! Go's layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` written as the text shall be.

use super::time::Time;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The parts of a layout; of two that begin alike the longer comes first.
const PARTS: [&str; 36] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "002",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "-07:00:00",
    "-070000",
    "-07:00",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z070000",
    "Z07:00",
    "Z0700",
    "Z07",
    "__2",
    "_2006",
    "_2",
    "1",
    "2",
    "3",
    "4",
    "5",
    ".0",
    ",0",
];

/// The text before the first part, the part, and the text after it.
pub(super) fn next(layout: &str) -> Option<(&str, &str, &str)> {
    layout.char_indices().find_map(|(at, _)| {
        let rest = &layout[at..];
        if let Some(length) = fraction(rest) {
            return Some((&layout[..at], &rest[..length], &rest[length..]));
        }
        let part = PARTS
            .iter()
            .find(|part| rest.starts_with(**part) && !part.starts_with(['.', ',']))?;
        let after = &rest[part.len()..];
        // "Janet" and "Monkey" are words of their own.
        if matches!(*part, "Jan" | "Mon") && after.starts_with(|c: char| c.is_ascii_lowercase()) {
            return None;
        }
        match *part {
            "_2006" => Some((&layout[..at + 1], "2006", after)),
            part => Some((&layout[..at], part, after)),
        }
    })
}

/// `.000` or `.999`, also after a comma, not followed by another digit.
pub(super) fn fraction(text: &str) -> Option<usize> {
    let digits = text.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let length = digits.len() - digits.trim_start_matches(digit).len();
    (!digits[length..].starts_with(|c: char| c.is_ascii_digit())).then_some(length + 1)
}

/// `time` in the form of `layout`.
pub(in crate::template::functions) fn format(layout: &str, time: &Time) -> String {
    let civil = time.civil();
    let mut out = String::new();
    let mut rest = layout;
    while let Some((before, part, after)) = next(rest) {
        out.push_str(before);
        let month = MONTHS[civil.month.clamp(1, 12) as usize - 1];
        let day = DAYS[civil.weekday as usize % 7];
        let twelve = (civil.hour + 11) % 12 + 1;
        out.push_str(&match part {
            "January" => month.to_owned(),
            "Jan" => month[..3].to_owned(),
            "Monday" => day.to_owned(),
            "Mon" => day[..3].to_owned(),
            "MST" => zone_name(time),
            "2006" => format!("{:04}", civil.year),
            "06" => format!("{:02}", civil.year.rem_euclid(100)),
            "01" => format!("{:02}", civil.month),
            "1" => civil.month.to_string(),
            "02" => format!("{:02}", civil.day),
            "_2" => format!("{:2}", civil.day),
            "2" => civil.day.to_string(),
            "002" => format!("{:03}", civil.yearday),
            "__2" => format!("{:3}", civil.yearday),
            "15" => format!("{:02}", civil.hour),
            "03" => format!("{twelve:02}"),
            "3" => twelve.to_string(),
            "04" => format!("{:02}", civil.minute),
            "4" => civil.minute.to_string(),
            "05" => format!("{:02}", civil.second),
            "5" => civil.second.to_string(),
            "PM" => if civil.hour < 12 { "AM" } else { "PM" }.to_owned(),
            "pm" => if civil.hour < 12 { "am" } else { "pm" }.to_owned(),
            part if part.starts_with('Z') && time.offset() == 0 => "Z".to_owned(),
            part if part.starts_with(['Z', '-']) => offset(&part[1..], time.offset()),
            part => subsecond(part, time.nanos),
        });
        rest = after;
    }
    out + rest
}

fn zone_name(time: &Time) -> String {
    match &time.zone {
        None => "UTC".to_owned(),
        Some(zone) if zone.name.is_empty() => offset("0700", zone.seconds),
        Some(zone) => zone.name.clone(),
    }
}

/// An offset in the form of `07`, `07:00` or `070000`.
fn offset(form: &str, seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let colon = if form.contains(':') { ":" } else { "" };
    let mut text = format!("{sign}{:02}", seconds / 3600);
    let fields = form.bytes().filter(u8::is_ascii_digit).count() / 2;
    for field in [seconds / 60 % 60, seconds % 60].iter().take(fields - 1) {
        text += &format!("{colon}{field:02}");
    }
    text
}

fn subsecond(part: &str, nanos: u32) -> String {
    let (point, digits) = part.split_at(1);
    let text = format!("{nanos:09}");
    let text = &text[..digits.len().min(9)];
    match digits.starts_with('9') {
        true if text.trim_end_matches('0').is_empty() => String::new(),
        true => format!("{point}{}", text.trim_end_matches('0')),
        false => format!("{point}{text}"),
    }
}
