//! Names that Kubernetes has rules for.

use std::fmt;
use std::str::FromStr;

use super::invalid::{Invalid, serde_as_text};

/// Whether `text` is a DNS label (RFC 1123): 1–63 lower-case letters, digits and inner hyphens.
fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $accepted:literal, $accepts:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) { Ok(Self(text.to_owned())) } else { Err(Invalid::new($accepted)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        serde_as_text!($name);
    )+};
}

names! {
    /// The name of a volume of a pod.
    VolumeName, "must be a DNS label: lower-case letters, digits and hyphens, at most 63", is_dns_label;
    /// The name of a container of a pod.
    ContainerName, "must be a DNS label: lower-case letters, digits and hyphens, at most 63", is_dns_label;
    /// The `<name>` in `freshet.dev/secret-<name>`: it ties the annotations of one file together
    /// and is the file's default name.
    ///
    /// Kubernetes allows letters, digits, `-`, `_` and `.` in the name part of an annotation's key,
    /// and 63 characters for the whole part.
    SecretName, "must be letters, digits, \"-\", \"_\" and \".\", and begin and end with a letter or digit", |text| {
        let edge = |byte: &u8| byte.is_ascii_alphanumeric();
        (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            && text.as_bytes().first().is_some_and(edge)
            && text.as_bytes().last().is_some_and(edge)
    };
}
