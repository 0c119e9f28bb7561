//! The patch that undoes a patch.
//!
//! Made when somebody asks for it and not with the patch, for no admission does.

use std::slice;

use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::Value;

/// The patch from the patched document back to `document`. `None` when `patch` does not fit the
/// document, or has operations other than `add`, `remove` and `replace`.
pub(super) fn inverse(patch: &Patch, document: &Value) -> Option<Patch> {
    let mut document = document.clone();
    let mut opposites = Vec::with_capacity(patch.len());
    for operation in &patch.0 {
        opposites.push(opposite(operation, &document)?);
        json_patch::patch(&mut document, slice::from_ref(operation)).ok()?;
    }
    opposites.reverse();
    Some(Patch(opposites))
}

/// The operation that restores what `operation` is about to change in the document.
fn opposite(operation: &PatchOperation, document: &Value) -> Option<PatchOperation> {
    let path = operation.path();
    let current = document.pointer(path.as_str()).cloned();
    let parent = document.pointer(path.parent()?.as_str())?;
    let path = path.to_buf();
    Some(match (operation, current) {
        // An item of a list makes room; a member of an object gives way.
        (PatchOperation::Add(_), Some(value)) if parent.is_object() => {
            PatchOperation::Replace(ReplaceOperation { path, value })
        }
        (PatchOperation::Add(_), _) => PatchOperation::Remove(RemoveOperation { path }),
        (PatchOperation::Remove(_), Some(value)) => {
            PatchOperation::Add(AddOperation { path, value })
        }
        (PatchOperation::Replace(_), Some(value)) => {
            PatchOperation::Replace(ReplaceOperation { path, value })
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(document: Value, patch: Value, want: Option<Value>) {
        let patch: Patch = serde_json::from_value(patch).expect("a patch");
        let found = inverse(&patch, &document);
        assert_eq!(found.as_ref().map(|found| json!(found)), want);
        if let Some(found) = found {
            let mut changed = document.clone();
            json_patch::patch(&mut changed, &patch).expect("the patch fits");
            json_patch::patch(&mut changed, &found).expect("the inverse fits");
            assert_eq!(changed, document);
        }
    }

    #[test]
    fn each_operation_has_its_opposite_and_the_last_comes_first() {
        check(
            json!({"l": [1, 2], "m": {"a": 1}}),
            json!([
                {"op": "add", "path": "/l/0", "value": 0},
                {"op": "add", "path": "/m/a", "value": 2},
                {"op": "add", "path": "/m/b", "value": 3},
                {"op": "remove", "path": "/l/1"},
                {"op": "replace", "path": "/l/0", "value": 9},
            ]),
            Some(json!([
                {"op": "replace", "path": "/l/0", "value": 0},
                {"op": "add", "path": "/l/1", "value": 1},
                {"op": "remove", "path": "/m/b"},
                {"op": "replace", "path": "/m/a", "value": 1},
                {"op": "remove", "path": "/l/0"},
            ])),
        );
    }

    #[test]
    fn a_patch_for_another_document_has_none() {
        for patch in [
            json!([{"op": "remove", "path": "/b"}]),
            json!([{"op": "add", "path": "/b/c", "value": 1}]),
            json!([{"op": "move", "from": "/a", "path": "/b"}]),
        ] {
            check(json!({"a": 1}), patch, None);
        }
    }
}
