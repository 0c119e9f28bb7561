//! The sidecar's resources. Without an annotation they are Freshet's own small ones: the injector's
//! are for an agent of another size.

use super::annotations::{Given, Reader};
use super::defaults::VaultK8sDefaults;
use super::vocabulary::Key;
use crate::dialect::{Quantity, Resources};

/// CPU and memory, and the request and limit of ephemeral storage.
pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    defaults: &VaultK8sDefaults,
) -> (Resources, (Option<String>, Option<String>)) {
    let own = &defaults.resources;
    let (requests_cpu, limits_cpu) = pair(
        reader,
        (Key::RequestsCpu, &own.requests_cpu),
        (Key::LimitsCpu, &own.limits_cpu),
        false,
    );
    let (requests_memory, limits_memory) = pair(
        reader,
        (Key::RequestsMem, &own.requests_memory),
        (Key::LimitsMem, &own.limits_memory),
        true,
    );
    let storage = pair(
        reader,
        (Key::RequestsEphemeral, &defaults.ephemeral_storage.0),
        (Key::LimitsEphemeral, &defaults.ephemeral_storage.1),
        true,
    );
    let resources = Resources {
        requests_cpu,
        requests_memory,
        limits_cpu,
        limits_memory,
    };
    (resources, storage)
}

/// Request and limit of one resource: the annotation's, or else the operator's.
fn pair(
    reader: &mut Reader<'_, '_>,
    (request_key, default_request): (Key, &Option<String>),
    (limit_key, default_limit): (Key, &Option<String>),
    is_whole: bool,
) -> (Option<String>, Option<String>) {
    let request = amount(reader, request_key, is_whole);
    let limit = amount(reader, limit_key, is_whole);
    if let (Some((request, given)), Some((limit, _))) = (&request, &limit)
        && request > limit
    {
        let message = format!("must not be over its limit, {limit}");
        reader.findings.problem(given.say(message));
    }
    if let Some((limit, given)) = &limit
        && limit.whole() == 0
    {
        let message = "must be more than 0: leave the annotation out for the default";
        reader.findings.problem(given.say(message));
    }
    let text = |own: Option<(Quantity, Given<'_>)>| own.map(|(own, _)| own.to_string());
    match (text(request), text(limit)) {
        (None, None) => (default_request.clone(), default_limit.clone()),
        // The operator's other one might contradict the author's; what is bent to fit is ours.
        (request, limit) => (request, limit),
    }
}

fn amount<'a>(
    reader: &mut Reader<'_, 'a>,
    key: Key,
    is_whole: bool,
) -> Option<(Quantity, Given<'a>)> {
    let given = reader.given.text(key)?;
    let amount: Quantity = given.parse(reader.findings)?;
    if is_whole && !amount.is_whole() {
        let message = "must be whole bytes, e.g. 64Mi: the suffix m means thousandths";
        reader.findings.problem(given.say(message));
    }
    Some((amount, given))
}
