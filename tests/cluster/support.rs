//! What the tests on a cluster share: one cluster, one Vault, one Freshet.

#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod admissions;
pub(crate) mod app;
pub(crate) mod figures;
pub(crate) mod freshet;
pub(crate) mod image;
pub(crate) mod kubectl;
pub(crate) mod measured;
pub(crate) mod namespace;
pub(crate) mod node;
pub(crate) mod own_vault;
pub(crate) mod pod;
pub(crate) mod readme;
pub(crate) mod restore;
pub(crate) mod tls;
pub(crate) mod vault;
