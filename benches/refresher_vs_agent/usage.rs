//! What a process takes, by `/proc`.

use std::fs;
use std::time::Duration;

/// CPU time and memory of a process.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    /// Time on a CPU of all its threads that still live, to the nanosecond.
    pub(crate) cpu: Duration,
    /// Its memory.
    pub(crate) memory: Memory,
}

/// Resident memory, in KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// All of it.
    pub(crate) resident: u64,
    /// The part that cannot be read again from the program's file.
    pub(crate) anonymous: u64,
}

impl Usage {
    /// Of the process `id`.
    pub(crate) fn of(id: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("a running process");
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            value.expect("a size in /proc/PID/status")
        };
        Self {
            cpu: cpu(id),
            memory: Memory {
                resident: kib("VmRSS:"),
                anonymous: kib("RssAnon:"),
            },
        }
    }
}

/// The ticks of /proc/PID/stat are ten milliseconds: too coarse for a look that takes a fraction of
/// one.
fn cpu(id: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{id}/task")).expect("its threads");
    let times = threads.filter_map(|thread| {
        let schedule = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        schedule.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(times.sum())
}
