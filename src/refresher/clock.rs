//! The engine's time: a clock that never runs backwards, and the time of day.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::sync::Now;

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

    /// The moment that the engine calls `elapsed`.
    pub(crate) fn at(self, elapsed: Duration) -> Instant {
        self.0 + elapsed
    }
}
