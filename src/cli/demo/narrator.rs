//! What the demo tells in the terminal. It never tells a secret value or a token.

use std::io::{self, Write};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Tells the steps and what the programs print. Clones tell to the same place.
#[derive(Clone)]
pub(super) struct Narrator(Arc<Inner>);

struct Inner {
    steps: AtomicU32,
    out: Mutex<Box<dyn Write + Send>>,
}

/// Room for the name of a program.
const NAME: usize = 16;

impl Narrator {
    /// Tells to `out`. That it may be closed (a pager that was left) is no reason to end.
    pub(super) fn new(out: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Inner {
            steps: AtomicU32::new(0),
            out: Mutex::new(Box::new(out)),
        }))
    }

    /// The next step.
    pub(super) fn step(&self, text: &str) {
        let number = self.0.steps.fetch_add(1, Ordering::Relaxed) + 1;
        self.print(&format!("\n{number}. {text}"));
    }

    /// Something about the step.
    pub(super) fn detail(&self, text: &str) {
        for line in text.lines() {
            self.print(&format!("   {line}"));
        }
    }

    /// A command that is run.
    pub(super) fn command(&self, command: &Command) {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        self.detail(&format!("$ {}", words.join(" ")));
    }

    /// A line that a program has printed.
    pub(super) fn line_of(&self, program: &str, line: &str) {
        self.print(&format!("   {program:>NAME$} │ {line}"));
    }

    fn print(&self, line: &str) {
        let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        let _: io::Result<()> = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
