//! consul-template's own functions, as Vault Agent offers them. Several share their names with
//! sprig's and take their arguments in another order.

mod answer;
mod channel;
mod maps;
mod maths;
mod parse;
mod scratch;
mod search;
mod secret;
mod title;
mod toml;

use super::encoding;
use super::function;
use super::json;
use super::letters;
use super::strings;
use super::yaml;
use crate::template::call::{Args, Body, Fault, Function, Nature, Outcome, Run};
use crate::template::value::{Text, Value};

pub(super) use self::maps::FUNCTIONS as MAPS;
pub(super) use self::maths::FUNCTIONS as MATHS;
pub(super) use self::parse::FUNCTIONS as PARSE;
pub(in crate::template) use self::scratch::method;
pub(super) use self::search::FUNCTIONS as SEARCH;
pub(super) use self::secret::FUNCTIONS as SECRET;

/// Texts, encodings, and what is neither.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "executeTemplate",
        signature: "sa*",
        body: Body::ExecuteTemplate,
        nature: Nature::Steady,
    },
    function!("scratch", "", |_, _| Ok(scratch::value())),
    function!("loop", "a*", channel::count),
    function!("timestamp", "s*", timestamp, Volatile),
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
    function!("sha256Hex", "s", |args, run| {
        let sum = ring::digest::digest(&ring::digest::SHA256, args.bytes(0));
        run.string(encoding::hex(sum.as_ref()))
    }),
    function!("hmacSHA256Hex", "ss", |args, run| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, args.bytes(1));
        let tag = ring::hmac::sign(&key, args.bytes(0));
        run.string(encoding::hex(tag.as_ref()))
    }),
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
    function!("toUnescapedJSONPretty", "a", |args, run| to_json(
        args,
        run,
        json::Style::RAW_PRETTY
    )),
    function!("toYAML", "a", |args, run| {
        let yaml = yaml::written(args.get(0), run, yaml::Form::Direct)?;
        run.string(strings::trim_space(&yaml))
    }),
    function!("toTOML", "a", |args, run| {
        let toml = toml::written(args.get(0), run)?;
        run.string(strings::trim_space(&toml))
    }),
    function!("toLower", "s", |args, run| run
        .string(letters::map(args.bytes(0), letters::lower))),
    function!("toUpper", "s", |args, run| run
        .string(letters::map(args.bytes(0), letters::upper))),
    function!("toTitle", "s", |args, run| run
        .string(title::title(&args.text(0)))),
    function!("replaceAll", "sss", |args, run| strings::replaced(
        args.bytes(2),
        args.bytes(0),
        args.bytes(1),
        run
    )),
    function!("trim", "ss", |args, run| {
        let set = args.text(0);
        run.string(strings::trimmed(args.bytes(1), |c| set.contains(c)))
    }),
    function!("trimPrefix", "ss", |args, run| {
        let text = args.bytes(1);
        run.string(text.strip_prefix(args.bytes(0)).unwrap_or(text))
    }),
    function!("trimSuffix", "ss", |args, run| {
        let text = args.bytes(1);
        run.string(text.strip_suffix(args.bytes(0)).unwrap_or(text))
    }),
    function!("trimSpace", "s", |args, run| run
        .string(strings::trim_space(args.bytes(0)))),
    function!("indent", "is", indent),
    function!("join", "sS", |args, run| {
        let texts: Vec<_> = args.items(1).iter().filter_map(Value::as_bytes).collect();
        run.spend(texts.len().saturating_mul(args.bytes(0).len()))?;
        run.string(texts.join(args.bytes(0)))
    }),
    function!("split", "ss", split),
];

fn unbase64(args: &Args<'_>, run: &mut Run<'_, '_>, alphabet: &[u8; 64]) -> Outcome {
    let bytes = encoding::unbase64(args.bytes(0), alphabet).map_err(Fault::new)?;
    run.string(bytes)
}

/// Indents every line that has anything in it.
fn indent(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let width = usize::try_from(args.int(0)).map_err(|_| "the indentation must not be negative")?;
    let text = args.bytes(1);
    let lines = text.split(|byte| *byte == b'\n');
    run.spend(width.saturating_mul(lines.clone().count()))?;
    let pad = vec![b' '; width];
    let padded: Vec<_> = lines
        .map(|line| match line.is_empty() {
            true => Vec::new(),
            false => [&pad, line].concat(),
        })
        .collect();
    run.string(padded.join(&b'\n'))
}

fn timestamp(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let now = super::date::now(run);
    let text = match args.len() {
        0 => super::date::format("2006-01-02T15:04:05Z07:00", &now),
        1 if args.bytes(0) == b"unix" => now.seconds.to_string(),
        1 => super::date::format(&args.text(0), &now),
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
    if text.is_empty() {
        return Ok(Value::strings(Vec::<Vec<u8>>::new()));
    }
    let parts = strings::separated(text, args.bytes(0), -1);
    run.spend(text.len() + parts.len() * size_of::<Value>())?;
    Ok(Value::strings(parts))
}

/// A key of a map, counted.
fn key(text: &[u8], run: &mut Run<'_, '_>) -> Result<Text, Fault> {
    run.spend(text.len() + 2 * size_of::<Value>())?;
    Ok(Text::from(text))
}
