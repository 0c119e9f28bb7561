//! Functions that answer something else each time.

use super::function;
use crate::template::call::{Args, Function, Outcome, Run};
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function!(
        "randAlphaNum",
        "i",
        |args, run| text(args, run, &[b'0'..=b'9', b'A'..=b'Z', b'a'..=b'z']),
        Volatile
    ),
    function!(
        "randAlpha",
        "i",
        |args, run| text(args, run, &[b'A'..=b'Z', b'a'..=b'z']),
        Volatile
    ),
    function!(
        "randNumeric",
        "i",
        |args, run| text(args, run, &[b'0'..=b'9']),
        Volatile
    ),
    function!(
        "randAscii",
        "i",
        |args, run| text(args, run, &[b' '..=b'~']),
        Volatile
    ),
    function!("randBytes", "i", bytes, Volatile),
    function!("randInt", "ii", int, Volatile),
    function!("uuidv4", "", uuid, Volatile),
];

/// A number below `end`, each as likely as the others.
pub(super) fn below(run: &mut Run<'_, '_>, end: usize) -> usize {
    let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
    // The numbers from here on would make the first ones likelier.
    let fair = u64::MAX - u64::MAX % end;
    for _ in 0..64 {
        let mut bytes = [0; 8];
        run.context.random.fill(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < fair {
            return usize::try_from(number % end).unwrap_or(0);
        }
    }
    // 64 such draws do not happen, but a source that always answers the same must not hang.
    0
}

fn count(args: &Args<'_>) -> Result<usize, crate::template::Fault> {
    usize::try_from(args.int(0)).map_err(|_| "the length must not be negative".into())
}

fn text(
    args: &Args<'_>,
    run: &mut Run<'_, '_>,
    ranges: &[std::ops::RangeInclusive<u8>],
) -> Outcome {
    let alphabet: Vec<u8> = ranges.iter().cloned().flatten().collect();
    let count = count(args)?;
    run.spend(count)?;
    let text: Vec<u8> = (0..count)
        .map(|_| alphabet[below(run, alphabet.len())])
        .collect();
    Ok(Value::string(text))
}

fn bytes(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let count = count(args)?;
    run.spend(count)?;
    let mut bytes = vec![0; count];
    run.context.random.fill(&mut bytes);
    run.string(super::encoding::base64(&bytes))
}

fn int(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let (low, high) = (args.int(0), args.int(1));
    let span = high
        .checked_sub(low)
        .and_then(|span| usize::try_from(span).ok())
        .filter(|span| *span > 0);
    let offset = below(
        run,
        span.ok_or("the second number must be greater than the first")?,
    );
    Ok(Value::Int(low.wrapping_add(offset as i64)))
}

fn uuid(_: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut bytes = [0_u8; 16];
    run.context.random.fill(&mut bytes);
    // RFC 9562: version 4, variant 10.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = super::encoding::hex(&bytes);
    run.string(format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    ))
}
