//! Times, by the clock of the [`Context`](crate::template::Context), whose own zone is UTC.

mod layout;
mod parse;
mod time;

use std::rc::Rc;
use std::time::SystemTime;

use super::function;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::value::Value;

pub(super) use self::layout::format;
#[cfg(feature = "templates-full")]
pub(super) use self::time::Offset;
pub(super) use self::time::Time;

pub(super) const FUNCTIONS: &[Function] = &[
    function!("now", "", |_, run| Ok(object(now(run))), Volatile),
    function!("ago", "a", ago, Volatile),
    function!("date", "sa", |args, run| formatted(
        &args.text(0),
        args.get(1),
        run
    )),
    function!("htmlDate", "a", |args, run| formatted(
        "2006-01-02",
        args.get(0),
        run
    )),
    function!("dateModify", "sa", modify),
    function!("date_modify", "sa", modify),
    function!("mustDateModify", "sa", must_modify),
    function!("must_date_modify", "sa", must_modify),
    function!("toDate", "ss", |args, _| Ok(object(
        parse::parse(&args.text(0), &args.text(1)).unwrap_or(Time::ZERO)
    ))),
    function!("mustToDate", "ss", |args, _| {
        parse::parse(&args.text(0), &args.text(1))
            .map(object)
            .ok_or_else(|| "the text does not match the layout".into())
    }),
    function!("unixEpoch", "a", |args, run| {
        let seconds = time(args.get(0))?.seconds;
        run.string(seconds.to_string())
    }),
    function!("duration", "a", |args, run| run
        .string(go_duration(seconds(args.get(0)).saturating_mul(NANOS)))),
    function!("durationRound", "a", duration_round),
];

const NANOS: i64 = 1_000_000_000;

pub(super) fn object(time: Time) -> Value {
    Value::Object(Rc::new(time))
}

pub(super) fn now(run: &Run<'_, '_>) -> Time {
    let since = run
        .context
        .now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Time {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: since.subsec_nanos(),
        zone: None,
    }
}

fn time(value: &Value) -> Result<Time, Fault> {
    let time = match value {
        Value::Object(object) => object.as_any().downcast_ref::<Time>().cloned(),
        _ => None,
    };
    time.ok_or_else(|| Fault::new(format!("expected time.Time; got {}", value.type_name())))
}

/// The time that a value stands for: seconds since 1970, or now for anything else.
pub(super) fn instant(value: &Value, run: &Run<'_, '_>) -> Time {
    match value {
        Value::Int(seconds) | Value::Int64(seconds) => Time::at(*seconds),
        other => time(other).unwrap_or_else(|_| now(run)),
    }
}

fn formatted(layout: &str, value: &Value, run: &mut Run<'_, '_>) -> Outcome {
    let time = instant(value, run).within(None);
    run.string(format(layout, &time))
}

fn modify(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let time = time(args.get(1))?;
    Ok(object(match parse::duration(&args.text(0)) {
        Some(nanos) => time.plus(nanos),
        None => time,
    }))
}

fn must_modify(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let time = time(args.get(1))?;
    parse::duration(&args.text(0))
        .map(|nanos| object(time.plus(nanos)))
        .ok_or_else(|| "invalid duration".into())
}

fn ago(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let since = now(run)
        .seconds
        .saturating_sub(instant(args.get(0), run).seconds);
    run.string(go_duration(since.saturating_mul(NANOS)))
}

fn seconds(value: &Value) -> i64 {
    match value {
        Value::String(text) => super::math::decimal_int(&String::from_utf8_lossy(text)),
        Value::Int64(seconds) => *seconds,
        _ => 0,
    }
}

fn duration_round(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    const UNITS: [(u64, &str); 6] = [
        (31_536_000, "y"),
        (2_592_000, "mo"),
        (86_400, "d"),
        (3_600, "h"),
        (60, "m"),
        (1, "s"),
    ];
    let nanos = match args.get(0) {
        Value::String(text) => parse::duration(&String::from_utf8_lossy(text)).unwrap_or(0),
        Value::Int64(nanos) => *nanos,
        Value::Object(_) => now(run)
            .seconds
            .saturating_sub(time(args.get(0))?.seconds)
            .saturating_mul(NANOS),
        _ => 0,
    };
    let nanos = nanos.unsigned_abs();
    let unit = UNITS
        .iter()
        .map(|(seconds, name)| (seconds * NANOS.unsigned_abs(), name))
        .find(|(unit, _)| nanos > *unit);
    run.string(unit.map_or_else(
        || "0s".to_owned(),
        |(unit, name)| format!("{}{name}", nanos / unit),
    ))
}

/// Go's text of a duration: `1h1m1s`.
fn go_duration(nanos: i64) -> String {
    if nanos == 0 {
        return "0s".to_owned();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let magnitude = nanos.unsigned_abs();
    let fraction = |value: u64, unit: u64| {
        let digits = unit.ilog10() as usize;
        let text = format!("{}.{:0digits$}", value / unit, value % unit);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let text = match magnitude {
        0..1_000 => format!("{magnitude}ns"),
        1_000..1_000_000 => format!("{}µs", fraction(magnitude, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", fraction(magnitude, 1_000_000)),
        _ => {
            let minutes = magnitude / 60_000_000_000;
            let seconds = fraction(magnitude % 60_000_000_000, 1_000_000_000);
            match minutes {
                0 => format!("{seconds}s"),
                1..60 => format!("{minutes}m{seconds}s"),
                _ => format!("{}h{}m{seconds}s", minutes / 60, minutes % 60),
            }
        }
    };
    format!("{sign}{text}")
}
