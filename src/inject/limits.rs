//! LimitRanges and ResourceQuotas of the namespace that would make the API server refuse the
//! refresher's container, told with the annotation that mends it.
//!
//! The API server would say so too, but it would name a container that the author never wrote. The
//! sums of a quota are left to it: they change with every other pod.

use super::cluster::{ClusterFacts, LimitRange, LimitRangeItem, LimitType};
use super::pod::{List, PodView};
use super::resources::{amount, has_resources, of_container};
use crate::dialect::{Problem, Resources};

/// The resources that the refresher has, and that a namespace usually limits.
const NAMES: [&str; 2] = ["cpu", "memory"];

/// All that is in the way. Where the pod has resources as a whole, the refresher has none of its
/// own that could be.
pub(super) fn problems(
    pod: &PodView<'_>,
    resources: Option<&Resources>,
    once: bool,
    cluster: &ClusterFacts,
) -> Vec<Problem> {
    let Some(resources) = resources.filter(|_| !has_resources(pod)) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for name in NAMES {
        let own = Own::of(resources, name, cluster);
        for range in &cluster.limit_ranges {
            for item in &range.limits {
                problems.extend(match item.kind {
                    LimitType::Container => own.against_container(range, item),
                    LimitType::Pod => own.against_pod(range, item, pod, once),
                    LimitType::Other => None,
                });
            }
        }
        problems.extend(own.against_quotas(cluster));
    }
    problems
}

/// Request and limit of one resource, as the API server will see them.
#[derive(Debug)]
struct Own<'a> {
    name: &'a str,
    request: Option<&'a str>,
    limit: Option<&'a str>,
}

impl<'a> Own<'a> {
    /// What the container has, a request that is absent being the limit, and what a LimitRange
    /// fills in.
    fn of(resources: &'a Resources, name: &'a str, cluster: &'a ClusterFacts) -> Self {
        let (request, limit) = match name {
            "cpu" => (&resources.requests_cpu, &resources.limits_cpu),
            _ => (&resources.requests_memory, &resources.limits_memory),
        };
        let items = || {
            let ranges = cluster.limit_ranges.iter();
            let items = ranges.flat_map(|range| &range.limits);
            items.filter(|item| item.kind == LimitType::Container)
        };
        let default_request = items().find_map(|item| item.default_request.get(name));
        let default_limit = items().find_map(|item| item.default.get(name));
        Self {
            name,
            request: request
                .as_ref()
                .or(limit.as_ref())
                .or(default_request)
                .map(String::as_str),
            limit: limit.as_ref().or(default_limit).map(String::as_str),
        }
    }

    fn against_container(&self, range: &LimitRange, item: &LimitRangeItem) -> Option<Problem> {
        let (name, range) = (self.name, &range.name);
        // No limit is under its request, so the request is all that a minimum can meet.
        if let Some(min) = item.min.get(name) {
            let least = format!("must be at least {min}, says LimitRange {range} of the namespace");
            if self.request.is_none_or(|request| less(request, min)) {
                return Some(self.problem("requests", self.request, least));
            }
        }
        if let Some(max) = item.max.get(name) {
            let most = format!("must be at most {max}, says LimitRange {range} of the namespace");
            if self.limit.is_none_or(|limit| less(max, limit)) {
                return Some(self.problem("limits", self.limit, most));
            }
        }
        let ratio = item.max_limit_request_ratio.get(name)?;
        let amounts = (self.limit, self.request);
        let exceeds = match amounts {
            (Some(limit), Some(request)) => exceeds(limit, request, ratio),
            _ => true,
        };
        let (limit, request) = (amounts.0.unwrap_or("none"), self.request);
        exceeds.then(|| {
            self.problem(
                "requests",
                request,
                format!("the limit, {limit}, may be at most {ratio} times the request, says LimitRange {range} of the namespace"),
            )
        })
    }

    /// The sum over the pod, when it is the refresher's share that breaks it.
    fn against_pod(
        &self,
        range: &LimitRange,
        item: &LimitRangeItem,
        pod: &PodView<'_>,
        once: bool,
    ) -> Option<Problem> {
        let max = item.max.get(self.name)?;
        let most = amount(max)?;
        let own = amount(self.limit?)?;
        let others: u128 = pod
            .containers
            .iter()
            .filter(|container| container.list == List::App || container.is_sidecar())
            .filter_map(|container| of_container(container.fields, "limits", self.name))
            .sum();
        let sum = if once {
            own.max(others)
        } else {
            own.saturating_add(others)
        };
        (others <= most && sum > most).then(|| {
            self.problem(
                "limits",
                self.limit,
                format!(
                    "is too much beside the other containers: a pod may have {max} in all, says LimitRange {} of the namespace",
                    range.name
                ),
            )
        })
    }

    /// A quota on a resource wants every container to name it.
    fn against_quotas(&self, cluster: &ClusterFacts) -> Vec<Problem> {
        let missing = [("requests", self.request), ("limits", self.limit)]
            .into_iter()
            .filter(|(_, amount)| amount.is_none());
        missing
            .filter_map(|(part, _)| {
                let short = if part == "requests" { self.name } else { "" };
                let long = format!("{part}.{}", self.name);
                let counts = |name: &String| *name == long || name == short;
                let mut quotas = cluster.resource_quotas.iter();
                let quota = quotas.find(|quota| quota.hard.keys().any(counts))?;
                Some(self.problem(
                    part,
                    None,
                    format!(
                        "must be set: ResourceQuota {} of the namespace counts {long}",
                        quota.name
                    ),
                ))
            })
            .collect()
    }

    fn problem(&self, part: &str, amount: Option<&str>, message: String) -> Problem {
        let path = format!("metadata.annotations[freshet.dev/{part}-{}]", self.name);
        match amount {
            Some(amount) => Problem::of_value(path, amount, message),
            None => Problem::new(path, message),
        }
    }
}

fn less(one: &str, other: &str) -> bool {
    amount(one) < amount(other)
}

/// Whether the limit is over `ratio` times the request; a ratio is a quantity too (`1.5`, `1500m`).
fn exceeds(limit: &str, request: &str, ratio: &str) -> bool {
    let [Some(limit), Some(request), Some(ratio)] = [limit, request, ratio].map(amount) else {
        return false;
    };
    // Amounts are billionths, so their product has a billion too many.
    let most = request.checked_mul(ratio);
    most.is_some_and(|most| limit.saturating_mul(1_000_000_000) > most)
}
