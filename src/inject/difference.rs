//! What of a plan is not in the pod yet, as edits.

use json_patch::Patch;
use serde_json::Value;

use super::covers::{container_covers, covers};
use super::fields::items;
use super::patch::{Editor, Place};
use super::plan::Plan;
use super::pod::{ContainerView, List, PodView, STATUS_ANNOTATION, is_reserved_volume};
use crate::spec::ANNOTATION;

/// The patch from the pod to the plan, and its inverse.
///
/// What of ours the plan no longer has is removed; what of ours is as planned, or has more fields
/// than planned, is left alone.
pub(super) fn patches(pod: &Value, view: &PodView<'_>, plan: Plan) -> (Patch, Patch) {
    let mut editor = Editor::new(pod);
    let injected = view.refresher.is_some();
    reconcile(&mut editor, injected, &["spec"], "volumes", plan.volumes);
    place_refresher(&mut editor, view, plan.position, plan.container);
    for container in &view.containers {
        let wanted = match plan.targets.contains(&(container.list, container.index)) {
            true => plan.application_mounts.clone(),
            false => Vec::new(),
        };
        let index = index_after(container, view, plan.position).to_string();
        let parent = ["spec", container.list.field(), &index];
        reconcile(&mut editor, injected, &parent, "volumeMounts", wanted);
    }
    if let Some(secret) = plan.image_pull_secret {
        let present = items(editor.get(&["spec", "imagePullSecrets"])).any(|item| *item == secret);
        if !present {
            editor.append(&["spec"], "imagePullSecrets", vec![secret]);
        }
    }
    let annotations = [
        (STATUS_ANNOTATION, "injected".to_owned()),
        (ANNOTATION, plan.sync_spec),
    ];
    for (name, value) in annotations {
        editor.set(&["metadata", "annotations"], name, Value::String(value));
    }
    editor.finish()
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
    let list = List::Init.field();
    let place = ["spec", list];
    let Some(current) = view.refresher else {
        editor.insert(&["spec"], list, position, planned);
        return;
    };
    let found = editor.get(&["spec", list, &current.to_string()]).cloned();
    let as_planned = found.filter(|found| container_covers(found, &planned));
    if current != position {
        editor.remove(&place, current);
        editor.insert(&["spec"], list, position, as_planned.unwrap_or(planned));
    } else if as_planned.is_none() {
        editor.replace(&place, current, planned);
    }
}

/// Makes the list `field` of the object at `parent` hold the `wanted` volumes or mounts, and nothing
/// else of ours. Without an earlier injection nothing in the list is ours.
fn reconcile(
    editor: &mut Editor,
    injected: bool,
    parent: &Place<'_>,
    field: &str,
    mut wanted: Vec<Value>,
) {
    let place = [parent, &[field]].concat();
    let found = match injected {
        true => editor.get(&place).and_then(Value::as_array).cloned(),
        false => None,
    };
    // From the end, so that a removal moves nothing that is still to be looked at.
    for (index, item) in found.unwrap_or_default().iter().enumerate().rev() {
        if !is_reserved_volume(item["name"].as_str().unwrap_or_default()) {
            continue;
        }
        let twin = wanted.iter().position(|wanted| {
            ["name", "mountPath"]
                .iter()
                .all(|field| wanted.get(field) == item.get(field))
        });
        match twin.map(|twin| wanted.remove(twin)) {
            None => editor.remove(&place, index),
            Some(wanted) if covers(item, &wanted) => {}
            Some(wanted) => editor.replace(&place, index, wanted),
        }
    }
    editor.append(parent, field, wanted);
}
