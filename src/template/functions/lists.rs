//! sprig's lists.

use super::convert;
use super::function;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::value::{Element, List, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function!("list", "a*", list),
    function!("tuple", "a*", list),
    function!("append", "aa", append),
    function!("push", "aa", append),
    function!("mustAppend", "aa", append),
    function!("mustPush", "aa", append),
    function!("prepend", "aa", prepend),
    function!("mustPrepend", "aa", prepend),
    function!("first", "a", |args, _| Ok(items(args, 0)?
        .first()
        .cloned()
        .unwrap_or(Value::Nil))),
    function!("mustFirst", "a", |args, _| Ok(items(args, 0)?
        .first()
        .cloned()
        .unwrap_or(Value::Nil))),
    function!("last", "a", |args, _| Ok(items(args, 0)?
        .last()
        .cloned()
        .unwrap_or(Value::Nil))),
    function!("mustLast", "a", |args, _| Ok(items(args, 0)?
        .last()
        .cloned()
        .unwrap_or(Value::Nil))),
    function!("rest", "a", rest),
    function!("mustRest", "a", rest),
    function!("initial", "a", initial),
    function!("mustInitial", "a", initial),
    function!("reverse", "a", reverse),
    function!("mustReverse", "a", reverse),
    function!("compact", "a", compact),
    function!("mustCompact", "a", compact),
    function!("uniq", "a", uniq),
    function!("mustUniq", "a", uniq),
    function!("without", "aa*", without),
    function!("mustWithout", "aa*", without),
    function!("has", "aa", has),
    function!("mustHas", "aa", has),
    function!("slice", "aa*", slice),
    function!("mustSlice", "aa*", slice),
    function!("concat", "a*", concat),
    function!("chunk", "ia", chunk),
    function!("mustChunk", "ia", chunk),
    function!("sortAlpha", "a", sort_alpha),
    function!("toStrings", "a", |args, run| Ok(Value::strings(
        convert::texts(args.get(0), run)?
    ))),
    function!("join", "sa", join),
    function!("shuffle", "s", shuffle, Volatile),
];

fn items<'a>(args: &Args<'a>, index: usize) -> Result<&'a [Value], Fault> {
    match args.get(index) {
        Value::List(list) => Ok(list.items()),
        other => Err(Fault::new(format!(
            "expected a list, got {}",
            other.type_name()
        ))),
    }
}

fn made(items: Vec<Value>, run: &mut Run<'_, '_>) -> Outcome {
    run.spend(items.len() * size_of::<Value>())?;
    Ok(Value::list(items))
}

fn list(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    made(args.0.to_vec(), run)
}

fn append(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut result = items(args, 0)?.to_vec();
    result.push(args.get(1).clone());
    made(result, run)
}

fn prepend(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut result = vec![args.get(1).clone()];
    result.extend_from_slice(items(args, 0)?);
    made(result, run)
}

fn rest(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    made(items(args, 0)?.get(1..).unwrap_or_default().to_vec(), run)
}

fn initial(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let all = items(args, 0)?;
    made(
        all.split_last()
            .map(|(_, initial)| initial.to_vec())
            .unwrap_or_default(),
        run,
    )
}

fn reverse(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    made(items(args, 0)?.iter().rev().cloned().collect(), run)
}

fn compact(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    made(
        items(args, 0)?
            .iter()
            .filter(|item| !convert::is_empty(item))
            .cloned()
            .collect(),
        run,
    )
}

fn contains(haystack: &[Value], needle: &Value, run: &Run<'_, '_>) -> bool {
    let depth = run.context.limits.depth;
    haystack
        .iter()
        .any(|item| convert::deep_equal(item, needle, depth))
}

fn uniq(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut result: Vec<Value> = Vec::new();
    for item in items(args, 0)? {
        run.spend(result.len())?;
        if !contains(&result, item, run) {
            result.push(item.clone());
        }
    }
    made(result, run)
}

fn without(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let omitted = args.from(1);
    let kept = items(args, 0)?
        .iter()
        .filter(|item| !contains(omitted, item, run))
        .cloned()
        .collect();
    made(kept, run)
}

fn has(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    if args.get(1).is_nil() {
        return Ok(Value::Bool(false));
    }
    Ok(Value::Bool(contains(items(args, 1)?, args.get(0), run)))
}

fn slice(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let all = items(args, 0)?;
    if all.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index: usize, default: usize| match args.0.get(index) {
        Some(value) => usize::try_from(convert::int64(value)).ok(),
        None => Some(default),
    };
    let range = bound(1, 0)
        .zip(bound(2, all.len()))
        .and_then(|(start, end)| all.get(start..end));
    let result = range.ok_or("slice index out of bounds")?.to_vec();
    run.spend(result.len() * size_of::<Value>())?;
    let element = args.list(0).map_or(Element::Any, List::element);
    Ok(Value::List(List::new(element, result)))
}

fn concat(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut result = Vec::new();
    for index in 0..args.len() {
        let items = items(args, index)?;
        run.spend(size_of_val(items))?;
        result.extend_from_slice(items);
    }
    Ok(Value::list(result))
}

fn chunk(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let all = items(args, 1)?;
    let size = match args.int(0) {
        0 => return Err("integer divide by zero".into()),
        // Fewer than no chunks are none.
        size => usize::try_from(size).unwrap_or(usize::MAX),
    };
    let all = if args.int(0) < 0 { &[] } else { all };
    run.spend(all.len() * 2 * size_of::<Value>())?;
    let chunks = all
        .chunks(size)
        .map(|chunk| Value::list(chunk.to_vec()))
        .collect();
    Ok(Value::List(List::new(Element::List, chunks)))
}

fn sort_alpha(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut texts = match args.get(0) {
        Value::List(_) => convert::texts(args.get(0), run)?,
        other => vec![convert::text(other, run)?],
    };
    texts.sort();
    Ok(Value::strings(texts))
}

fn join(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let texts = convert::texts(args.get(1), run)?;
    let separator = args.bytes(0);
    // Counted before it is made: a long separator is many times a short list's size.
    run.spend(separator.len().saturating_mul(texts.len()))?;
    run.string(texts.join(separator))
}

fn shuffle(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut chars: Vec<char> = args.text(0).chars().collect();
    for end in (1..chars.len()).rev() {
        let other = super::random::below(run, end + 1);
        chars.swap(end, other);
    }
    run.string(chars.into_iter().collect::<String>())
}
