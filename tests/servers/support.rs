//! Real servers for the tests: started on free loopback ports, ended with the test process.
//!
//! `tests/run servers` builds the programs and links them into `target/servers`; after that
//! `cargo test --features e2e --test servers` runs alone, too.

#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod api_server;
pub(crate) mod external_secrets;
pub(crate) mod helm;
pub(crate) mod http;
pub(crate) mod pki;
pub(crate) mod pod;
pub(crate) mod process;
pub(crate) mod release;
pub(crate) mod replica;
pub(crate) mod second_webhook;
pub(crate) mod trust;
pub(crate) mod vault_server;
pub(crate) mod webhook;
