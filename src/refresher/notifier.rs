//! Tells the application that its files have switched: a signal or a restart through the supervisor
//! in its container, or a request within the pod.

mod request;
mod supervisors;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use self::supervisors::Supervisors;
use crate::spec::{ChangeAction, ContainerName};
use crate::sync::{Attempt, NotificationId};

/// What an action is carried out with.
pub(crate) struct Notifier {
    supervisors: Supervisors,
    /// The containers that have been told, of actions that have not been done everywhere.
    told: RefCell<BTreeMap<NotificationId, BTreeSet<ContainerName>>>,
}

impl Notifier {
    /// Listens for the supervisors of these containers from now on.
    ///
    /// # Errors
    /// The socket that cannot be made, and why.
    pub(crate) fn listen(
        supervised: &BTreeMap<ContainerName, PathBuf>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        Ok(Self {
            supervisors: Supervisors::listen(supervised)?,
            told: RefCell::default(),
        })
    }

    /// Does it, once; when it is repeated, where it was not done.
    ///
    /// # Errors
    /// Why it was not done, or not everywhere.
    pub(crate) async fn notify(
        &self,
        id: NotificationId,
        action: &ChangeAction,
        attempt: Attempt,
    ) -> Result<(), String> {
        let order = match action {
            ChangeAction::Http(request) => return request::send(request).await,
            ChangeAction::Signal(signal) => format!("signal {}\n", signal.number()),
            ChangeAction::Restart(_) => "restart\n".to_owned(),
        };
        let told = self.told.borrow_mut().remove(&id);
        let mut told = match attempt {
            Attempt::First => BTreeSet::new(),
            Attempt::Again => told.unwrap_or_default(),
        };
        let failures = self.supervisors.order(&order, &mut told).await;
        if failures.is_empty() {
            return Ok(());
        }
        self.told.borrow_mut().insert(id, told);
        Err(failures.join("; "))
    }
}
