//! A JSON Patch (RFC 6902) in the making.
//!
//! The pod is looked at and never copied: each list and object of it is edited once, and an index
//! counts what was inserted and removed before. Only `add`, `remove` and `replace` are used, and only
//! where the parent exists.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Map, Value};

/// Gathers the operations.
#[derive(Debug, Default)]
pub(super) struct Editor(Vec<PatchOperation>);

/// Where something stands: the names and indices from the root.
pub(super) type Place<'a> = [&'a str];

/// Edits one list.
#[derive(Debug)]
pub(super) struct ListEditor<'e> {
    editor: &'e mut Editor,
    place: PointerBuf,
    list: List,
}

/// What stands where the list belongs.
#[derive(Clone, Copy, Debug)]
enum List {
    Absent,
    /// Null, which means the same and is replaced.
    Null,
    /// So many items.
    Of(usize),
}

impl Editor {
    /// The patch.
    pub(super) fn finish(self) -> Patch {
        Patch(self.0)
    }

    /// Edits the list at `place`, of which the document has `found`. It is made when that is absent
    /// or null.
    pub(super) fn list(&mut self, place: &Place<'_>, found: Option<&Value>) -> ListEditor<'_> {
        ListEditor {
            editor: self,
            place: pointer(place),
            list: match found {
                None => List::Absent,
                Some(found) => found
                    .as_array()
                    .map_or(List::Null, |items| List::Of(items.len())),
            },
        }
    }

    /// Gives these members to the object at `place`, of which the document has `found`; it is made
    /// when that is absent or null.
    pub(super) fn members(
        &mut self,
        place: &Place<'_>,
        found: Option<&Value>,
        members: Map<String, Value>,
    ) {
        let Some(object) = found.and_then(Value::as_object) else {
            return self.put(pointer(place), found.is_some(), Value::Object(members));
        };
        self.object(place, object, members);
    }

    /// Gives these members to the object at `place`, which is `found` there.
    pub(super) fn object(
        &mut self,
        place: &Place<'_>,
        found: &Map<String, Value>,
        members: Map<String, Value>,
    ) {
        for (name, value) in members {
            let current = found.get(&name);
            if current != Some(&value) {
                let place = pointer(place).with_trailing_token(name);
                self.put(place, current.is_some(), value);
            }
        }
    }

    /// Takes a member out of the object at `place`.
    pub(super) fn remove_member(&mut self, place: &Place<'_>, name: &str) {
        let path = pointer(place).with_trailing_token(name);
        let remove = PatchOperation::Remove(RemoveOperation { path });
        self.0.push(remove);
    }

    /// Puts a value where one is or is not yet.
    fn put(&mut self, path: PointerBuf, is_there: bool, value: Value) {
        self.0.push(match is_there {
            true => PatchOperation::Replace(ReplaceOperation { path, value }),
            false => PatchOperation::Add(AddOperation { path, value }),
        });
    }
}

impl ListEditor<'_> {
    /// Inserts an item, at the end where `index` is beyond it.
    pub(super) fn insert(&mut self, index: usize, value: Value) {
        let List::Of(length) = self.list else {
            return self.append(vec![value]);
        };
        let path = self.item(index.min(length));
        self.editor.put(path, false, value);
        self.list = List::Of(length + 1);
    }

    /// Adds items at the end.
    pub(super) fn append(&mut self, values: Vec<Value>) {
        match self.list {
            _ if values.is_empty() => {}
            List::Of(length) => {
                for (index, value) in (length..).zip(values) {
                    self.insert(index, value);
                }
            }
            List::Absent | List::Null => {
                let is_there = matches!(self.list, List::Null);
                self.list = List::Of(values.len());
                self.editor
                    .put(self.place.clone(), is_there, Value::Array(values));
            }
        }
    }

    /// Replaces an item that is there.
    pub(super) fn replace(&mut self, index: usize, value: Value) {
        let path = self.item(index);
        self.editor.put(path, true, value);
    }

    /// Removes an item that is there.
    pub(super) fn remove(&mut self, index: usize) {
        let path = self.item(index);
        let remove = PatchOperation::Remove(RemoveOperation { path });
        self.editor.0.push(remove);
        if let List::Of(length) = &mut self.list {
            *length -= 1;
        }
    }

    fn item(&self, index: usize) -> PointerBuf {
        self.place.with_trailing_token(index)
    }
}

fn pointer(place: &Place<'_>) -> PointerBuf {
    PointerBuf::from_tokens(place.iter().copied())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The operations on a document, one a line.
    #[track_caller]
    fn check(document: &Value, edit: impl FnOnce(&mut Editor), want: &[&str]) {
        let mut editor = Editor::default();
        edit(&mut editor);
        let patch = editor.finish();
        let lines: Vec<_> = patch.0.iter().map(|op| json!(op).to_string()).collect();
        assert_eq!(lines, want);
        json_patch::patch(&mut document.clone(), &patch).expect("the patch fits");
    }

    #[test]
    fn a_list_that_is_absent_or_null_is_made_at_once() {
        for (document, op) in [(json!({}), "add"), (json!({"l": null}), "replace")] {
            let edit = |editor: &mut Editor| {
                let mut list = editor.list(&["l"], document.get("l"));
                list.insert(7, json!(1));
                list.append(vec![json!(2), json!(3)]);
            };
            let made = format!(r#"{{"op":"{op}","path":"/l","value":[1]}}"#);
            let want = [
                made.as_str(),
                r#"{"op":"add","path":"/l/1","value":2}"#,
                r#"{"op":"add","path":"/l/2","value":3}"#,
            ];
            check(&document, edit, &want);
        }
    }

    #[test]
    fn an_index_counts_what_was_edited_before() {
        let document = json!({"l": ["a", "b"]});
        let edit = |editor: &mut Editor| {
            let mut list = editor.list(&["l"], document.get("l"));
            list.remove(0);
            list.append(Vec::new());
            list.append(vec![json!("c")]);
            list.replace(0, json!("d"));
        };
        let want = [
            r#"{"op":"remove","path":"/l/0"}"#,
            r#"{"op":"add","path":"/l/1","value":"c"}"#,
            r#"{"op":"replace","path":"/l/0","value":"d"}"#,
        ];
        check(&document, edit, &want);
    }

    #[test]
    fn members_are_added_replaced_or_left() {
        let document = json!({"m": {"a/b": 1, "c": 1, "d": null}});
        let members = |members: Value| members.as_object().cloned().unwrap_or_default();
        let edit = |editor: &mut Editor| {
            let found = document.get("m");
            let wanted = json!({"a/b": 2, "c": 1, "d": 1, "e~": 1});
            editor.members(&["m"], found, members(wanted));
            editor.members(&["n"], None, members(json!({"x": 1})));
        };
        let want = [
            r#"{"op":"replace","path":"/m/a~1b","value":2}"#,
            r#"{"op":"replace","path":"/m/d","value":1}"#,
            r#"{"op":"add","path":"/m/e~0","value":1}"#,
            r#"{"op":"add","path":"/n","value":{"x":1}}"#,
        ];
        check(&document, edit, &want);
    }
}
