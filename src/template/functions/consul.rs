//! consul-template's own functions, as Vault Agent offers them. Several share their names with
//! sprig's and take their arguments in another order.

use super::convert;
use super::encoding;
use super::function;
use super::json;
use super::letters;
use super::strings;
use super::yaml;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::literal;
use crate::template::value::{Element, List, Map, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function!("base64Decode", "s", |args, run| unbase64(
        args,
        run,
        encoding::STANDARD
    )),
    function!("base64Encode", "s", |args, run| run
        .string(encoding::base64(args.bytes(0)))),
    function!("base64URLDecode", "s", |args, run| unbase64(
        args,
        run,
        encoding::URL
    )),
    function!("base64URLEncode", "s", |args, run| run
        .string(encoding::base64_of(args.bytes(0), encoding::URL))),
    function!("contains", "aa", contains),
    function!("in", "aa", |args, run| contains(
        &Args(&[args.get(1).clone(), args.get(0).clone()]),
        run
    )),
    function!("indent", "is", indent),
    function!("join", "sS", |args, run| {
        let texts: Vec<_> = args.items(1).iter().filter_map(Value::as_bytes).collect();
        run.spend(texts.len().saturating_mul(args.bytes(0).len()))?;
        run.string(texts.join(args.bytes(0)))
    }),
    function!("loop", "ii*", count),
    function!("trim", "ss", |args, run| {
        let set = args.text(0);
        run.string(strings::trimmed(args.bytes(1), |c| set.contains(c)))
    }),
    function!("trimPrefix", "ss", |args, run| {
        run.string(
            args.bytes(1)
                .strip_prefix(args.bytes(0))
                .unwrap_or_else(|| args.bytes(1)),
        )
    }),
    function!("trimSuffix", "ss", |args, run| {
        run.string(
            args.bytes(1)
                .strip_suffix(args.bytes(0))
                .unwrap_or_else(|| args.bytes(1)),
        )
    }),
    function!("trimSpace", "s", |args, run| run
        .string(strings::trim_space(args.bytes(0)))),
    function!("parseBool", "s", parse_bool),
    function!("parseFloat", "s", |args, _| parsed(
        args,
        Value::Float(0.0),
        |text| literal::float(text).map(Value::Float)
    )),
    function!("parseInt", "s", |args, _| parsed(
        args,
        Value::Int64(0),
        |text| text.parse().ok().map(Value::Int64)
    )),
    function!("parseUint", "s", |args, _| parsed(
        args,
        Value::Uint64(0),
        |text| text.parse().ok().map(Value::Uint64)
    )),
    function!("parseJSON", "s", |args, run| match args.bytes(0) {
        b"" => Ok(Value::map([])),
        text => json::parsed(text, run),
    }),
    function!("parseYAML", "s", |args, run| match args.bytes(0) {
        b"" => Ok(Value::map([])),
        text => yaml::document(text, run),
    }),
    function!("replaceAll", "sss", |args, run| strings::replaced(
        args.bytes(2),
        args.bytes(0),
        args.bytes(1),
        run
    )),
    function!("sha256Hex", "s", |args, run| {
        run.string(encoding::hex(
            ring::digest::digest(&ring::digest::SHA256, args.bytes(0)).as_ref(),
        ))
    }),
    function!("timestamp", "s*", timestamp, Volatile),
    function!("toJSON", "a", |args, run| to_json(
        args,
        run,
        json::Style::COMPACT
    )),
    function!("toJSONPretty", "a", |args, run| to_json(
        args,
        run,
        json::Style::PRETTY
    )),
    function!("toUnescapedJSON", "a", |args, run| to_json(
        args,
        run,
        json::Style::RAW
    )),
    function!("toLower", "s", |args, run| run
        .string(letters::map(args.bytes(0), letters::lower))),
    function!("toUpper", "s", |args, run| run
        .string(letters::map(args.bytes(0), letters::upper))),
    function!("toTitle", "s", |args, run| run
        .string(letters::title(&args.text(0)))),
    function!("toYAML", "a", |args, run| {
        let yaml = yaml::written(args.get(0), run)?;
        run.string(yaml)
    }),
    function!("split", "ss", split),
    function!("splitToMap", "sss", split_to_map),
];

fn unbase64(args: &Args<'_>, run: &mut Run<'_, '_>, alphabet: &[u8; 64]) -> Outcome {
    let bytes = encoding::unbase64(args.bytes(0), alphabet).map_err(Fault::new)?;
    run.string(bytes)
}

/// Whether the list or text `args[1]` has `args[0]` in it.
fn contains(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let depth = run.context.limits.depth;
    Ok(Value::Bool(match args.get(1) {
        Value::NoValue | Value::Nil => false,
        Value::List(list) => list
            .items()
            .iter()
            .any(|item| convert::deep_equal(item, args.get(0), depth)),
        Value::Map(map) => map
            .entries()
            .iter()
            .any(|(_, item)| convert::deep_equal(item, args.get(0), depth)),
        Value::String(text) => args
            .get(0)
            .as_bytes()
            .is_some_and(|part| strings::find(text, part).is_some()),
        other => {
            return Err(Fault::new(format!(
                "expected a list, a map or a text, got {}",
                other.type_name()
            )));
        }
    }))
}

/// Indents every line, also the first, but not an empty last one.
fn indent(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let width = usize::try_from(args.int(0)).map_err(|_| "the indentation must not be negative")?;
    let text = args.bytes(1);
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    run.spend(width.saturating_mul(lines.len()).saturating_add(text.len()))?;
    let pad = vec![b' '; width];
    let last = lines.len() - 1;
    let padded = |(index, line): (usize, &&[u8])| match index == last && line.is_empty() {
        true => Vec::new(),
        false => [&pad, *line].concat(),
    };
    Ok(Value::string(
        lines
            .iter()
            .enumerate()
            .map(padded)
            .collect::<Vec<_>>()
            .join(&b'\n'),
    ))
}

fn count(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let (start, end) = match args.len() {
        1 => (0, args.int(0)),
        2 => (args.int(0), args.int(1)),
        _ => return Err("loop: wrong number of arguments, expected 1 or 2".into()),
    };
    let numbers = super::math::steps(start, end.max(start), 1, run)?;
    Ok(Value::List(List::new(
        Element::Int,
        numbers.into_iter().map(Value::Int).collect(),
    )))
}

fn parse_bool(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    parsed(args, Value::Bool(false), |text| match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(Value::Bool(true)),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(Value::Bool(false)),
        _ => None,
    })
}

/// The empty text is the zero of its type: the value it comes from may not be there yet.
fn parsed(args: &Args<'_>, zero: Value, read: impl Fn(&str) -> Option<Value>) -> Outcome {
    match &*args.text(0) {
        "" => Ok(zero),
        text => {
            read(text).ok_or_else(|| Fault::new(format!("the text is not a {}", zero.type_name())))
        }
    }
}

fn timestamp(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let now = super::date::now(run);
    let text = match args.len() {
        0 => super::date::format("2006-01-02T15:04:05Z07:00", now),
        1 if args.bytes(0) == b"unix" => now.seconds.to_string(),
        1 => super::date::format(&args.text(0), now),
        _ => return Err("timestamp: wrong number of arguments, expected 0 or 1".into()),
    };
    run.string(text)
}

fn to_json(args: &Args<'_>, run: &mut Run<'_, '_>, style: json::Style) -> Outcome {
    let json = json::json(args.get(0), run, style)?;
    run.string(json)
}

fn split(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = strings::trim_space(args.bytes(1));
    run.spend(text.len().saturating_mul(2))?;
    match text {
        b"" => Ok(Value::strings(Vec::<Vec<u8>>::new())),
        text => Ok(Value::strings(strings::separated(text, args.bytes(0), -1))),
    }
}

fn split_to_map(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = strings::trim_space(args.bytes(2));
    run.spend(text.len().saturating_mul(2))?;
    let pairs = if text.is_empty() {
        Vec::new()
    } else {
        strings::separated(text, args.bytes(0), -1)
    };
    let entries = pairs.into_iter().filter_map(|pair| {
        match strings::separated(pair, args.bytes(1), 2).as_slice() {
            [key, value] => Some((Text::from(*key), Value::string(*value))),
            _ => None,
        }
    });
    Ok(Value::Map(Map::new(Element::String, entries)))
}
