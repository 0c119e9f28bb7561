//! All that the server knows, and its way from a request to an answer.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::Randomness;
use super::answer::Answer;
use super::auth::AuthMethod;
use super::engine::Engine;
use super::fault::{self, Fault, Order};
use super::lease::LeaseStore;
use super::policy::Policy;
use super::request::Request;
use super::request_log::{LoggedRequest, RequestLog};
use super::token::TokenStore;

pub(super) struct State {
    /// By path, with a slash at the end.
    pub(super) mounts: BTreeMap<String, Engine>,
    /// By path below `auth/`, with a slash at the end.
    pub(super) auth_methods: BTreeMap<String, AuthMethod>,
    pub(super) policies: BTreeMap<String, Policy>,
    pub(super) tokens: TokenStore,
    pub(super) leases: LeaseStore,
    pub(super) orders: Vec<Order>,
    pub(super) log: RequestLog,
}

/// What happens on the wire.
pub(super) enum Reaction {
    Answer(Answer),
    Late(Duration, Answer),
    Cut,
}

impl State {
    pub(super) fn new(root_token: &str, randomness: Randomness) -> Self {
        let kv2 = Engine::new("kv", "2").map(|engine| ("secret/".to_owned(), engine));
        let default = ("default".to_owned(), Policy::default_policy());
        Self {
            mounts: kv2.into_iter().collect(),
            auth_methods: BTreeMap::new(),
            policies: BTreeMap::from([default]),
            tokens: TokenStore::new(root_token, randomness),
            leases: LeaseStore::default(),
            orders: Vec::new(),
            log: RequestLog::default(),
        }
    }

    /// What happens to `request` when it comes over the wire: faults are for it, and it is logged.
    pub(super) fn react(&mut self, request: &Request<'_>, now: SystemTime) -> Reaction {
        let reaction = match fault::fault_for(&mut self.orders, request.path) {
            None => Reaction::Answer(self.respond(request, now)),
            Some(Fault::Sealed) if request.is_about_health() => {
                Reaction::Answer(super::sys::sealed(request.path))
            }
            Some(Fault::Slow(delay)) => Reaction::Late(delay, self.respond(request, now)),
            Some(fault) => fault
                .answer(request.path)
                .map_or(Reaction::Cut, Reaction::Answer),
        };
        self.log.add(LoggedRequest {
            at: now,
            method: request.method.as_str(),
            path: request.path.to_owned(),
            namespace: request.namespace.map(str::to_owned),
            status: reaction.status(),
        });
        reaction
    }
}

impl Request<'_> {
    /// Whether it asks for what a sealed server answers too.
    fn is_about_health(&self) -> bool {
        matches!(self.path, "sys/health" | "sys/seal-status")
    }
}

impl Reaction {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Answer(answer) | Self::Late(_, answer) => Some(answer.status()),
            Self::Cut => None,
        }
    }
}
