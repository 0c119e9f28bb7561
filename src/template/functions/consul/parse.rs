//! Texts that become values: numbers, JSON, YAML, pairs.

use super::key;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::functions::{function, json, strings, yaml};
use crate::template::literal;
use crate::template::value::{Element, Map, Value};

pub(in crate::template::functions) const FUNCTIONS: &[Function] = &[
    function!("parseBool", "s", |args, _| match args.bytes(0) {
        b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True" => Ok(Value::Bool(true)),
        b"" | b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False" => Ok(Value::Bool(false)),
        _ => Err("the text is not a bool".into()),
    }),
    function!("parseFloat", "s", |args, _| parsed(
        args.bytes(0),
        literal::float
    )
    .map(Value::Float)),
    function!("parseInt", "s", |args, _| int(args.bytes(0))
        .map(Value::Int64)),
    function!("parseUint", "s", |args, _| parsed(
        args.bytes(0),
        // Unlike Go, Rust would take a plus.
        |text| text.parse().ok().filter(|_| !text.starts_with('+'))
    )
    .map(Value::Uint64)),
    function!("parseJSON", "s", |args, run| match args.bytes(0) {
        b"" => Ok(Value::map([])),
        text => json::parsed(text, run),
    }),
    function!("parseYAML", "s", |args, run| match args.bytes(0) {
        b"" => Ok(Value::map([])),
        text => yaml::document(text, run, yaml::Form::Direct),
    }),
    function!("splitToMap", "sss", split_to_map),
];

/// A decimal `int64`.
pub(super) fn int(text: &[u8]) -> Result<i64, Fault> {
    parsed(text, |text| text.parse().ok())
}

/// The empty text is the zero of its type: the value it comes from may not be there yet.
fn parsed<T: Default>(text: &[u8], read: impl Fn(&str) -> Option<T>) -> Result<T, Fault> {
    match std::str::from_utf8(text) {
        Ok("") => Ok(T::default()),
        text => text
            .ok()
            .and_then(read)
            .ok_or_else(|| "the text is not a number, or does not fit into 64 bits".into()),
    }
}

fn split_to_map(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = strings::trim_space(args.bytes(2));
    let mut entries = Vec::new();
    if !text.is_empty() {
        for pair in strings::separated(text, args.bytes(0), -1) {
            let Some(at) = strings::find(pair, args.bytes(1)) else {
                continue;
            };
            let value = run.string(&pair[at + args.bytes(1).len()..])?;
            entries.push((key(&pair[..at], run)?, value));
        }
    }
    Ok(Value::Map(Map::new(Element::String, entries)))
}
