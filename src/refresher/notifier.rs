//! Tells the application that its files have switched: a signal or a restart through the supervisor
//! in its container, or a request within the pod.

mod request;
mod supervisors;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use self::supervisors::Supervisors;
use crate::spec::{ChangeAction, ContainerName};

/// What an action is carried out with.
pub(crate) struct Notifier {
    supervisors: Supervisors,
}

impl Notifier {
    /// Listens for the supervisors of these containers from now on.
    ///
    /// # Errors
    /// The socket that cannot be made, and why.
    pub(crate) fn listen(
        supervised: &BTreeMap<ContainerName, PathBuf>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let supervisors = Supervisors::listen(supervised)?;
        Ok(Self { supervisors })
    }

    /// Does it, once.
    ///
    /// # Errors
    /// Why it was not done, or not everywhere.
    pub(crate) async fn notify(&self, action: &ChangeAction) -> Result<(), String> {
        match action {
            ChangeAction::Http(request) => request::send(request).await,
            ChangeAction::Signal(signal) => {
                let order = format!("signal {}\n", signal.number());
                self.supervisors.order(&order).await
            }
            ChangeAction::Restart(_) => self.supervisors.order("restart\n").await,
        }
    }
}
