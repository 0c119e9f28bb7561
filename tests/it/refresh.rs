//! The real refresher against the dev Vault, which fails on order.

mod gate;
mod hard_cases;
mod outages;
pub(crate) mod pod;
mod restarts;
mod watching;
