//! sprig's dictionaries.

use super::convert;
use super::function;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::value::{Element, Map, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function!("dict", "a*", dict),
    function!("get", "ds", get),
    function!("set", "dsa", set),
    function!("unset", "ds", unset),
    function!("hasKey", "ds", |args, _| Ok(Value::Bool(
        lookup(args, 0, args.bytes(1)).is_some()
    ))),
    function!("pluck", "sd*", pluck),
    function!("keys", "d*", keys),
    function!("values", "d", values),
    function!("pick", "ds*", pick),
    function!("omit", "ds*", omit),
    function!("merge", "dd*", |args, run| merge_all(args, run, fills)),
    function!("mustMerge", "dd*", |args, run| merge_all(args, run, fills)),
    function!("mergeOverwrite", "dd*", |args, run| merge_all(
        args, run, overwrites
    )),
    function!("mustMergeOverwrite", "dd*", |args, run| merge_all(
        args, run, overwrites
    )),
    function!("dig", "a*", dig),
    function!("deepCopy", "a", deep_copy),
    function!("mustDeepCopy", "a", deep_copy),
];

const CIRCLE: &str = "a map cannot contain itself";

fn lookup(args: &Args<'_>, index: usize, key: &[u8]) -> Option<Value> {
    args.map(index).and_then(|map| map.get(key))
}

fn dict(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut entries = Vec::with_capacity(args.len() / 2 + 1);
    for pair in args.0.chunks(2) {
        if let [key, rest @ ..] = pair {
            let key = Text::new(convert::text(key, run)?);
            run.spend(key.len() + 2 * size_of::<Value>())?;
            entries.push((
                key,
                rest.first().cloned().unwrap_or_else(|| Value::string("")),
            ));
        }
    }
    Ok(Value::map(entries))
}

fn get(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    Ok(lookup(args, 0, args.bytes(1)).unwrap_or_else(|| Value::string("")))
}

fn set(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let map = args.map(0).ok_or("assignment to entry in nil map")?;
    run.spend(args.bytes(1).len() + 2 * size_of::<Value>())?;
    match map.set(Text::from(args.bytes(1)), args.get(2).clone()) {
        true => Ok(args.get(0).clone()),
        false => Err(CIRCLE.into()),
    }
}

fn unset(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    if let Some(map) = args.map(0) {
        map.remove(args.bytes(1));
    }
    Ok(args.get(0).clone())
}

fn pluck(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let found = (1..args.len()).filter_map(|index| lookup(args, index, args.bytes(0)));
    Ok(Value::list(found.collect()))
}

fn keys(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut keys = Vec::new();
    for (key, _) in (0..args.len())
        .filter_map(|index| args.map(index))
        .flat_map(Map::entries)
    {
        run.spend(key.len() + size_of::<Value>())?;
        keys.push(key.to_vec());
    }
    Ok(Value::strings(keys))
}

fn entries(args: &Args<'_>, run: &mut Run<'_, '_>) -> Result<Vec<(Text, Value)>, Fault> {
    let entries = args.map(0).map(Map::entries).unwrap_or_default();
    run.spend(entries.len() * 2 * size_of::<Value>())?;
    Ok(entries)
}

fn values(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    Ok(Value::list(
        entries(args, run)?
            .into_iter()
            .map(|(_, value)| value)
            .collect(),
    ))
}

fn named(args: &Args<'_>, key: &Text) -> bool {
    args.from(1)
        .iter()
        .any(|name| name.as_bytes() == Some(&**key))
}

fn pick(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    Ok(Value::map(
        entries(args, run)?
            .into_iter()
            .filter(|(key, _)| named(args, key)),
    ))
}

fn omit(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    Ok(Value::map(
        entries(args, run)?
            .into_iter()
            .filter(|(key, _)| !named(args, key)),
    ))
}

/// Whether the new value takes the place of the old one, which may not be there.
pub(super) type Wins = fn(Option<&Value>, &Value) -> bool;

/// What is not there or empty is filled in.
fn fills(old: Option<&Value>, new: &Value) -> bool {
    old.is_none_or(|old| convert::is_empty(old) && !convert::is_empty(new))
}

/// The new value, unless it is empty.
fn overwrites(old: Option<&Value>, new: &Value) -> bool {
    old.is_none() || !convert::is_empty(new)
}

/// All further maps in the first, which is changed.
pub(super) fn merge_all(args: &Args<'_>, run: &mut Run<'_, '_>, wins: Wins) -> Outcome {
    let nothing = Map::new(Element::Any, []);
    let target = args.map(0).unwrap_or(&nothing);
    for index in 1..args.len() {
        if let Some(source) = args.map(index) {
            merge(target, source, wins, run, run.context.limits.depth)?;
        }
    }
    Ok(Value::Map(target.clone()))
}

/// Puts what `source` has and what `wins` into `target`; a map into a map by the same rule.
fn merge(
    target: &Map,
    source: &Map,
    wins: Wins,
    run: &mut Run<'_, '_>,
    depth: usize,
) -> Result<(), Fault> {
    let depth = depth.checked_sub(1).ok_or("a value is nested too deeply")?;
    if target.is(source) {
        return Ok(());
    }
    for (key, value) in source.entries() {
        run.spend(key.len() + 2 * size_of::<Value>())?;
        let old = target.get(&key);
        if let (Some(Value::Map(old)), Value::Map(new)) = (&old, &value) {
            merge(old, new, wins, run, depth)?;
            continue;
        }
        if wins(old.as_ref(), &value) && !target.set(key, value) {
            return Err(CIRCLE.into());
        }
    }
    Ok(())
}

fn dig(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let [path @ .., default, dict] = args.0 else {
        return Err("dig needs at least three arguments".into());
    };
    if path.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut value = dict.clone();
    for key in path {
        let Value::Map(map) = &value else {
            return Err(Fault::new(format!(
                "expected a map on the way, got {}",
                value.type_name()
            )));
        };
        let Value::String(key) = key else {
            return Err(Fault::new(format!(
                "expected keys to be strings, got {}",
                key.type_name()
            )));
        };
        if map.element() != Element::Any {
            return Err("expected map[string]interface {}, got map[string]string".into());
        }
        value = match map.get(key) {
            Some(value) => value,
            None => return Ok(default.clone()),
        };
    }
    Ok(value)
}

fn deep_copy(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    if args.get(0).is_nil() {
        return Err("nil cannot be copied".into());
    }
    let depth = run.context.limits.depth;
    copy(args.get(0), run, depth)
}

fn copy(value: &Value, run: &mut Run<'_, '_>, depth: usize) -> Outcome {
    let depth = depth.checked_sub(1).ok_or("a value is nested too deeply")?;
    run.spend(size_of::<Value>())?;
    Ok(match value {
        Value::Map(map) => {
            let mut entries = Vec::new();
            for (key, value) in map.entries() {
                entries.push((key, copy(&value, run, depth)?));
            }
            Value::Map(Map::new(map.element(), entries))
        }
        Value::List(list) => {
            let mut items = Vec::new();
            for item in list.items() {
                items.push(copy(item, run, depth)?);
            }
            Value::List(crate::template::List::new(list.element(), items))
        }
        other => other.clone(),
    })
}
