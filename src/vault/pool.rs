//! Connections that wait for the next request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::connection::Connection;

/// So many requests at a time, each on a connection of its own that is kept for the next: a pod
/// with many secrets shall neither open as many connections, nor wait for them one by one.
pub(super) const AT_A_TIME: usize = 4;

/// How long a connection may lie idle and still be used. Vault closes one after 5 minutes
/// (`http_idle_timeout` of its listener), and what stands between may be less patient.
const LONGEST_IDLE: Duration = Duration::from_secs(90);

/// The idle connections to one server, the last used last.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// The connection that was used last, which its server has closed least likely; those that lay
    /// idle too long are closed. No timer does that: it would wake the program for nothing else.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.elapsed() < LONGEST_IDLE);
        idle.pop().map(|idle| idle.connection)
    }

    /// Keeps `connection`, which has had its whole answer.
    pub(super) fn put(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() < AT_A_TIME {
            idle.push(Idle {
                connection,
                since: Instant::now(),
            });
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
