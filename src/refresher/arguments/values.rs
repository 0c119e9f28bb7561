//! The values of options, taken out of what was given and read as what they are.

use std::path::PathBuf;
use std::time::Duration;

use super::Given;
use crate::refresher::state_directory::StateDirectory;
use crate::spec::{GoDuration, layout};

impl Given {
    pub(super) fn state(&mut self) -> StateDirectory {
        StateDirectory::below(&self.path("state-dir", layout::STATE_DIR.into()))
    }

    pub(super) fn json(&mut self) -> bool {
        let accepted = || Err("must be text or json".to_owned());
        let output = self.parsed("output", |text| match text {
            "text" => Ok(false),
            "json" => Ok(true),
            _ => accepted(),
        });
        output.unwrap_or_default()
    }

    pub(super) fn duration(&mut self, name: &'static str) -> Option<Duration> {
        self.parsed(name, |text| {
            let duration = text.parse::<GoDuration>();
            duration
                .map(GoDuration::get)
                .map_err(|invalid| invalid.to_string())
        })
    }

    pub(super) fn path(&mut self, name: &'static str, default: PathBuf) -> PathBuf {
        self.values.remove(name).map_or(default, PathBuf::from)
    }

    pub(super) fn switch(&mut self, name: &'static str) -> bool {
        let before = self.switches.len();
        self.switches.retain(|given| *given != name);
        self.switches.len() < before
    }

    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.values.remove(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(accepted) => {
                self.problems
                    .push(format!("--{name}: {text:?}: {accepted}"));
                None
            }
        }
    }
}
