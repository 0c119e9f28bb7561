//! The condition of a SecretStore or a ClusterSecretStore.

use super::condition::{Condition, Reason};
use crate::dialect::Problem;

/// The condition of a store that is Freshet's, from what is wrong with it.
pub fn of_store(problems: &[Problem]) -> Condition {
    match problems {
        [] => Condition::new(
            Reason::Valid,
            "served by Freshet: pods log in to it as themselves",
        ),
        problems => Condition::of_problems(Reason::Invalid, problems),
    }
}
