//! From a pod's volumes and the manifests of its namespace to mounts of memory volumes.

mod doubts;
mod stores;
mod variables;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub(in crate::dialect) use self::stores::ServedStore;
use super::claim::Claim;
use super::facts::ExternalSecretFacts;
use super::fields::Notes;
use super::identity::Login;
use super::manifest::{Manifest, StoreRef};
use super::template;
use super::usage::{PodSecrets, Projection, Sources, secrets_of, sources};
use crate::dialect::{Environment, Problem, Refusal};
use crate::spec::target::TargetSpec;
use crate::spec::{GoDuration, Mount, MountDirectory, Profile, StorePath, VolumeName};

/// What a pod is served.
#[derive(Debug)]
pub(in crate::dialect) struct Served {
    /// What its stores say about the login, each differing one once. The secrets of each are read
    /// with its profile, for now also those of the one that becomes the pod's own login.
    pub(in crate::dialect) stores: Vec<ServedStore>,
    /// In the order of the pod's volumes.
    pub(in crate::dialect) mounts: Vec<Mount>,
    /// In the order of the pod's containers.
    pub(in crate::dialect) environments: Vec<Environment>,
    pub(in crate::dialect) heavy: BTreeSet<&'static str>,
    pub(in crate::dialect) warnings: Vec<Problem>,
}

/// What the pod is served of the manifests: no mount when it uses no Secret that is Freshet's to
/// make.
///
/// # Errors
/// All problems at once: of the manifests that the pod uses, and of the way in which it uses them; and
/// the warnings beside them.
pub(in crate::dialect) fn serve(
    pod: &PodSecrets<'_>,
    facts: &ExternalSecretFacts,
) -> Result<Served, Refusal> {
    let mut server = Server::new(pod, facts);
    let mut mounts = Vec::new();
    for (index, volume) in &pod.volumes {
        mounts.extend(server.volume(*index, volume));
    }
    let environments = pod.environments.iter();
    let environments = environments
        .filter_map(|environment| server.environment(environment))
        .collect();
    for reference in &pod.references {
        if let Some(manifest) = server.owned(reference.secret) {
            let message = format!(
                "is the target of ExternalSecret {}, which this pod would get as files: {}; mount it as a volume and read the file, or leave its store to External Secrets",
                manifest.name, reference.why
            );
            server
                .notes
                .refuse(reference.path.as_str(), reference.secret, message);
        }
    }
    let Notes {
        problems, warnings, ..
    } = server.notes;
    if !problems.is_empty() {
        return Err(Refusal { problems, warnings });
    }
    Ok(Served {
        stores: server.stores,
        mounts,
        environments,
        heavy: server.heavy,
        warnings,
    })
}

/// Reads what a pod uses, and remembers what is wrong with it.
pub(super) struct Server<'a> {
    pod: &'a PodSecrets<'a>,
    facts: &'a ExternalSecretFacts,
    pub(super) notes: Notes,
    /// Objects whose own problems and warnings are told already.
    told: BTreeSet<String>,
    stores: Vec<ServedStore>,
    pub(super) heavy: BTreeSet<&'static str>,
}

impl<'a> Server<'a> {
    pub(super) fn new(pod: &'a PodSecrets<'a>, facts: &'a ExternalSecretFacts) -> Self {
        Self {
            pod,
            facts,
            notes: Notes::default(),
            told: BTreeSet::new(),
            stores: Vec::new(),
            heavy: BTreeSet::new(),
        }
    }

    /// The ExternalSecret of Freshet's that makes the Secret, whatever is wrong with it.
    fn owned(&self, secret: &str) -> Option<&'a Manifest> {
        let mut makers = self.facts.making(secret);
        makers.find(|manifest| self.is_owned(manifest))
    }

    /// Whether one of its stores is Freshet's. Of one that is not there, or not named in a way that
    /// can be read, nobody else is expected to know more where all are claimed.
    pub(super) fn is_owned(&self, manifest: &Manifest) -> bool {
        let all = self.facts.claim() == Claim::All;
        let claimed = |reference: &StoreRef| {
            let store = self.facts.store(reference.cluster, &reference.name);
            store.map_or(all, |store| self.facts.claims(store))
        };
        let mut stores = manifest.stores().peekable();
        (all && stores.peek().is_none()) || stores.any(claimed)
    }

    /// The mount that takes the place of a volume, where its Secret is Freshet's to make.
    fn volume(&mut self, index: usize, volume: &Map<String, Value>) -> Option<Mount> {
        let secrets = secrets_of(volume);
        for secret in &secrets {
            self.doubt_missing_store(format!("spec.volumes[{index}]"), secret);
        }
        if !secrets.iter().any(|secret| self.owned(secret).is_some()) {
            return None;
        }
        let path = format!("spec.volumes[{index}]");
        let sources = sources(index, volume, &mut self.notes);
        self.refuse_mixed(&sources);
        let name = volume
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let volume: VolumeName = match name.parse() {
            Ok(volume) => volume,
            Err(invalid) => {
                self.notes
                    .refuse(format!("{path}.name"), name, invalid.to_string());
                return None;
            }
        };
        let optional = sources.secrets.iter().all(|source| source.optional);
        let mut mount = Mount::new(volume, self.directory(name)?);
        let mut makers = Vec::new();
        for projection in sources.secrets {
            let Some(manifest) = self.maker(&projection) else {
                continue;
            };
            makers.push(manifest);
            mount.targets.extend(self.target(manifest, projection));
        }
        mount.optional = optional;
        mount.refresh_interval = Some(interval(&makers));
        mount.revision = revision(&makers);
        self.doubt_mounts(name);
        Some(mount)
    }

    fn refuse_mixed(&mut self, sources: &Sources) {
        let foreign = sources
            .secrets
            .iter()
            .filter(|source| self.owned(&source.secret).is_none());
        let mut foreign: Vec<_> = foreign.map(|source| source.path.clone()).collect();
        foreign.extend(sources.others.iter().cloned());
        for path in foreign {
            self.notes.say(
                path,
                "cannot stay in a volume with the target of an ExternalSecret, which becomes a memory volume: give it a volume of its own",
            );
        }
    }

    /// The one ExternalSecret that makes the Secret.
    pub(super) fn maker(&mut self, projection: &Projection) -> Option<&'a Manifest> {
        let facts = self.facts;
        let makers = facts
            .making(&projection.secret)
            .filter(|manifest| self.is_owned(manifest));
        let makers: Vec<_> = makers.collect();
        if let [first, second, ..] = makers.as_slice() {
            let message = format!(
                "is the target of ExternalSecret {} and of {}: give each a target of its own",
                first.name, second.name
            );
            self.notes.refuse(
                projection.path.as_str(),
                projection.secret.as_str(),
                message,
            );
            return None;
        }
        makers.first().copied()
    }

    pub(super) fn target(
        &mut self,
        manifest: &'a Manifest,
        projection: Projection,
    ) -> Option<TargetSpec> {
        self.tell(
            &format!("ExternalSecret {}", manifest.name),
            &manifest.notes,
        );
        self.heavy.extend(&manifest.heavy);
        let mut own = Notes::of(format!("ExternalSecret {}", manifest.name));
        // The store of the whole comes before those of single entries: its login is the pod's own. What
        // is wrong with it is told with the first entry.
        let is_used = manifest.entries.iter().any(|entry| entry.store.is_none());
        if let Some(reference) = manifest.store.as_ref().filter(|_| is_used) {
            self.place(reference, &mut Notes::default());
        }
        let mut entries = Vec::new();
        for entry in &manifest.entries {
            let reference = entry.store.as_ref().or(manifest.store.as_ref());
            let place = reference.and_then(|reference| self.place(reference, &mut own));
            entries.extend(place.and_then(|(place, profile)| {
                let mut entry = entry.resolved(&place, manifest.skips_missing, &mut own)?;
                entry.secret_mut().profile = Some(profile);
                Some(entry)
            }));
        }
        self.tell_all(own);
        self.read_config_maps(manifest);
        Some(TargetSpec {
            name: manifest.target.clone(),
            entries,
            template: manifest.template.clone(),
            mode: projection.mode,
            items: projection.items,
            optional: projection.optional,
            variables: None,
        })
    }

    /// The templates in ConfigMaps, as far as those are known: one that is not there yet is waited for
    /// by the pod.
    fn read_config_maps(&mut self, manifest: &Manifest) {
        let facts = self.facts;
        for (name, key) in manifest.config_map_keys() {
            if let Some(text) = facts.config_map(facts.namespace(), name, key) {
                let mut notes = Notes::of(format!("ConfigMap {name}"));
                template::parse(text, format!("data[{key}]"), &mut self.heavy, &mut notes);
                self.tell_all(notes);
            }
        }
    }

    /// Where the store's secrets lie, and the profile that they are read with; its login is
    /// remembered.
    fn place(&mut self, reference: &StoreRef, notes: &mut Notes) -> Option<(StorePath, Profile)> {
        let facts = self.facts;
        let Some(store) = facts.store(reference.cluster, &reference.name) else {
            notes.refuse(
                format!("{}.name", reference.path),
                reference.name.as_str(),
                format!("there is no such {}", reference.kind()),
            );
            return None;
        };
        if !facts.claims(store) {
            notes.refuse(
                format!("{}.name", reference.path),
                reference.name.as_str(),
                "is not Freshet's to serve, and another store of this ExternalSecret is: set spec.controller: freshet in both, or in none",
            );
            return None;
        }
        self.tell(&store.object, &store.notes);
        if !store.allows(facts.namespace(), facts.labels()) {
            notes.refuse(
                format!("{}.name", reference.path),
                reference.name.as_str(),
                format!(
                    "does not allow namespace {} (spec.conditions)",
                    facts.namespace()
                ),
            );
        }
        let vault = store.vault.as_ref()?;
        let (settings, notes) =
            Login::of(store, vault, reference.cluster).settings(self.pod, facts);
        self.tell_all(notes);
        let profile = self.profile(reference, &store.object, settings?)?;
        Some((vault.place.clone(), profile))
    }

    /// Where the application sees the volume, for messages; any directory where none mounts it.
    fn directory(&self, volume: &str) -> Option<MountDirectory> {
        let mut mounts = self.pod.mounts.iter();
        let mount = mounts.find(|mount| mount.volume == volume);
        let seen = mount.and_then(|mount| mount.directory.parse().ok());
        seen.or_else(|| format!("/{volume}").parse().ok())
    }

    /// Tells what is wrong with an object, once.
    fn tell(&mut self, object: &str, notes: &Notes) {
        if self.told.insert(object.to_owned()) {
            self.tell_all(notes.clone());
        }
    }

    fn tell_all(&mut self, notes: Notes) {
        for problem in notes.problems {
            if !self.notes.problems.contains(&problem) {
                self.notes.problems.push(problem);
            }
        }
        for warning in notes.warnings {
            if !self.notes.warnings.contains(&warning) {
                self.notes.warnings.push(warning);
            }
        }
    }
}

/// A volume is looked at as often as the most eager of its ExternalSecrets wants.
fn interval(makers: &[&Manifest]) -> GoDuration {
    let intervals = makers.iter().map(|manifest| manifest.interval);
    let looked = intervals.filter(|interval| !interval.get().is_zero()).min();
    looked.unwrap_or(GoDuration::from_secs(0))
}

fn revision(makers: &[&Manifest]) -> Option<String> {
    let revisions = makers.iter();
    let revisions: Vec<_> = revisions
        .filter_map(|manifest| manifest.revision.clone())
        .collect();
    (!revisions.is_empty()).then(|| revisions.join(" "))
}
