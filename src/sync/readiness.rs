//! Whether the pod may start.

use std::time::Duration;

use super::engine::Engine;
use super::mount_state::MountState;
use super::schedule::longest_wait;

impl Engine {
    /// Whether every mount has a complete generation, or may do without: the pod may start.
    pub fn is_ready(&self) -> bool {
        let settled = |mount| MountState::is_complete(mount) || self.may_do_without(mount);
        self.followed && self.mounts.iter().all(settled)
    }

    /// Whether the pod may start without the files of `mount`, and it is known that they cannot be
    /// had now.
    fn may_do_without(&self, mount: &MountState) -> bool {
        let fails = |secret| {
            let state = self.secrets.get(secret);
            let login = self.sessions.of(secret);
            state.is_some_and(|state| state.failure().is_some())
                || login.is_some_and(|login| login.failure().is_some())
        };
        mount.spec().optional && (mount.failure().is_some() || mount.inputs().iter().any(fails))
    }

    /// The longest wait between two attempts, at this time of the pod's life.
    pub(super) fn longest_wait(&self) -> Duration {
        longest_wait(self.interval, !self.is_ready())
    }
}
