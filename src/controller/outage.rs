//! Logging an outage once when it begins, when its reason becomes another, and when it ends.

use std::fmt;

/// Whether something of the API server's is known at the moment.
pub(super) struct Outage {
    what: &'static str,
    hint: &'static str,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Unknown,
    Known,
    Lost(String),
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
        if matches!(self.state, State::Lost(_)) {
            tracing::info!(resource = self.what, "known again");
        }
        self.state = State::Known;
        news
    }

    /// It could not be read, or is not what it has to be; answers whether that is news.
    pub(super) fn begin(&mut self, reason: &dyn fmt::Display) -> bool {
        let lost = State::Lost(reason.to_string());
        let news = self.state != lost;
        if news && let State::Lost(reason) = &lost {
            tracing::warn!(
                resource = self.what,
                reason,
                hint = self.hint,
                "not known, trying again"
            );
        }
        self.state = lost;
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
        assert!(outage.begin(&"no answer"));
        assert!(outage.over());
        assert!(!outage.over());
        assert!(outage.begin(&"gone"));
    }
}
