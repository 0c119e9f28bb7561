//! Tests on a real cluster: pods that are scheduled, started and killed by a real kubelet.
//!
//! `tests/run cluster` starts a one-node cluster with Vault in it and runs them inside; with
//! `tests/run cluster up` it stays, and `tests/run cluster shell cargo test --features e2e --test
//! cluster` runs them again and again.

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

mod asked;
mod certificates;
mod deletion;
mod exec;
mod gate;
mod injected;
mod killed;
mod limits;
mod logins;
mod on_change;
mod outage;
mod readme;
mod replicas;
mod security;
mod smoke;
mod start;
mod support;
mod workloads;
