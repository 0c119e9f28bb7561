//! A Unix socket of the refresher's own, as long as it runs.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use tokio::net::{UnixListener, UnixStream};
use tokio::task::spawn_local;

/// Hands every connection to `take` from now on. What a refresher before us left of the socket is removed.
///
/// # Errors
/// When the socket cannot be made.
pub(crate) fn listen(socket: &Path, take: impl Fn(UnixStream) + 'static) -> io::Result<()> {
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    spawn_local(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => take(stream),
                // Out of descriptors: wait for some to be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    Ok(())
}
