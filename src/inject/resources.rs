//! The refresher's resources: what the author said, else the webhook's flags, bent so that the pod
//! keeps its quality of service and the API server accepts the whole.

use serde_json::{Map, Value, json};

use super::memory::Memory;
use super::pod::PodView;
use crate::dialect::{Quantity, Resources};

/// A CPU limit for pods that must have one. Starting a container takes some 30 ms of CPU inside its
/// own cgroup: with much less the start of every pod would wait for it.
const GUARANTEED_CPU: &str = "50m";

/// The resources of the refresher's container, or `None` where the field is left out.
///
/// - A pod with resources of its own (`spec.resources`) shares those among its containers.
/// - In a Guaranteed pod requests are limits, for CPU too, or the pod would become Burstable.
/// - Otherwise one side that the author named moves the other, where only a flag named that.
pub(super) fn resources(
    asked: &Resources,
    defaults: &Resources,
    pod: &PodView<'_>,
    memory: &Memory,
) -> Option<Resources> {
    if has_resources(pod) {
        return None;
    }
    let memory_limit = defaults
        .limits_memory
        .as_deref()
        .map(|limit| greatest(limit, &memory.refresher.to_string()));
    if is_guaranteed(pod) {
        let cpu = first([&asked.limits_cpu, &asked.requests_cpu, &defaults.limits_cpu])
            .unwrap_or_else(|| GUARANTEED_CPU.to_owned());
        let memory = first([&asked.limits_memory, &asked.requests_memory, &memory_limit])
            .unwrap_or_else(|| memory.refresher.to_string());
        return Some(Resources {
            requests_cpu: Some(cpu.clone()),
            requests_memory: Some(memory.clone()),
            limits_cpu: Some(cpu),
            limits_memory: Some(memory),
        });
    }
    let (requests_cpu, limits_cpu) = fit(
        [&asked.requests_cpu, &asked.limits_cpu],
        [&defaults.requests_cpu, &defaults.limits_cpu],
    );
    let (requests_memory, limits_memory) = fit(
        [&asked.requests_memory, &asked.limits_memory],
        [&defaults.requests_memory, &memory_limit],
    );
    Some(Resources {
        requests_cpu,
        requests_memory,
        limits_cpu,
        limits_memory,
    })
}

/// The field `resources` of the container; `None` when nothing is in it.
pub(super) fn field(resources: &Resources) -> Option<Value> {
    let part = |cpu: &Option<String>, memory: &Option<String>| {
        let values = [("cpu", cpu), ("memory", memory)];
        values
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))))
            .collect::<Map<_, _>>()
    };
    let parts = [
        (
            "requests",
            part(&resources.requests_cpu, &resources.requests_memory),
        ),
        (
            "limits",
            part(&resources.limits_cpu, &resources.limits_memory),
        ),
    ];
    let field: Map<_, _> = parts
        .into_iter()
        .filter(|(_, part)| !part.is_empty())
        .map(|(name, part)| (name.to_owned(), Value::Object(part)))
        .collect();
    (!field.is_empty()).then_some(Value::Object(field))
}

/// Whether the pod has resources as a whole.
pub(super) fn has_resources(pod: &PodView<'_>) -> bool {
    pod.spec
        .get("resources")
        .and_then(Value::as_object)
        .is_some_and(|resources| !resources.is_empty())
}

/// A quantity in billionths, which add and compare; `None` for what is no quantity.
pub(super) fn amount(text: &str) -> Option<u128> {
    text.parse().ok().map(|quantity: Quantity| quantity.nanos())
}

/// A quantity of a container, in billionths: `part` is `requests` or `limits`. An absent request is the limit.
pub(super) fn of_container(container: &Map<String, Value>, part: &str, name: &str) -> Option<u128> {
    let amount = |part: &str| match container.get("resources")?.get(part)?.get(name)? {
        Value::String(text) => amount(text),
        Value::Number(number) => amount(&number.to_string()),
        _ => None,
    };
    amount(part).or_else(|| (part == "requests").then(|| amount("limits")).flatten())
}

/// Whether every container has limits of CPU and memory and requests as much: the rule of
/// Kubernetes for the class Guaranteed.
fn is_guaranteed(pod: &PodView<'_>) -> bool {
    !pod.containers.is_empty()
        && pod.containers.iter().all(|container| {
            ["cpu", "memory"].into_iter().all(|name| {
                let limit = of_container(container.fields, "limits", name);
                limit.is_some_and(|limit| limit > 0)
                    && of_container(container.fields, "requests", name) == limit
            })
        })
}

/// Request and limit: each the author's, else the default's, where that does not contradict the
/// author's other one.
fn fit(
    [request, limit]: [&Option<String>; 2],
    [default_request, default_limit]: [&Option<String>; 2],
) -> (Option<String>, Option<String>) {
    let over = |request: &str, limit: &str| amount(request) > amount(limit);
    match (request, limit) {
        (Some(request), None) => {
            let limit = default_limit
                .as_deref()
                .map(|limit| greatest(limit, request));
            (Some(request.clone()), limit)
        }
        (None, _) => {
            let limit = limit.clone().or_else(|| default_limit.clone());
            let request = match (default_request, &limit) {
                (Some(request), Some(limit)) if over(request, limit) => Some(limit.clone()),
                (request, _) => request.clone(),
            };
            (request, limit)
        }
        (Some(_), Some(_)) => (request.clone(), limit.clone()),
    }
}

fn greatest(one: &str, other: &str) -> String {
    match amount(one) >= amount(other) {
        true => one.to_owned(),
        false => other.to_owned(),
    }
}

fn first<const N: usize>(candidates: [&Option<String>; N]) -> Option<String> {
    candidates.into_iter().find_map(Clone::clone)
}
