//! The memory volume: the only code that writes secret files.
//!
//! Everything goes through [`AtomicWriter`]; clippy refuses `std::fs::write` and its relatives in
//! the rest of the crate.

mod atomic_writer;
mod attempt;
mod directory;
mod generation;
mod program;
mod step;

pub use self::atomic_writer::{AtomicWriter, Changed};
pub use self::program::install_program;
pub use self::step::{Step, WriteError};
