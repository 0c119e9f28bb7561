//! The refresher's orders, on the socket of this container's volume.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use rustix_libc_wrappers::process::SignalExt as _;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep_until};

use crate::spec::layout::SUPERVISION_SOCKET;

/// What the refresher wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The application gets this signal.
    Signal(Signal),
    /// The application is started anew.
    Restart,
    /// Something that a later refresher knows.
    Unknown,
}

/// The connection, which is made again whenever it is lost.
pub(super) struct Orders {
    socket: PathBuf,
    connection: Option<Connection>,
    /// Whether the refresher at the other end waits for an answer.
    owes: bool,
    /// When the next attempt to connect is made.
    retry: Instant,
}

struct Connection {
    lines: Lines<BufReader<OwnedReadHalf>>,
    answers: OwnedWriteHalf,
}

/// A refresher that was started anew is found after this.
const PAUSE: Duration = Duration::from_millis(500);

impl Orders {
    /// Connects to the refresher, if it is there.
    pub(super) async fn connect(directory: &Path) -> Self {
        let mut orders = Self {
            socket: directory.join(SUPERVISION_SOCKET),
            connection: None,
            owes: false,
            retry: Instant::now(),
        };
        orders.reconnect().await;
        orders
    }

    async fn reconnect(&mut self) {
        self.retry = Instant::now() + PAUSE;
        self.owes = false;
        let stream = UnixStream::connect(&self.socket).await;
        self.connection = stream.ok().map(|stream| {
            let (reader, answers) = stream.into_split();
            let lines = BufReader::new(reader).lines();
            Connection { lines, answers }
        });
    }

    /// The next order. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Order {
        loop {
            let Some(connection) = &mut self.connection else {
                sleep_until(self.retry).await;
                self.reconnect().await;
                continue;
            };
            match connection.lines.next_line().await {
                Ok(Some(line)) => {
                    self.owes = true;
                    return order(&line);
                }
                Ok(None) | Err(_) => self.connection = None,
            }
        }
    }

    /// Answers the last order; a refresher that is gone needs no answer, and the one after it would
    /// take it for that to an order of its own.
    pub(super) async fn answer(&mut self, answer: &str) {
        if let (true, Some(connection)) = (std::mem::take(&mut self.owes), &mut self.connection) {
            let line = format!("{answer}\n");
            let _ = connection.answers.write_all(line.as_bytes()).await;
        }
    }
}

fn order(line: &str) -> Order {
    let signal = |number: &str| Signal::from_raw(number.parse().ok()?);
    match line.split_once(' ') {
        Some(("signal", number)) => signal(number).map_or(Order::Unknown, Order::Signal),
        None if line == "restart" => Order::Restart,
        _ => Order::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_one_line() {
        assert_eq!(order("signal 1"), Order::Signal(Signal::HUP));
        assert_eq!(order("signal 15"), Order::Signal(Signal::TERM));
        let real_time = Signal::from_raw(64).expect("a signal");
        assert_eq!(order("signal 64"), Order::Signal(real_time));
        assert_eq!(order("restart"), Order::Restart);
        for line in [
            "",
            "signal",
            "signal x",
            "signal 0",
            "signal 99",
            "restart now",
            "Restart",
        ] {
            assert_eq!(order(line), Order::Unknown, "{line}");
        }
    }
}
