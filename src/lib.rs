//! Freshet: live Vault secrets in Kubernetes pods.

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "webhook")]
pub mod controller;
#[cfg(feature = "demo")]
pub mod dev_vault;
#[cfg(feature = "admission")]
pub mod dialect;
#[cfg(feature = "refresher")]
pub mod files;
#[cfg(feature = "admission")]
pub mod inject;
pub mod payload;
#[cfg(feature = "refresher")]
pub mod refresher;
pub mod secret;
pub mod shutdown;
pub mod spec;
#[cfg(feature = "refresher")]
pub mod sync;
pub mod telemetry;
pub mod template;
#[cfg(feature = "refresher")]
pub mod vault;
#[cfg(feature = "webhook")]
pub mod webhook;
