//! The processes of a name in the pod's process namespace, signalled as `kill -HUP $(pidof nginx)`
//! does it.

use std::fs;
use std::io;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use rustix_libc_wrappers::process::SignalExt as _;

use crate::spec::ProcessSignal;

/// Sends it to all of them but this one.
///
/// # Errors
/// When there is none, or one of them may not be signalled.
pub(super) fn signal(wanted: &ProcessSignal) -> Result<(), String> {
    let signal =
        Signal::from_raw(wanted.signal().number()).ok_or("this system has no such signal")?;
    let own = std::process::id().cast_signed();
    let mut found = processes(Path::new("/proc"), wanted);
    found.retain(|process| *process != own);
    if found.is_empty() {
        return Err(
            "the pod's process namespace has no such process: the application may have ended, or the pod does not set spec.shareProcessNamespace"
                .to_owned(),
        );
    }
    let sent = found.iter().filter_map(|process| {
        let error = kill_process(Pid::from_raw(*process)?, signal).err()?;
        // What has ended meanwhile need not be told.
        (error != rustix::io::Errno::SRCH).then(|| io::Error::from(error).to_string())
    });
    let refused: Vec<_> = sent.collect();
    match refused.last() {
        Some(error) => Err(format!(
            "a process may not be signalled: the refresher must run as the same user ({error})"
        )),
        None => Ok(()),
    }
}

/// Their numbers, in order.
fn processes(proc: &Path, wanted: &ProcessSignal) -> Vec<i32> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse::<i32>().ok()?;
        let read = |name| fs::read(entry.path().join(name)).unwrap_or_default();
        let (name, command) = (read("comm"), read("cmdline"));
        let name = String::from_utf8_lossy(&name);
        let command = String::from_utf8_lossy(&command);
        let words: Vec<_> = command.trim_end_matches('\0').split('\0').collect();
        let words = if command.is_empty() { &[] } else { &*words };
        wanted.concerns(name.trim_end(), words).then_some(process)
    });
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    use super::*;

    fn wanted(text: &str) -> ProcessSignal {
        text.parse().expect(text)
    }

    #[test]
    fn they_are_found_by_name_and_command_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let proc = folder.path();
        for (process, name, command) in [
            ("7", "nginx\n", "nginx: master process\0"),
            ("20", "nginx\n", "nginx: worker process\0"),
            ("9", "kthreadd\n", ""),
            ("sys", "nginx\n", "nginx\0"),
        ] {
            let directory = proc.join(process);
            fs::create_dir(&directory).expect("a process");
            fs::write(directory.join("comm"), name).expect("comm");
            fs::write(directory.join("cmdline"), command).expect("cmdline");
        }
        assert_eq!(processes(proc, &wanted("HUP pidof nginx")), [7, 20]);
        assert_eq!(processes(proc, &wanted("HUP pgrep-f master")), [7]);
        assert!(processes(proc, &wanted("HUP pidof apache2")).is_empty());
    }

    #[test]
    fn a_real_process_gets_the_real_signal() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("sleeper-of-test");
        std::os::unix::fs::symlink("/bin/sleep", &program).expect("a program");
        let mut child = Command::new(&program).arg("60").spawn().expect("starts");
        let by_line = format!("TERM pgrep-f {}", program.display());
        // It is the test's own copy until it has become the program.
        let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while signal(&wanted(&by_line)).is_err() && std::time::Instant::now() < end {
            std::thread::yield_now();
        }
        let status = child.wait().expect("ends");
        assert_eq!(status.signal(), Some(15));
        let gone = signal(&wanted(&by_line)).expect_err("is gone");
        assert!(gone.contains("shareProcessNamespace"), "{gone}");
    }
}
