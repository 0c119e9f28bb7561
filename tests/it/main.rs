//! Everything that can be tested with Rust alone.

mod admission;
mod atomic_writer;
mod cli;
mod demo;
mod dev_vault;
mod inject;
mod lint;
mod redaction;
mod reference;
mod refresh;
mod template;
mod tidy;
mod vault_http;
