//! Tests against a real API server and a real Vault.

fn main() {}
