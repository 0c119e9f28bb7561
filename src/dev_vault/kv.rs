//! The two key-value engines.
//!
//! Values are kept as the text that was written, so numbers come back as they went in.

mod versioned;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::DEFAULT_TTL;
use super::answer::Answer;
use super::request::{Method, Request};

pub(super) use self::versioned::Versioned;

/// KV version 1: a path, a value.
#[derive(Default)]
pub(super) struct Plain(BTreeMap<String, Box<RawValue>>);

impl Plain {
    pub(super) fn exists(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    pub(super) fn answer(&mut self, path: &str, request: &Request<'_>) -> Answer {
        match request.method {
            Method::Read => match self.0.get(path) {
                Some(data) => Answer::data_for(data, lease_duration(data)),
                None => Answer::not_found(),
            },
            Method::List => list(self.0.keys(), path),
            Method::Write => match object(request.body) {
                Some(data) => {
                    self.0.insert(path.to_owned(), data);
                    Answer::empty()
                }
                None => Answer::error(400, &["missing data fields"]),
            },
            Method::Delete => {
                self.0.remove(path);
                Answer::empty()
            }
        }
    }
}

/// The key `ttl` of the data tells readers how long to keep it.
fn lease_duration(data: &RawValue) -> u64 {
    #[derive(Deserialize)]
    struct Hint {
        ttl: Option<u64>,
    }
    let hint = serde_json::from_str::<Hint>(data.get()).ok();
    hint.and_then(|hint| hint.ttl)
        .unwrap_or(DEFAULT_TTL.as_secs())
}

/// `body` as it is, when it is a JSON object that holds something.
fn object(body: &[u8]) -> Option<Box<RawValue>> {
    let raw: Box<RawValue> = serde_json::from_slice(body).ok()?;
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).ok()?;
    (!fields.is_empty()).then_some(raw)
}

/// The names directly below `folder`, folders with a slash.
fn list<'k>(keys: impl Iterator<Item = &'k String>, folder: &str) -> Answer {
    let folder = match folder.trim_end_matches('/') {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let mut names: Vec<_> = keys
        .filter_map(|key| key.strip_prefix(&folder))
        .map(|rest| rest.split_inclusive('/').next().unwrap_or_default())
        .collect();
    names.dedup();
    match names.as_slice() {
        [] => Answer::not_found(),
        names => Answer::data(&json!({ "keys": names })),
    }
}
