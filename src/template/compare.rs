//! `eq`, `ne`, `lt`, `le`, `gt` and `ge`: no conversions but between the integers.

use std::cmp::Ordering;

use super::call::{Args, Fault, Outcome, Run};
use super::value::Value;

/// Go's basic kinds, with the value to compare.
enum Basic<'a> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Complex(f64, f64),
    String(&'a [u8]),
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value) | Value::Int64(value) => Basic::Int(*value),
        Value::Uint8(value) => Basic::Uint(u64::from(*value)),
        Value::Uint64(value) => Basic::Uint(*value),
        Value::Float(value) => Basic::Float(*value),
        Value::Complex(real, imaginary) => Basic::Complex(*real, *imaginary),
        Value::String(text) | Value::Number(text) => Basic::String(text),
        _ => Basic::Other,
    }
}

fn incompatible(left: &Value, right: &Value) -> Fault {
    let (left, right) = (left.type_name(), right.type_name());
    Fault::new(format!(
        "incompatible types for comparison: {left} and {right}"
    ))
}

/// Go's `==` as templates have it.
#[allow(clippy::float_cmp, reason = "the template asks for equality")]
fn equal(left: &Value, right: &Value) -> Result<bool, Fault> {
    Ok(match (basic(left), basic(right)) {
        (Basic::Bool(left), Basic::Bool(right)) => left == right,
        (Basic::Int(left), Basic::Int(right)) => left == right,
        (Basic::Uint(left), Basic::Uint(right)) => left == right,
        (Basic::Int(int), Basic::Uint(uint)) | (Basic::Uint(uint), Basic::Int(int)) => {
            u64::try_from(int) == Ok(uint)
        }
        (Basic::Float(left), Basic::Float(right)) => left == right,
        (Basic::Complex(a, b), Basic::Complex(c, d)) => a == c && b == d,
        (Basic::String(left), Basic::String(right)) => left == right,
        (Basic::Other, Basic::Other) => match (left.is_nil(), right.is_nil()) {
            (false, false) if left.kind_name() == right.kind_name() => {
                return Err(Fault::new(format!(
                    "non-comparable type {}",
                    left.type_name()
                )));
            }
            (false, false) => return Err(incompatible(left, right)),
            (left, right) => left == right,
        },
        _ if left.is_nil() || right.is_nil() => false,
        _ => return Err(incompatible(left, right)),
    })
}

fn less(left: &Value, right: &Value) -> Result<bool, Fault> {
    let bad = || Fault::new("invalid type for comparison");
    Ok(match (basic(left), basic(right)) {
        (Basic::Other, _) | (_, Basic::Other) => return Err(bad()),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => {
            return Err(bad());
        }
        (Basic::Int(left), Basic::Int(right)) => left < right,
        (Basic::Uint(left), Basic::Uint(right)) => left < right,
        (Basic::Int(int), Basic::Uint(uint)) => {
            u64::try_from(int).is_ok_and(|int| int < uint) || int < 0
        }
        (Basic::Uint(uint), Basic::Int(int)) => u64::try_from(int).is_ok_and(|int| uint < int),
        (Basic::Float(left), Basic::Float(right)) => {
            left.partial_cmp(&right) == Some(Ordering::Less)
        }
        (Basic::String(left), Basic::String(right)) => left < right,
        _ => return Err(incompatible(left, right)),
    })
}

pub(super) fn eq(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    if args.len() < 2 {
        return Err("missing argument for comparison".into());
    }
    for other in args.from(1) {
        if equal(args.get(0), other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn ne(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    equal(args.get(0), args.get(1)).map(|equal| Value::Bool(!equal))
}

pub(super) fn lt(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    less(args.get(0), args.get(1)).map(Value::Bool)
}

pub(super) fn le(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    less_or_equal(args).map(Value::Bool)
}

pub(super) fn gt(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    less_or_equal(args).map(|result| Value::Bool(!result))
}

pub(super) fn ge(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    less(args.get(0), args.get(1)).map(|less| Value::Bool(!less))
}

fn less_or_equal(args: &Args<'_>) -> Result<bool, Fault> {
    Ok(less(args.get(0), args.get(1))? || equal(args.get(0), args.get(1))?)
}
