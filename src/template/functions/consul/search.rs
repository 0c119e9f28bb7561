//! `in`, `contains` and its kin: whether a list or a text holds something.

use crate::template::call::{Args, Fault, Function};
use crate::template::functions::{function, strings};
use crate::template::value::Value;

pub(in crate::template::functions) const FUNCTIONS: &[Function] = &[
    function!("in", "aa", |args, _| holds(args.get(0), args.get(1))
        .map(Value::Bool)),
    function!("contains", "aa", |args, _| holds(args.get(1), args.get(0))
        .map(Value::Bool)),
    function!("containsAll", "La", |args, _| some(args, false, false)),
    function!("containsAny", "La", |args, _| some(args, true, true)),
    function!("containsNone", "La", |args, _| some(args, true, false)),
    function!("containsNotAll", "La", |args, _| some(args, false, true)),
];

/// Whether `container` has `value`: an integer, a float or a text of the same type in a list, or a
/// piece of a text. Maps, and elements of other types, have nothing.
#[allow(clippy::float_cmp, reason = "equality is what is asked for")]
fn holds(container: &Value, value: &Value) -> Result<bool, Fault> {
    // Go panics where it asks nil for its type.
    let nil = || Err("nil has no type to compare".into());
    match (container, value) {
        (Value::List(list), _) => {
            for item in list.items() {
                let same = match (item, value) {
                    (
                        Value::Int(left) | Value::Int64(left),
                        Value::Int(right) | Value::Int64(right),
                    ) => left == right,
                    (Value::Float(left), Value::Float(right)) => left == right,
                    (Value::String(left), Value::String(right))
                    | (Value::Number(left), Value::Number(right)) => left == right,
                    (Value::String(_) | Value::Number(_), Value::NoValue | Value::Nil) => {
                        return nil();
                    }
                    _ => false,
                };
                if same {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Value::String(text), Value::String(part)) | (Value::Number(text), Value::Number(part)) => {
            Ok(strings::find(text, part).is_some())
        }
        (Value::String(_) | Value::Number(_), Value::NoValue | Value::Nil) => nil(),
        _ => Ok(false),
    }
}

/// Looks for each of `args[0]` in `args[1]`: `found` as soon as one is `wanted`, its opposite at the
/// end.
fn some(args: &Args<'_>, wanted: bool, found: bool) -> Result<Value, Fault> {
    for value in args.items(0) {
        if holds(args.get(1), value)? == wanted {
            return Ok(Value::Bool(found));
        }
    }
    Ok(Value::Bool(!found))
}
