//! What a pod that runs needs, so that it is served as a fresh plan says.
//!
//! Its annotation may follow: that is all that can change. Who logs in where, and which volumes are
//! written, stands in arguments and volumes that Kubernetes lets nobody change; a new image or other
//! resources, as a new release brings them, are nobody's reason to restart a pod.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::covers::covers;
use super::fields::items;
use super::plan::Plan;
use super::pod::{PodView, is_reserved_volume, refresher};
use super::{Asked, ClusterFacts, Defaults};
use crate::dialect::vault_k8s::agent_config;
use crate::dialect::{Parsed, Problem};
use crate::spec::layout::{APPROLE_VOLUME, CA_VOLUME, TEMPLATES_VOLUME, TLS_VOLUME};
use crate::spec::{ANNOTATION, IdentityBuilder, Profile, SyncSpec};

/// What is to be done about a pod that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Following {
    /// Nothing: it is served as planned, or has no refresher that would follow.
    Current,
    /// Its annotation is to become this one.
    Behind(String),
    /// It has to be started anew; what differs, each in a few words.
    Restart(Vec<String>),
    /// A fresh plan cannot be made: the last good files stay.
    Refused(Vec<Problem>),
    /// Nothing is asked for any more: the last good files stay.
    NotAsked,
}

/// Compares a pod that runs with a fresh plan for what its author wrote.
///
/// What limits new pods of its namespace does not matter: it is there already.
pub fn follow(pod: &Value, defaults: &Defaults, cluster: &ClusterFacts) -> Following {
    let Some(found) = refresher(pod) else {
        return Following::Current;
    };
    // What that ConfigMap says counts as it was read at the pod's admission.
    let named = agent_config::named_by(pod);
    if named.is_some_and(|name| !cluster.agent_config_maps.contains_key(name)) {
        return Following::Current;
    }
    let (view, parsed) = match Asked::of(pod, namespace(pod), &defaults.dialect, cluster) {
        Asked::No(_) => return Following::NotAsked,
        Asked::Wrong(refusal) => return Following::Refused(refusal.problems),
        Asked::Yes(view, parsed) => (view, parsed),
    };
    let unlimited = ClusterFacts {
        external_secrets: cluster.external_secrets.clone(),
        ..ClusterFacts::default()
    };
    let plan = match Plan::build(&view, &parsed, defaults, &unlimited) {
        Ok(plan) => plan,
        Err(problems) => return Following::Refused(problems),
    };
    let differences = differences(&view, found, &plan, &parsed, defaults);
    if !differences.is_empty() {
        return Following::Restart(differences);
    }
    match parsed.settings.once || serves(pod, &parsed.spec) {
        true => Following::Current,
        false => Following::Behind(plan.sync_spec),
    }
}

/// The namespace of a pod that exists, which its metadata names.
fn namespace(pod: &Value) -> &str {
    let namespace = pod.pointer("/metadata/namespace");
    namespace.and_then(Value::as_str).unwrap_or_default()
}

/// Whether the annotation says this, in whatever words.
fn serves(pod: &Value, spec: &SyncSpec) -> bool {
    let annotations = pod.pointer("/metadata/annotations");
    let text = annotations.and_then(|annotations| annotations.get(ANNOTATION)?.as_str());
    let found = text.and_then(|text| SyncSpec::from_annotation(text).ok());
    found.as_ref() == Some(spec)
}

/// What of the plan a running pod cannot get.
fn differences(
    view: &PodView<'_>,
    found: &Value,
    plan: &Plan,
    parsed: &Parsed,
    defaults: &Defaults,
) -> Vec<String> {
    let mut differences = Vec::new();
    let (have, want) = (identity(found), identity(&plan.container));
    let options: BTreeSet<_> = have
        .symmetric_difference(&want)
        .map(Argument::option)
        .collect();
    if !options.is_empty() {
        let options: Vec<_> = options.into_iter().collect();
        differences.push(format!("its sidecar's {}", options.join(", ")));
    }
    for (prefix, what) in [
        (CA_VOLUME, "the ConfigMap with the CA certificates"),
        (TEMPLATES_VOLUME, "the ConfigMaps with templates"),
        (APPROLE_VOLUME, "the Secret with the role id"),
        (TLS_VOLUME, "the Secret with the client certificate"),
    ] {
        let have = of_kind(items(view.spec.get("volumes")), prefix);
        let want = of_kind(plan.volumes.iter(), prefix);
        let names: BTreeSet<_> = have.keys().chain(want.keys()).copied().collect();
        for name in names {
            let fits = match (have.get(name), want.get(name)) {
                (Some(have), Some(want)) => covers(have, want),
                _ => false,
            };
            if !fits {
                // Of a profile it ends in that.
                let profile = name.strip_prefix(prefix).unwrap_or_default();
                let profile = profile.strip_prefix('-');
                let profile =
                    profile.map_or_else(String::new, |name| format!(" of profile {name}"));
                differences.push(format!("{what}{profile}"));
            }
        }
    }
    if !parsed.heavy_functions.is_empty() && is_slim(found, defaults) {
        let functions: Vec<_> = parsed.heavy_functions.iter().copied().collect();
        differences.push(format!(
            "the full refresher, for its templates call {}",
            functions.join(", ")
        ));
    }
    differences
}

/// The volumes of ours that are called `prefix`, alone or with a profile.
fn of_kind<'v>(
    volumes: impl Iterator<Item = &'v Value>,
    prefix: &str,
) -> BTreeMap<&'v str, &'v Value> {
    let named = volumes.filter_map(|volume| Some((volume.get("name")?.as_str()?, volume)));
    let ours = named.filter(|(name, _)| name.starts_with(prefix) && is_reserved_volume(name));
    ours.collect()
}

/// The arguments that say who the refresher is, without those of logs and metrics.
fn identity(container: &Value) -> BTreeSet<Argument<'_>> {
    let mut known = IdentityBuilder::default();
    items(container.get("args"))
        .filter_map(|argument| {
            let text = argument.as_str()?;
            let (name, value) = text.strip_prefix("--")?.split_once('=')?;
            known.set(name, value).then(|| Argument {
                profile: known.profile().cloned(),
                text,
            })
        })
        .collect()
}

/// An argument of the login that it belongs to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Argument<'a> {
    profile: Option<Profile>,
    text: &'a str,
}

impl Argument<'_> {
    /// The option without its value.
    fn option(&self) -> String {
        let option = self.text.split('=').next().unwrap_or(self.text);
        match &self.profile {
            Some(profile) if option != "--profile" => format!("--profile={profile} {option}"),
            _ => option.to_owned(),
        }
    }
}

/// Whether a container runs the slim refresher, of whatever release and registry.
fn is_slim(container: &Value, defaults: &Defaults) -> bool {
    let image = container["image"].as_str().unwrap_or_default();
    let full = defaults.full_image.as_deref().unwrap_or_default();
    repository(image) != repository(full)
}

fn repository(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split([':', '@']).next().unwrap_or_default()
}
