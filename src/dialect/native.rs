//! The annotations `freshet.dev/*`.

use std::collections::BTreeMap;

use super::{DialectDefaults, Parsed, Problem};

/// Reads a pod's annotations; `None` when `freshet.dev/inject` is absent or false.
///
/// # Errors
/// All problems at once, in the order of the keys.
pub fn parse(
    _annotations: &BTreeMap<String, String>,
    _defaults: &DialectDefaults,
) -> Result<Option<Parsed>, Vec<Problem>> {
    Ok(None)
}
