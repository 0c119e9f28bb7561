//! A JSON Patch (RFC 6902) in the making, and its inverse.
//!
//! Each edit is carried out on a copy of the pod at once, so the next one sees true indices, and
//! leaves one operation in the patch and its opposite at the front of the inverse. Only `add`,
//! `remove` and `replace` are used, and only where the parent exists.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Map, Value};

/// Edits a copy of a document and remembers how.
#[derive(Debug)]
pub(super) struct Editor {
    document: Value,
    forward: Vec<PatchOperation>,
    /// In the order of the edits: reversed at the end.
    backward: Vec<PatchOperation>,
}

/// Where something stands: the names and indices from the root.
pub(super) type Place<'a> = [&'a str];

impl Editor {
    /// An editor of a copy of `document`.
    pub(super) fn new(document: &Value) -> Self {
        Self {
            document: document.clone(),
            forward: Vec::new(),
            backward: Vec::new(),
        }
    }

    /// The patch and its inverse.
    pub(super) fn finish(mut self) -> (Patch, Patch) {
        self.backward.reverse();
        (Patch(self.forward), Patch(self.backward))
    }

    /// The value at a place of the edited document.
    pub(super) fn get(&self, place: &Place<'_>) -> Option<&Value> {
        place
            .iter()
            .try_fold(&self.document, |value, name| match value {
                Value::Object(map) => map.get(*name),
                Value::Array(list) => list.get(name.parse::<usize>().ok()?),
                _ => None,
            })
    }

    /// Sets the member `name` of the object at `parent`, which is made when it is absent or null.
    pub(super) fn set(&mut self, parent: &Place<'_>, name: &str, value: Value) {
        let at = pointer(parent, name);
        match self.get_mut(parent) {
            Some(Value::Object(map)) => match map.insert(name.to_owned(), value.clone()) {
                Some(old) if old == value => {}
                Some(old) => self.replaced(at, old, value),
                None => self.added(at, value),
            },
            _ => {
                if let Some((own_name, grandparent)) = parent.split_last() {
                    let object = Map::from_iter([(name.to_owned(), value)]);
                    self.set(grandparent, own_name, Value::Object(object));
                }
            }
        }
    }

    /// Inserts into the list `field` of the object at `parent`; an absent or null list is made.
    pub(super) fn insert(&mut self, parent: &Place<'_>, field: &str, index: usize, value: Value) {
        let place = [parent, &[field]].concat();
        match self.get_mut(&place) {
            Some(Value::Array(list)) if index <= list.len() => {
                list.insert(index, value.clone());
                self.added(pointer(&place, &index.to_string()), value);
            }
            _ => self.set(parent, field, Value::Array(vec![value])),
        }
    }

    /// Appends to the list `field` of the object at `parent`; an absent or null list is made.
    pub(super) fn append(&mut self, parent: &Place<'_>, field: &str, mut values: Vec<Value>) {
        let place = [parent, &[field]].concat();
        let length = self.get(&place).and_then(Value::as_array).map(Vec::len);
        match length {
            _ if values.is_empty() => {}
            None => self.set(parent, field, Value::Array(values)),
            Some(length) => {
                for (offset, value) in values.drain(..).enumerate() {
                    self.insert(parent, field, length + offset, value);
                }
            }
        }
    }

    /// Replaces the item `index` of the list at `place`.
    pub(super) fn replace(&mut self, place: &Place<'_>, index: usize, value: Value) {
        if let Some(Value::Array(list)) = self.get_mut(place)
            && let Some(item) = list.get_mut(index)
        {
            let old = std::mem::replace(item, value.clone());
            self.replaced(pointer(place, &index.to_string()), old, value);
        }
    }

    /// Removes the item `index` of the list at `place`.
    pub(super) fn remove(&mut self, place: &Place<'_>, index: usize) {
        if let Some(Value::Array(list)) = self.get_mut(place)
            && index < list.len()
        {
            let value = list.remove(index);
            let path = pointer(place, &index.to_string());
            self.forward.push(PatchOperation::Remove(RemoveOperation {
                path: path.clone(),
            }));
            self.backward
                .push(PatchOperation::Add(AddOperation { path, value }));
        }
    }

    fn get_mut(&mut self, place: &Place<'_>) -> Option<&mut Value> {
        place
            .iter()
            .try_fold(&mut self.document, |value, name| match value {
                Value::Object(map) => map.get_mut(*name),
                Value::Array(list) => list.get_mut(name.parse::<usize>().ok()?),
                _ => None,
            })
    }

    fn added(&mut self, path: PointerBuf, value: Value) {
        self.backward.push(PatchOperation::Remove(RemoveOperation {
            path: path.clone(),
        }));
        self.forward
            .push(PatchOperation::Add(AddOperation { path, value }));
    }

    fn replaced(&mut self, path: PointerBuf, old: Value, new: Value) {
        self.backward
            .push(PatchOperation::Replace(ReplaceOperation {
                path: path.clone(),
                value: old,
            }));
        self.forward.push(PatchOperation::Replace(ReplaceOperation {
            path,
            value: new,
        }));
    }
}

fn pointer(parent: &Place<'_>, name: &str) -> PointerBuf {
    PointerBuf::from_tokens(parent.iter().copied().chain([name]))
}
