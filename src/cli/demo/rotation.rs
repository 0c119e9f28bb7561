//! The password in Vault, its versions, and which of them the application shows.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::narrator::Narrator;
use super::vault::{DemoVault, PATH};
use crate::dev_vault::Refused;

/// The time between two looks at the application.
const LOOK: Duration = Duration::from_millis(100);

/// Rotates the password and follows it to the application.
pub(super) struct Rotation {
    vault: DemoVault,
    narrator: Narrator,
    history: Mutex<History>,
}

/// All versions that were written, the newest last, and the one that the application shows.
#[derive(Default)]
struct History {
    versions: Vec<Version>,
    shown: Option<u64>,
    sealed: bool,
}

struct Version {
    number: u64,
    password: String,
    written: Instant,
}

impl Rotation {
    pub(super) fn new(vault: DemoVault, narrator: Narrator) -> Self {
        Self {
            vault,
            narrator,
            history: Mutex::default(),
        }
    }

    /// Writes a new password to Vault; answers its version.
    pub(super) fn rotate(&self) -> Result<u64, Refused> {
        // Held while writing, so that the versions are in order.
        let mut history = self.history();
        let (number, password) = self.vault.rotate()?;
        history.versions.push(Version {
            number,
            password,
            written: Instant::now(),
        });
        self.narrator
            .detail(&format!("Vault: {PATH} is now version {number}"));
        Ok(number)
    }

    /// Whether Vault is sealed, and so cannot be written.
    pub(super) fn is_sealed(&self) -> bool {
        self.history().sealed
    }

    /// Seals Vault, or unseals it.
    pub(super) fn toggle_seal(&self) {
        let mut history = self.history();
        history.sealed = !history.sealed;
        self.vault.set_sealed(history.sealed);
        self.narrator.detail(match history.sealed {
            true => "Vault is sealed: an outage. The files stay as they are.",
            false => "Vault is unsealed.",
        });
    }

    /// What the bar shows: nothing secret.
    pub(super) fn state(&self) -> Value {
        let history = self.history();
        let newest = history.versions.last();
        json!({
            "path": PATH,
            "version": newest.map(|version| version.number),
            "age_seconds": newest.map(|version| version.written.elapsed().as_secs_f64()),
            "shown_version": history.shown,
            "sealed": history.sealed,
        })
    }

    /// Looks at what the application shows, again and again, and tells when it changes.
    pub(super) async fn follow(&self, application: SocketAddr, client: &reqwest::Client) {
        let url = format!("http://{application}/api/credentials");
        let mut interval = tokio::time::interval(LOOK);
        loop {
            interval.tick().await;
            let Ok(answer) = client.get(&url).send().await else {
                continue;
            };
            let body = answer.bytes().await.unwrap_or_default();
            if let Ok(view) = serde_json::from_slice::<Value>(&body) {
                self.see(view["password"].as_str().unwrap_or_default());
            }
        }
    }

    fn see(&self, password: &str) {
        let mut history = self.history();
        let found = history.versions.iter().rev();
        let Some(version) = found
            .into_iter()
            .find(|version| version.password == password)
        else {
            return;
        };
        let (number, after) = (version.number, version.written.elapsed().as_secs_f64());
        if history
            .shown
            .replace(number)
            .is_some_and(|shown| shown != number)
        {
            self.narrator.detail(&format!(
                "The application shows version {number}, {after:.1} s after it was written. It was not restarted."
            ));
        }
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
