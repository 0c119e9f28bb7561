//! sprig's strings.

use super::convert;
use super::function;
use super::letters;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::printf::{self, quote};
use crate::template::value::{Element, Map, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function!("hello", "", |_, _| Ok(Value::string("Hello!"))),
    function!("trim", "s", |args, run| run
        .string(trim_space(args.bytes(0)))),
    function!("upper", "s", |args, run| run
        .string(letters::map(args.bytes(0), letters::upper))),
    function!("lower", "s", |args, run| run
        .string(letters::map(args.bytes(0), letters::lower))),
    function!("repeat", "is", repeat),
    function!("trimall", "ss", trim_all),
    function!("trimAll", "ss", trim_all),
    function!("trimSuffix", "ss", |args, run| {
        let text = args.bytes(1);
        run.string(text.strip_suffix(args.bytes(0)).unwrap_or(text))
    }),
    function!("trimPrefix", "ss", |args, run| {
        let text = args.bytes(1);
        run.string(text.strip_prefix(args.bytes(0)).unwrap_or(text))
    }),
    function!("nospace", "s", |args, run| {
        // Like sprig's it takes each byte for a character.
        let chars = args.bytes(0).iter().copied().map(char::from);
        run.string(chars.filter(|c| !c.is_whitespace()).collect::<String>())
    }),
    function!("trunc", "is", trunc),
    function!("substr", "iis", substr),
    function!("contains", "ss", |args, _| Ok(Value::Bool(
        find(args.bytes(1), args.bytes(0)).is_some()
    ))),
    function!("hasPrefix", "ss", |args, _| Ok(Value::Bool(
        args.bytes(1).starts_with(args.bytes(0))
    ))),
    function!("hasSuffix", "ss", |args, _| Ok(Value::Bool(
        args.bytes(1).ends_with(args.bytes(0))
    ))),
    function!("quote", "a*", quoted),
    function!("squote", "a*", single_quoted),
    function!("cat", "a*", cat),
    function!("indent", "is", |args, run| indented(args, run, b"")),
    function!("nindent", "is", |args, run| indented(args, run, b"\n")),
    function!("replace", "sss", |args, run| replaced(
        args.bytes(2),
        args.bytes(0),
        args.bytes(1),
        run
    )),
    function!("plural", "ssi", |args, run| run
        .string(args.bytes(if args.int(2) == 1 { 0 } else { 1 }))),
    function!("toString", "a", |args, run| {
        let text = convert::text(args.get(0), run)?;
        run.string(text)
    }),
    function!("split", "ss", |args, run| numbered(
        separated(args.bytes(1), args.bytes(0), -1),
        run
    )),
    function!("splitn", "sis", |args, run| numbered(
        separated(args.bytes(2), args.bytes(0), args.int(1)),
        run
    )),
    function!("splitList", "ss", |args, run| {
        let parts = separated(args.bytes(1), args.bytes(0), -1);
        run.spend(args.bytes(1).len() + parts.len() * size_of::<Value>())?;
        Ok(Value::strings(parts))
    }),
];

/// Where `needle` begins.
pub(super) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    text.windows(needle.len())
        .position(|window| window == needle)
}

/// Without white space at both ends.
pub(super) fn trim_space(text: &[u8]) -> &[u8] {
    trimmed(text, char::is_whitespace)
}

/// Without the characters at both ends that are `unwanted`; a stray byte is U+FFFD.
pub(super) fn trimmed(text: &[u8], unwanted: impl Fn(char) -> bool) -> &[u8] {
    let mut start = 0;
    let mut end = text.len();
    let mut at = 0;
    let mut wanted = false;
    for chunk in text.utf8_chunks() {
        let stray = if chunk.invalid().is_empty() {
            None
        } else {
            Some(('\u{fffd}', chunk.invalid().len()))
        };
        for (c, length) in chunk
            .valid()
            .chars()
            .map(|c| (c, c.len_utf8()))
            .chain(stray)
        {
            if !unwanted(c) {
                if !wanted {
                    start = at;
                }
                wanted = true;
                end = at + length;
            }
            at += length;
        }
    }
    if wanted { &text[start..end] } else { &[] }
}

fn trim_all(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let set = args.text(0);
    run.string(trimmed(args.bytes(1), |c| set.contains(c)))
}

fn repeat(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let count = usize::try_from(args.int(0)).map_err(|_| "negative Repeat count")?;
    let text = args.bytes(1);
    run.spend(count.saturating_mul(text.len()))?;
    Ok(Value::string(text.repeat(if text.is_empty() {
        0
    } else {
        count
    })))
}

fn trunc(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = args.bytes(1);
    let count = args.int(0);
    let length = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    run.string(match count < 0 {
        true if length < text.len() => &text[text.len() - length..],
        false if length < text.len() => &text[..length],
        _ => text,
    })
}

fn substr(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let text = args.bytes(2);
    let start = usize::try_from(args.int(0)).ok();
    let end = usize::try_from(args.int(1)).ok();
    let part = match (start, end) {
        (None, end) => end.and_then(|end| text.get(..end)),
        (Some(start), Some(end)) if end <= text.len() => text.get(start..end),
        (Some(start), _) => text.get(start..),
    };
    run.string(part.ok_or("slice bounds out of range")?)
}

fn quoted(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut words = Vec::new();
    for value in args.0.iter().filter(|value| !value.is_nil()) {
        words.push(quote::quote(&convert::text(value, run)?, '"', false));
    }
    run.string(words.join(&b' '))
}

fn single_quoted(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut words = Vec::new();
    for value in args.0.iter().filter(|value| !value.is_nil()) {
        words.push([b"'", convert::text(value, run)?.as_slice(), b"'"].concat());
    }
    run.string(words.join(&b' '))
}

fn cat(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let values: Vec<_> = args
        .0
        .iter()
        .filter(|value| !value.is_nil())
        .cloned()
        .collect();
    let format = vec!["%v"; values.len()].join(" ");
    let text =
        super::builtin::printed(run, |sink| printf::printf(sink, format.as_bytes(), &values))?;
    run.string(text)
}

fn indented(args: &Args<'_>, run: &mut Run<'_, '_>, before: &[u8]) -> Outcome {
    let width = usize::try_from(args.int(0)).map_err(|_| "the indentation must not be negative")?;
    let text = args.bytes(1);
    let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
    run.spend(width.saturating_mul(lines).saturating_add(text.len()))?;
    let pad = vec![b' '; width];
    let lines: Vec<_> = text
        .split(|byte| *byte == b'\n')
        .map(|line| [&pad, line].concat())
        .collect();
    Ok(Value::string([before, &lines.join(&b'\n')].concat()))
}

/// Go's `strings.ReplaceAll`: an empty `old` matches between all characters.
pub(super) fn replaced(text: &[u8], old: &[u8], new: &[u8], run: &mut Run<'_, '_>) -> Outcome {
    let parts: Vec<&[u8]> = match old.is_empty() {
        true => {
            let mut parts = vec![&b""[..]];
            parts.extend(separated(text, b"", -1));
            parts.push(b"");
            parts
        }
        false => separated(text, old, -1),
    };
    run.spend(parts.len().saturating_mul(new.len()))?;
    run.string(parts.join(new))
}

/// Go's `strings.SplitN`: at most `limit` parts, all of them when it is negative; with an empty
/// separator the characters.
pub(super) fn separated<'a>(text: &'a [u8], separator: &[u8], limit: i64) -> Vec<&'a [u8]> {
    let limit = match limit {
        0 => return Vec::new(),
        _ => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let mut parts = Vec::new();
    let mut rest = text;
    while parts.len() + 1 < limit {
        let cut = match separator.is_empty() {
            true if rest.is_empty() => return parts,
            true => match first_length(rest) {
                length if length == rest.len() => break,
                length => Some(length),
            },
            false => find(rest, separator),
        };
        let Some(cut) = cut else { break };
        parts.push(&rest[..cut]);
        rest = &rest[cut + separator.len()..];
    }
    parts.push(rest);
    parts
}

fn first_length(text: &[u8]) -> usize {
    let chunk = text.utf8_chunks().next();
    chunk
        .and_then(|chunk| chunk.valid().chars().next())
        .map_or(1, char::len_utf8)
}

fn numbered(parts: Vec<&[u8]>, run: &mut Run<'_, '_>) -> Result<Value, Fault> {
    run.spend(
        parts
            .iter()
            .map(|part| part.len() + 2 * size_of::<Value>())
            .sum(),
    )?;
    let entries = parts.into_iter().enumerate().map(|(index, part)| {
        (
            Text::new(format!("_{index}").into_bytes()),
            Value::string(part),
        )
    });
    Ok(Value::Map(Map::new(Element::String, entries)))
}
