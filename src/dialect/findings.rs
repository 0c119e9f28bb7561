//! What a dialect has found wrong or doubtful so far: it goes on reading after a mistake, so that
//! all of them are told at once.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::problem::excerpt;
use super::{Problem, Refusal};
use crate::spec::{ANNOTATION, AnnotationSize, Invalid, SyncSpec, TemplateSpec};
use crate::template::Template;

/// Problems and warnings, collected while a pod's metadata is read.
#[derive(Debug, Default)]
pub(super) struct Findings {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// Problems beyond [`KEPT`].
    more: usize,
    /// See [`super::Parsed::heavy_functions`].
    pub(super) heavy_functions: BTreeSet<&'static str>,
}

/// Nobody reads more, and a request of megabytes must not make an answer of megabytes.
const KEPT: usize = 100;

impl Findings {
    pub(super) fn problem(&mut self, problem: Problem) {
        match self.is_full() {
            true => self.more += 1,
            false => self.problems.push(problem),
        }
    }

    pub(super) fn warn(&mut self, warning: Problem) {
        if self.warnings.len() < KEPT {
            self.warnings.push(warning);
        }
    }

    /// Whether further problems are only counted, so that their texts need not be made.
    pub(super) fn is_full(&self) -> bool {
        self.problems.len() >= KEPT
    }

    /// The value of the annotation `key`, or a problem that says what is accepted.
    pub(super) fn value<T: FromStr<Err = Invalid>>(&mut self, key: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.problem(at(key).with(text, invalid.to_string()));
                None
            }
        }
    }

    /// Tells a template that cannot be parsed: it would keep the pod from starting.
    pub(super) fn template(&mut self, key: &str, template: &TemplateSpec) {
        let At(path) = at(key);
        self.template_at(&path, template);
    }

    /// The same of one that stands elsewhere than in an annotation.
    pub(super) fn template_at(&mut self, path: &str, template: &TemplateSpec) {
        match Template::parse(template) {
            Ok(template) => self.heavy_functions.extend(template.uses().heavy),
            Err(error) => self.problem(Problem::new(path, error.to_string())),
        }
    }

    /// Tells a sync-spec that Kubernetes would refuse, or soon will.
    pub(super) fn size(&mut self, spec: &SyncSpec) {
        let kib = |bytes: usize| bytes.div_ceil(1 << 10);
        let advice = "spread the files over several pods, or keep long templates in the application and fetch values alone";
        match spec.size() {
            AnnotationSize::Fine => {}
            AnnotationSize::Large(bytes) => self.warn(at(ANNOTATION).say(format!(
                "will take {} KiB of at most {} KiB: {advice}",
                kib(bytes),
                kib(AnnotationSize::LIMIT)
            ))),
            AnnotationSize::TooLarge(bytes) => self.problem(at(ANNOTATION).say(format!(
                "would take {} KiB; at most {} KiB, and 1 MiB before compression, are accepted: {advice}",
                kib(bytes),
                kib(AnnotationSize::LIMIT)
            ))),
        }
    }

    /// The warnings, in the order of their paths.
    ///
    /// # Errors
    /// When there are problems; these and the warnings, in the order of their paths.
    pub(super) fn close(mut self) -> Result<Vec<Problem>, Refusal> {
        self.problems.sort();
        self.problems.dedup();
        if self.more > 0 {
            let message = format!("and {} problems more", self.more);
            self.problems
                .push(Problem::new("metadata.annotations", message));
        }
        self.warnings.sort();
        self.warnings.dedup();
        match self.problems.is_empty() {
            true => Ok(self.warnings),
            false => Err(Refusal {
                problems: self.problems,
                warnings: self.warnings,
            }),
        }
    }
}

/// The place of a problem: `at(key).with(value, message)`, `at(key).say(message)`.
pub(super) struct At(String);

/// The annotation `key`, in Kubernetes' path form.
pub(super) fn at(key: &str) -> At {
    At(format!("metadata.annotations[{key}]"))
}

impl At {
    /// A problem of the annotation as a whole.
    pub(super) fn say(self, message: impl Into<String>) -> Problem {
        Problem::new(self.0, message)
    }

    /// A problem of its value. A long one, such as a template, is cut: a message is for reading.
    pub(super) fn with(self, value: &str, message: impl Into<String>) -> Problem {
        const SHOWN: usize = 80;
        Problem::of_value(self.0, excerpt(value, SHOWN), message)
    }
}

/// A few names for a message: `"db", "tls" and 3 more`.
pub(super) fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("{name:?}"))
        .collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
