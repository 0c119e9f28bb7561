//! sprig's `encryptAES` and `decryptAES`: AES-256 in CBC mode, as sprig has it. The key is the
//! password itself, and nothing tells whether the text was changed.

use aes::Aes256;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};

use super::super::encoding;
use crate::template::call::{Args, Outcome, Run};

const BLOCK: usize = 16;

/// The password, cut or filled up with zeros.
fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}

pub(super) fn encrypt(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let plain = args.bytes(1);
    if plain.is_empty() {
        return run.string("");
    }
    let mut start = [0; BLOCK];
    run.context.random.fill(&mut start);
    let cipher = cbc::Encryptor::<Aes256>::new(&key(args.bytes(0)).into(), &start.into());
    let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(plain);
    run.string(encoding::base64(&[start.as_slice(), &encrypted].concat()))
}

pub(super) fn decrypt(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    if args.bytes(1).is_empty() {
        return run.string("");
    }
    let data = encoding::unbase64(args.bytes(1), encoding::STANDARD)
        .map_err(crate::template::call::Fault::new)?;
    let (start, encrypted) = data
        .split_first_chunk::<BLOCK>()
        .ok_or("the text is too short to be encrypted")?;
    let cipher = cbc::Decryptor::<Aes256>::new(&key(args.bytes(0)).into(), &(*start).into());
    let plain = cipher
        .decrypt_padded_vec::<NoPadding>(encrypted)
        .map_err(|_| "the encrypted text is not a number of whole blocks")?;
    // The last byte alone says how much is padding; the others are not looked at.
    let padding = plain.last().map(|last| usize::from(*last));
    let length = padding.and_then(|padding| plain.len().checked_sub(padding));
    run.string(&plain[..length.ok_or("the text does not decrypt: is the password right")?])
}
