//! Maps of maps: from keys with slashes, and from other maps.

use std::collections::BTreeMap;

use super::key;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::functions::dicts::merge_all;
use crate::template::functions::{convert, function};
use crate::template::value::{Element, Map, Value};

pub(in crate::template::functions) const FUNCTIONS: &[Function] = &[
    function!("explodeMap", "d", explode_map),
    function!("mergeMap", "dd", |args, run| merge_all(args, run, fills)),
    function!("mergeMapWithOverride", "dd", |args, run| merge_all(
        args,
        run,
        |_, _| true
    )),
];

/// `a/b: 1` becomes `a: {b: 1}`, in the order of the keys.
fn explode_map(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let top = Map::new(Element::Any, BTreeMap::new());
    for (path, value) in args.map(0).map(Map::entries).unwrap_or_default() {
        let mut map = top.clone();
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                // A slash at the end makes the map, and nothing in it.
                if !part.is_empty() && !map.set(key(part, run)?, value.clone()) {
                    return Err("explodeMap: a map cannot contain itself".into());
                }
                break;
            }
            map = child(&map, part, run)?;
        }
    }
    Ok(Value::Map(top))
}

fn child(map: &Map, name: &[u8], run: &mut Run<'_, '_>) -> Result<Map, Fault> {
    match map.get(name) {
        Some(Value::Map(child)) if child.element() == Element::Any => Ok(child),
        Some(_) => Err("explodeMap: not a map: a part of the key already has a value".into()),
        None => {
            let child = Map::new(Element::Any, BTreeMap::new());
            map.set(key(name, run)?, Value::Map(child.clone()));
            Ok(child)
        }
    }
}

/// Unlike in sprig an empty value fills in for another one, and nil for nothing.
fn fills(old: Option<&Value>, new: &Value) -> bool {
    !new.is_nil() && old.is_none_or(convert::is_empty)
}
