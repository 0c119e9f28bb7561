//! The socket on which a refresher is asked whether the pod may start, and how things stand.
//!
//! A question is one line, the answer is the rest of the connection: `status` is answered by the
//! [`Status`](crate::sync::Status) as JSON, at once; `ready` by the same; `wait` by the same, once
//! every mount has a complete generation.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::shared::Shared;
use super::socket;
use super::state_directory::StateDirectory;

/// Asks to be answered at once.
pub(crate) const STATUS: &str = "status\n";
/// Asks to be answered when the pod may start.
pub(crate) const WAIT: &str = "wait\n";

/// A question is put in one go.
const LONGEST_QUESTION: Duration = Duration::from_secs(2);

/// Answers questions from now on. What a refresher before us left of its socket is removed.
///
/// # Errors
/// When the directory or the socket cannot be made.
pub(crate) fn listen(directory: &StateDirectory, shared: &Rc<Shared>) -> io::Result<()> {
    directory.create()?;
    let shared = Rc::clone(shared);
    socket::listen(&directory.socket(), move |stream| {
        let shared = Rc::clone(&shared);
        spawn_local(async move {
            // Who asks and goes away needs no answer.
            let _ = answer(stream, &shared).await;
        });
    })
}

async fn answer(mut stream: UnixStream, shared: &Shared) -> io::Result<()> {
    let question = timeout(LONGEST_QUESTION, question(&mut stream)).await??;
    match question.as_str() {
        STATUS => {}
        WAIT => {
            // The end of the connection ends the wait: nothing more is sent by who waits.
            let mut rest = [0; 1];
            tokio::select! {
                () = shared.ready() => {}
                _ = stream.read(&mut rest) => return Ok(()),
            }
        }
        _ => return Ok(()),
    }
    let json = serde_json::to_vec(&shared.status())?;
    stream.write_all(&json).await?;
    stream.shutdown().await
}

async fn question(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = Vec::new();
    while line.len() < 16 && !line.ends_with(b"\n") {
        let byte = stream.read_u8().await?;
        line.push(byte);
    }
    String::from_utf8(line).map_err(io::Error::other)
}
