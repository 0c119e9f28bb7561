//! Tests against a real API server and a real Vault.

#![allow(
    clippy::disallowed_methods,
    reason = "tests prepare files; production writes them through files::AtomicWriter alone"
)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that panics or prints says what is wrong"
)]

mod admission;
mod agent;
mod agent_config_map;
mod certificates;
mod chart;
mod external_secrets;
mod profiles;
mod reconciler;
mod registration;
mod support;
mod vault;
mod whole_way;
