//! The sync engine: when to log in, to look, to renew, to write. Events in, actions out; no clock,
//! no socket, no file: outages, expiry and herds are tested in microseconds.
//!
//! ```text
//!            Event, now                         Action
//! shell ───────────────► Engine::feed ───────────────────► shell
//!            Tick, Spec, LookNow,               LogIn, Renew, Revoke,
//!            LoggedIn, Read, Written …          LookUp, CheckVersion, Read, Write, Notify, Tell
//! ```
//!
//! - One login for a pod, and one for each profile that a secret names ([`sessions`], [`session`],
//!   [`login`]); what it found out about mounts and policies ([`mount_table`]) is forgotten with it.
//! - Each secret ([`secret_state`]) is read once however many files it is in, waits on its own after
//!   a failure, and keeps its last good data.
//! - What Vault makes for this pod alone, [`credential`]s with a lease and [`certificate`]s, is
//!   replaced in time and remembered ([`memory`]) for the next process.
//! - Each mount ([`mount_state`]) is rendered ([`render`], and what ExternalSecrets put into it by
//!   [`target`]) when one of its secrets changed and all of them are there, and then written as a
//!   whole.
//! - After a switch the application is told ([`notification`]).
//! - Times ([`schedule`], [`rounds`], [`backoff`]) are spread by a seed that is passed in.

mod answer;
mod authority_answer;
mod backoff;
mod certificate;
mod credential;
mod engine;
mod event;
mod fingerprints;
mod format;
mod lease_answer;
mod login;
mod memory;
mod mount_state;
mod mount_table;
mod notice;
mod notification;
mod options;
mod question;
mod readiness;
mod recollection;
pub mod render;
mod retired_leases;
mod rounds;
mod schedule;
mod secret_state;
mod session;
mod sessions;
mod spec_change;
mod status;
mod supplies;
mod target;
mod timestamp;
mod x509;

pub use self::engine::Engine;
pub use self::event::{Action, Event, Now, TokenId};
pub use self::memory::{Memory, NotAMemory};
pub use self::notice::Notice;
pub use self::notification::{Attempt, NotificationId, NotificationStatus};
pub use self::options::Options;
pub use self::render::TemplateFiles;
pub use self::status::{
    Freshness, MountStatus, SecretStatus, ServiceAccountTokenStatus, Status, TokenStatus,
    class_name,
};
pub use self::target::{ConfigMaps, TargetError, TargetReason};
pub use self::timestamp::Timestamp;

#[cfg(test)]
mod tests;
