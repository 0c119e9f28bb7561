//! What is to be looked at, and when. An item is there once.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::controller::external_secrets::ObjectKey;

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// The Ingresses of a namespace.
    Ingresses(String),
    /// The condition of an ExternalSecret or a store.
    Condition(ObjectKey),
    /// A pod, by namespace and name, which is read anew.
    Pod(String, String),
}

/// Items by the time at which each is due, on a clock that never jumps.
#[derive(Debug, Default)]
pub(super) struct Queue(BTreeMap<Item, Duration>);

impl Queue {
    /// Due at `at`, or sooner where it is sooner already.
    pub(super) fn add(&mut self, item: Item, at: Duration) {
        let due = self.0.entry(item).or_insert(at);
        *due = at.min(*due);
    }

    /// When the first item is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.values().min().copied()
    }

    /// Takes the first item that is due at `now`.
    pub(super) fn take(&mut self, now: Duration) -> Option<Item> {
        let (item, due) = self.0.iter().min_by_key(|(_, due)| **due)?;
        if *due > now {
            return None;
        }
        let item = item.clone();
        self.0.remove(&item);
        Some(item)
    }

    /// Drops what is not `wanted` any more.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Item) -> bool) {
        self.0.retain(|item, _| wanted(item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str) -> Item {
        Item::Pod("shop".to_owned(), name.to_owned())
    }

    #[test]
    fn an_item_is_taken_once_and_when_it_is_due_first() {
        let seconds = Duration::from_secs;
        let mut queue = Queue::default();
        queue.add(pod("a"), seconds(7));
        queue.add(pod("b"), seconds(5));
        queue.add(pod("a"), seconds(3));
        queue.add(pod("a"), seconds(9));
        assert_eq!(queue.next(), Some(seconds(3)));
        assert_eq!(queue.take(seconds(2)), None);
        assert_eq!(queue.take(seconds(6)), Some(pod("a")));
        queue.retain(|item| *item != pod("b"));
        assert_eq!((queue.next(), queue.take(seconds(60))), (None, None));
    }
}
