//! The signals that a supervisor forwards.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// Listeners, from the moment of their making.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

/// All that one process can send to another by a name, but for those that nobody can catch (KILL,
/// STOP), those that mean a fault of this process itself (ILL, BUS, FPE, SEGV, PIPE), and CHLD, which
/// is about this process's own children.
const FORWARDED: [Signal; 23] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::TRAP,
    Signal::ABORT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::TERM,
    Signal::STKFLT,
    Signal::CONT,
    Signal::TSTP,
    Signal::TTIN,
    Signal::TTOU,
    Signal::URG,
    Signal::XCPU,
    Signal::XFSZ,
    Signal::VTALARM,
    Signal::PROF,
    Signal::WINCH,
    Signal::IO,
    Signal::POWER,
    Signal::SYS,
];

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        let listen = |known: Signal| {
            let listener = signal(SignalKind::from_raw(known.as_raw()))?;
            Ok((known, listener))
        };
        FORWARDED
            .into_iter()
            .map(listen)
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// The next one. A signal that comes again before it is looked at comes once, as the kernel has it.
    pub(super) async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            for (known, listener) in &mut self.0 {
                if let Poll::Ready(Some(())) = listener.poll_recv(context) {
                    return Poll::Ready(*known);
                }
            }
            Poll::Pending
        })
        .await
    }
}
