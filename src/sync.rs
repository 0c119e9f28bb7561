//! The sync engine: events in, actions out; no clock, no socket. Pure.

mod format;
pub mod render;
