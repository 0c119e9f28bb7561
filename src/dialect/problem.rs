//! One thing that is wrong with an object, in Kubernetes' own form: field path, bad value, what is
//! accepted.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// A mistake that stops a pod, or among warnings a doubtful thing that does not:
/// `metadata.annotations[freshet.dev/mode-db]: "99": must be octal, e.g. 0640`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The object, where it is not the pod: `ExternalSecret db`.
    pub object: Option<String>,
    /// The field, as Kubernetes writes paths: `spec.containers[1].volumeMounts[0].mountPath`.
    pub path: String,
    /// The bad value, where showing it helps and it cannot be secret.
    pub value: Option<String>,
    /// What is accepted, or what to do: lower case, no full stop.
    pub message: String,
}

impl Problem {
    /// A problem of the field `path` as a whole.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            object: None,
            path: path.into(),
            value: None,
            message: message.into(),
        }
    }

    /// A problem of the field `path` with its value.
    pub fn of_value(
        path: impl Into<String>,
        value: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            object: None,
            path: path.into(),
            value: Some(value.into()),
            message: message.into(),
        }
    }
}

/// The most characters that are shown of a path. The key of an annotation has up to 317.
const PATH: usize = 400;
/// ... and of a value.
const VALUE: usize = 400;
/// ... and of a message, which may quote what somebody sent, too.
const MESSAGE: usize = 1200;

impl fmt::Display for Problem {
    /// One line, and no endless one, whatever was sent: the API server checks a pod only after us.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(object) = &self.object {
            write!(f, "{}: ", OneLine(excerpt(object, PATH)))?;
        }
        write!(f, "{}: ", OneLine(excerpt(&self.path, PATH)))?;
        if let Some(value) = &self.value {
            write!(f, "{:?}: ", excerpt(value, VALUE))?;
        }
        OneLine(excerpt(&self.message, MESSAGE)).fmt(f)
    }
}

/// The text, or as many of its characters as `most` and an ellipsis.
pub(super) fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// A text as a part of a line.
struct OneLine<'t>(Cow<'t, str>);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c.is_control() {
                true => write!(f, "{}", c.escape_default())?,
                false => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line() {
        let problem = Problem {
            object: Some("ConfigMap a\rb".to_owned()),
            ..Problem::of_value("data[a\nb]", "c\nd", "must be no \"e\u{0}f\" of ä")
        };
        let want = r#"ConfigMap a\rb: data[a\nb]: "c\nd": must be no "e\u{0}f" of ä"#;
        assert_eq!(problem.to_string(), want);
    }

    #[test]
    fn a_problem_is_a_short_line() {
        let long = "ä".repeat(100_000);
        let problem = Problem {
            object: Some(long.clone()),
            ..Problem::of_value(long.as_str(), long.as_str(), long.as_str())
        };
        let line = problem.to_string();
        assert_eq!(line.matches('ä').count(), PATH + PATH + VALUE + MESSAGE);
        assert_eq!(line.matches('…').count(), 4);
    }
}
