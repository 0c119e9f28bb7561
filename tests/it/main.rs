//! Everything that can be tested with Rust alone.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that panics or prints says what is wrong, and it prepares files"
)]

mod admission;
mod atomic_writer;
mod chart;
mod cli;
mod demo;
mod dev_vault;
mod exec;
mod external_secrets;
mod inject;
mod lint;
mod migrate;
mod redaction;
mod reference;
mod refresh;
mod template;
mod template_command;
mod tidy;
mod vault_http;
mod vault_k8s;
