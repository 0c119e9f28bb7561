//! Regular expressions.

use regex::bytes::Regex;

use crate::template::call::{Args, Fault, Outcome, Run};
use crate::template::regex::GoRegex;
use crate::template::value::Value;

fn compiled(pattern: &[u8]) -> Result<Regex, Fault> {
    GoRegex::new(pattern).map(GoRegex::into_inner)
}

/// Whether the text matches; a bad expression does not.
pub(super) fn is_match(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    Ok(Value::Bool(
        compiled(args.bytes(0)).is_ok_and(|regex| regex.is_match(args.bytes(1))),
    ))
}

/// Whether the text matches.
pub(super) fn must_match(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    Ok(Value::Bool(
        compiled(args.bytes(0))?.is_match(args.bytes(1)),
    ))
}

pub(super) fn find(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let regex = compiled(args.bytes(0))?;
    run.string(
        regex
            .find(args.bytes(1))
            .map_or(&b""[..], |found| found.as_bytes()),
    )
}

/// How many matches to take: all for a negative number.
fn limit(args: &Args<'_>) -> usize {
    usize::try_from(args.int(2)).unwrap_or(usize::MAX)
}

pub(super) fn find_all(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let regex = compiled(args.bytes(0))?;
    let mut all = Vec::new();
    for found in regex.find_iter(args.bytes(1)).take(limit(args)) {
        run.spend(found.len() + size_of::<Value>())?;
        all.push(found.as_bytes());
    }
    Ok(Value::strings(all))
}

/// Replaces every match; `$1`, `${1}` and `${name}` in `with` are what the group matched.
pub(super) fn replace(pattern: &[u8], text: &[u8], with: &[u8], run: &mut Run<'_, '_>) -> Outcome {
    let regex = compiled(pattern)?;
    let mut out = Vec::new();
    let mut at = 0;
    for groups in regex.captures_iter(text) {
        let Some(whole) = groups.get(0) else { continue };
        out.extend_from_slice(&text[at..whole.start()]);
        groups.expand(with, &mut out);
        at = whole.end();
        if out.len() > run.room() {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
    run.string(out)
}

pub(super) fn replace_literal(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let regex = compiled(args.bytes(0))?;
    let (text, with) = (args.bytes(1), args.bytes(2));
    let mut out = Vec::new();
    let mut at = 0;
    for found in regex.find_iter(text) {
        out.extend_from_slice(&text[at..found.start()]);
        out.extend_from_slice(with);
        at = found.end();
        if out.len() > run.room() {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
    run.string(out)
}

pub(super) fn split(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let regex = compiled(args.bytes(0))?;
    let (text, limit) = (args.bytes(1), limit(args));
    if limit == 0 {
        return Ok(Value::strings(Vec::<Vec<u8>>::new()));
    }
    if text.is_empty() && !args.bytes(0).is_empty() {
        return Ok(Value::strings([""]));
    }
    let mut parts = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in regex.find_iter(text).take(limit) {
        if parts.len() + 1 == limit {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            run.spend(end - begin + size_of::<Value>())?;
            parts.push(&text[begin..end]);
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(&text[begin..]);
    }
    run.spend(text.len())?;
    Ok(Value::strings(parts))
}

/// The text with every character escaped that means something in an expression.
pub(super) fn quote(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let special = |byte: &u8| br"\.+*?()|[]{}^$".contains(byte);
    let quoted: Vec<u8> = args
        .bytes(0)
        .iter()
        .flat_map(|byte| special(byte).then_some(b'\\').into_iter().chain([*byte]))
        .collect();
    run.string(quoted)
}
