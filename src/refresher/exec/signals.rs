//! The signals that a supervisor forwards.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal;
use rustix_libc_wrappers::process::SignalExt as _;
use tokio::signal::unix::{self, SignalKind, signal};

/// Listeners, from the moment of their making.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

/// Beside the real-time signals, all that one process can send to another, but for those that nobody can catch (KILL,
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
        // Those from the first one that the C library does not keep for itself.
        let real_time = (0..).map_while(Signal::rt);
        let all = FORWARDED.into_iter().chain(real_time).map(listen);
        all.collect::<io::Result<_>>().map(Self)
    }

    /// The next one. A signal that comes again before it is looked at comes once: as the kernel has
    /// it, but for real-time signals, which it would queue.
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
