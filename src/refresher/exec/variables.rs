//! The variables of one container: read from their file, and found in the texts that name them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::{fs, io};

use zeroize::Zeroizing;

use crate::spec::layout::{ENVIRONMENT_FILE, REFERENCE};

/// Names and values, in the order of the names.
#[derive(Default)]
pub(super) struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    /// Reads the file in `directory`: `NAME=value` and a NUL for each, as `/proc/PID/environ` has it.
    /// Where it is optional, none is as good as an empty one.
    ///
    /// # Errors
    /// When it cannot be read, or is not such a file.
    pub(super) fn read(directory: &Path, optional: bool) -> Result<Self, String> {
        let file = directory.join(ENVIRONMENT_FILE);
        match fs::read(&file).map(Zeroizing::new) {
            Ok(bytes) => Self::parse(&bytes)
                .ok_or_else(|| format!("{} is no file of variables", file.display())),
            Err(error) if optional && error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(error) => Err(format!(
                "cannot read the variables of this container: {}: {error}",
                file.display()
            )),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut variables = BTreeMap::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == 0)?;
            let equals = rest[..end].iter().position(|byte| *byte == b'=')?;
            let (name, value) = (&rest[..equals], &rest[equals + 1..end]);
            if name.is_empty() {
                return None;
            }
            variables.insert(owned(name), owned(value));
            rest = &rest[end + 1..];
        }
        Some(Self(variables))
    }

    /// The variables.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }

    /// The text with the values in place of `$(freshet.dev/NAME)`; `None` when it has none of these.
    /// Where all keys of a Secret are variables nobody knew their names before, so one that is none of
    /// them may be found by `elsewhere`. What is not known at all becomes `$(NAME)`, as its author wrote
    /// it, and a value is not looked at again, both as kubelet does it.
    pub(super) fn expand(
        &self,
        text: &OsStr,
        elsewhere: &dyn Fn(&OsStr) -> Option<OsString>,
    ) -> Option<OsString> {
        let opening = format!("$({REFERENCE}");
        let mut expanded: Option<Vec<u8>> = None;
        let (mut rest, mut copied) = (text.as_bytes(), 0);
        let whole = text.as_bytes();
        while let Some(at) = find(rest, opening.as_bytes()) {
            let start = whole.len() - rest.len() + at;
            rest = &whole[start + opening.len()..];
            let Some(end) = rest.iter().position(|byte| *byte == b')') else {
                break;
            };
            let name = OsStr::from_bytes(&rest[..end]);
            let expanded = expanded.get_or_insert_default();
            expanded.extend_from_slice(&whole[copied..start]);
            match (self.0.get(name), elsewhere(name)) {
                (Some(value), _) => expanded.extend_from_slice(value.as_bytes()),
                (None, Some(value)) => expanded.extend_from_slice(value.as_bytes()),
                (None, None) => expanded.extend([b"$(", name.as_bytes(), b")"].concat()),
            }
            rest = &rest[end + 1..];
            copied = whole.len() - rest.len();
        }
        let mut expanded = expanded?;
        expanded.extend_from_slice(&whole[copied..]);
        Some(OsString::from_vec(expanded))
    }
}

fn owned(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
        let variables = Variables::parse(bytes)?;
        let bytes = |text: &OsString| text.as_bytes().to_vec();
        Some(
            variables
                .iter()
                .map(|(name, value)| (bytes(name), bytes(value)))
                .collect(),
        )
    }

    #[test]
    fn any_byte_but_nul_is_part_of_a_value() {
        let pair = |name: &str, value: &[u8]| (name.as_bytes().to_vec(), value.to_vec());
        assert_eq!(variables(b""), Some(Vec::new()));
        assert_eq!(
            variables(b"B=a=\n\xff\0A=\0"),
            Some(vec![pair("A", b""), pair("B", b"a=\n\xff")])
        );
        for bytes in [&b"A=x"[..], b"A\0", b"=x\0", b"A=x\0\0"] {
            assert_eq!(variables(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_reference_is_replaced_and_all_else_stays() {
        let variables = Variables::parse(b"A=1\0B=$(freshet.dev/A)\0EMPTY=\0").expect("variables");
        for (text, want) in [
            ("$(freshet.dev/A)", Some("1")),
            ("x$(freshet.dev/A)y$(freshet.dev/EMPTY)z", Some("x1yz")),
            ("$(freshet.dev/B)!", Some("$(freshet.dev/A)!")),
            ("$(A) $$(A)", None),
            ("$(freshet.dev/C)", Some("$(C)")),
            ("$(freshet.dev/C)$(freshet.dev/A)", Some("$(C)1")),
            ("$(freshet.dev/HOME)!", Some("/home!")),
            ("$(freshet.dev/$(freshet.dev/A)", Some("$($(freshet.dev/A)")),
            ("$(freshet.dev/A", None),
            ("$(freshet.dev/)", Some("$()")),
            ("", None),
        ] {
            let elsewhere = |name: &OsStr| (name == "HOME").then(|| "/home".into());
            let found = variables.expand(OsStr::new(text), &elsewhere);
            assert_eq!(found.as_deref(), want.map(OsStr::new), "{text}");
        }
    }
}
