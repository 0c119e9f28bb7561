//! The secrets engines that can be mounted.

use std::time::SystemTime;

use super::answer::Answer;
use super::database::Database;
use super::kv::{Plain, Versioned};
use super::pki::Pki;
use super::request::{Method, Request};

/// A secrets engine.
pub(super) enum Engine {
    V1(Plain),
    V2(Versioned),
    Database(Database),
    Pki(Pki),
}

impl Engine {
    /// Of the `type` and `options.version` of `sys/mounts`.
    pub(super) fn new(kind: &str, version: &str) -> Option<Self> {
        match (kind, version) {
            ("kv-v2", _) | ("kv", "2") => Some(Self::V2(Versioned::default())),
            ("kv", _) => Some(Self::V1(Plain::default())),
            ("database", _) => Some(Self::Database(Database::default())),
            ("pki", _) => Some(Self::Pki(Pki::default())),
            _ => None,
        }
    }

    /// The `type` of `sys/mounts`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::V1(_) | Self::V2(_) => "kv",
            Self::Database(_) => "database",
            Self::Pki(_) => "pki",
        }
    }

    /// The `options.version` of `sys/mounts`.
    pub(super) fn version(&self) -> Option<&'static str> {
        match self {
            Self::V1(_) => Some("1"),
            Self::V2(_) => Some("2"),
            Self::Database(_) | Self::Pki(_) => None,
        }
    }

    /// Whether a write to `path` changes something that is there, which asks for another
    /// capability.
    pub(super) fn exists(&self, path: &str) -> bool {
        match self {
            Self::V1(plain) => plain.exists(path),
            Self::V2(versioned) => versioned.exists(path),
            Self::Database(database) => database.exists(path),
            // There is no telling, so every write is an update.
            Self::Pki(_) => true,
        }
    }

    /// What everybody is answered at `path`, without a token.
    pub(super) fn open(&self, path: &str, method: Method) -> Option<Answer> {
        match self {
            Self::Pki(pki) => pki.open(path, method),
            _ => None,
        }
    }

    /// What `request`, at `path` in this engine, is answered.
    pub(super) fn answer(&mut self, path: &str, request: &Request<'_>, now: SystemTime) -> Answer {
        match self {
            Self::V1(plain) => plain.answer(path, request),
            Self::V2(versioned) => versioned.answer(path, request, now),
            Self::Database(database) => database.answer(path, request),
            Self::Pki(pki) => pki.answer(path, request, now),
        }
    }
}
