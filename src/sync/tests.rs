//! The engine against a Vault that answers in virtual time.

mod agent;
mod certificates;
mod chaos;
mod faults;
mod herd;
mod leases;
mod looks;
mod memory;
mod notifications;
mod profiles;
mod spec_changes;
mod supplied;
mod targets;
mod tokens;
mod world;
