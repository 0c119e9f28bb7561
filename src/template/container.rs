//! Lists and maps.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::text::Text;
use super::value::Value;

/// The static type of a container's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `interface {}`.
    Any,
    /// `string`.
    String,
    /// `int`.
    Int,
    /// `[]interface {}`.
    List,
    /// `interface {}` in a map whose keys are of type `interface {}`, too: what YAML is read as.
    AnyKeyed,
}

/// A slice; never changed once it is made.
#[derive(Clone)]
pub struct List(Rc<ListCell>);

struct ListCell {
    element: Element,
    items: Vec<Value>,
}

/// A map. Holders share it, as in Go: `set` is seen by all of them.
#[derive(Clone)]
pub struct Map(Rc<MapCell>);

struct MapCell {
    element: Element,
    entries: RefCell<BTreeMap<Text, Value>>,
}

impl List {
    /// A slice of `items`, which are of type `element`.
    pub fn new(element: Element, items: Vec<Value>) -> Self {
        Self(Rc::new(ListCell { element, items }))
    }

    /// The static type of its elements.
    pub fn element(&self) -> Element {
        self.0.element
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Map {
    /// A map of `entries`, whose values are of type `element`.
    pub fn new(element: Element, entries: impl IntoIterator<Item = (Text, Value)>) -> Self {
        let entries = RefCell::new(entries.into_iter().collect());
        Self(Rc::new(MapCell { element, entries }))
    }

    /// The static type of its values.
    pub fn element(&self) -> Element {
        self.0.element
    }

    /// The value of `key`.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.0.entries.borrow().get(key).cloned()
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.entries.borrow().len()
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets `key`. False, and nothing done, when `value` contains this map: the circle would never
    /// end.
    pub fn set(&self, key: Text, value: Value) -> bool {
        if self.is_within(&value) {
            return false;
        }
        self.0.entries.borrow_mut().insert(key, value);
        true
    }

    /// Removes `key`.
    pub fn remove(&self, key: &[u8]) {
        let removed = self.0.entries.borrow_mut().remove(key);
        drop(removed);
    }

    /// The entries in the order of their keys, as of now.
    pub fn entries(&self) -> Vec<(Text, Value)> {
        let entries = self.0.entries.borrow();
        entries
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Whether both are the same map, not just equal ones.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    fn is_within(&self, value: &Value) -> bool {
        let mut pending = vec![value.clone()];
        while let Some(value) = pending.pop() {
            match value {
                Value::Map(map) if map.is(self) => return true,
                Value::Map(map) => {
                    pending.extend(
                        map.0
                            .entries
                            .borrow()
                            .values()
                            .filter(|value| is_container(value))
                            .cloned(),
                    );
                }
                Value::List(list) => {
                    pending.extend(
                        list.items()
                            .iter()
                            .filter(|value| is_container(value))
                            .cloned(),
                    );
                }
                _ => {}
            }
        }
        false
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

impl Drop for ListCell {
    fn drop(&mut self) {
        unravel(std::mem::take(&mut self.items));
    }
}

impl Drop for MapCell {
    fn drop(&mut self) {
        unravel(
            std::mem::take(self.entries.get_mut())
                .into_values()
                .collect(),
        );
    }
}

/// Drops values level by level in a loop: a chain of a million lists, each in the next, must not
/// exhaust the stack.
fn unravel(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) => {
                if let Ok(mut cell) = Rc::try_unwrap(list.0) {
                    pending.append(&mut cell.items);
                }
            }
            Value::Map(map) => {
                if let Ok(mut cell) = Rc::try_unwrap(map.0) {
                    pending.extend(std::mem::take(cell.entries.get_mut()).into_values());
                }
            }
            _ => {}
        }
    }
}
