//! Beyond files of fixed secrets: credentials that Vault makes on demand, on a real cluster, against a
//! real database.
//!
//! `tests/run beyond-files` starts the one-node cluster of `tests/cluster` and PostgreSQL beside it, and
//! runs them inside.

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
    pub(crate) mod measured;
    pub(crate) mod namespace;
    pub(crate) mod vault;
}

mod applications;
mod database;
mod leases;
