//! sprig's numbers.

use super::convert;
use super::decimal;
use super::function;
use crate::template::call::{Args, Function, Outcome, Run};
use crate::template::value::{Element, List, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function!("int", "a", |args, _| Ok(Value::Int(convert::int64(
        args.get(0)
    )))),
    function!("int64", "a", |args, _| Ok(Value::Int64(convert::int64(
        args.get(0)
    )))),
    function!("float64", "a", |args, _| Ok(Value::Float(convert::float(
        args.get(0)
    )))),
    function!("atoi", "s", |args, _| Ok(Value::Int(decimal_int(
        &args.text(0)
    )))),
    function!("toDecimal", "a", to_decimal),
    function!("add1", "a", |args, _| Ok(Value::Int64(
        convert::int64(args.get(0)).wrapping_add(1)
    ))),
    function!("add", "a*", |args, _| Ok(Value::Int64(
        ints(args).fold(0, i64::wrapping_add)
    ))),
    function!("sub", "aa", |args, _| Ok(Value::Int64(
        int(args, 0).wrapping_sub(int(args, 1))
    ))),
    function!("mul", "aa*", |args, _| Ok(Value::Int64(
        ints(args).fold(1, i64::wrapping_mul)
    ))),
    function!("div", "aa", |args, _| match int(args, 1) {
        0 => Err("integer divide by zero".into()),
        divisor => Ok(Value::Int64(int(args, 0).wrapping_div(divisor))),
    }),
    function!("mod", "aa", |args, _| match int(args, 1) {
        0 => Err("integer divide by zero".into()),
        divisor => Ok(Value::Int64(int(args, 0).wrapping_rem(divisor))),
    }),
    function!("max", "aa*", |args, _| Ok(Value::Int64(
        ints(args).max().unwrap_or(0)
    ))),
    function!("biggest", "aa*", |args, _| Ok(Value::Int64(
        ints(args).max().unwrap_or(0)
    ))),
    function!("min", "aa*", |args, _| Ok(Value::Int64(
        ints(args).min().unwrap_or(0)
    ))),
    function!("maxf", "aa*", |args, _| Ok(extreme(args, |a, b| a > b))),
    function!("minf", "aa*", |args, _| Ok(extreme(args, |a, b| a < b))),
    function!("ceil", "a", |args, _| Ok(Value::Float(
        convert::float(args.get(0)).ceil()
    ))),
    function!("floor", "a", |args, _| Ok(Value::Float(
        convert::float(args.get(0)).floor()
    ))),
    function!("round", "aif*", round),
    function!("add1f", "a", |args, _| decimal::fold(
        convert::float(args.get(0)),
        [1.0],
        decimal::add
    )),
    function!("addf", "a*", |args, _| decimal::fold(
        0.0,
        floats(args, 0),
        decimal::add
    )),
    function!("subf", "aa*", |args, _| decimal::fold(
        convert::float(args.get(0)),
        floats(args, 1),
        decimal::subtract
    )),
    function!("mulf", "aa*", |args, _| decimal::fold(
        convert::float(args.get(0)),
        floats(args, 1),
        decimal::multiply
    )),
    function!("divf", "aa*", |args, _| decimal::fold(
        convert::float(args.get(0)),
        floats(args, 1),
        decimal::divide
    )),
    function!("until", "i", |args, run| {
        let end = args.int(0);
        steps(0, end, if end < 0 { -1 } else { 1 }, run).map(ints_value)
    }),
    function!("untilStep", "iii", |args, run| steps(
        args.int(0),
        args.int(1),
        args.int(2),
        run
    )
    .map(ints_value)),
    function!("seq", "i*", seq),
];

fn int(args: &Args<'_>, index: usize) -> i64 {
    convert::int64(args.get(index))
}

fn ints(args: &Args<'_>) -> impl Iterator<Item = i64> {
    args.0.iter().map(convert::int64)
}

fn floats(args: &Args<'_>, from: usize) -> impl Iterator<Item = f64> {
    args.from(from).iter().map(convert::float)
}

fn extreme(args: &Args<'_>, better: fn(f64, f64) -> bool) -> Value {
    let mut best = convert::float(args.get(0));
    for other in floats(args, 1) {
        if better(other, best) || other.is_nan() {
            best = other;
        }
    }
    Value::Float(best)
}

/// Go's `strconv.Atoi`: out of range it gives the nearest integer, and 0 for what is none.
pub(super) fn decimal_int(text: &str) -> i64 {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    let limit = if sign < 0 { i64::MIN } else { i64::MAX };
    digits
        .parse::<i128>()
        .ok()
        .and_then(|value| i64::try_from(sign * value).ok())
        .unwrap_or(limit)
}

fn to_decimal(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = convert::text(args.get(0), run)?;
    let text = String::from_utf8_lossy(&text);
    Ok(Value::Int64(i64::from_str_radix(&text, 8).unwrap_or(0)))
}

fn round(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let from = args.from(2).first().map_or(0.5, convert::float);
    let power = 10_f64.powf(args.int(1) as f64);
    let digit = power * convert::float(args.get(0));
    let rounded = if digit.fract() >= from {
        digit.ceil()
    } else {
        digit.floor()
    };
    Ok(Value::Float(rounded / power))
}

/// From `start` up or down to, but without, `stop`.
pub(super) fn steps(
    start: i64,
    stop: i64,
    step: i64,
    run: &mut Run<'_, '_>,
) -> Result<Vec<i64>, crate::template::Fault> {
    let mut steps = Vec::new();
    let down = stop < start;
    if down && step >= 0 || !down && step <= 0 {
        return Ok(steps);
    }
    let mut at = start;
    while if down { at > stop } else { at < stop } {
        run.spend(size_of::<Value>())?;
        steps.push(at);
        match at.checked_add(step) {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok(steps)
}

fn ints_value(ints: Vec<i64>) -> Value {
    Value::List(List::new(
        Element::Int,
        ints.into_iter().map(Value::Int).collect(),
    ))
}

fn seq(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let (start, end, step) = match args.len() {
        1 => (1, args.int(0), None),
        2 => (args.int(0), args.int(1), None),
        3 => (args.int(0), args.int(2), Some(args.int(1))),
        _ => return Ok(Value::string("")),
    };
    let towards = if end < start { -1 } else { 1 };
    if towards < 0 && step.is_some_and(|step| step > 0) {
        return Ok(Value::string(""));
    }
    let numbers = steps(
        start,
        end.saturating_add(towards),
        step.unwrap_or(towards),
        run,
    )?;
    let words: Vec<_> = numbers.iter().map(i64::to_string).collect();
    run.string(words.join(" "))
}
