//! Pods that were written for the Vault Agent Injector, on a real cluster: what they get from Freshet
//! is what they get from the real injector and its agent, for less.
//!
//! `tests/run drop-in` starts the one-node cluster of `tests/cluster` and runs them inside.

#![allow(
    clippy::disallowed_methods,
    reason = "figures go to a file of the tests; production writes files through files::AtomicWriter alone"
)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that panics or prints says what is wrong"
)]

/// What the tests of the cluster itself use, too.
#[allow(dead_code, reason = "each test takes what it needs")]
#[path = "../cluster/support"]
mod support {
    pub(crate) mod figures;
    pub(crate) mod freshet;
    pub(crate) mod image;
    pub(crate) mod kubectl;
    pub(crate) mod namespace;
    pub(crate) mod node;
    pub(crate) mod vault;
}

mod cost;
mod documented;
mod files;
mod incumbent;
mod keeper;
mod secrets;
mod side_by_side;
