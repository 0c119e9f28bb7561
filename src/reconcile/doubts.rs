//! What does not work as people may think although an ExternalSecret is served: told in its
//! condition, which stays True.

use super::external_secret::Claimed;
use super::pod::Pod;
use super::state::Standing;

/// The doubts, each a line.
pub(super) fn of(known: &Claimed<'_>) -> Vec<String> {
    let Claimed {
        namespace, target, ..
    } = known;
    let mut doubts = Vec::new();
    if known.binding.is_some_and(|secret| secret == *target) {
        doubts.push(format!(
            "External Secrets has written Secret {target} (status.binding), which Freshet does not need: delete it, for it is kept in etcd: kubectl delete secret --namespace {namespace} {target}"
        ));
    }
    if let Some(names) = named("Ingress", "Ingresses", known.ingresses.iter().copied()) {
        doubts.push(format!(
            "{names}: Secret {target} is wanted and never written: leave its store to External Secrets"
        ));
    }
    let pods = |fits: &dyn Fn(&Pod, &Standing) -> bool| {
        let there = known.pods.iter().filter(|(pod, _)| pod.is_there());
        let fitting = there.filter(|(pod, standing)| fits(pod, standing));
        named("pod", "pods", fitting.map(|(pod, _)| pod.name.as_str()))
    };
    if let Some(names) = pods(&|pod, _| pod.secrets.others.contains(*target)) {
        doubts.push(format!(
            "{names}: Secret {target} is wanted to pull images, and never written"
        ));
    }
    if let Some(names) = pods(&|_, standing| *standing == Standing::NotInjected) {
        doubts.push(format!(
            "{names}: not injected, because made before this ExternalSecret was known or while no webhook was asked: start anew"
        ));
    }
    if let Some(names) = pods(&|_, standing| matches!(standing, Standing::Restart(_))) {
        doubts.push(format!(
            "{names}: cannot follow a change of this ExternalSecret or its store while running: start anew"
        ));
    }
    if let Some(names) =
        pods(&|pod, standing| pod.refresher.is_some() && matches!(standing, Standing::Refused(_)))
    {
        doubts.push(format!(
            "{names}: keeps what it was served last, and would be refused today"
        ));
    }
    doubts
}

/// `pod a`, or `pods a, b, c and 4 more`, in the order of their names.
fn named<'a>(one: &str, many: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    const SHOWN: usize = 3;
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    let kind = match names.len() {
        0 => return None,
        1 => one,
        _ => many,
    };
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.truncate(SHOWN);
    Some(format!("{kind} {}{more}", names.join(", ")))
}
