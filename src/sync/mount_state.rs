//! One mount: its renderer, the secrets that it was rendered from, and whether its files stand.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fastrand::Rng;

use super::backoff::Backoff;
use super::event::{Action, Now};
use super::fingerprints::Fingerprints;
use super::notice::Notice;
use super::render::{MountRenderer, Rendered, TemplateFiles};
use super::secret_state::SecretState;
use super::target::ConfigMaps;
use crate::secret::{SecretBytes, VaultSecret};
use crate::spec::{Mount, SecretRef, VolumeName};

/// The files of one volume.
#[derive(Debug)]
pub(crate) struct MountState {
    spec: Mount,
    renderer: MountRenderer,
    /// What the files are made of: what the spec names, and what templates asked for.
    inputs: BTreeSet<SecretRef>,
    /// Rendering would give something else than is written, or nobody knows.
    dirty: bool,
    /// A write is under way.
    writing: bool,
    /// How often in a row a template has asked for more.
    demands: usize,
    /// What is being written, and what this process wrote last.
    fingerprints: (Fingerprints, Option<Fingerprints>),
    /// Readers see a whole generation, of this process or of the one before it.
    complete: bool,
    failure: Option<String>,
    retry: Option<Duration>,
    backoff: Backoff,
    /// When readers last got to see something new.
    written: Option<SystemTime>,
}

/// A template may take the path of a secret from another secret, but not without end.
const MOST_DEMANDS: usize = 16;

impl MountState {
    /// A mount whose files are to be made. `complete` says that a whole generation stands already.
    pub(crate) fn new(spec: Mount, renderer: MountRenderer, complete: bool) -> Self {
        Self {
            inputs: renderer.inputs(),
            spec,
            renderer,
            dirty: true,
            writing: false,
            demands: 0,
            fingerprints: Default::default(),
            complete,
            failure: None,
            retry: None,
            backoff: Backoff::default(),
            written: None,
        }
    }

    pub(crate) fn spec(&self) -> &Mount {
        &self.spec
    }

    pub(crate) fn volume(&self) -> &VolumeName {
        &self.spec.volume
    }

    pub(crate) fn inputs(&self) -> &BTreeSet<SecretRef> {
        &self.inputs
    }

    /// The names of all its files.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = String> {
        self.spec.files.iter().map(|file| file.name.to_string())
    }

    /// The names under which readers may see something else than before once the write that is under
    /// way has ended.
    pub(crate) fn switching(&self) -> Option<BTreeSet<String>> {
        let (written, before) = &self.fingerprints;
        let switches = self.writing && self.complete;
        switches.then(|| written.changed_since(before.as_ref()))
    }

    /// The names of the files and targets that name `secret`.
    pub(crate) fn names(&self, secret: &SecretRef) -> BTreeSet<String> {
        self.renderer.names(secret)
    }

    /// How often its secrets are looked at, where `usual` is the pod's interval; `None` is once.
    pub(crate) fn interval(&self, usual: Duration) -> Option<Duration> {
        let own = self.spec.refresh_interval;
        let interval = own.map_or(usual, |interval| interval.get());
        (own.is_none() || !interval.is_zero()).then_some(interval)
    }

    /// Takes over the texts of ConfigMaps.
    pub(crate) fn supply(&mut self, config_maps: &ConfigMaps) {
        if self.renderer.supply(config_maps) {
            self.dirty = true;
            self.retry = None;
        }
    }

    /// Takes over the texts of template files.
    pub(crate) fn supply_templates(&mut self, files: &TemplateFiles) {
        if self.renderer.supply_templates(files) {
            self.dirty = true;
            self.retry = None;
        }
    }

    /// Takes over the token of the login in use.
    pub(crate) fn supply_token(&mut self, token: &Arc<SecretBytes>) {
        if self.renderer.supply_token(token) {
            self.dirty = true;
            self.retry = None;
        }
    }

    /// Whether a file holds the token of the login in use.
    pub(crate) fn holds_token(&self) -> bool {
        self.renderer.holds_token()
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    pub(crate) fn written(&self) -> Option<SystemTime> {
        self.written
    }

    /// Whether the files hold what its secrets are now.
    pub(crate) fn is_settled(&self) -> bool {
        !self.dirty && !self.writing && self.failure.is_none()
    }

    /// When a failed write is tried again.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.retry
    }

    /// The secret has changed.
    pub(crate) fn touch(&mut self, secret: &SecretRef) {
        if self.inputs.contains(secret) {
            self.dirty = true;
            self.retry = None;
            // What arrives because it was asked for is no new beginning; what changes after the last
            // word was spoken is.
            if self.demands > MOST_DEMANDS {
                self.demands = 0;
            }
        }
    }

    /// Renders and writes when an input has changed and all of them are there. Secrets that are
    /// being looked at in the same round are awaited, so that what changed together in Vault changes
    /// together on the volume.
    pub(crate) fn render(
        &mut self,
        secrets: &BTreeMap<SecretRef, SecretState>,
        (now, can_ask): (Now, impl Fn(&SecretRef) -> bool),
        mut random: fn(&mut [u8]),
        out: &mut Vec<Action>,
    ) {
        let data = |secret: &SecretRef| secrets.get(secret).and_then(SecretState::data);
        let awaited = |secret: &SecretRef| {
            secrets.get(secret).is_none_or(|state| {
                state.data().is_none() || state.is_pending(now.elapsed, can_ask(secret))
            })
        };
        let due = self.retry.is_none_or(|at| at <= now.elapsed);
        let is_idle = !self.dirty || self.writing || !due;
        if is_idle || self.renderer.awaits() || self.inputs.iter().any(awaited) {
            return;
        }
        self.dirty = false;
        self.retry = None;
        let asked = RefCell::new(BTreeSet::new());
        let lookup = |secret: &SecretRef| -> Option<&VaultSecret> {
            asked.borrow_mut().insert(secret.clone());
            data(secret)
        };
        match self.renderer.render(&lookup, now.wall, &mut random) {
            Ok(Rendered::Complete(payload)) => {
                self.inputs = asked.into_inner();
                self.writing = true;
                self.fingerprints.0 = Fingerprints::of(&self.spec, &payload);
                out.push(Action::Write(self.volume().clone(), payload));
            }
            Ok(Rendered::Needs(more)) => {
                self.demands += 1;
                if self.demands > MOST_DEMANDS {
                    self.fail("the files ask for ever more secrets".to_owned(), out);
                    return;
                }
                self.inputs.extend(asked.into_inner());
                self.inputs.extend(more);
                self.dirty = true;
            }
            Err(errors) => {
                self.inputs.extend(asked.into_inner());
                let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
                self.fail(errors.join("; "), out);
            }
        }
    }

    /// Takes the answer to a write. When readers see something else than they saw before, it answers
    /// under which names.
    pub(crate) fn write_ended(
        &mut self,
        result: Result<bool, String>,
        (now, longest): (Now, Duration),
        rng: &mut Rng,
        out: &mut Vec<Action>,
    ) -> Option<BTreeSet<String>> {
        if !std::mem::take(&mut self.writing) {
            return None;
        }
        match result {
            Ok(changed) => {
                let stood = std::mem::replace(&mut self.complete, true);
                let (written, before) = &mut self.fingerprints;
                let names = written.changed_since(before.as_ref());
                *before = Some(std::mem::take(written));
                self.failure = None;
                self.demands = 0;
                self.backoff.reset();
                if changed {
                    self.written = Some(now.wall);
                    out.push(Action::Tell(Notice::MountWritten {
                        volume: self.volume().clone(),
                        secrets: self.inputs.clone(),
                    }));
                }
                (changed && stood).then_some(names)
            }
            Err(message) => {
                self.dirty = true;
                self.retry = Some(now.elapsed + self.backoff.fail(longest, None, rng));
                self.fail(message, out);
                None
            }
        }
    }

    fn fail(&mut self, message: String, out: &mut Vec<Action>) {
        if self.failure.as_ref() != Some(&message) {
            out.push(Action::Tell(Notice::MountFailing {
                volume: self.volume().clone(),
                message: message.clone(),
            }));
            self.failure = Some(message);
        }
    }
}
