//! As whom the sidecar runs.

use super::annotations::{Given, Reader};
use super::defaults::VaultK8sDefaults;
use super::pod::PodOutline;
use super::vocabulary::Key;
use crate::dialect::findings::at;

/// User and group; `None` leaves one to the pod.
pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    pod: &PodOutline<'_>,
    defaults: &VaultK8sDefaults,
) -> (Option<u32>, Option<u32>) {
    let gets_ids = reader.truth(Key::SetSecurityContext, defaults.set_security_context);
    let same = reader.truth(Key::RunAsSameUser, defaults.run_as_same_user);
    let user = id(reader, Key::RunAsUser);
    let group = id(reader, Key::RunAsGroup);
    let user = match same {
        true => same_user(reader, pod),
        false => user.or_else(|| gets_ids.then_some(defaults.run_as_user)),
    };
    let group = group.or_else(|| gets_ids.then_some(defaults.run_as_group));
    (user, group)
}

fn id(reader: &mut Reader<'_, '_>, key: Key) -> Option<u32> {
    let given = reader.given.get(key)?;
    if given.value.is_empty() {
        let warning = given.say("is empty, and taken for absent: the injector would take it for 0");
        reader.findings.warn(warning);
        return None;
    }
    let id = number(given);
    if id.is_none() {
        let problem = given.say("must be a number from 0 to 2147483647");
        reader.findings.problem(problem);
    }
    id
}

fn number(given: Given<'_>) -> Option<u32> {
    let is_number = given.value.bytes().all(|byte| byte.is_ascii_digit());
    let id = given.value.parse().ok().filter(|_| is_number)?;
    i32::try_from(id).is_ok().then_some(id)
}

/// The user of the first container, or else the pod's.
fn same_user(reader: &mut Reader<'_, '_>, pod: &PodOutline<'_>) -> Option<u32> {
    let first = pod.containers.first()?;
    let path = match first.run_as_user {
        Some(_) => "spec.containers[0].securityContext.runAsUser",
        None => "spec.securityContext.runAsUser",
    };
    let problem = match first.run_as_user.or(pod.run_as_user) {
        Some(0) => format!("{path} is 0, and the sidecar does not run as root"),
        Some(user) => match u32::try_from(user) {
            Ok(user) => return Some(user),
            Err(_) => format!("{path} is no user"),
        },
        None => "neither spec.containers[0].securityContext.runAsUser nor spec.securityContext.runAsUser is there: name one, or set agent-run-as-user".to_owned(),
    };
    let key = reader.given.name(Key::RunAsSameUser);
    let value = reader.given.get(Key::RunAsSameUser);
    let problem = at(&key).with(value.map_or("true", |given| given.value), problem);
    reader.findings.problem(problem);
    None
}
