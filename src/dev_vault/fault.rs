//! Failing on order.

use std::time::Duration;

use super::answer::Answer;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Vault is sealed: everything but the health and seal status answers 503.
    Sealed,
    /// 429, as a rate-limit quota answers: with `Retry-After` in seconds where
    /// `sys/quotas/config` turns response headers on, by default without.
    RateLimited(Option<u64>),
    /// 503, as a load balancer without a healthy Vault answers.
    OutOfService(Option<u64>),
    /// The answer is right and comes late.
    Slow(Duration),
    /// The connection ends without an answer.
    Cut,
}

/// A fault, and for which requests.
pub(super) struct Order {
    fault: Fault,
    path: String,
    times: Option<usize>,
}

impl Order {
    pub(super) fn always(fault: Fault) -> Self {
        Self {
            fault,
            path: String::new(),
            times: None,
        }
    }

    pub(super) fn limited(path: &str, times: usize, fault: Fault) -> Self {
        Self {
            fault,
            path: path.to_owned(),
            times: Some(times),
        }
    }

    /// The fault for a request at `path`, which counts as one of its times.
    fn take(&mut self, path: &str) -> Option<Fault> {
        if self.times == Some(0) || !path.starts_with(&self.path) {
            return None;
        }
        self.times = self.times.map(|times| times - 1);
        Some(self.fault)
    }
}

/// The first ordered fault that is for a request at `path`.
pub(super) fn fault_for(orders: &mut Vec<Order>, path: &str) -> Option<Fault> {
    let fault = orders.iter_mut().find_map(|order| order.take(path));
    orders.retain(|order| order.times != Some(0));
    fault
}

impl Fault {
    /// What is answered in place of the right answer; `None` where that comes all the same.
    pub(super) fn answer(self, path: &str) -> Option<Answer> {
        match self {
            Self::Sealed => Some(Answer::error(503, &["Vault is sealed"])),
            Self::RateLimited(seconds) => {
                let error = format!("request path \"{path}\": rate limit quota exceeded");
                Some(Answer::error(429, &[&error]).after(seconds))
            }
            Self::OutOfService(seconds) => {
                Some(Answer::error(503, &["service unavailable"]).after(seconds))
            }
            Self::Slow(_) | Self::Cut => None,
        }
    }
}
