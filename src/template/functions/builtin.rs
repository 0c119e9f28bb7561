//! The language's own functions.

use super::function;
use crate::template::call::{Args, Body, Fault, Function, Nature, Outcome, Run};
use crate::template::printf::{self, Sink};
use crate::template::value::{Element, List, Value};
use crate::template::{compare, escape};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "and",
        signature: "vv*",
        body: Body::And,
        nature: Nature::Steady,
    },
    Function {
        name: "or",
        signature: "vv*",
        body: Body::Or,
        nature: Nature::Steady,
    },
    function!("not", "v", |args, _| Ok(Value::Bool(!args.get(0).truth()))),
    function!("call", "vv*", call),
    function!("index", "vv*", index),
    function!("slice", "vv*", slice),
    function!("len", "v", length),
    function!("print", "a*", print),
    function!("printf", "sa*", printf),
    function!("println", "a*", println),
    function!("html", "a*", |args, run| escaped(args, run, escape::html)),
    function!("js", "a*", |args, run| escaped(args, run, escape::js)),
    function!("urlquery", "a*", |args, run| escaped(
        args,
        run,
        escape::url_query
    )),
    function!("eq", "vv*", compare::eq),
    function!("ne", "vv", compare::ne),
    function!("lt", "vv", compare::lt),
    function!("le", "vv", compare::le),
    function!("gt", "vv", compare::gt),
    function!("ge", "vv", compare::ge),
];

/// No value of a template is a function, so there is nothing to call.
fn call(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    match args.get(0) {
        value if value.is_nil() => Err("call of nil".into()),
        value => Err(Fault::new(format!(
            "non-function of type {}",
            value.type_name()
        ))),
    }
}

/// An index up to and with `most`.
fn position(value: &Value, most: usize) -> Result<usize, Fault> {
    let position = match value {
        Value::Int(index) | Value::Int64(index) => usize::try_from(*index).ok(),
        Value::Uint8(index) => Some(usize::from(*index)),
        Value::Uint64(index) => usize::try_from(*index).ok(),
        Value::NoValue | Value::Nil => return Err("cannot index slice/array with nil".into()),
        other => {
            return Err(Fault::new(format!(
                "cannot index slice/array with type {}",
                other.type_name()
            )));
        }
    };
    position
        .filter(|position| *position <= most)
        .ok_or_else(|| Fault::new("index out of range"))
}

fn index(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let mut item = args.get(0).clone();
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    for index in args.from(1) {
        item = match &item {
            Value::NoValue | Value::Nil => return Err("index of nil pointer".into()),
            Value::List(list) => {
                let at = position(index, list.items().len())?;
                list.items()
                    .get(at)
                    .cloned()
                    .ok_or_else(|| Fault::new("index out of range"))?
            }
            Value::String(text) | Value::Number(text) => {
                let at = position(index, text.len())?;
                text.get(at)
                    .map(|byte| Value::Uint8(*byte))
                    .ok_or_else(|| Fault::new("index out of range"))?
            }
            Value::Map(map) if map.element() == Element::AnyKeyed => index
                .as_bytes()
                .filter(|_| matches!(index, Value::String(_)))
                .and_then(|key| map.get(key))
                .unwrap_or(Value::Nil),
            Value::Map(map) => match index {
                Value::String(key) => match (map.get(key), map.element()) {
                    (Some(value), _) => value,
                    (None, Element::String) => Value::string(""),
                    (None, _) => Value::Nil,
                },
                value if value.is_nil() => {
                    return Err("value is nil; should be of type string".into());
                }
                other => {
                    return Err(Fault::new(format!(
                        "value has type {}; should be string",
                        other.type_name()
                    )));
                }
            },
            other => {
                return Err(Fault::new(format!(
                    "can't index item of type {}",
                    other.type_name()
                )));
            }
        };
    }
    Ok(item)
}

fn slice(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let item = args.get(0);
    let bounds = args.from(1);
    if bounds.len() > 3 {
        return Err(Fault::new(format!(
            "too many slice indexes: {}",
            bounds.len()
        )));
    }
    let length = match item {
        Value::NoValue | Value::Nil => return Err("slice of untyped nil".into()),
        Value::String(_) | Value::Number(_) if bounds.len() == 3 => {
            return Err("cannot 3-index slice a string".into());
        }
        Value::String(text) | Value::Number(text) => text.len(),
        Value::List(list) => list.items().len(),
        other => {
            return Err(Fault::new(format!(
                "can't slice item of type {}",
                other.type_name()
            )));
        }
    };
    let mut at = [0, length, length];
    for (bound, index) in bounds.iter().zip(&mut at) {
        *index = position(bound, length)?;
    }
    let [start, end, capacity] = at;
    if start > end || end > capacity {
        return Err("invalid slice index".into());
    }
    match item {
        Value::List(list) => {
            let items = list.items()[start..end].to_vec();
            run.spend(items.len() * size_of::<Value>())?;
            Ok(Value::List(List::new(list.element(), items)))
        }
        other => run.string(&other.as_bytes().unwrap_or_default()[start..end]),
    }
}

fn length(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let length = match args.get(0) {
        Value::NoValue | Value::Nil => return Err("len of nil pointer".into()),
        Value::String(text) | Value::Number(text) => text.len(),
        Value::List(list) => list.items().len(),
        Value::Map(map) => map.len(),
        other => return Err(Fault::new(format!("len of type {}", other.type_name()))),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// The text that `write` prints, within the limits.
pub(super) fn printed(run: &Run<'_, '_>, write: impl FnOnce(&mut Sink)) -> Result<Vec<u8>, Fault> {
    let limits = run.context.limits;
    let mut sink = Sink::new(run.room().min(limits.output), limits.depth);
    write(&mut sink);
    match sink.overflow() {
        Some(reason) => Err(Fault::new(reason)),
        None => Ok(sink.into_bytes()),
    }
}

fn print(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = printed(run, |sink| printf::print(sink, args.0))?;
    run.string(text)
}

fn println(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = printed(run, |sink| printf::println(sink, args.0))?;
    run.string(text)
}

fn printf(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = printed(run, |sink| {
        printf::printf(sink, args.bytes(0), args.from(1))
    })?;
    run.string(text)
}

/// The arguments as one text, nil as `<no value>`, escaped.
fn escaped(args: &Args<'_>, run: &mut Run<'_, '_>, escape: fn(&[u8]) -> Vec<u8>) -> Outcome {
    let values: Vec<_> = args
        .0
        .iter()
        .map(|value| {
            if value.is_nil() {
                Value::string("<no value>")
            } else {
                value.clone()
            }
        })
        .collect();
    let text = printed(run, |sink| printf::print(sink, &values))?;
    run.string(escape(&text))
}
