//! What of a plan is not in the pod yet, as edits.

use std::collections::BTreeMap;

use json_patch::Patch;
use serde_json::{Map, Value};

use super::covers::{container_covers, covers};
use super::fields::items;
use super::patch::{Editor, ListEditor, Place};
use super::plan::Plan;
use super::pod::{ContainerView, List, PodView, STATUS_ANNOTATION, is_reserved_volume};
use super::wrapper::{FIELDS, Wrapper, authored};
use super::{conversion, secret_variables};
use crate::spec::ANNOTATION;

/// The patch from the pod to the plan.
///
/// What of ours the plan no longer has is removed; what of ours is as planned, or has more fields
/// than planned, is left alone.
pub(super) fn patch(pod: &Value, view: &PodView<'_>, plan: Plan) -> Patch {
    let mut editor = Editor::default();
    let injected = view.refresher.is_some();
    let found = view.spec.get("volumes");
    let mut volumes = editor.list(&["spec", "volumes"], found);
    plan.conversions.edit(&mut volumes, found);
    reconcile(volumes, found, injected, plan.volumes);
    place_refresher(&mut editor, view, plan.position, plan.container);
    for container in &view.containers {
        let mut wanted = match plan.targets.contains(&container.place()) {
            true => plan.application_mounts.clone(),
            false => Vec::new(),
        };
        let wrapper = plan.wrappers.of(container);
        wanted.extend(wrapper.into_iter().flat_map(Wrapper::mounts));
        let index = index_after(container, view, plan.position).to_string();
        let place = ["spec", container.list.field(), &index, "volumeMounts"];
        let found = container.fields.get("volumeMounts");
        reconcile(editor.list(&place, found), found, injected, wanted);
        let place = &place[..3];
        wrap(&mut editor, place, container, view, wrapper);
    }
    if let Some(secret) = plan.image_pull_secret {
        let found = view.spec.get("imagePullSecrets");
        if !items(found).any(|item| *item == secret) {
            let mut secrets = editor.list(&["spec", "imagePullSecrets"], found);
            secrets.append(vec![secret]);
        }
    }
    let notes = [
        (conversion::ANNOTATION, plan.conversions.note),
        (secret_variables::ANNOTATION, plan.wrappers.note()),
    ];
    if let Some(shares) = plan.share_process_namespace {
        let members = Map::from_iter([("shareProcessNamespace".to_owned(), shares.into())]);
        editor.object(&["spec"], view.spec, members);
    }
    annotate(&mut editor, pod, (plan.sync_spec, plan.annotations), notes);
    editor.finish()
}

/// Makes a container start through the refresher's program, or by itself again.
fn wrap(
    editor: &mut Editor,
    place: &Place<'_>,
    container: &ContainerView<'_>,
    view: &PodView<'_>,
    wrapper: Option<&Wrapper>,
) {
    let found = container.fields;
    let injected = view.refresher.is_some();
    let notes = view.optional_variables.get(container.name());
    let planned = match wrapper {
        Some(wrapper) => wrapper.fields.clone(),
        None if injected => authored(found, injected, false, notes),
        None => return,
    };
    let gone = FIELDS.iter().filter(|field| !planned.contains_key(**field));
    for field in gone.filter(|field| found.contains_key(**field)) {
        editor.remove_member(place, field);
    }
    editor.object(place, found, planned);
}

/// Writes our annotations. The API server sends no pod without metadata; a file may hold one.
fn annotate(
    editor: &mut Editor,
    pod: &Value,
    (sync_spec, more): (String, BTreeMap<&str, &str>),
    notes: [(&str, Option<String>); 2],
) {
    let mut annotations = Map::from_iter([
        (STATUS_ANNOTATION.to_owned(), "injected".into()),
        (ANNOTATION.to_owned(), sync_spec.into()),
    ]);
    let more = more.into_iter();
    annotations.extend(more.map(|(name, value)| (name.to_owned(), value.into())));
    let notes = notes.into_iter();
    annotations.extend(notes.filter_map(|(name, note)| Some((name.to_owned(), note?.into()))));
    let metadata = pod.get("metadata");
    match metadata.filter(|metadata| metadata.is_object()) {
        Some(found) => {
            let found = found.get("annotations");
            editor.members(&["metadata", "annotations"], found, annotations);
        }
        None => {
            let members = Map::from_iter([("annotations".to_owned(), annotations.into())]);
            editor.members(&["metadata"], metadata, members);
        }
    }
}

/// Where a container stands once the refresher is at `position`.
fn index_after(container: &ContainerView<'_>, view: &PodView<'_>, position: usize) -> usize {
    if container.list == List::App {
        return container.index;
    }
    let before = view.refresher.is_some_and(|own| own < container.index);
    let others = container.index - usize::from(before);
    others + usize::from(others >= position)
}

/// Puts the refresher where it belongs. One that is as planned keeps what others added to it, also
/// when it moves.
fn place_refresher(editor: &mut Editor, view: &PodView<'_>, position: usize, planned: Value) {
    let field = List::Init.field();
    let found = view.spec.get(field);
    let mut list = editor.list(&["spec", field], found);
    let Some(current) = view.refresher else {
        list.insert(position, planned);
        return;
    };
    let as_planned = items(found)
        .nth(current)
        .filter(|found| container_covers(found, &planned));
    if current != position {
        list.remove(current);
        list.insert(position, as_planned.cloned().unwrap_or(planned));
    } else if as_planned.is_none() {
        list.replace(current, planned);
    }
}

/// Makes a list hold the `wanted` volumes or mounts, and nothing else of ours. Without an earlier
/// injection nothing in what is `found` is ours.
fn reconcile(
    mut list: ListEditor<'_>,
    found: Option<&Value>,
    injected: bool,
    mut wanted: Vec<Value>,
) {
    // From the end, so that a removal moves nothing that is still to be looked at.
    for (index, item) in items(found.filter(|_| injected)).enumerate().rev() {
        if !is_reserved_volume(item["name"].as_str().unwrap_or_default()) {
            continue;
        }
        let twin = wanted.iter().position(|wanted| {
            ["name", "mountPath"]
                .iter()
                .all(|field| wanted.get(field) == item.get(field))
        });
        match twin.map(|twin| wanted.remove(twin)) {
            None => list.remove(index),
            Some(wanted) if covers(item, &wanted) => {}
            Some(wanted) => list.replace(index, wanted),
        }
    }
    list.append(wanted);
}
