//! The last seconds of a connection: nothing more is said, but the client is still heard.
//!
//! A client may be writing a request while the last GOAWAY is on its way to it. Closing the socket
//! then answers with a reset, which may also destroy the GOAWAY in the client's buffer, and Go's
//! client does not try a request again after a failed write. With the socket open it reads the
//! GOAWAY, learns that its request was not processed, and makes it anew on another connection
//! (RFC 9113 §6.8, and §9.6 of RFC 9112 for the reset).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream whose shutdown waits for the client's, dropping what it still sends.
pub(super) struct Lingering<S> {
    stream: S,
    patience: Duration,
    ending: Ending,
}

enum Ending {
    No,
    /// Everything is written, and the client may read it.
    Listening(Pin<Box<Sleep>>),
    /// The end is being written.
    Closing,
    /// The client sees the end, and may close.
    Closed(Pin<Box<Sleep>>),
}

impl<S> Lingering<S> {
    /// A client has `patience` to close its side by itself, and as long again once it was told that
    /// ours is closed.
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            ending: Ending::No,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self {
            stream,
            patience,
            ending,
        } = &mut *self;
        let mut stream = Pin::new(stream);
        loop {
            match ending {
                Ending::No => {
                    ready!(stream.as_mut().poll_flush(context))?;
                    *ending = Ending::Listening(Box::pin(sleep(*patience)));
                }
                Ending::Listening(time) => {
                    ready!(drained(stream.as_mut(), time, context));
                    *ending = Ending::Closing;
                }
                Ending::Closing => {
                    ready!(stream.as_mut().poll_shutdown(context))?;
                    *ending = Ending::Closed(Box::pin(sleep(*patience)));
                }
                Ending::Closed(time) => {
                    ready!(drained(stream.as_mut(), time, context));
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Reads and drops, until the client has closed, the connection fails or the time is over.
fn drained<S: AsyncRead>(
    mut stream: Pin<&mut S>,
    time: &mut Pin<Box<Sleep>>,
    context: &mut Context<'_>,
) -> Poll<()> {
    let mut room = [0; 1024];
    // The time is asked first: a client that never stops sending does not keep the connection.
    while time.as_mut().poll(context).is_pending() {
        let mut buffer = ReadBuf::new(&mut room);
        let read = ready!(stream.as_mut().poll_read(context, &mut buffer));
        if read.is_err() || buffer.filled().is_empty() {
            break;
        }
    }
    Poll::Ready(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const EVER: Duration = Duration::from_hours(1);
    const MOMENT: Duration = Duration::from_millis(50);

    /// A connection comes to its end beside `client`.
    #[track_caller]
    fn check(patience: Duration, client: impl AsyncFnOnce(DuplexStream)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (ours, theirs) = duplex(64);
            let mut ours = Lingering::new(ours, patience);
            let end = async {
                ours.write_all(b"GOAWAY").await.expect("room");
                ours.shutdown().await.expect("an end");
                drop(ours);
            };
            tokio::join!(end, client(theirs));
        });
    }

    async fn farewell(stream: &mut DuplexStream) {
        let mut word = [0; 6];
        stream.read_exact(&mut word).await.expect("a farewell");
        assert_eq!(&word, b"GOAWAY");
    }

    #[test]
    fn a_client_that_closes_is_not_waited_for() {
        check(EVER, async |mut stream| farewell(&mut stream).await);
    }

    #[test]
    fn a_request_that_comes_too_late_is_read_and_dropped() {
        check(EVER, async |mut stream| {
            // More than fits, so that somebody has to read it.
            stream.write_all(&[7; 4096]).await.expect("no reset");
            farewell(&mut stream).await;
        });
    }

    #[test]
    fn a_client_that_does_not_close_sees_the_end_and_is_left() {
        check(MOMENT, async |mut stream| {
            farewell(&mut stream).await;
            assert_eq!(stream.read(&mut [0]).await.expect("an end"), 0);
            while stream.write_all(&[7]).await.is_ok() {
                sleep(MOMENT).await;
            }
        });
    }

    #[test]
    fn a_client_that_never_stops_sending_is_left_too() {
        check(MOMENT, async |mut stream| {
            while stream.write_all(&[7; 64]).await.is_ok() {
                tokio::task::yield_now().await;
            }
        });
    }
}
