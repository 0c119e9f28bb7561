//! Text that is cut short or broken into lines.

use super::function;
use crate::template::call::{Args, Function, Outcome, Run};

pub(super) const FUNCTIONS: &[Function] = &[
    function!("abbrev", "is", |args, run| {
        let (width, text) = (args.int(0), args.bytes(1));
        let text = if width < 4 {
            text.to_vec()
        } else {
            abbreviated(text, 0, width)
        };
        run.string(text)
    }),
    function!("abbrevboth", "iis", |args, run| {
        let (left, right, text) = (args.int(0), args.int(1), args.bytes(2));
        let as_it_is = right < 4 || left > 0 && right < 7;
        run.string(if as_it_is {
            text.to_vec()
        } else {
            abbreviated(text, left, right)
        })
    }),
    function!("wrap", "is", |args, run| wrapped(
        args.bytes(1),
        args.int(0),
        b"\n",
        LongWords::Stay,
        run
    )),
    function!("wrapWith", "iss", wrap_with),
];

/// `width` bytes of `text` from about `offset`, with `...` for what is left out.
fn abbreviated(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let width = usize::try_from(width).unwrap_or(0);
    if text.len() <= width {
        return text.to_vec();
    }
    let mut offset = usize::try_from(offset).unwrap_or(0).min(text.len());
    let kept = width - 3;
    if text.len() - offset < kept {
        offset = text.len() - kept;
    }
    if offset <= 4 {
        return [&text[..kept], b"..."].concat();
    }
    if offset + kept < text.len() {
        // What is too narrow for a second ellipsis is empty, as in the original.
        let rest = if kept < 4 {
            Vec::new()
        } else {
            abbreviated(&text[offset..], 0, kept as i64)
        };
        return [b"...", rest.as_slice()].concat();
    }
    [b"...", &text[text.len() - kept..]].concat()
}

fn wrap_with(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let separator = args.bytes(1);
    wrapped(
        args.bytes(2),
        args.int(0),
        if separator.is_empty() {
            b"\n"
        } else {
            separator
        },
        LongWords::Break,
        run,
    )
}

/// What becomes of a word that is longer than a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LongWords {
    Stay,
    Break,
}

/// Lines of at most `width` bytes, broken at spaces where there are any.
fn wrapped(
    text: &[u8],
    width: i64,
    separator: &[u8],
    long_words: LongWords,
    run: &mut Run<'_, '_>,
) -> Outcome {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let mut out = Vec::new();
    let mut rest = text;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        run.spend(separator.len())?;
        let is_space = |byte: &u8| *byte == b' ';
        let space = rest[..=width].iter().rposition(is_space).or_else(|| {
            let after = rest[width..].iter().position(is_space);
            after
                .map(|space| space + width)
                .filter(|_| long_words == LongWords::Stay)
        });
        let line = match (space, long_words) {
            (Some(space), _) => space,
            (None, LongWords::Break) => width,
            (None, LongWords::Stay) => break,
        };
        out.extend_from_slice(&rest[..line]);
        out.extend_from_slice(separator);
        rest = &rest[line + usize::from(space.is_some())..];
    }
    out.extend_from_slice(rest);
    run.string(out)
}
