//! The decision about a pod: leave it alone, patch it, or refuse it with every reason at once.
//!
//! ```text
//! pod ─► PodView ─► Plan: what shall be there ─► edits: what is not there yet ─► Patch
//! ```
//!
//! Every admission plans anew from what the author wrote and compares the plan with the pod, so a
//! second pass changes nothing, an outdated injection is replaced, and no annotation can make the
//! webhook look away. A pod is never re-serialised: only RFC 6902 operations leave this module, so
//! fields that are newer than this code survive.

mod cluster;
mod collision;
mod container;
mod conversion;
mod covers;
mod difference;
mod doubts;
mod fields;
mod following;
mod inverse;
mod limits;
mod logins;
mod memory;
mod mesh;
mod metrics;
mod outline;
mod patch;
mod plan;
mod pod;
mod readable;
mod reference;
mod refusal;
mod resources;
mod secret_variables;
mod security;
mod sidecar;
mod targets;
mod usage;
mod volumes;
mod wrapper;

use std::collections::BTreeMap;
use std::convert::identity;

use json_patch::Patch;
use serde_json::Value;

use self::plan::Plan;
use self::pod::PodView;
use crate::dialect::{
    self, DialectDefaults, Parsed, Problem, Reading, Refusal, Resources, native, vault_k8s,
};
use crate::spec::{Auth, ContainerName, Profile};

pub use self::cluster::{ClusterFacts, LimitRange, LimitRangeItem, LimitType, ResourceQuota};
pub use self::following::{Following, follow};
pub use self::memory::{Bytes, Memory};
pub use self::pod::{is_injected, refresher};
pub use self::usage::{SecretUse, secret_use};

/// What the API server asks about.
///
/// A dry run is decided like any other admission: deciding has no side effect.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The namespace of the pod: the review's, because the pod itself often names none yet.
    pub namespace: &'a str,
    /// What is done to the pod.
    pub operation: Operation,
    /// The pod: `metadata` and `spec`, as JSON.
    pub pod: &'a Value,
}

/// The operation of the admission review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The pod is created.
    Create,
    /// The pod exists: its containers and volumes cannot change any more.
    Update,
    /// `DELETE` or `CONNECT`.
    Other,
}

/// The webhook's flags, as values: what a pod gets where its author says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The refresher's image.
    pub image: String,
    /// The image of the full refresher, for templates with heavy functions; without it such a pod
    /// is refused.
    pub full_image: Option<String>,
    /// `imagePullPolicy` of its container; `None` leaves it to the API server.
    pub image_pull_policy: Option<String>,
    /// A Secret of the pod's namespace that is added to `spec.imagePullSecrets`.
    pub image_pull_secret: Option<String>,
    /// What the dialects fall back to.
    pub dialect: DialectDefaults,
    /// The refresher's resources; [`Defaults::usual_resources`] are the usual ones. `limits_memory` is
    /// raised where the files need more; `None` leaves a field out.
    pub resources: Resources,
    /// The port of the refresher's `/metrics`; `None` serves none.
    pub metrics_port: Option<u16>,
    /// The refresher's `--log-format`.
    pub log_format: Option<String>,
    /// The refresher's `--log-level`.
    pub log_level: Option<String>,
}

impl Defaults {
    /// What the webhook has without a flag, but for the image.
    pub fn usual(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            full_image: None,
            image_pull_policy: None,
            image_pull_secret: None,
            dialect: DialectDefaults::default(),
            resources: Self::usual_resources(),
            metrics_port: Some(9102),
            log_format: None,
            log_level: None,
        }
    }

    /// The usual resources of the refresher, as requests and limits of CPU and memory.
    ///
    /// No CPU limit: a limit that is small enough to mean something delays the pod's start.
    pub fn usual_resources() -> Resources {
        Resources {
            requests_cpu: Some("5m".to_owned()),
            requests_memory: Some("8Mi".to_owned()),
            limits_cpu: None,
            limits_memory: Some("32Mi".to_owned()),
        }
    }
}

/// What to do with the pod.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Admit it as it is.
    Skip {
        /// Why.
        reason: SkipReason,
        /// What looks as if injection were meant.
        warnings: Vec<Problem>,
    },
    /// Admit it with the patch.
    Inject(Box<Injection>),
    /// Refuse it.
    Deny {
        /// All that is wrong, in the order of the fields that were looked at.
        problems: Vec<Problem>,
        /// What is doubtful beside that.
        warnings: Vec<Problem>,
    },
}

/// Why a pod is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// The pod is not being created.
    NotCreated,
    /// Its annotations ask for nothing.
    NotAsked,
}

/// A pod that gets the refresher.
#[derive(Clone, Debug, PartialEq)]
pub struct Injection {
    /// What changes; no operation at all when the pod is already as planned.
    pub patch: Patch,
    /// What is doubtful but not wrong.
    pub warnings: Vec<Problem>,
    /// The plan in a few words, for logs and for `freshet lint`.
    pub summary: Summary,
}

impl Injection {
    /// The patch that, applied to the patched `pod`, restores it byte for byte. `None` when the pod
    /// is not the one that was decided on.
    pub fn inverse(&self, pod: &Value) -> Option<Patch> {
        inverse::inverse(&self.patch, pod)
    }
}

/// What was planned, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How the refresher logs in to Vault.
    pub auth: Auth,
    /// The same for each profile.
    pub profiles: BTreeMap<Profile, Auth>,
    /// Whether it is an init container that runs once, and no sidecar.
    pub once: bool,
    /// The number of files, or directories of files, that are asked for.
    pub files: usize,
    /// The number of environment variables.
    pub variables: usize,
    /// The containers that see them.
    pub containers: Vec<ContainerName>,
    /// The sizes of the memory volumes and of the refresher's memory.
    pub memory: Memory,
}

/// Decides what to do with a pod.
pub fn decide(request: &Request<'_>, defaults: &Defaults, cluster: &ClusterFacts) -> Decision {
    let skip = |reason, warnings| Decision::Skip { reason, warnings };
    if request.operation != Operation::Create {
        return skip(SkipReason::NotCreated, Vec::new());
    }
    match Asked::of(request.pod, request.namespace, &defaults.dialect, cluster) {
        Asked::No(mut warnings) => {
            warnings.extend(pod::left_over(request.pod));
            skip(SkipReason::NotAsked, warnings)
        }
        Asked::Wrong(refusal) => deny(refusal.problems, refusal.warnings),
        Asked::Yes(view, parsed) => inject(request, &view, &parsed, defaults, cluster),
    }
}

/// What a new pod asks for, read and not yet planned; `None` for nothing, or something that is wrong.
pub fn parsed(
    request: &Request<'_>,
    defaults: &DialectDefaults,
    cluster: &ClusterFacts,
) -> Option<Box<Parsed>> {
    match Asked::of(request.pod, request.namespace, defaults, cluster) {
        Asked::Yes(_, parsed) => Some(parsed),
        Asked::No(_) | Asked::Wrong(_) => None,
    }
}

/// What is asked for a pod.
enum Asked<'a> {
    /// Nothing; with warnings.
    No(Vec<Problem>),
    /// Something that cannot be understood.
    Wrong(Refusal),
    Yes(PodView<'a>, Box<Parsed>),
}

impl<'a> Asked<'a> {
    fn of(
        pod: &'a Value,
        namespace: &str,
        defaults: &DialectDefaults,
        cluster: &ClusterFacts,
    ) -> Self {
        let (annotations, mut problems) = pod::annotations(pod);
        let facts = &cluster.external_secrets;
        let native = || native::parse(&annotations, defaults);
        let speaks_vault_k8s = dialect::speaks_vault_k8s(&annotations);
        let (reading, view) = match facts.is_empty() && !speaks_vault_k8s {
            true => (native(), None),
            false => {
                let view = PodView::of(pod, annotations.clone());
                let mut reading = match &view {
                    Ok(view) => dialect::read(&annotations, &usage::of(view), facts, defaults),
                    Err(_) => native(),
                };
                if let (true, Ok(view)) = (speaks_vault_k8s, &view) {
                    let outline = outline::of(view, pod, namespace, cluster);
                    let own = vault_k8s::parse(&annotations, &outline, defaults);
                    reading = dialect::beside(&annotations, own, reading);
                }
                (reading, Some(view))
            }
        };
        if let Ok(Reading::NotAsked(warnings)) = reading {
            return Self::No(warnings);
        }
        let view = view.unwrap_or_else(|| PodView::of(pod, annotations));
        match (reading, view) {
            (Ok(Reading::Asked(parsed)), Ok(view)) if problems.is_empty() => {
                Self::Yes(view, parsed)
            }
            (reading, view) => {
                let mut told = Refusal::of(reading);
                problems.append(&mut told.problems);
                problems.extend(view.map_or_else(identity, |view| refusal::of_pod(&view)));
                Self::Wrong(Refusal { problems, ..told })
            }
        }
    }
}

/// The decision about a pod that asks for what was parsed.
fn inject(
    request: &Request<'_>,
    view: &PodView<'_>,
    parsed: &Parsed,
    defaults: &Defaults,
    cluster: &ClusterFacts,
) -> Decision {
    let appearance = &parsed.settings.appearance;
    let in_their_words = |problems: Vec<Problem>| appearance.in_its_words(problems);
    let mut plan = match Plan::build(view, parsed, defaults, cluster) {
        Ok(plan) => plan,
        Err(problems) => return deny(in_their_words(problems), parsed.warnings.clone()),
    };
    plan.warnings = in_their_words(plan.warnings);
    let (warnings, summary) = (plan.warnings.clone(), plan.summary.clone());
    Decision::Inject(Box::new(Injection {
        patch: difference::patch(request.pod, view, plan),
        warnings,
        summary,
    }))
}

fn deny(problems: Vec<Problem>, warnings: Vec<Problem>) -> Decision {
    Decision::Deny { problems, warnings }
}
