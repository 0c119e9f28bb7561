//! Events, as `kubectl describe` shows them.
//!
//! An Event has a name made of the object and the words, so that what another replica has told
//! already exists and is not told again; kube's own recorder would repeat the first words in place of
//! the new ones. Nothing but `create` is needed.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;

use crate::reconcile::Announcement;

const CONTROLLER: &str = "freshet.dev/webhook";

/// What the API server takes for a note, in bytes.
const LONGEST: usize = 1024;
/// What it takes for a name, without the fingerprint.
const LONGEST_NAME: usize = 200;

/// The Event that tells `what` of an object; objects of the cluster have theirs in `default`.
pub(super) fn event(what: &Announcement, about: ObjectReference, instance: &str) -> Event {
    let uid = about.uid.clone().unwrap_or_default();
    let mut name = about.name.clone().unwrap_or_default();
    name.truncate(name.floor_char_boundary(LONGEST_NAME));
    let mut note = what.note.clone();
    if note.len() > LONGEST {
        note.truncate(note.floor_char_boundary(LONGEST - '…'.len_utf8()));
        note.push('…');
    }
    let namespace = about.namespace.clone();
    let kind = match what.is_warning {
        true => "Warning",
        false => "Normal",
    };
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{name}.{:016x}", what.fingerprint(&uid))),
            namespace: Some(namespace.unwrap_or_else(|| "default".to_owned())),
            ..ObjectMeta::default()
        },
        action: Some(what.action.to_owned()),
        event_time: Some(MicroTime(Timestamp::now())),
        note: Some(note),
        reason: Some(what.reason.to_owned()),
        regarding: Some(about),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(instance.chars().take(128).collect()),
        type_: Some(kind.to_owned()),
        ..Event::default()
    }
}
