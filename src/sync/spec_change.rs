//! A new SyncSpec, while the pod runs: only what changed is made anew, and a bad one changes
//! nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use super::engine::Engine;
use super::event::Action;
use super::mount_state::MountState;
use super::notice::Notice;
use super::render::{MountRenderer, RenderError};
use crate::spec::{Invalid, Mount, SecretRef, SyncSpec, VolumeName};

/// How the mounts of a new SyncSpec come about.
enum Origin {
    /// It is as before: its state stays.
    Kept(VolumeName),
    /// It is new, or differs.
    New(Mount, MountRenderer),
}

impl Engine {
    /// Follows `spec`, or keeps to the one before and says what is wrong.
    pub(super) fn respec(&mut self, spec: Result<SyncSpec, Invalid>, out: &mut Vec<Action>) {
        let checked = spec
            .map_err(|invalid| invalid.to_string())
            .and_then(|spec| Ok((spec.refresh_interval.get(), self.origins(spec)?)));
        let (interval, origins) = match checked {
            Ok(checked) => checked,
            Err(message) => return self.refuse(message, out),
        };
        self.spec_error = None;
        let mut before = std::mem::take(&mut self.mounts);
        let mut revised = BTreeSet::new();
        for origin in origins {
            let mount = match origin {
                Origin::Kept(volume) => take(&mut before, &volume),
                Origin::New(mount, renderer) => {
                    let stood = take(&mut before, &mount.volume);
                    Some(self.renewed_mount(mount, renderer, stood, &mut revised))
                }
            };
            self.mounts.extend(mount);
        }
        self.interval = interval;
        self.followed = true;
        self.adopt_secrets(out);
        for secret in revised {
            if let Some(state) = self.secrets.get_mut(&secret) {
                state.look(self.now);
            }
        }
        let intervals = self
            .mounts
            .iter()
            .filter_map(|mount| mount.interval(interval));
        let intervals: Vec<Duration> = intervals.collect();
        self.rounds.set(intervals, self.now, &mut self.rng);
        out.push(Action::Tell(Notice::SpecAccepted));
    }

    /// A mount that is new, or not as it `stood`. With another revision its secrets are looked at
    /// now.
    fn renewed_mount(
        &self,
        mount: Mount,
        renderer: MountRenderer,
        stood: Option<MountState>,
        revised: &mut BTreeSet<SecretRef>,
    ) -> MountState {
        let stands = self.options.volumes.get(&mount.volume) == Some(&true);
        let revision = stood.as_ref().map(|stood| &stood.spec().revision);
        let is_revised = revision.is_some_and(|revision| *revision != mount.revision);
        let complete = stood.map_or(stands, |mount| mount.is_complete());
        let mut mount = MountState::new(mount, renderer, complete);
        mount.supply(&self.config_maps);
        mount.supply_templates(&self.template_files);
        if let Some(token) = &self.token {
            mount.supply_token(token);
        }
        if is_revised {
            revised.extend(mount.inputs().iter().cloned());
        }
        mount
    }

    fn refuse(&mut self, message: String, out: &mut Vec<Action>) {
        if self.spec_error.as_ref() != Some(&message) {
            self.spec_error = Some(message.clone());
            out.push(Action::Tell(Notice::SpecRefused { message }));
        }
    }

    /// Checks all of `spec` before anything is changed.
    fn origins(&self, spec: SyncSpec) -> Result<Vec<Origin>, String> {
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        let mut origins = Vec::new();
        for mount in spec.mounts {
            let volume = &mount.volume;
            if !seen.insert(volume.clone()) {
                problems.push(format!("volume {volume} stands in it twice"));
            }
            if !self.options.volumes.contains_key(volume) {
                problems.push(format!(
                    "volume {volume} is not one of this pod's: only a new pod can have another one"
                ));
            }
            if self.mounts.iter().any(|state| *state.spec() == mount) {
                origins.push(Origin::Kept(mount.volume));
                continue;
            }
            match MountRenderer::new(&mount) {
                Ok(renderer) => {
                    let inputs = renderer.inputs();
                    let strangers = inputs.iter();
                    problems.extend(strangers.filter_map(|secret| self.options.stranger(secret)));
                    origins.push(Origin::New(mount, renderer));
                }
                Err(errors) => problems.extend(errors.iter().map(RenderError::to_string)),
            }
        }
        match problems.is_empty() {
            true => Ok(origins),
            false => Err(problems.join("; ")),
        }
    }
}

/// The mount of `volume`, taken out of `mounts`.
fn take(mounts: &mut Vec<MountState>, volume: &VolumeName) -> Option<MountState> {
    let index = mounts.iter().position(|mount| mount.volume() == volume)?;
    Some(mounts.swap_remove(index))
}
