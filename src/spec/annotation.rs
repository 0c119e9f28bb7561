//! The annotation's text: JSON while it is small, so that `kubectl get pod -o yaml` shows what a pod
//! is served; compressed when it is large, so that large templates fit.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};

use super::invalid::Invalid;

/// What a compressed text begins with; JSON begins with `{`. Base64 of zlib (RFC 1950) follows.
const PREFIX: &str = "zlib:";
/// JSON up to here is left readable.
const PLAIN: usize = 16 << 10;
/// From here on the pod's author is told that there is not much room left.
const LARGE: usize = 64 << 10;
/// Half of what Kubernetes allows a pod's annotations together: the author's are beside it.
const LIMIT: usize = 128 << 10;
/// The JSON that a refresher is ready to unpack. An annotation of [`LIMIT`] could hold a thousand
/// times as much, and whoever may annotate a pod could exhaust its sidecar's memory.
const UNPACKED: usize = 1 << 20;
/// The compression level: the knee between size and time.
const LEVEL: u8 = 6;

/// What the size of the annotation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationSize {
    /// Nothing to say.
    Fine,
    /// It works, and there is not much room left; bytes as written.
    Large(usize),
    /// Kubernetes, or the refresher, would refuse it; bytes as written.
    TooLarge(usize),
}

impl AnnotationSize {
    /// The largest annotation that is written, in bytes.
    pub const LIMIT: usize = LIMIT;

    pub(super) const fn of(plain: usize, written: usize) -> Self {
        if written > LIMIT || plain > UNPACKED {
            Self::TooLarge(written)
        } else if written > LARGE {
            Self::Large(written)
        } else {
            Self::Fine
        }
    }
}

/// The text of the annotation for this JSON.
pub(super) fn pack(json: String) -> String {
    if json.len() <= PLAIN {
        return json;
    }
    let mut text = String::from(PREFIX);
    STANDARD.encode_string(compress_to_vec_zlib(json.as_bytes(), LEVEL), &mut text);
    text
}

/// The JSON of an annotation's text.
///
/// # Errors
/// When it claims to be compressed and cannot be unpacked.
pub(super) fn unpack(text: &str) -> Result<Cow<'_, str>, Invalid> {
    let Some(packed) = text.strip_prefix(PREFIX) else {
        return Ok(Cow::Borrowed(text));
    };
    let damaged = || Invalid::new("is not base64 of zlib after \"zlib:\"");
    let bytes = STANDARD.decode(packed).map_err(|_| damaged())?;
    let json = decompress_to_vec_zlib_with_limit(&bytes, UNPACKED).map_err(|error| match error
        .status
    {
        TINFLStatus::HasMoreOutput => Invalid::new("unpacks to more than 1 MiB"),
        _ => damaged(),
    })?;
    String::from_utf8(json)
        .map(Cow::Owned)
        .map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_json_stays_readable_and_large_is_compressed() {
        let small = "x".repeat(PLAIN);
        assert_eq!(pack(small.clone()), small);
        let large = "x".repeat(PLAIN + 1);
        let packed = pack(large.clone());
        assert!(
            packed.starts_with("zlib:") && packed.len() < 200,
            "{packed}"
        );
        assert_eq!(unpack(&packed), Ok(Cow::Owned(large)));
    }

    #[test]
    fn unpacking_is_limited_and_damage_is_told() {
        for (bytes, unpacked) in [
            (UNPACKED, true),
            (UNPACKED + 1, false),
            (4 * UNPACKED, false),
        ] {
            let text = pack("x".repeat(bytes));
            assert_eq!(unpack(&text).is_ok(), unpacked, "{bytes}");
        }
        let whole = pack("x".repeat(PLAIN + 1));
        for text in ["zlib:", "zlib:?", "zlib:AAAA", &whole[..whole.len() - 8]] {
            assert!(unpack(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_three_classes() {
        use AnnotationSize::{Fine, Large, TooLarge};
        assert_eq!(AnnotationSize::of(LARGE, LARGE), Fine);
        assert_eq!(AnnotationSize::of(LARGE + 1, LARGE + 1), Large(LARGE + 1));
        assert_eq!(
            AnnotationSize::of(LIMIT + 1, LIMIT + 1),
            TooLarge(LIMIT + 1)
        );
        assert_eq!(AnnotationSize::of(UNPACKED + 1, 5000), TooLarge(5000));
    }

    proptest! {
        #[test]
        fn what_is_packed_unpacks(unit in "\\PC{1,40}", times in 1usize..2000) {
            let json = unit.repeat(times);
            let packed = pack(json.clone());
            prop_assert_eq!(unpack(&packed).map(Cow::into_owned), Ok(json));
        }

        #[test]
        fn unpacking_never_panics(text in "(zlib:)?[A-Za-z0-9+/=]{0,60}") {
            let _ = unpack(&text);
        }
    }
}
