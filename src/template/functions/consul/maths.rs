//! consul-template's arithmetic: the last argument is the first operand, and the types decide.

use crate::template::call::{Args, Fault, Function, Outcome};
use crate::template::functions::function;
use crate::template::value::Value;

pub(in crate::template::functions) const FUNCTIONS: &[Function] = &[
    function!("add", "aa", |args, _| computed(
        args,
        |a, b| Some(a.wrapping_add(b)),
        |a, b| Some(a.wrapping_add(b)),
        Some(|a, b| a + b)
    )),
    function!("subtract", "aa", |args, _| computed(
        args,
        |a, b| Some(a.wrapping_sub(b)),
        |a, b| Some(a.wrapping_sub(b)),
        Some(|a, b| a - b)
    )),
    function!("multiply", "aa", |args, _| computed(
        args,
        |a, b| Some(a.wrapping_mul(b)),
        |a, b| Some(a.wrapping_mul(b)),
        Some(|a, b| a * b)
    )),
    function!("divide", "aa", |args, _| computed(
        args,
        |a, b| (b != 0).then(|| a.wrapping_div(b)),
        u64::checked_div,
        Some(|a, b| a / b)
    )),
    function!("modulo", "aa", |args, _| computed(
        args,
        |a, b| (b != 0).then(|| a.wrapping_rem(b)),
        u64::checked_rem,
        None
    )),
    function!("minimum", "aa", |args, _| chosen(args, |a, b| a < b)),
    function!("maximum", "aa", |args, _| chosen(args, |a, b| a > b)),
];

#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Uint(u64),
    Float(f64),
}

impl Number {
    fn of(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::Int(value) | Value::Int64(value) => Ok(Self::Int(*value)),
            Value::Uint8(value) => Ok(Self::Uint(u64::from(*value))),
            Value::Uint64(value) => Ok(Self::Uint(*value)),
            Value::Float(value) => Ok(Self::Float(*value)),
            other => Err(unknown(other)),
        }
    }

    /// As an `int64`; like Go's conversion it wraps around.
    fn int(self) -> i64 {
        match self {
            Self::Int(value) => value,
            Self::Uint(value) => value as i64,
            Self::Float(value) => value as i64,
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Uint(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Int(value) => Value::Int64(value),
            Self::Uint(value) => Value::Uint64(value),
            Self::Float(value) => Value::Float(value),
        }
    }
}

fn unknown(value: &Value) -> Fault {
    Fault::new(format!("unknown type: {}", value.type_name()))
}

/// Two of a kind stay what they are, a float makes the result a float, and a signed integer makes
/// it signed. `None` is a division by zero.
fn computed(
    args: &Args<'_>,
    int: fn(i64, i64) -> Option<i64>,
    uint: fn(u64, u64) -> Option<u64>,
    float: Option<fn(f64, f64) -> f64>,
) -> Outcome {
    let (a, b) = (Number::of(args.get(1))?, Number::of(args.get(0))?);
    let result = match (a, b) {
        (Number::Float(_), _) | (_, Number::Float(_)) => match float {
            Some(float) => return Ok(Value::Float(float(a.float(), b.float()))),
            None => return Err(unknown(&Value::Float(0.0))),
        },
        (Number::Uint(a), Number::Uint(b)) => uint(a, b).map(Value::Uint64),
        _ => int(a.int(), b.int()).map(Value::Int64),
    };
    result.ok_or_else(|| "integer divide by zero".into())
}

/// The last argument when it is `better` than the first, which else it is.
fn chosen(args: &Args<'_>, better: fn(f64, f64) -> bool) -> Outcome {
    let (a, b) = (Number::of(args.get(1))?, Number::of(args.get(0))?);
    let a_is_better = match (a, b) {
        (Number::Float(_), _) | (_, Number::Float(_)) => better(a.float(), b.float()),
        (Number::Uint(left), Number::Uint(right)) => ordered(left.cmp(&right), better),
        _ => ordered(a.int().cmp(&b.int()), better),
    };
    Ok(if a_is_better { a } else { b }.value())
}

/// Integers are compared as what they are: not every one is a float.
fn ordered(order: std::cmp::Ordering, better: fn(f64, f64) -> bool) -> bool {
    better(f64::from(order as i8), 0.0)
}
