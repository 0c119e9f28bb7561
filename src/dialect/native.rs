//! The annotations `freshet.dev/*`.

use std::collections::BTreeMap;

use super::{DialectDefaults, Problem, Reading};

/// Reads a pod's annotations; nothing is asked for when `freshet.dev/inject` is absent or false.
///
/// # Errors
/// All problems at once, in the order of the keys.
pub fn parse(
    _annotations: &BTreeMap<String, String>,
    _defaults: &DialectDefaults,
) -> Result<Reading, Vec<Problem>> {
    Ok(Reading::NotAsked(Vec::new()))
}
