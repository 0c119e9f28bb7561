//! One leader among the replicas, by a Lease (`coordination.k8s.io/v1`) as client-go's leader
//! election keeps it.
//!
//! The crates for this either trust that all clocks agree or are for another kube; the part that
//! decides is small: [`Candidate`].

mod candidate;

use std::future::pending;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, PostParams};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use self::candidate::{Candidate, LEASE, Move, Record};
use super::call::{CallError, Object};
use super::outage::Outage;

/// The time between two looks at the Lease, and between two renewals.
const RETRY: Duration = Duration::from_secs(4);
const CALL: Duration = Duration::from_secs(4);

/// The resource of Leases.
pub(super) const LEASES: &str = "leases.coordination.k8s.io";

/// Whether this replica leads, for whoever acts on it.
#[derive(Clone)]
pub(super) struct Leadership(watch::Receiver<Option<Instant>>);

impl Leadership {
    /// Whether it leads at this moment.
    pub(super) fn is_ours(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    /// Resolves when [`Self::is_ours`] is no longer `known`.
    pub(super) async fn is_no_longer(&mut self, known: bool) {
        while self.is_ours() == known {
            let until = self.until().filter(|_| known);
            let ends = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                written = self.0.changed() => if written.is_err() { pending::<()>().await },
                () = ends => {}
            }
        }
    }

    fn until(&self) -> Option<Instant> {
        *self.0.borrow()
    }
}

/// A candidate for one Lease.
pub(super) struct Election {
    api: Api<Lease>,
    object: Object,
    candidate: Candidate,
    hint: &'static str,
    began: Instant,
    until: watch::Sender<Option<Instant>>,
}

impl Election {
    /// A candidate under the name `holder`, and what tells whether it was elected; `hint` says what
    /// only the holder does.
    pub(super) fn new(
        client: Client,
        object: Object,
        holder: String,
        hint: &'static str,
    ) -> (Self, Leadership) {
        let (until, leads) = watch::channel(None);
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let election = Self {
            api: Api::namespaced(client, namespace),
            candidate: Candidate::new(holder),
            hint,
            began: Instant::now(),
            object,
            until,
        };
        (election, Leadership(leads))
    }

    /// Runs for the Lease and renews it until `end`; then gives it up.
    pub(super) async fn run(mut self, end: impl Future<Output = ()>) {
        let campaign = async {
            let mut outage = Outage::new(LEASES, self.hint);
            loop {
                let looked = self.look().await;
                self.tell();
                match looked {
                    // Somebody else was faster, which the next look will show.
                    Ok(()) | Err(CallError::Conflict) => {
                        outage.over();
                    }
                    Err(CallError::Failed(problem)) => {
                        outage.begin(&problem);
                    }
                }
                sleep(RETRY).await;
            }
        };
        tokio::select! {
            () = campaign => {}
            () = end => {}
        }
        if let Err(CallError::Failed(problem)) = self.release().await {
            tracing::warn!(problem, "the lease is kept until it expires");
        }
    }

    async fn look(&mut self) -> Result<(), CallError> {
        let found = self.get().await?;
        let sent = self.began.elapsed();
        let decided = self
            .candidate
            .consider(found.as_ref().map(record).as_ref(), sent);
        if decided != Move::Wait {
            let anew = decided == Move::Take;
            let holder = self.candidate.holder().to_owned();
            self.put(found, |spec| claim(spec, holder, anew)).await?;
            self.candidate.written(sent);
        }
        Ok(())
    }

    async fn release(&mut self) -> Result<(), CallError> {
        if !self.candidate.give_up() {
            return Ok(());
        }
        self.tell();
        let found = self.get().await?;
        let ours = |lease: &Lease| record(lease).holder == self.candidate.holder();
        if found.as_ref().is_some_and(ours) {
            self.put(found, give_up).await?;
        }
        Ok(())
    }

    fn tell(&self) {
        let until = self.candidate.leads_until();
        self.until
            .send_replace(until.map(|until| self.began + until));
    }

    async fn get(&self) -> Result<Option<Lease>, CallError> {
        let found = self.api.get_opt(&self.object.name);
        self.object.call("get", CALL, found).await
    }

    /// Writes what `change` makes of the Lease, if it is still as it was found.
    async fn put(
        &self,
        found: Option<Lease>,
        change: impl FnOnce(&mut LeaseSpec),
    ) -> Result<(), CallError> {
        let exists = found.is_some();
        let mut lease = found.unwrap_or_default();
        change(lease.spec.get_or_insert_default());
        let params = PostParams::default();
        let name = &self.object.name;
        if exists {
            let replaced = self.api.replace(name, &params, &lease);
            self.object.call("update", CALL, replaced).await?;
        } else {
            lease.metadata.name = Some(name.clone());
            let created = self.api.create(&params, &lease);
            self.object.call("create", CALL, created).await?;
        }
        Ok(())
    }
}

fn record(lease: &Lease) -> Record {
    let spec = lease.spec.as_ref();
    let seconds = spec.and_then(|spec| u64::try_from(spec.lease_duration_seconds?).ok());
    Record {
        holder: spec
            .and_then(|spec| spec.holder_identity.clone())
            .unwrap_or_default(),
        renewed: spec.and_then(|spec| Some(spec.renew_time.as_ref()?.0)),
        duration: seconds.map_or(LEASE, Duration::from_secs),
    }
}

fn claim(spec: &mut LeaseSpec, holder: String, anew: bool) {
    let now = Some(MicroTime(Timestamp::now()));
    if anew {
        spec.acquire_time = now.clone();
        spec.lease_transitions = Some(spec.lease_transitions.map_or(0, |times| times + 1));
    }
    spec.holder_identity = Some(holder);
    spec.renew_time = now;
    spec.lease_duration_seconds = i32::try_from(LEASE.as_secs()).ok();
}

/// As client-go gives one up: nobody's, and over in a second.
fn give_up(spec: &mut LeaseSpec) {
    spec.holder_identity = Some(String::new());
    spec.lease_duration_seconds = Some(1);
    spec.renew_time = Some(MicroTime(Timestamp::now()));
}
