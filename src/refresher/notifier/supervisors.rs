//! The supervisors in the application's containers, which connect to this refresher and wait for
//! orders.
//!
//! Each container has a volume of its own with a socket on it, which no other container mounts. An
//! order is one line; the answer is one, `ok` or why not. Of several connections the newest counts:
//! the container was started anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::refresher::socket;
use crate::spec::ContainerName;
use crate::spec::layout::SUPERVISION_SOCKET;

/// An application may take its whole grace period to end before it is started anew.
const LONGEST: Duration = Duration::from_secs(600);

/// The longest answer that is read.
const LONGEST_ANSWER: u64 = 4096;

/// Where a container's supervisor is found: a connection that nobody uses now.
type Idle = Rc<Mutex<Option<UnixStream>>>;

/// The supervisors by their containers.
pub(super) struct Supervisors(BTreeMap<ContainerName, Idle>);

impl Supervisors {
    /// Listens on all volumes. What a refresher before us left of a socket is removed.
    pub(super) fn listen(
        directories: &BTreeMap<ContainerName, PathBuf>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let mut supervisors = BTreeMap::new();
        for (container, directory) in directories {
            let socket = directory.join(SUPERVISION_SOCKET);
            let idle = Idle::default();
            supervisors.insert(container.clone(), Rc::clone(&idle));
            listen(&socket, idle).map_err(|error| (socket, error))?;
        }
        Ok(Self(supervisors))
    }

    /// Gives the order to all of them but those that were `told`, one after the other; whoever has
    /// followed it is told then. Answers who has not, and why.
    pub(super) async fn order(
        &self,
        order: &str,
        told: &mut BTreeSet<ContainerName>,
    ) -> Vec<String> {
        let mut failures = Vec::new();
        for (container, idle) in &self.0 {
            if told.contains(container) {
                continue;
            }
            let answer = match timeout(LONGEST, ask(idle, order)).await {
                Ok(answer) => answer,
                Err(_) => Err(format!("no answer within {} s", LONGEST.as_secs())),
            };
            match answer {
                Ok(()) => {
                    told.insert(container.clone());
                }
                Err(error) => failures.push(format!("container {container}: {error}")),
            }
        }
        failures
    }
}

/// The newest connection becomes `idle`. The application runs as any user, and nobody but its
/// container sees the socket.
fn listen(path: &Path, idle: Idle) -> io::Result<()> {
    socket::listen(path, move |stream| {
        let idle = Rc::clone(&idle);
        // An order that is under way has to end first.
        spawn_local(async move { *idle.lock().await = Some(stream) });
    })?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))
}

async fn ask(idle: &Mutex<Option<UnixStream>>, order: &str) -> Result<(), String> {
    let mut idle = idle.lock().await;
    let mut stream = idle
        .take()
        .ok_or("its application is not running, or not under exec's supervision")?;
    let answer = answer(&mut stream, order).await;
    let answer = answer.map_err(|error| format!("its supervisor does not answer: {error}"))?;
    *idle = Some(stream);
    match answer.as_str() {
        "ok" => Ok(()),
        _ => Err(answer),
    }
}

async fn answer(stream: &mut UnixStream, order: &str) -> io::Result<String> {
    stream.write_all(order.as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER))
        .read_line(&mut line)
        .await?;
    match line.strip_suffix('\n') {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
