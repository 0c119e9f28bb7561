//! The Secret that holds the certificates.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, ObjectMeta, PartialObjectMeta, PostParams};

use super::Objects;
use crate::certificate::rotation::{Certificates, Stored};
use crate::certificate::{Authority, Identity, PemPair};
use crate::controller::call::{CallError, Object};

/// The type of our Secret: one of another type is somebody else's, and is left alone.
const TYPE: &str = "freshet.dev/webhook-certificates";

/// The served pair, as a Secret of type `kubernetes.io/tls` has it.
const SERVING: [&str; 3] = ["ca.crt", "tls.crt", "tls.key"];
/// The pair that is served next.
const NEXT: [&str; 3] = ["next-ca.crt", "next.crt", "next.key"];
/// CAs of pairs that were served before.
const RETIRED: &str = "retired-ca.crt";

/// Reads and writes the Secret.
#[derive(Clone)]
pub(super) struct Store {
    client: Client,
    object: Object,
}

/// The Secret as it was read, so that it can be replaced.
pub(super) struct Read {
    pub(super) stored: Stored,
    secret: Option<Secret>,
}

impl Store {
    pub(super) fn new(client: Client, objects: &Objects) -> Self {
        let object = Object::namespaced("secrets", &objects.namespace, &objects.secret);
        Self { client, object }
    }

    /// For a watch that needs to know no more than that something has changed.
    pub(super) fn metadata(&self) -> (&Object, Api<PartialObjectMeta<Secret>>) {
        let namespace = self.object.namespace.as_deref().unwrap_or_default();
        let api = Api::namespaced(self.client.clone(), namespace);
        (&self.object, api)
    }

    /// The Secret as it is now.
    pub(super) async fn read(&self, limit: Duration) -> Result<Read, CallError> {
        let api = self.api();
        let found = api.get_opt(&self.object.name);
        let secret = self.object.call("get", limit, found).await?;
        let stored = match &secret {
            None => Stored::Missing,
            Some(secret) => self.stored(secret)?,
        };
        Ok(Read { stored, secret })
    }

    /// Makes or replaces the Secret, if it is still as it was `read`.
    pub(super) async fn write(
        &self,
        read: Read,
        certificates: &Certificates,
        limit: Duration,
    ) -> Result<(), CallError> {
        let (api, params) = (self.api(), PostParams::default());
        let data = Some(data(certificates));
        if let Some(mut secret) = read.secret {
            secret.data = data;
            let replaced = api.replace(&self.object.name, &params, &secret);
            self.object.call("update", limit, replaced).await?;
        } else {
            let secret = Secret {
                metadata: self.new_metadata(),
                type_: Some(TYPE.to_owned()),
                data,
                ..Secret::default()
            };
            let created = api.create(&params, &secret);
            self.object.call("create", limit, created).await?;
        }
        Ok(())
    }

    fn stored(&self, secret: &Secret) -> Result<Stored, CallError> {
        let kind = secret.type_.as_deref().unwrap_or_default();
        if kind != TYPE {
            return Err(CallError::Failed(format!(
                "{}: type: {kind:?}: must be {TYPE}: this Secret is somebody else's; name another with --certificate-secret",
                self.object
            )));
        }
        let empty = BTreeMap::new();
        let held = certificates(secret.data.as_ref().unwrap_or(&empty));
        Ok(match held {
            Ok(certificates) => Stored::Held {
                version: secret.metadata.resource_version.clone().unwrap_or_default(),
                certificates,
            },
            Err(problem) => {
                tracing::warn!(secret = self.object.to_string(), problem, "not usable");
                Stored::Unusable
            }
        })
    }

    fn new_metadata(&self) -> ObjectMeta {
        let pairs = |pairs: &[(&str, &str)]| {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            Some(pairs.iter().map(owned).collect())
        };
        ObjectMeta {
            name: Some(self.object.name.clone()),
            labels: pairs(&[("app.kubernetes.io/name", "freshet")]),
            annotations: pairs(&[("kubernetes.io/description", DESCRIPTION)]),
            ..ObjectMeta::default()
        }
    }

    fn api(&self) -> Api<Secret> {
        let namespace = self.object.namespace.as_deref().unwrap_or_default();
        Api::namespaced(self.client.clone(), namespace)
    }
}

const DESCRIPTION: &str = "The certificate of Freshet's webhook, kept by the webhook itself. \
                           Delete this Secret to have it replaced now.";

type Data = BTreeMap<String, ByteString>;

fn data(certificates: &Certificates) -> Data {
    let mut data = Data::new();
    let mut put = |key: &str, value: &[u8]| {
        data.insert(key.to_owned(), ByteString(value.to_vec()));
    };
    let pairs = [(SERVING, &certificates.serving), (NEXT, &certificates.next)];
    for ([ca, chain, key], identity) in pairs {
        if let Some(identity) = identity {
            put(ca, Authority::bundle([identity.authority()]).as_bytes());
            put(chain, identity.pem().chain());
            put(key, identity.pem().key());
        }
    }
    if !certificates.retired.is_empty() {
        put(RETIRED, Authority::bundle(&certificates.retired).as_bytes());
    }
    data
}

fn certificates(data: &Data) -> Result<Certificates, String> {
    let serving = identity(data, SERVING)?;
    let next = identity(data, NEXT)?;
    if serving.is_none() && next.is_none() {
        return Err("no certificate in it".to_owned());
    }
    let retired = data.get(RETIRED);
    let retired = retired.map(|pem| Authority::parse_all(&pem.0));
    Ok(Certificates {
        serving,
        next,
        retired: retired.unwrap_or_default(),
    })
}

/// The pair below three keys; none when none of them is there.
fn identity(data: &Data, keys: [&str; 3]) -> Result<Option<Arc<Identity>>, String> {
    let [ca, chain, key] = keys.map(|key| data.get(key).map(|value| value.0.clone()));
    if ca.is_none() && chain.is_none() && key.is_none() {
        return Ok(None);
    }
    let pem = PemPair::new(chain.unwrap_or_default(), key.unwrap_or_default());
    match Identity::parse(&ca.unwrap_or_default(), pem) {
        Ok(identity) => Ok(Some(Arc::new(identity))),
        Err(problem) => Err(format!("{}: {problem}", keys.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::issue;

    fn pair(name: &str) -> Option<Arc<Identity>> {
        let issued = issue(name, Duration::from_secs(3600), 1_900_000_000);
        Some(Arc::new(issued.expect("issued")))
    }

    fn full() -> Certificates {
        let retired = ["a", "b"].map(|name| pair(name).expect("a pair").authority().clone());
        Certificates {
            serving: pair("one"),
            next: pair("two"),
            retired: retired.to_vec(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let full = full();
        let only_next = Certificates {
            next: full.next.clone(),
            ..Certificates::default()
        };
        for written in [full, only_next] {
            assert_eq!(certificates(&data(&written)), Ok(written));
        }
    }

    #[track_caller]
    fn check_problem(change: impl Fn(&mut Data), want: &str) {
        let mut data = data(&full());
        change(&mut data);
        assert_eq!(certificates(&data), Err(want.to_owned()));
    }

    #[test]
    fn what_was_spoilt_is_said() {
        check_problem(|data| data.clear(), "no certificate in it");
        check_problem(
            |data| drop(data.remove("tls.key")),
            "ca.crt, tls.crt, tls.key: no private key: must be PEM, PKCS#8, PKCS#1 or SEC1",
        );
        check_problem(
            |data| drop(data.remove("next-ca.crt")),
            "next-ca.crt, next.crt, next.key: no CA certificate: must be PEM",
        );
    }
}
