//! GitOps on a real cluster: a commit, Argo CD, a pod, a page.
//!
//! `tests/run gitops` starts the one-node cluster of `tests/cluster` and Argo CD beside it, and runs
//! them inside.

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
    pub(crate) mod readme;
    pub(crate) mod restore;
    pub(crate) mod vault;
}

#[allow(dead_code, reason = "each test takes what it needs")]
#[path = "../servers/support/http.rs"]
mod http;

mod application;
mod browser;
mod drift;
mod example;
mod freshet_here;
mod git;
mod mistakes;
mod nowhere;
mod order;
mod peace;
mod registration;
mod registry;
mod scale;
mod smoke;
mod sought;
mod story;
mod variables;
