//! The condition of an ExternalSecret: whether pods that mount its target are served.
//!
//! What is written decides, also before any pod exists, or whoever waits for it before he makes pods
//! would wait for ever. After that a pod that cannot get its files does. An API server or a Vault that
//! does not answer is nobody's mistake and decides nothing.

use super::condition::{Condition, Reason};
use super::doubts;
use super::pod::{Pod, Refresher};
use super::state::Standing;
use crate::dialect::{Problem, external_secret};

/// What is known of an ExternalSecret that is Freshet's.
#[derive(Clone, Debug)]
pub struct Claimed<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// The value of the namespace's label `freshet.dev/injection`.
    pub label: Option<&'a str>,
    /// The name of the Secret that it would make.
    pub target: &'a str,
    /// What is wrong with it, whatever the pod.
    pub standing: &'a external_secret::Standing,
    /// Whether the full refresher's image is named to the webhook.
    pub has_full_refresher: bool,
    /// The pods of the namespace that use the Secret.
    pub pods: Vec<(&'a Pod, &'a Standing)>,
    /// `status.binding.name`: the Secret that External Secrets has written.
    pub binding: Option<&'a str>,
    /// The Ingresses of the namespace that take their certificate from the Secret.
    pub ingresses: Vec<&'a str>,
}

/// The value of the label that lets the pods of a namespace be served by ExternalSecrets.
const ENABLED: &str = "external-secrets";

/// The condition of an ExternalSecret.
pub fn of_external_secret(known: &Claimed<'_>) -> Condition {
    let mut problems = known.standing.problems.clone();
    problems.extend(full_refresher(known));
    let texts = problems.iter().map(Problem::to_string);
    if let Some(message) = not_enabled(known) {
        let lines: Vec<_> = [message].into_iter().chain(texts).collect();
        return Condition::new(Reason::NamespaceNotEnabled, lines.join("\n"));
    }
    if !problems.is_empty() {
        return Condition::of_problems(Reason::Invalid, &problems);
    }
    let doubts = doubts::of(known);
    let (reason, first) = match failure(known) {
        Some(message) => (Reason::PodFailed, message),
        None => (
            Reason::Accepted,
            format!(
                "pods that mount Secret {} are served by Freshet",
                known.target
            ),
        ),
    };
    let lines: Vec<_> = [first].into_iter().chain(doubts).collect();
    Condition::new(reason, lines.join("\n"))
}

fn not_enabled(known: &Claimed<'_>) -> Option<String> {
    let Claimed {
        namespace, label, ..
    } = known;
    let (has, overwrite) = match label {
        Some(value) if *value == ENABLED => return None,
        Some(value) => (
            format!("the label freshet.dev/injection={value}"),
            " --overwrite",
        ),
        None => ("no label freshet.dev/injection".to_owned(), ""),
    };
    Some(format!(
        "namespace {namespace} has {has}, so pods are not served by ExternalSecrets: kubectl label namespace {namespace} freshet.dev/injection={ENABLED}{overwrite}"
    ))
}

fn full_refresher(known: &Claimed<'_>) -> Option<Problem> {
    let functions: Vec<_> = known.standing.heavy_functions.iter().copied().collect();
    if functions.is_empty() || known.has_full_refresher {
        return None;
    }
    let message = format!(
        "{} needs the full refresher: name its image to the webhook with --refresher-full-image, or do without",
        functions.join(", ")
    );
    Some(Problem::new("spec.target.template", message))
}

/// What the newest pod says that cannot get its files.
fn failure(known: &Claimed<'_>) -> Option<String> {
    let pods = || known.pods.iter().filter(|(pod, _)| !pod.is_leaving);
    let serving = pods().filter(|(pod, _)| pod.refresher == Some(Refresher::Serving));
    let newest_serving = serving.map(|(pod, _)| pod.created.as_str()).max();
    let mut failing: Vec<_> = pods()
        .filter_map(|(pod, standing)| {
            let words = match (&pod.refresher, standing) {
                (Some(Refresher::Failing(words)), _) => words,
                (None, Standing::Refused(problems))
                    if pod.is_there() && pod.mounts(known.target) =>
                {
                    problems
                }
                _ => return None,
            };
            // Of pods that have ended the last one counts.
            let counts = pod.is_there() || Some(pod.created.as_str()) > newest_serving;
            counts.then_some((&pod.created, &pod.name, words))
        })
        .collect();
    failing.sort();
    let (_, name, words) = failing.pop()?;
    let more = match failing.len() {
        0 => String::new(),
        1 => " (and 1 pod more)".to_owned(),
        more => format!(" (and {more} pods more)"),
    };
    Some(format!("pod {name}{more}: {words}"))
}

#[cfg(test)]
mod tests;
