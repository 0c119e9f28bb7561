//! Base64, base32, hexadecimal, and checksums.

use super::function;
use crate::template::call::{Args, Function, Outcome, Run};
use ring::digest;

pub(super) const FUNCTIONS: &[Function] = &[
    function!("b64enc", "s", |args, run| run.string(base64(args.bytes(0)))),
    function!("b64dec", "s", |args, run| decoded(
        run,
        unbase64(args.bytes(0), STANDARD)
    )),
    function!("b32enc", "s", |args, run| run.string(base32(args.bytes(0)))),
    function!("b32dec", "s", |args, run| decoded(
        run,
        unbase32(args.bytes(0))
    )),
    function!("sha1sum", "s", |args, run| sum(
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
        args,
        run
    )),
    function!("sha256sum", "s", |args, run| sum(
        &digest::SHA256,
        args,
        run
    )),
    function!("sha512sum", "s", |args, run| sum(
        &digest::SHA512,
        args,
        run
    )),
    function!("adler32sum", "s", |args, run| run
        .string(adler32(args.bytes(0)).to_string())),
];

/// What External Secrets adds to sprig.
pub(super) const HEXADECIMAL: &[Function] = &[function!("hexdec", "s", |args, run| decoded(
    run,
    unhex(args.bytes(0))
))];

/// sprig answers text that does not decode with the reason instead of failing. It tells where, and
/// never what.
fn decoded(run: &mut Run<'_, '_>, result: Result<Vec<u8>, String>) -> Outcome {
    match result {
        Ok(bytes) => run.string(bytes),
        Err(reason) => run.string(reason),
    }
}

fn sum(algorithm: &'static digest::Algorithm, args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    run.string(hex(digest::digest(algorithm, args.bytes(0)).as_ref()))
}

pub(super) const STANDARD: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const URL: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) fn base64(bytes: &[u8]) -> Vec<u8> {
    base64_of(bytes, STANDARD)
}

pub(super) fn base64_of(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    encode(bytes, alphabet, 6, 4)
}

fn base32(bytes: &[u8]) -> Vec<u8> {
    encode(bytes, BASE32, 5, 8)
}

/// `bits` to a digit, padded to groups of `group` digits.
fn encode(bytes: &[u8], alphabet: &[u8], bits: u32, group: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 8 / 5 + group);
    let (mut buffer, mut held) = (0_u32, 0);
    let mut digit = |buffer: u32, held: u32| {
        let index = if held >= bits {
            buffer >> (held - bits)
        } else {
            buffer << (bits - held)
        };
        out.push(alphabet[index as usize & (alphabet.len() - 1)]);
    };
    for byte in bytes {
        buffer = buffer << 8 | u32::from(*byte);
        held += 8;
        while held >= bits {
            digit(buffer, held);
            held -= bits;
        }
        buffer &= (1 << held) - 1;
    }
    if held > 0 {
        digit(buffer, held);
    }
    while !out.len().is_multiple_of(group) {
        out.push(b'=');
    }
    out
}

/// Decodes padded base64; line breaks are skipped. The error is Go's, with the offset.
pub(super) fn unbase64(text: &[u8], alphabet: &[u8; 64]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| format!("illegal base64 data at input byte {at}");
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut significant = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    let mut quantum = 0_u32;
    let mut count = 0_usize;
    while let Some((at, byte)) = significant.next() {
        if let Some(value) = alphabet.iter().position(|digit| digit == byte) {
            quantum = quantum << 6 | u32::try_from(value).unwrap_or(0);
            count += 1;
            if count == 4 {
                out.extend_from_slice(&quantum.to_be_bytes()[1..]);
                (quantum, count) = (0, 0);
            }
            continue;
        }
        if *byte != b'=' || count < 2 {
            return Err(corrupt(at));
        }
        if count == 2 {
            match significant.next() {
                Some((_, b'=')) => {}
                Some((at, _)) => return Err(corrupt(at)),
                None => return Err(corrupt(text.len())),
            }
        }
        if let Some((at, _)) = significant.next() {
            return Err(corrupt(at));
        }
        quantum <<= 6 * (4 - count);
        out.extend_from_slice(&quantum.to_be_bytes()[1..count]);
        return Ok(out);
    }
    match count {
        0 => Ok(out),
        _ => Err(corrupt(text.len() - count)),
    }
}

fn unbase32(text: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| format!("illegal base32 data at input byte {at}");
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let digits = text
        .iter()
        .position(|byte| *byte == b'=')
        .unwrap_or(text.len());
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let (mut buffer, mut held) = (0_u32, 0);
    for (at, byte) in text[..digits].iter().enumerate() {
        let value = BASE32
            .iter()
            .position(|digit| digit == byte)
            .ok_or_else(|| corrupt(at))?;
        buffer = buffer << 5 | u32::try_from(value).unwrap_or(0);
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((buffer >> held) as u8);
            buffer &= (1 << held) - 1;
        }
    }
    let padding = text[digits..]
        .iter()
        .take_while(|byte| **byte == b'=')
        .count();
    let padded = matches!(
        (digits % 8, padding),
        (0, 0) | (2, 6) | (4, 4) | (5, 3) | (7, 1)
    );
    match padded && digits + padding == text.len() {
        true => Ok(out),
        false => Err(corrupt(digits.min(text.len()))),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

fn unhex(text: &[u8]) -> Result<Vec<u8>, String> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    if let Some(bad) = text.iter().find(|byte| digit(byte).is_none()) {
        return Err(format!(
            "encoding/hex: invalid byte: U+{:04X} {:?}",
            bad,
            char::from(*bad)
        ));
    }
    match text.len().is_multiple_of(2) {
        true => Ok(text
            .chunks(2)
            .filter_map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?))
            .collect()),
        false => Err("encoding/hex: odd length hex string".to_owned()),
    }
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    b << 16 | a
}
