//! KV version 2: a path, its versions, and the metadata that outlives them.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::list;
use crate::dev_vault::answer::Answer;
use crate::dev_vault::parameters::Parameters;
use crate::dev_vault::request::{Method, Request};
use crate::dev_vault::timestamp::rfc3339;

/// Vault keeps this many versions of a secret.
const MAX_VERSIONS: usize = 10;

const WRONG_PATH: &str = "Invalid path for a versioned K/V secrets engine. See the API docs for \
 the \
                          appropriate API endpoints to use. If using the Vault CLI, use 'vault kv \
                          get' \
                          for this operation.";

/// The engine's secrets by path.
#[derive(Default)]
pub(crate) struct Versioned(BTreeMap<String, Secret>);

struct Secret {
    versions: BTreeMap<u64, Version>,
    current: u64,
    created: SystemTime,
    updated: SystemTime,
    /// What people wrote to it.
    custom: Option<Custom>,
}

type Custom = BTreeMap<String, String>;

struct Version {
    /// `None` once it is destroyed.
    data: Option<Box<RawValue>>,
    created: SystemTime,
    deleted: Option<SystemTime>,
}

#[derive(Serialize)]
struct VersionMetadata<'a> {
    created_time: String,
    custom_metadata: Option<&'a Custom>,
    deletion_time: String,
    destroyed: bool,
    version: u64,
}

/// A version in the list of all.
#[derive(Serialize)]
struct ListedVersion {
    created_time: String,
    deletion_time: String,
    destroyed: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    data: Option<&'a RawValue>,
    metadata: VersionMetadata<'a>,
}

impl Versioned {
    pub(in crate::dev_vault) fn exists(&self, path: &str) -> bool {
        let secret = path.split_once('/').and_then(|(_, name)| self.0.get(name));
        secret.is_some()
    }

    pub(in crate::dev_vault) fn answer(
        &mut self,
        path: &str,
        request: &Request<'_>,
        now: SystemTime,
    ) -> Answer {
        let (verb, name) = path.split_once('/').unwrap_or((path, ""));
        match (verb, request.method) {
            ("metadata", Method::List) => list(self.0.keys(), name),
            ("data", Method::Write) => self.write(name, request.body, now),
            ("data", Method::Read) => self.read(name, request.query("version")),
            ("data", Method::Delete) => self.delete(name, &[], now),
            ("metadata", Method::Read) => self.metadata(name),
            ("metadata", Method::Write) => self.write_metadata(name, request.body, now),
            ("metadata", Method::Delete) => {
                self.0.remove(name);
                Answer::empty()
            }
            ("delete" | "undelete" | "destroy", Method::Write) => {
                let versions = match Parameters::parse(request.body) {
                    Ok(parameters) => parameters.numbers("versions"),
                    Err(answer) => return answer,
                };
                match (verb, versions.as_slice()) {
                    ("destroy", []) => Answer::error(400, &["no version number provided"]),
                    (_, []) => Answer::error(400, &["No version number provided"]),
                    ("delete", versions) => self.delete(name, versions, now),
                    ("undelete", versions) => {
                        self.change(name, versions, |version| version.deleted = None)
                    }
                    (_, versions) => self.change(name, versions, |version| version.data = None),
                }
            }
            (_, Method::Read) => Answer::missing_with_warning(WRONG_PATH),
            _ => Answer::error(405, &["unsupported operation"]),
        }
    }

    fn write(&mut self, name: &str, body: &[u8], now: SystemTime) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            data: Option<Box<RawValue>>,
            options: Option<Options>,
        }
        #[derive(Deserialize)]
        struct Options {
            cas: Option<u64>,
        }
        let body = serde_json::from_slice::<Body>(body);
        let data = body.as_ref().ok().and_then(|body| body.data.as_ref());
        let Some(data) = data.and_then(|data| super::object(data.get().as_bytes())) else {
            return Answer::error(400, &["no data provided"]);
        };
        let current = self.0.get(name).map_or(0, |secret| secret.current);
        let options = body.ok().and_then(|body| body.options);
        if options
            .and_then(|options| options.cas)
            .is_some_and(|cas| cas != current)
        {
            return Answer::error(
                400,
                &["check-and-set parameter did not match the current version"],
            );
        }
        let secret = self.entry(name, now);
        secret.current += 1;
        secret.updated = now;
        let version = Version {
            data: Some(data),
            created: now,
            deleted: None,
        };
        let answer = Answer::data(&version.metadata(secret.current, secret.custom.as_ref()));
        secret.versions.insert(secret.current, version);
        if secret.versions.len() > MAX_VERSIONS {
            secret.versions.pop_first();
        }
        answer
    }

    fn read(&self, name: &str, version: Option<&str>) -> Answer {
        let Some(secret) = self.0.get(name) else {
            return Answer::not_found();
        };
        let number = match version.map(str::parse) {
            None | Some(Ok(0)) => secret.current,
            Some(Ok(number)) => number,
            Some(Err(_)) => return Answer::error(400, &["invalid version"]),
        };
        let Some(version) = secret.versions.get(&number) else {
            return Answer::not_found();
        };
        let data = version
            .data
            .as_deref()
            .filter(|_| version.deleted.is_none());
        let metadata = version.metadata(number, secret.custom.as_ref());
        match data {
            Some(_) => Answer::data(&Data { data, metadata }),
            None => Answer::missing_data(&Data { data, metadata }),
        }
    }

    fn entry(&mut self, name: &str, now: SystemTime) -> &mut Secret {
        self.0.entry(name.to_owned()).or_insert_with(|| Secret {
            versions: BTreeMap::new(),
            current: 0,
            created: now,
            updated: now,
            custom: None,
        })
    }

    /// Metadata may be written before the first version.
    fn write_metadata(&mut self, name: &str, body: &[u8], now: SystemTime) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            custom_metadata: Option<Custom>,
        }
        let Ok(body) = serde_json::from_slice::<Body>(body) else {
            return Answer::error(400, &["error parsing JSON"]);
        };
        let secret = self.entry(name, now);
        if body.custom_metadata.is_some() {
            secret.custom = body.custom_metadata;
        }
        Answer::empty()
    }

    fn metadata(&self, name: &str) -> Answer {
        let Some(secret) = self.0.get(name) else {
            return Answer::not_found();
        };
        let versions: BTreeMap<_, _> = secret
            .versions
            .iter()
            .map(|(number, version)| (number.to_string(), version.listed()))
            .collect();
        Answer::data(&json!({
            "cas_required": false,
            "created_time": rfc3339(secret.created),
            "current_version": secret.current,
            "custom_metadata": secret.custom,
            "delete_version_after": "0s",
            "max_versions": 0,
            "oldest_version": secret.versions.keys().next().filter(|oldest| **oldest > 1).unwrap_or(&0),
            "updated_time": rfc3339(secret.updated),
            "versions": versions,
        }))
    }

    /// Deletes `versions`, or the newest when there are none.
    fn delete(&mut self, name: &str, versions: &[u64], now: SystemTime) -> Answer {
        let newest = self.0.get(name).map_or(0, |secret| secret.current);
        let versions = if versions.is_empty() {
            &[newest]
        } else {
            versions
        };
        self.change(name, versions, |version| version.deleted = Some(now))
    }

    fn change(&mut self, name: &str, versions: &[u64], change: impl Fn(&mut Version)) -> Answer {
        if let Some(secret) = self.0.get_mut(name) {
            for number in versions {
                if let Some(version) = secret.versions.get_mut(number) {
                    change(version);
                }
            }
        }
        Answer::empty()
    }
}

impl Version {
    fn listed(&self) -> ListedVersion {
        ListedVersion {
            created_time: rfc3339(self.created),
            deletion_time: self.deleted.map(rfc3339).unwrap_or_default(),
            destroyed: self.data.is_none(),
        }
    }

    fn metadata<'a>(&self, version: u64, custom: Option<&'a Custom>) -> VersionMetadata<'a> {
        VersionMetadata {
            created_time: rfc3339(self.created),
            custom_metadata: custom,
            deletion_time: self.deleted.map(rfc3339).unwrap_or_default(),
            destroyed: self.data.is_none(),
            version,
        }
    }
}
