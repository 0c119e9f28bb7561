//! The engine's time: a clock that never runs backwards, and the time of day.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::sync::Now;

/// The runtime keeps its timers in wheels that turn once in 64 ms, 4 s and so on from its start, and
/// wakes the program whenever a timer moves on to a finer wheel. One that ends with a turn of the
/// first wheel wakes it once; to be woken costs more than what a refresher is woken for.
const TURN: Duration = Duration::from_millis(64);

/// The step of the runtime's timers, which it rounds up to.
const STEP: Duration = Duration::from_millis(1);

/// Counts from the start of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Now {
        Now {
            elapsed: self.0.elapsed(),
            wall: SystemTime::now(),
        }
    }

    /// The first turn of the runtime's wheel after `moment`.
    pub(crate) fn turn(self, moment: Instant) -> Instant {
        let until = moment.saturating_duration_since(self.0) + STEP;
        let turns = until.as_nanos().div_ceil(TURN.as_nanos());
        // This clock was started a little after the runtime's: less than half a step, mostly.
        self.0 + TURN * u32::try_from(turns).unwrap_or(u32::MAX) - STEP / 2
    }

    /// The moment that the engine calls `elapsed`.
    pub(crate) fn at(self, elapsed: Duration) -> Instant {
        self.0 + elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_after_the_moment_and_half_a_step_before_a_multiple() {
        let clock = Clock::start();
        let turn = |micros| {
            let turn = clock.turn(clock.at(Duration::from_micros(micros)));
            (turn - clock.0).as_micros()
        };
        assert_eq!(turn(0), 63_500);
        assert_eq!(turn(63_000), 63_500);
        assert_eq!(turn(63_001), 127_500);
        assert_eq!(turn(1_000_000), 1_023_500);
    }
}
