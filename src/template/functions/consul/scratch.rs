//! `scratch`: what one rendering notes for itself.
//!
//! The notes are in the [`Run`], so that a scratch noted in itself is no circle.

use std::any::Any;
use std::rc::Rc;

use super::key;
use crate::template::call::{Args, Function, Outcome, Run};
use crate::template::functions::function;
use crate::template::object::Object;
use crate::template::value::{Element, Map, Value};

struct Scratch;

pub(super) fn value() -> Value {
    Value::Object(Rc::new(Scratch))
}

/// The method `name`, when `receiver` is a scratch that has it.
pub(in crate::template) fn method(receiver: &Value, name: &[u8]) -> Option<&'static Function> {
    match receiver {
        Value::Object(object) if object.as_any().is::<Scratch>() => {
            METHODS.iter().find(|method| method.name.as_bytes() == name)
        }
        _ => None,
    }
}

const METHODS: &[Function] = &[
    function!("Key", "s", |args, run| Ok(Value::Bool(
        run.scratch.get(args.bytes(0)).is_some()
    ))),
    function!("Get", "s", |args, run| Ok(run
        .scratch
        .get(args.bytes(0))
        .unwrap_or(Value::Nil))),
    function!("Set", "sa", |args, run| {
        let notes = run.scratch.clone();
        set(&notes, args.bytes(0), args.get(1), true, run)
    }),
    function!("SetX", "sa", |args, run| {
        let notes = run.scratch.clone();
        set(&notes, args.bytes(0), args.get(1), false, run)
    }),
    function!("MapSet", "ssa", |args, run| map_set(args, run, true)),
    function!("MapSetX", "ssa", |args, run| map_set(args, run, false)),
    function!("MapValues", "s", |args, run| {
        let entries = match run.scratch.get(args.bytes(0)) {
            Some(Value::Map(map)) if map.element() == Element::Any => map.entries(),
            _ => Vec::new(),
        };
        run.spend(entries.len() * size_of::<Value>())?;
        Ok(Value::list(
            entries.into_iter().map(|(_, value)| value).collect(),
        ))
    }),
];

fn set(map: &Map, name: &[u8], value: &Value, overwrites: bool, run: &mut Run<'_, '_>) -> Outcome {
    if overwrites || map.get(name).is_none() {
        let name = key(name, run)?;
        if !map.set(name, value.clone()) {
            return Err("a map cannot contain itself".into());
        }
    }
    Ok(Value::string(""))
}

fn map_set(args: &Args<'_>, run: &mut Run<'_, '_>, overwrites: bool) -> Outcome {
    let map = match run.scratch.get(args.bytes(0)) {
        Some(Value::Map(map)) if map.element() == Element::Any => map,
        Some(_) => return Err("the value of that key is not a map".into()),
        None => {
            let map = Map::new(Element::Any, []);
            let name = key(args.bytes(0), run)?;
            run.scratch.set(name, Value::Map(map.clone()));
            map
        }
    };
    set(&map, args.bytes(1), args.get(2), overwrites, run)
}

impl Object for Scratch {
    fn type_name(&self) -> &'static str {
        "*template.Scratch"
    }

    fn kind_name(&self) -> &'static str {
        "ptr"
    }

    fn member(&self, _: &[u8], _: &[Value]) -> Option<Outcome> {
        None
    }

    fn print(&self) -> Option<Vec<u8>> {
        None
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
