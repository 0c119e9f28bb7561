//! `POST /agent/v1/quit`, as Vault Agent has it: the script of a Job says that its work is done.
//!
//! Vault Agent ends then, because as a plain container it would keep the pod from completing. The
//! refresher is a native sidecar: the kubelet ends it with the pod, and would start it anew if it
//! ended before, which would log in again for nobody and hold the pod in back-off. So it answers as
//! Vault Agent does, ends its upkeep (no login, no read, no renewal; leases and token revoked when
//! that was asked for), and stays quiet until SIGTERM. Nothing brings the upkeep back but a restart
//! of the container.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use http::{Method, StatusCode};
use tokio::sync::Notify;

use super::http::{listen, text};

/// Where Vault Agent has it.
const PATH: &str = "/agent/v1/quit";

/// Whether somebody has asked the refresher to quit.
#[derive(Clone, Default)]
pub(crate) struct Quit(Rc<Notify>);

impl Quit {
    /// Listens from now on, and answers on which address: the port may have been 0.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(crate) async fn listen(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let wish = Rc::clone(&self.0);
        let answer = move |method: &Method, path: &str| match (path, method) {
            (PATH, &Method::POST) => {
                wish.notify_one();
                text(StatusCode::OK, String::new())
            }
            (PATH, _) => text(
                StatusCode::METHOD_NOT_ALLOWED,
                "only POST is answered\n".to_owned(),
            ),
            _ => text(StatusCode::NOT_FOUND, format!("no such page: {PATH}\n")),
        };
        listen(address, Rc::new(answer)).await
    }

    /// Resolves when somebody has asked.
    pub(crate) async fn requested(&self) {
        self.0.notified().await;
    }
}
