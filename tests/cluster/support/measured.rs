//! Times and counts, as figures whose budget has to hold.

use std::time::Instant;

use super::figures::figure;

/// The time since `start`; no more than so many seconds.
#[track_caller]
pub(crate) fn check_within(name: &str, start: Instant, most: u32) {
    let took = start.elapsed().as_secs_f64();
    figure(name, took, "s", &format!("<= {most}"));
    assert!(
        took <= f64::from(most),
        "{name}: {took:.1} s, more than {most} s"
    );
}

/// How many there were.
#[track_caller]
pub(crate) fn count(name: &str, number: usize, budget: &str) {
    let number = u32::try_from(number).expect("a small number");
    figure(name, f64::from(number), "", budget);
}
