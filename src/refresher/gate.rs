//! `ready` and `status`, from the asking side: blocking, because nothing else is to be done.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::control::{STATUS, WAIT};
use super::state_directory::StateDirectory;

/// The first wait of a pod: long enough for an ordinary start, short enough that the reason soon
/// stands in the termination message of the container, which ends with the hook.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// Every later one: so long that the pod mostly starts within seconds of Vault's return instead of
/// sitting in back-off, so short that a pod that is deleted at the gate is gone within two minutes.
/// It goes when the hook ends, and the kubelet needs some seconds to take it down (measured: 4 s on a
/// busy node).
const LATER_WAIT: Duration = Duration::from_secs(105);

/// The pod may not start, and why.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not ready: {0}")]
pub struct NotReady(pub String);

/// The fields of the answer that decide.
#[derive(Deserialize)]
struct Answer {
    ready: bool,
    reason: Option<String>,
}

/// Asks whether every mount has a complete generation.
///
/// # Errors
/// When not, or when no refresher answers.
pub fn ready(state: &StateDirectory) -> Result<(), NotReady> {
    let answer = ask(state, STATUS, Duration::from_secs(2));
    let answer = answer.and_then(|text| Ok(serde_json::from_str::<Answer>(&text)?));
    match answer {
        Ok(Answer { ready: true, .. }) => Ok(()),
        Ok(Answer { reason, .. }) => Err(NotReady(reason.unwrap_or_default())),
        Err(error) => Err(NotReady(silence(state, &error))),
    }
}

/// Waits until every mount has a complete generation: for `longest`, or as long as this pod's
/// earlier starts suggest. A wait counts as the first one until one has ended in vain.
///
/// # Errors
/// When the time is over.
pub fn wait(state: &StateDirectory, longest: Option<Duration>) -> Result<(), NotReady> {
    let longest = longest.unwrap_or_else(|| usual_wait(state));
    let end = Instant::now() + longest;
    // The refresher starts at the same moment: its socket may be milliseconds away.
    let mut pause = Duration::from_millis(1);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        if let Ok(text) = ask(state, WAIT, left)
            && serde_json::from_str::<Answer>(&text).is_ok_and(|answer| answer.ready)
        {
            return Ok(());
        }
        let left = end.saturating_duration_since(Instant::now());
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(100));
    }
    let refusal = match ready(state) {
        Ok(()) => return Ok(()),
        Err(refusal) => refusal,
    };
    // Without the mark the next wait is short again: no harm.
    let _ = state.remember_the_wait();
    Err(refusal)
}

/// How long a start of this pod waits.
pub(super) fn usual_wait(state: &StateDirectory) -> Duration {
    match state.has_waited() {
        false => FIRST_WAIT,
        true => LATER_WAIT,
    }
}

/// How things stand, as JSON.
///
/// # Errors
/// When no refresher answers.
pub fn status(state: &StateDirectory) -> Result<String, NotReady> {
    ask(state, STATUS, Duration::from_secs(2)).map_err(|error| NotReady(silence(state, &error)))
}

fn silence(state: &StateDirectory, error: &io::Error) -> String {
    format!(
        "no refresher answers on {}: {error}",
        state.socket().display()
    )
}

fn ask(state: &StateDirectory, question: &str, longest: Duration) -> io::Result<String> {
    let mut stream = UnixStream::connect(state.socket())?;
    stream.set_read_timeout(Some(longest))?;
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.is_empty() {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wait_is_short_and_a_later_one_lets_a_deleted_pod_go_within_two_minutes() {
        let volume = tempfile::tempdir().expect("a directory");
        let state = StateDirectory::below(volume.path());
        assert_eq!(usual_wait(&state), FIRST_WAIT);
        let nothing = wait(&state, Some(Duration::ZERO));
        assert!(nothing.is_err(), "no refresher answers");
        let later = usual_wait(&state);
        assert!(later > FIRST_WAIT, "{later:?}");
        let take_down = Duration::from_secs(15);
        assert!(later + take_down <= Duration::from_secs(120), "{later:?}");
    }
}
