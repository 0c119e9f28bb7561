//! PEM: `filterPEM`, and blocks for the functions that deal with keys and certificates.

use super::encoding;
use super::function;
use super::strings::find;
use crate::template::call::{Args, Function, Outcome, Run};

pub(super) const FUNCTIONS: &[Function] = &[function!("filterPEM", "ss", filter)];

/// One block of PEM.
pub(super) struct Block {
    pub(super) label: Vec<u8>,
    pub(super) der: Vec<u8>,
}

/// The first block of `text`, and what follows it.
pub(super) fn decode(text: &[u8]) -> Option<(Block, &[u8])> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let mut rest = text;
    loop {
        let start = find(rest, BEGIN)?;
        let at_line_start = start == 0 || rest[start - 1] == b'\n';
        let after = &rest[start + BEGIN.len()..];
        rest = after;
        if let Some(found) = at_line_start.then(|| block(after)).flatten() {
            return Some(found);
        }
    }
}

/// A block after its `-----BEGIN `.
fn block(after: &[u8]) -> Option<(Block, &[u8])> {
    let line = after.iter().position(|byte| *byte == b'\n')?;
    let label = after[..line].trim_ascii_end().strip_suffix(b"-----")?;
    let body = &after[line + 1..];
    let marker = [b"-----END ", label, b"-----"].concat();
    let end = find(body, &marker)?;
    if end > 0 && body[end - 1] != b'\n' {
        return None;
    }
    let rest = &body[end + marker.len()..];
    let line_end = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(rest.len(), |newline| newline + 1);
    if !rest[..line_end].trim_ascii().is_empty() {
        return None;
    }
    let mut base64 = &body[..end];
    // Headers end with an empty line.
    if base64.contains(&b':') {
        base64 = &base64[find(base64, b"\n\n").or_else(|| find(base64, b"\r\n\r\n"))?..];
    }
    let base64: Vec<u8> = base64
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let der = encoding::unbase64(&base64, encoding::STANDARD).ok()?;
    Some((
        Block {
            label: label.to_vec(),
            der,
        },
        &rest[line_end..],
    ))
}

/// `der` as a block.
pub(super) fn encode(label: &[u8], der: &[u8]) -> Vec<u8> {
    let mut out = [b"-----BEGIN ", label, b"-----\n"].concat();
    for line in encoding::base64(der).chunks(64) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend_from_slice(&[b"-----END ", label, b"-----\n"].concat());
    out
}

fn filter(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let label = args.bytes(0);
    let mut rest = args.bytes(1);
    let mut kept = Vec::new();
    while let Some((block, after)) = decode(rest) {
        if block.label.eq_ignore_ascii_case(label) {
            kept.extend_from_slice(&encode(&block.label, &block.der));
        }
        rest = after;
    }
    match kept.is_empty() && !rest.is_empty() {
        true => Err("error filtering pem: found junk".into()),
        false => run.string(kept),
    }
}
