//! Keys that change nothing: their values have to be what the injector takes, and a warning says why
//! nothing comes of them.

use super::annotations::{Given, Reader};
use super::vocabulary::{Check, Effect, ROWS};
use crate::dialect::Problem;
use crate::dialect::findings::Findings;
use crate::spec::GoDuration;

/// Checks them all.
pub(super) fn read(reader: &mut Reader<'_, '_>) {
    for row in ROWS {
        let Effect::Idle(check) = row.effect else {
            continue;
        };
        let pod = reader.given.get(row.key).into_iter();
        let members = reader.given.family(row.key).map(|(_, given)| given);
        for given in pod.chain(members) {
            match changes(check, given, reader.findings) {
                Ok(true) => {
                    let message = format!("has no effect: {}", row.doc);
                    reader.findings.warn(given.say(message));
                }
                Ok(false) => {}
                Err(problem) => reader.findings.problem(problem),
            }
        }
    }
}

/// Whether the injector would have done something because of the value.
fn changes(check: Check, given: Given<'_>, findings: &mut Findings) -> Result<bool, Problem> {
    let text = given.value;
    let accept = |accepted: bool, form: &str| match accepted {
        true => Ok(!text.is_empty()),
        false => Err(given.say(form)),
    };
    match check {
        Check::Any => Ok(!text.is_empty()),
        Check::Text => accept(!text.is_empty(), "must not be empty: leave it out"),
        Check::Truth => given.truth(),
        Check::Unsigned => accept(text.parse::<u64>().is_ok(), "must be a number, e.g. 5"),
        Check::Integer => accept(
            text.is_empty() || text.parse::<i64>().is_ok(),
            "must be a number, e.g. 10",
        ),
        Check::Float => accept(text.parse::<f64>().is_ok(), "must be a number, e.g. 0.9"),
        Check::Duration if text.is_empty() => Ok(false),
        Check::Duration => Ok(given.parse::<GoDuration>(findings).is_some()),
    }
}
