//! Follows the file. Files that a platform mounts are replaced through symbolic links, so the path
//! is resolved anew at each look.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The time between two looks.
const INTERVAL: Duration = Duration::from_millis(250);

/// How the text of a file is read.
type Parse<T> = fn(&str) -> Result<T, String>;

/// A file and what it held when it was read last.
#[derive(Debug)]
pub(crate) struct Watched<T> {
    path: PathBuf,
    parse: Parse<T>,
    last: Mutex<Last<T>>,
}

#[derive(Debug)]
struct Last<T> {
    loaded: Option<Arc<Loaded<T>>>,
    error: Option<String>,
}

/// What the file held, and where and when it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loaded<T> {
    pub(crate) content: T,
    /// The file behind all symbolic links.
    pub(crate) resolved: PathBuf,
    pub(crate) at: SystemTime,
    /// How many times it changed since the start.
    pub(crate) changes: u64,
}

impl<T: PartialEq> Watched<T> {
    pub(crate) fn new(path: PathBuf, parse: Parse<T>) -> Self {
        Self {
            path,
            parse,
            last: Mutex::new(Last {
                loaded: None,
                error: None,
            }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What was read last: it stays when the file cannot be read any more.
    pub(crate) fn loaded(&self) -> Option<Arc<Loaded<T>>> {
        self.last().loaded.clone()
    }

    /// Why the last look failed.
    pub(crate) fn error(&self) -> Option<String> {
        self.last().error.clone()
    }

    /// Reads the file; answers whether it says something new.
    pub(crate) fn look(&self) -> Result<bool, String> {
        let read = self.read();
        let mut last = self.last();
        match read {
            Ok((resolved, content)) => {
                last.error = None;
                let before = last.loaded.as_deref();
                if before.is_some_and(|loaded| {
                    (&loaded.resolved, &loaded.content) == (&resolved, &content)
                }) {
                    return Ok(false);
                }
                let changes = before.map_or(0, |loaded| loaded.changes + 1);
                last.loaded = Some(Arc::new(Loaded {
                    content,
                    resolved,
                    at: SystemTime::now(),
                    changes,
                }));
                Ok(true)
            }
            Err(error) => {
                last.error = Some(error.clone());
                Err(error)
            }
        }
    }

    fn read(&self) -> Result<(PathBuf, T), String> {
        let shown = self.path.display();
        let resolved = fs::canonicalize(&self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("{shown} is not there"),
            _ => format!("cannot open {shown}: {error}"),
        })?;
        let text = fs::read_to_string(&resolved)
            .map_err(|error| format!("cannot read {shown}: {error}"))?;
        let content = (self.parse)(&text).map_err(|error| format!("{shown}: {error}"))?;
        Ok((resolved, content))
    }

    fn last(&self) -> MutexGuard<'_, Last<T>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the file for ever, and prints when it says something new. Values stay out of the log.
pub(crate) async fn keep_looking<T: PartialEq>(watched: Arc<Watched<T>>) {
    let mut interval = tokio::time::interval(INTERVAL);
    loop {
        interval.tick().await;
        let before = watched.error();
        match watched.look() {
            Ok(true) => println!("read {}: something new", watched.path().display()),
            Err(error) if before.as_ref() != Some(&error) => println!("{error}"),
            Ok(false) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::credentials;

    fn settings(password: &str) -> String {
        format!("db_con=\"c\"\ndb_user=\"u\"\ndb_password=\"{password}\"\n")
    }

    #[test]
    fn follows_a_switched_link_and_keeps_the_last_settings() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("credentials");
        let watched = Watched::new(path.clone(), credentials::parse);
        let message = watched.look().expect_err("not there yet");
        assert!(message.ends_with("is not there"), "{message}");
        assert_eq!(watched.loaded(), None);

        for (change, password) in ["first", "second"].into_iter().enumerate() {
            let target = directory.path().join(password);
            fs::write(&target, settings(password)).expect("writes");
            let _ = fs::remove_file(&path);
            symlink(&target, &path).expect("links");
            assert_eq!(watched.look(), Ok(true));
            assert_eq!(watched.look(), Ok(false));
            let loaded = watched.loaded().expect("read");
            assert_eq!(loaded.content.password, password);
            assert!(loaded.resolved.ends_with(password));
            assert_eq!(loaded.changes, change as u64);
        }

        fs::remove_file(&path).expect("removes");
        assert!(watched.look().is_err() && watched.error().is_some());
        assert_eq!(watched.loaded().expect("kept").content.password, "second");
    }
}
