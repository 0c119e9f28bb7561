//! Names that Kubernetes has rules for.

use super::invalid::Invalid;
use super::text::text_values;

/// Whether `text` is a DNS label (RFC 1123): 1–63 lower-case letters, digits and inner hyphens.
fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn dns_label(text: &str) -> Result<String, Invalid> {
    accept(
        text,
        is_dns_label(text),
        "must be a DNS label: lower-case letters, digits and hyphens, at most 63",
    )
}

fn annotation_name(text: &str) -> Result<String, Invalid> {
    let edge = |byte: &u8| byte.is_ascii_alphanumeric();
    let accepted = (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && text.as_bytes().first().is_some_and(edge)
        && text.as_bytes().last().is_some_and(edge);
    let form =
        "must be letters, digits, \"-\", \"_\" and \".\", and begin and end with a letter or digit";
    accept(text, accepted, form)
}

fn accept(text: &str, accepted: bool, form: &'static str) -> Result<String, Invalid> {
    match accepted {
        true => Ok(text.to_owned()),
        false => Err(Invalid::new(form)),
    }
}

text_values! {
    /// The name of a volume of a pod.
    VolumeName = dns_label;
    /// The name of a container of a pod.
    ContainerName = dns_label;
    /// The `<name>` in `freshet.dev/secret-<name>`: it ties the annotations of one file together
    /// and is the file's default name.
    ///
    /// Kubernetes allows letters, digits, `-`, `_` and `.` in the name part of an annotation's key,
    /// and 63 characters for the whole part.
    SecretName = annotation_name;
}
