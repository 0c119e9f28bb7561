//! What the loop shares with those who ask how things stand. All of them run on one thread.

use std::cell::RefCell;

use tokio::sync::watch;

use super::clock::Clock;
use super::counters::Counters;
use crate::sync::{Action, Engine, Event, Status};

/// The engine, its clock, what is counted, and whether the pod may start.
#[derive(Debug)]
pub(crate) struct Shared {
    engine: RefCell<Engine>,
    pub(crate) clock: Clock,
    pub(crate) counters: Counters,
    ready: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(engine: Engine, clock: Clock) -> Self {
        Self {
            engine: RefCell::new(engine),
            clock,
            counters: Counters::default(),
            ready: watch::Sender::new(false),
        }
    }

    /// Tells the engine what has happened.
    pub(crate) fn feed(&self, event: Event) -> Vec<Action> {
        let mut engine = self.engine.borrow_mut();
        let actions = engine.feed(event, self.clock.now());
        let ready = engine.is_ready();
        self.ready
            .send_if_modified(|known| std::mem::replace(known, ready) != ready);
        actions
    }

    /// When the engine wants to be told the time.
    pub(crate) fn deadline(&self) -> Option<tokio::time::Instant> {
        let deadline = self.engine.borrow().deadline();
        deadline.map(|at| self.clock.at(at))
    }

    pub(crate) fn status(&self) -> Status {
        self.engine.borrow().status(self.clock.now())
    }

    pub(crate) fn is_hopeless(&self) -> bool {
        self.engine.borrow().is_hopeless()
    }

    pub(crate) fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Resolves when the pod may start.
    pub(crate) async fn ready(&self) {
        // An error would mean that the sender is gone, which lives in `self`.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
    }
}
