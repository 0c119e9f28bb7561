//! What a dialect says of a pod that cannot start as it is.

use super::{Problem, Reading};

/// All problems of a pod, and the warnings beside them: a key that was misspelt is often the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong; empty only where another part of the same reading says it.
    pub problems: Vec<Problem>,
    /// What is doubtful but would not stop the pod.
    pub warnings: Vec<Problem>,
}

impl Refusal {
    /// What a reading has to say of a pod that is refused, perhaps for another reason.
    pub fn of(reading: Result<Reading, Self>) -> Self {
        match reading {
            Ok(Reading::Asked(parsed)) => Self::default().with(parsed.warnings),
            Ok(Reading::NotAsked(warnings)) => Self::default().with(warnings),
            Err(refusal) => refusal,
        }
    }

    /// Both, and each thing once.
    pub(super) fn and(mut self, other: Self) -> Self {
        add(&mut self.problems, other.problems);
        add(&mut self.warnings, other.warnings);
        self
    }

    /// The same with more warnings.
    pub(super) fn with(mut self, more: Vec<Problem>) -> Self {
        add(&mut self.warnings, more);
        self
    }
}

fn add(all: &mut Vec<Problem>, more: Vec<Problem>) {
    for problem in more {
        if !all.contains(&problem) {
            all.push(problem);
        }
    }
}

impl From<Vec<Problem>> for Refusal {
    fn from(problems: Vec<Problem>) -> Self {
        Self {
            problems,
            warnings: Vec::new(),
        }
    }
}
