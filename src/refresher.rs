//! The refresher: the shell around the sync engine. It reads the clock and the kubelet's files, asks
//! Vault, writes the volumes, answers `ready` and `status`, and logs.
//!
//! Everything happens on one thread. Nothing that is kept is needed to start again: what a killed
//! refresher leaves are complete files, and the next one finds them.

mod arguments;
mod clock;
mod control;
mod counters;
mod driver;
mod exec;
mod gate;
mod help;
mod http;
mod inputs;
mod login_files;
mod memory_file;
mod metrics;
mod notifier;
mod ports;
mod program;
mod quit;
mod randomness;
mod refused_ids;
mod run;
mod shared;
mod socket;
mod state_directory;
mod status_text;
mod template_file;
mod termination;
mod watched_file;
mod way;

pub use self::gate::{NotReady, ready, status, wait};
pub use self::inputs::InputPaths;
pub use self::notifier::Listeners;
pub use self::program::main;
pub use self::run::{Mode, RunError, Settings, run};
pub use self::state_directory::StateDirectory;
pub use self::way::Way;
