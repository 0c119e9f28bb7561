//! SIGTERM and SIGINT: the first asks the program to end in order, a second one ends it at once.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// A signal that ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: kubelet stops the container.
    Terminate,
    /// SIGINT: Ctrl-C.
    Interrupt,
}

impl Signal {
    /// The exit code of a program that a signal has ended, as shells report it.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
        }
    }
}

/// How [`on_signals`] ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended<T> {
    /// The work came to its end.
    Done(T),
    /// A second signal came first; the work was dropped where it stood.
    Aborted(Signal),
}

/// Runs `work`, and at the first SIGTERM or SIGINT fires the [`Shutdown`] that it was given. At the
/// second one the work is dropped.
///
/// # Errors
/// When the signals cannot be listened to.
pub async fn on_signals<T, Work>(work: impl FnOnce(Shutdown) -> Work) -> io::Result<Ended<T>>
where
    Work: Future<Output = T>,
{
    let mut signals = Signals::listen()?;
    let (trigger, shutdown) = channel();
    let mut work = pin!(work(shutdown));
    let mut asked = false;
    Ok(poll_fn(move |context| {
        while let Poll::Ready(signal) = signals.poll(context) {
            if asked {
                return Poll::Ready(Ended::Aborted(signal));
            }
            asked = true;
            trigger.fire();
        }
        work.as_mut().poll(context).map(Ended::Done)
    })
    .await)
}

/// A [`Shutdown`] and what fires it, for programs that are ended by something else than a signal.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

/// Fires every clone of its [`Shutdown`], at the latest when it is dropped.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Trigger {
    /// Asks for the end.
    pub fn fire(&self) {
        self.0.send_replace(true);
    }
}

/// Tells whether and when the program was asked to end.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Resolves when the end was asked for; at once when that is past.
    pub async fn requested(&mut self) {
        // An error means that the trigger is gone, which is a request as well.
        let _ = self.0.wait_for(|fired| *fired).await;
    }

    /// Whether the end was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

/// The listeners, from the moment of their making: a signal that arrives before the first poll is
/// not lost.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Signal> {
        if let Poll::Ready(Some(())) = self.terminate.poll_recv(context) {
            return Poll::Ready(Signal::Terminate);
        }
        match self.interrupt.poll_recv(context) {
            Poll::Ready(Some(())) => Poll::Ready(Signal::Interrupt),
            _ => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal as Raw, getpid, kill_process};
    use tokio::runtime::Builder;

    use super::*;

    /// One test for both signals: they belong to the whole process, and tests run in parallel.
    #[test]
    fn the_first_signal_asks_and_the_second_aborts() {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let send = |signal| kill_process(getpid(), signal).expect("sent");
            let in_order = on_signals(|mut shutdown| async move {
                assert!(!shutdown.is_requested());
                send(Raw::TERM);
                shutdown.requested().await;
                shutdown.clone().requested().await;
                shutdown.is_requested()
            });
            assert_eq!(in_order.await.expect("listening"), Ended::Done(true));

            let stuck = on_signals(|mut shutdown| async move {
                send(Raw::INT);
                shutdown.requested().await;
                send(Raw::TERM);
                std::future::pending::<()>().await;
            });
            assert_eq!(
                stuck.await.expect("listening"),
                Ended::Aborted(Signal::Terminate)
            );
        });
    }

    #[test]
    fn a_lost_trigger_is_a_request() {
        let (trigger, shutdown) = channel();
        assert!(!shutdown.is_requested());
        drop(trigger);
        assert!(shutdown.is_requested());
    }
}
