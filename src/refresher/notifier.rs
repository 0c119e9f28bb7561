//! Tells the application that its files have switched: a signal or a restart through the supervisor
//! in its container, a signal in the pod's own process namespace, a request within the pod, or a program
//! that is run here.

mod neighbours;
mod processes;
mod program;
mod request;
mod supervisors;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use self::neighbours::Neighbours;
use self::supervisors::Supervisors;
use crate::spec::{ChangeAction, ContainerName};
use crate::sync::{Attempt, NotificationId};

/// The containers whose application takes signals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listeners {
    /// Those whose application has a supervisor, and where that finds this refresher.
    pub supervised: BTreeMap<ContainerName, PathBuf>,
    /// Those whose processes this refresher sees, because the pod shares its process namespace.
    pub sharing: BTreeSet<ContainerName>,
}

/// What an action is carried out with.
pub(crate) struct Notifier {
    supervisors: Supervisors,
    neighbours: Neighbours,
    /// The containers that have been told, of actions that have not been done everywhere.
    told: RefCell<BTreeMap<NotificationId, BTreeSet<ContainerName>>>,
}

impl Notifier {
    /// Listens for the supervisors from now on. The applications see `volumes`.
    ///
    /// # Errors
    /// The socket that cannot be made, and why.
    pub(crate) fn listen<'v>(
        listeners: Listeners,
        volumes: impl Iterator<Item = &'v PathBuf>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        Ok(Self {
            supervisors: Supervisors::listen(&listeners.supervised)?,
            neighbours: Neighbours::new(listeners.sharing, volumes.cloned().collect()),
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
        let (order, signal) = match action {
            ChangeAction::Http(request) => return request::send(request).await,
            ChangeAction::Signal(signal) => {
                (format!("signal {}\n", signal.number()), Some(*signal))
            }
            ChangeAction::Restart(_) => ("restart\n".to_owned(), None),
            ChangeAction::Processes(signal) => return processes::signal(signal),
            ChangeAction::Run(call) => return program::run(call).await,
        };
        let told = self.told.borrow_mut().remove(&id);
        let mut told = match attempt {
            Attempt::First => BTreeSet::new(),
            Attempt::Again => told.unwrap_or_default(),
        };
        let mut failures = self.supervisors.order(&order, &mut told).await;
        if let Some(signal) = signal {
            failures.extend(self.neighbours.signal(signal, &mut told).err());
        }
        if failures.is_empty() {
            return Ok(());
        }
        self.told.borrow_mut().insert(id, told);
        Err(failures.join("; "))
    }
}
