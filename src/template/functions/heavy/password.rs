//! Password hashes, and passwords derived from a master password.

use bcrypt::Version;
use md5::{Digest as _, Md5};
use ring::{digest, hmac};

use super::super::encoding;
use crate::template::call::{Args, Fault, Outcome, Run};

fn bcrypted(password: &[u8], run: &mut Run<'_, '_>) -> Result<String, Fault> {
    const COST: u32 = 10;
    if password.len() > 72 {
        return Err("bcrypt takes passwords of at most 72 bytes".into());
    }
    let mut salt = [0; 16];
    run.context.random.fill(&mut salt);
    let parts = ::bcrypt::hash_with_salt(password, COST, salt).map_err(|_| "bcrypt failed")?;
    Ok(parts.format_for_version(Version::TwoA))
}

pub(super) fn bcrypt(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let hash = bcrypted(args.bytes(0), run)?;
    run.string(hash)
}

/// A line of an `.htpasswd` file, by bcrypt unless `sha` is asked for.
pub(super) fn htpasswd(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let (user, password) = (args.bytes(0), args.bytes(1));
    if user.contains(&b':') {
        return run.string([b"invalid username: ", user].concat());
    }
    let hash = match args
        .from(2)
        .first()
        .and_then(|algorithm| algorithm.as_bytes())
    {
        None | Some(b"bcrypt" | b"") => bcrypted(password, run)?.into_bytes(),
        Some(b"sha") => {
            let sum = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password);
            [b"{SHA}", encoding::base64(sum.as_ref()).as_slice()].concat()
        }
        Some(_) => return Err("the hash must be bcrypt or sha".into()),
    };
    run.string([user, b":", hash.as_slice()].concat())
}

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// The forms of a password: each letter stands for a class of characters.
fn forms(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn class(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The Master Password algorithm: scrypt with 32 MiB of memory.
pub(super) fn derive(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let (counter, kind, password, user, site) = (
        args.uint32(0),
        args.bytes(1),
        args.bytes(2),
        args.bytes(3),
        args.bytes(4),
    );
    let Some(forms) = forms(kind) else {
        return run.string([b"cannot find password template ", kind].concat());
    };
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [SEED, &length(user), user].concat();
    let mut key = [0; 64];
    let cost = scrypt::Params::new(15, 8, 2).map_err(|_| "scrypt failed")?;
    scrypt::scrypt(password, &salt, &cost, &mut key).map_err(|_| "scrypt failed")?;
    let message = [SEED, &length(site), site, &counter.to_be_bytes()].concat();
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &message);
    let seed = seed.as_ref();
    let form = forms[usize::from(seed[0]) % forms.len()];
    let letter = |(letter, seed): (u8, &u8)| {
        let class = class(letter);
        class[usize::from(*seed) % class.len()]
    };
    run.string(form.bytes().zip(&seed[1..]).map(letter).collect::<Vec<_>>())
}

/// consul-template's `md5sum`.
pub(super) fn md5(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    run.string(encoding::hex(&Md5::digest(args.bytes(0))))
}
