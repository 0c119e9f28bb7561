//! Names that Kubernetes has rules for.

use super::invalid::Invalid;
use super::text::text_values;

/// Whether `text` is a DNS label (RFC 1123): 1–63 lower-case letters, digits and inner hyphens.
fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

fn is_label_of_any_length(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether `text` is a DNS subdomain (RFC 1123) as Kubernetes has it: labels with dots between them,
/// at most 253 characters in all.
fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label_of_any_length)
}

fn dns_subdomain(text: &str) -> Result<String, Invalid> {
    accept(
        text,
        is_dns_subdomain(text),
        "must be a DNS subdomain: lower-case letters, digits, hyphens and dots, at most 253",
    )
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

fn variable_name(text: &str) -> Result<String, Invalid> {
    let accepted = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    accept(
        text,
        accepted && text.len() <= 63,
        "must be letters, digits and \"_\", begin with a letter and end with a letter or digit",
    )
}

/// The longest name of a profile: with the longest of its settings it has to fit into the 63
/// characters of an annotation's name, and into a volume's.
const LONGEST_PROFILE: usize = 32;

fn profile_name(text: &str) -> Result<String, Invalid> {
    accept(
        text,
        text.len() <= LONGEST_PROFILE && is_label_of_any_length(text),
        "must be the name of a profile: lower-case letters, digits and inner hyphens, at most 32",
    )
}

fn accept(text: &str, accepted: bool, form: &'static str) -> Result<String, Invalid> {
    match accepted {
        true => Ok(text.to_owned()),
        false => Err(Invalid::new(form)),
    }
}

text_values! {
    /// The name of an object, such as a Secret or a Lease.
    ObjectName = dns_subdomain;
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
    /// The `<VAR>` in `freshet.dev/env-<VAR>`: an environment variable that an annotation can name.
    VariableName = variable_name;
    /// The name of a login beside the pod's own: the `<profile>` in `freshet.dev/vault-<profile>-role`
    /// and in `profile:path`.
    Profile = profile_name;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_by_labels_with_dots_between_them() {
        let accepted = |text: &str| text.parse::<ObjectName>().is_ok();
        for name in ["freshet", "a.b-c.0", &"a".repeat(253)] {
            assert!(accepted(name), "{name}");
        }
        for name in ["", "Pair", "a..b", "-a", "a.b-", "a/b", &"a".repeat(254)] {
            assert!(!accepted(name), "{name}");
        }
    }

    #[test]
    fn a_profile_is_a_short_label() {
        let accepted = |text: &str| text.parse::<Profile>().is_ok();
        for name in ["eu", "eu-west-1", "0", &"a".repeat(32)] {
            assert!(accepted(name), "{name}");
        }
        for name in ["", "EU", "eu.west", "-eu", "eu-", "e u", &"a".repeat(33)] {
            assert!(!accepted(name), "{name}");
        }
    }
}
