//! Logging an outage once when it begins and once when it ends.

use std::fmt;

/// Whether something of the API server's is known at the moment.
pub(super) struct Outage {
    what: &'static str,
    hint: &'static str,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Known,
    Lost,
}

impl Outage {
    /// Nothing is known of `what` yet; `hint` says what its absence means and what to do.
    pub(super) fn new(what: &'static str, hint: &'static str) -> Self {
        Self {
            what,
            hint,
            state: State::Unknown,
        }
    }

    /// It was read; answers whether that is news.
    pub(super) fn over(&mut self) -> bool {
        let news = self.state != State::Known;
        if self.state == State::Lost {
            tracing::info!(resource = self.what, "known again");
        }
        self.state = State::Known;
        news
    }

    /// It could not be read; answers whether that is news.
    pub(super) fn begin(&mut self, reason: &dyn fmt::Display) -> bool {
        let news = self.state != State::Lost;
        if news {
            tracing::warn!(
                resource = self.what,
                reason = reason.to_string(),
                hint = self.hint,
                "not known, trying again"
            );
        }
        self.state = State::Lost;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_news() {
        let mut outage = Outage::new("limitranges", "");
        assert!(outage.begin(&"forbidden"));
        assert!(!outage.begin(&"forbidden"));
        assert!(outage.over());
        assert!(!outage.over());
        assert!(outage.begin(&"gone"));
    }
}
