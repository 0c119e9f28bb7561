//! Who may hold a Lease: decided from what was seen and when, without trust in anybody's clock.
//!
//! A Lease is free when its record has not changed for its own duration, by the clock of whoever
//! looks; the times in it are for people. The holder stops to lead before anybody else can begin.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

/// How long a Lease is held without a renewal; client-go's default.
pub(super) const LEASE: Duration = Duration::from_secs(15);
/// How long after a renewal was sent its sender leads.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a Lease says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Empty when it was given up.
    pub(super) holder: String,
    pub(super) renewed: Option<Timestamp>,
    pub(super) duration: Duration,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Somebody else holds it.
    Wait,
    /// Write our name, which changes the holder.
    Take,
    /// It is ours: write the time.
    Renew,
}

/// One of those who want the Lease. Times are on a clock that never jumps.
#[derive(Debug)]
pub(super) struct Candidate {
    holder: String,
    seen: Option<(Record, Duration)>,
    leads_until: Option<Duration>,
}

impl Candidate {
    /// One that calls itself `holder`, which nobody else does.
    pub(super) fn new(holder: String) -> Self {
        Self {
            holder,
            seen: None,
            leads_until: None,
        }
    }

    pub(super) fn holder(&self) -> &str {
        &self.holder
    }

    /// What to do about the Lease as it was found at `at`; none when it does not exist.
    pub(super) fn consider(&mut self, found: Option<&Record>, at: Duration) -> Move {
        let Some(found) = found.filter(|record| !record.holder.is_empty()) else {
            return Move::Take;
        };
        if found.holder == self.holder {
            return Move::Renew;
        }
        self.leads_until = None;
        match &self.seen {
            Some((seen, since)) if seen == found => {
                if at.saturating_sub(*since) > found.duration {
                    return Move::Take;
                }
            }
            _ => self.seen = Some((found.clone(), at)),
        }
        Move::Wait
    }

    /// Our name or the time was written, by a request that was sent at `sent`.
    pub(super) fn written(&mut self, sent: Duration) {
        self.leads_until = Some(sent + DEADLINE);
    }

    /// It is given up; answers whether there was something to give up.
    pub(super) fn give_up(&mut self) -> bool {
        self.leads_until.take().is_some()
    }

    /// Until when we lead, if nothing else happens.
    pub(super) fn leads_until(&self) -> Option<Duration> {
        self.leads_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A record of `holder`, renewed at `renewed` by its own clock.
    fn record(holder: &str, renewed: i64) -> Record {
        Record {
            holder: holder.to_owned(),
            renewed: Some(Timestamp::from_second(renewed).expect("a time")),
            duration: LEASE,
        }
    }

    #[track_caller]
    fn check(candidate: &mut Candidate, found: Option<&Record>, at: u64, want: Move) {
        assert_eq!(candidate.consider(found, seconds(at)), want);
    }

    #[test]
    fn a_free_lease_is_taken_and_renewed() {
        let mut us = Candidate::new("us".to_owned());
        check(&mut us, None, 0, Move::Take);
        check(&mut us, Some(&record("", 7)), 0, Move::Take);
        assert_eq!(us.leads_until(), None, "not before it is written");
        us.written(seconds(1));
        assert_eq!(us.leads_until(), Some(seconds(11)));
        check(&mut us, Some(&record("us", 1)), 5, Move::Renew);
        us.written(seconds(5));
        assert_eq!(us.leads_until(), Some(seconds(15)));
    }

    #[test]
    fn a_lease_expires_when_it_was_seen_unchanged_whatever_its_times_say() {
        let mut us = Candidate::new("us".to_owned());
        let (past, future) = (record("them", 0), record("them", 4_000_000_000));
        check(&mut us, Some(&past), 100, Move::Wait);
        check(&mut us, Some(&future), 110, Move::Wait);
        check(&mut us, Some(&future), 125, Move::Wait);
        check(&mut us, Some(&future), 126, Move::Take);
    }

    #[test]
    fn who_lost_it_leads_no_longer() {
        let mut us = Candidate::new("us".to_owned());
        us.written(seconds(0));
        check(&mut us, Some(&record("them", 0)), 3, Move::Wait);
        assert_eq!(us.leads_until(), None);
        assert!(!us.give_up());
    }

    #[test]
    fn who_holds_it_stops_before_another_can_begin() {
        // The other one saw our last renewal when it was written, or later.
        let (mut us, mut them) = (Candidate::new("us".into()), Candidate::new("them".into()));
        us.written(seconds(0));
        let last = record("us", 0);
        check(&mut them, Some(&last), 0, Move::Wait);
        let taken = (0..60).find(|at| them.consider(Some(&last), seconds(*at)) == Move::Take);
        assert!(us.leads_until() < taken.map(seconds));
    }
}
