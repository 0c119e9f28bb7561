//! How sprig turns any value into a number or a text.

use crate::template::call::{Fault, Run};
use crate::template::literal;
use crate::template::printf;
use crate::template::value::Value;

/// The value as an `int64`; what is no number is 0.
pub(super) fn int64(value: &Value) -> i64 {
    match value {
        Value::Bool(value) => i64::from(*value),
        Value::Int(value) | Value::Int64(value) => *value,
        Value::Uint8(value) => i64::from(*value),
        Value::Uint64(value) => *value as i64,
        // Go truncates; what is out of range is the smallest integer on amd64.
        Value::Float(value) if (-9.3e18..9.2e18).contains(value) => *value as i64,
        Value::Float(_) => i64::MIN,
        Value::String(text) | Value::Number(text) => {
            let text = String::from_utf8_lossy(text);
            literal::signed(without_zero_decimals(&text)).unwrap_or(0)
        }
        _ => 0,
    }
}

/// `1.00` is read as `1`.
fn without_zero_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => text,
    }
}

/// The value as a `float64`; what is no number is 0.
pub(super) fn float(value: &Value) -> f64 {
    match value {
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Int(value) | Value::Int64(value) => *value as f64,
        Value::Uint8(value) => f64::from(*value),
        Value::Uint64(value) => *value as f64,
        Value::Float(value) => *value,
        Value::String(text) | Value::Number(text) => std::str::from_utf8(text)
            .ok()
            .and_then(literal::float)
            .unwrap_or(0.0),
        _ => 0.0,
    }
}

/// The value as text: a string as it is, anything else as it prints.
pub(super) fn text(value: &Value, run: &Run<'_, '_>) -> Result<Vec<u8>, Fault> {
    match value {
        Value::String(text) | Value::Number(text) => Ok(text.to_vec()),
        other => super::builtin::printed(run, |sink| {
            printf::printf(sink, b"%v", std::slice::from_ref(other))
        }),
    }
}

/// The elements of a list as texts, without nils; one text for any other value.
pub(super) fn texts(value: &Value, run: &mut Run<'_, '_>) -> Result<Vec<Vec<u8>>, Fault> {
    let items = match value {
        Value::List(list) => list.items(),
        other => std::slice::from_ref(other),
    };
    let mut texts = Vec::with_capacity(items.len());
    for item in items.iter().filter(|item| !item.is_nil()) {
        let text = text(item, run)?;
        run.spend(text.len())?;
        texts.push(text);
    }
    Ok(texts)
}

/// Whether sprig takes the value for empty.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.truth()
}

/// Go's `reflect.DeepEqual`, to the depth that values may print at.
#[allow(clippy::float_cmp, reason = "equality is what is asked for")]
pub(super) fn deep_equal(left: &Value, right: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match (left, right) {
        (Value::NoValue | Value::Nil, Value::NoValue | Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) | (Value::Int64(left), Value::Int64(right)) => {
            left == right
        }
        (Value::Uint8(left), Value::Uint8(right)) => left == right,
        (Value::Uint64(left), Value::Uint64(right)) => left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::String(left), Value::String(right))
        | (Value::Number(left), Value::Number(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            let (a, b) = (left.items(), right.items());
            left.element() == right.element()
                && a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| deep_equal(a, b, depth))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.element() == right.element()
                && left.len() == right.len()
                && left
                    .entries()
                    .iter()
                    .zip(&right.entries())
                    .all(|(a, b)| a.0 == b.0 && deep_equal(&a.1, &b.1, depth))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same_text = || left.print().is_some_and(|text| right.print() == Some(text));
            std::rc::Rc::ptr_eq(left, right) || left.type_name() == right.type_name() && same_text()
        }
        _ => false,
    }
}
