//! A program that is run here, without a shell, an environment or an input.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::spec::ProgramCall;

/// A program that takes longer is ended: so long Vault Agent gives a template's command.
const LONGEST: Duration = Duration::from_secs(30);

/// The time between two looks at whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Runs it to its end. What it prints is not kept: it may be secret.
///
/// # Errors
/// When it cannot be started, fails, or does not end in time.
pub(super) async fn run(call: &ProgramCall) -> Result<(), String> {
    run_within(call, LONGEST).await
}

async fn run_within(call: &ProgramCall, longest: Duration) -> Result<(), String> {
    let program = call.program();
    let mut child = Command::new(program)
        .args(call.arguments())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    let ended = wait(&mut child, longest).await;
    match ended {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(format!("{program} failed: {status}")),
        Ok(None) => Err(format!(
            "{program} was ended: it took more than {} s",
            longest.as_secs()
        )),
        Err(error) => Err(format!("{program} cannot be waited for: {error}")),
    }
}

/// Waits; `None` when it had to be killed.
async fn wait(child: &mut Child, longest: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + longest;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ran(program: &str, arguments: &[&str]) -> Result<(), String> {
        let arguments = arguments.iter().map(|text| (*text).to_owned()).collect();
        let call = ProgramCall::new(program.to_owned(), arguments).expect("a call");
        run_within(&call, Duration::from_secs(1)).await
    }

    #[tokio::test]
    async fn what_becomes_of_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a b");
        let path = file.to_str().expect("UTF-8");
        assert_eq!(ran("/usr/bin/touch", &[path]).await, Ok(()));
        assert!(file.exists());
        let failed = ran("/bin/false", &[]).await.expect_err("fails");
        assert_eq!(failed, "/bin/false failed: exit status: 1");
        let missing = ran("/nonexistent/program", &[]).await.expect_err("fails");
        assert!(missing.contains("cannot be started"), "{missing}");
        let slow = ran("/bin/sleep", &["60"]).await.expect_err("is ended");
        assert_eq!(slow, "/bin/sleep was ended: it took more than 1 s");
    }

    #[tokio::test]
    async fn it_has_no_environment() {
        let with = ["-c", "test -z \"$CARGO$HOME\""];
        assert_eq!(ran("/bin/sh", &with).await, Ok(()));
    }
}
