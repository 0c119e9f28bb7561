//! What is done about one item, and about pods.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use serde_json::Value;

use super::News;
use super::inventory::Tracked;
use super::leader::Leader;
use super::queue::Item;
use crate::controller::call::CallError;
use crate::inject::{Following, follow};
use crate::reconcile::{Announcement, Evictions, Pod, Standing};

/// After a request that has failed.
pub(super) const AGAIN: Duration = Duration::from_secs(10);
/// What admissions of other replicas know by then.
const SETTLED: Duration = Duration::from_secs(2);

impl Leader<'_> {
    /// Does what is due first.
    pub(super) async fn step(&mut self) {
        let now = self.now();
        match self.queue.take(now) {
            None => {}
            Some(Item::Ingresses(namespace)) => self.find_ingresses(namespace).await,
            Some(Item::Condition(key)) => self.keep_condition(key).await,
            Some(Item::Pod(namespace, name)) => self.attend(namespace, name).await,
        }
    }

    /// Reads a pod anew, and does what it needs.
    async fn attend(&mut self, namespace: String, name: String) {
        if self.inventory.pod(&namespace, &name).is_none() {
            return;
        }
        let found = match self.cluster.pod(&namespace, &name).await {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => {
                self.failed("pods", &error.to_string());
                let later = self.now() + AGAIN;
                return self.queue.add(Item::Pod(namespace, name), later);
            }
        };
        self.take(&namespace, &found);
        let item = Item::Pod(namespace.clone(), name.clone());
        self.queue.retain(|other| *other != item);
        let Some(tracked) = self.inventory.pod(&namespace, &name).cloned() else {
            return;
        };
        let Tracked { pod, standing, .. } = &tracked;
        if !pod.is_there() {
            return;
        }
        let later = match standing {
            Standing::Fine => {
                self.announcements.forget(&pod.uid);
                None
            }
            Standing::Behind => self.patch(&namespace, pod, &found).await,
            Standing::NotInjected => self.bring_back(&namespace, &tracked).await,
            Standing::Restart(differences) => {
                let note = format!(
                    "cannot follow a change of what it is served while it runs, which needs another {}: start it anew",
                    differences.join(", and ")
                );
                self.warn(&namespace, pod, "RestartNeeded", note).await
            }
            Standing::Refused(problems) => {
                let (reason, effect) = match pod.refresher {
                    Some(_) => ("NotFollowing", "keeps what it was served last"),
                    None => ("NotInjected", "was not injected, and could not be today"),
                };
                let note = format!("{effect}: {problems}");
                self.warn(&namespace, pod, reason, note).await
            }
        };
        if let Some(later) = later {
            self.queue.add(item, later);
        }
    }

    async fn patch(&mut self, namespace: &str, pod: &Pod, found: &Value) -> Option<Duration> {
        let facts = self.replica.facts.of(namespace);
        let Following::Behind(sync_spec) = follow(found, &self.replica.defaults, &facts) else {
            return None;
        };
        if !self.replica.duties.patch {
            let note = "is served as before: what changed is not written while it runs (--external-secrets-patch-pods=false); start it anew";
            return self
                .warn(namespace, pod, "RestartNeeded", note.to_owned())
                .await;
        }
        let whole = (namespace, pod.name.as_str(), pod.uid.as_str());
        match self.cluster.annotate(whole, &sync_spec).await {
            Ok(()) => {
                self.succeeded("patch");
                self.tell(News::Patched);
                tracing::info!(
                    pod.namespace = namespace,
                    pod.name,
                    "the pod is served anew"
                );
                let what = Announcement {
                    is_warning: false,
                    reason: "SyncSpecChanged",
                    action: "Patching",
                    note: "an ExternalSecret, its store or a ConfigMap was changed; the files follow without a restart".to_owned(),
                    version: sync_spec,
                };
                self.announce(what, reference(namespace, pod)).await;
                self.announcements.forget(&pod.uid);
                None
            }
            Err(CallError::Conflict) => Some(self.now() + SETTLED),
            Err(error) => {
                self.failed("patch", &error.to_string());
                Some(self.now() + AGAIN)
            }
        }
    }

    /// A pod that should have been injected: evicted where its owner makes it again, else told of.
    async fn bring_back(&mut self, namespace: &str, tracked: &Tracked) -> Option<Duration> {
        let Tracked { pod, missed, .. } = tracked;
        let (now, found) = (self.now(), (*missed)?);
        if now < found + SETTLED {
            return Some(found + SETTLED);
        }
        let duties = self.replica.duties;
        let may = duties.evict && Evictions::may(pod, duties.evict_jobs);
        let Some(owner) = pod
            .owner
            .as_ref()
            .filter(|_| may && self.serves(namespace, pod))
        else {
            let note = "asks for secrets and was not injected, because it was made before the ExternalSecret or the label of the namespace was known, or while no webhook was asked: delete it, so that it is made again";
            return self
                .warn(namespace, pod, "NotInjected", note.to_owned())
                .await;
        };
        let due = self.evictions.due(owner, found);
        if now < due {
            return Some(due);
        }
        let whole = (namespace, pod.name.as_str(), pod.uid.as_str());
        let evicted = self.cluster.evict(whole).await;
        let now = self.now();
        self.evictions.tried(owner, found, now);
        match evicted {
            Ok(()) => {
                self.succeeded("evict");
                self.tell(News::Evicted);
                tracing::info!(
                    pod.namespace = namespace,
                    pod.name,
                    owner.kind,
                    "evicted a pod that was made before its ExternalSecret"
                );
                let what = Announcement {
                    is_warning: false,
                    reason: "EvictedForInjection",
                    action: "Evicting",
                    note: format!(
                        "was made before its ExternalSecret was known and would wait for its Secret for ever; its {} makes it again with its files",
                        owner.kind
                    ),
                    version: String::new(),
                };
                self.announce(what, reference(namespace, pod)).await;
                None
            }
            Err(error) => {
                self.failed("evict", &error.to_string());
                Some(now + AGAIN)
            }
        }
    }

    /// Whether the pod mounts the target of an ExternalSecret of Freshet's.
    fn serves(&self, namespace: &str, pod: &Pod) -> bool {
        let facts = self.replica.cache.of(namespace);
        facts.is_some_and(|facts| {
            let mut manifests = facts.external_secrets();
            manifests.any(|it| pod.mounts(it.target()) && facts.standing(it).is_some())
        })
    }

    async fn warn(
        &mut self,
        namespace: &str,
        pod: &Pod,
        reason: &'static str,
        note: String,
    ) -> Option<Duration> {
        let what = Announcement {
            is_warning: true,
            reason,
            action: "Serving",
            note,
            version: String::new(),
        };
        self.announce(what, reference(namespace, pod)).await;
        None
    }

    /// Tells what is news.
    pub(super) async fn announce(&mut self, what: Announcement, about: ObjectReference) {
        let uid = about.uid.clone().unwrap_or_default();
        let now = self.now();
        if !self.announcements.take(&uid, &what, now) {
            return;
        }
        match self.cluster.tell(&what, about).await {
            Ok(()) => self.succeeded("events"),
            Err(error) => self.failed("events", &error.to_string()),
        }
    }
}

fn reference(namespace: &str, pod: &Pod) -> ObjectReference {
    ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        namespace: Some(namespace.to_owned()),
        name: Some(pod.name.clone()),
        uid: Some(pod.uid.clone()),
        ..ObjectReference::default()
    }
}
