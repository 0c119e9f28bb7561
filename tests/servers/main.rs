//! Tests against a real API server and a real Vault.

#![allow(
    clippy::disallowed_methods,
    reason = "tests prepare files; production writes them through files::AtomicWriter alone"
)]

fn main() {}
