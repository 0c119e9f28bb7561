//! Which logins beside its own a pod declares, and which of them its secrets name.

use std::collections::{BTreeMap, BTreeSet};

use super::PodValues;
use super::vocabulary::Key;
use crate::dialect::findings::{Findings, at, listed};
use crate::dialect::suggest;
use crate::spec::{Content, FileSpec, FunctionTable, Profile, SecretRef, SyncSpec, TemplateSpec};

/// The profiles that have a setting.
pub(super) struct Profiles<'a>(&'a BTreeMap<Profile, PodValues<'a>>);

impl<'a> Profiles<'a> {
    pub(super) fn declared(profiles: &'a BTreeMap<Profile, PodValues<'a>>) -> Self {
        Self(profiles)
    }

    /// Refuses a profile that is not declared: `source` stands in the annotation `key`.
    pub(super) fn check(&self, key: &str, source: &SecretRef, findings: &mut Findings) {
        if let Some(doubt) = self.doubt(source) {
            findings.problem(at(key).with(&source.to_string(), doubt));
        }
    }

    /// Warns of profiles in a template that are not declared, or that its functions do not know. The
    /// text alone is looked at, so what it looks like may not be so.
    pub(super) fn check_template(
        &self,
        key: &str,
        template: &TemplateSpec,
        findings: &mut Findings,
    ) {
        for source in named_in(&template.text) {
            let doubt = match knows_profiles(template) {
                true => self.doubt(&source),
                false => self.mistake(&source),
            };
            if let Some(doubt) = doubt {
                findings.warn(at(key).say(format!("secret {:?}: {doubt}", source.to_string())));
            }
        }
    }

    /// What is wrong with the profile of `source`.
    fn doubt(&self, source: &SecretRef) -> Option<String> {
        let profile = source.profile.as_ref()?;
        if self.0.contains_key(profile) {
            return None;
        }
        let known: Vec<_> = self.0.keys().map(Profile::as_str).collect();
        let meant = suggest::closest(profile.as_str(), known.iter().copied());
        let meant = meant.map_or_else(String::new, |meant| format!(" (did you mean {meant:?}?)"));
        let known = match known.is_empty() {
            true => String::new(),
            false => format!(", only {}", listed(&known)),
        };
        Some(format!(
            "there is no profile \"{profile}\"{known}{meant}: declare it by a setting of its own, e.g. {}, or write /{profile}:{} for a path that begins so itself",
            Key::Role.of_login(Some(profile)),
            source.path
        ))
    }

    /// What is wrong with a declared profile where nobody knows profiles.
    fn mistake(&self, source: &SecretRef) -> Option<String> {
        let profile = source.profile.as_ref()?;
        self.0.contains_key(profile).then(|| {
            format!(
                "is a path of the pod's own login: the functions of consul-template know no profiles, so take others for what is read with {profile}"
            )
        })
    }

    /// Warns of profiles that nothing is read with.
    pub(super) fn doubt_unused(
        &self,
        spec: &SyncSpec,
        variables: &[FileSpec],
        findings: &mut Findings,
    ) {
        let files = spec.mounts.iter().flat_map(|mount| &mount.files);
        let contents = files.chain(variables).map(|file| &file.content);
        let (mut used, mut texts) = (BTreeSet::new(), Vec::new());
        for content in contents {
            used.extend(content.source().and_then(|source| source.profile.as_ref()));
            if let Content::Template { template, .. } = content
                && knows_profiles(template)
            {
                texts.push(&template.text);
            }
        }
        for (profile, settings) in self.0 {
            let prefix = format!("{profile}:");
            // A template may put a path together.
            let may_be_used = texts.iter().any(|text| text.contains(&prefix));
            if let (false, Some(key)) = (
                may_be_used || used.contains(profile),
                settings.keys().next(),
            ) {
                let message = format!(
                    "nothing is read with this profile: name it before a path, e.g. freshet.dev/secret-db: {profile}:secret/db"
                );
                findings.warn(at(&key.of_login(Some(profile))).say(message));
            }
        }
    }
}

/// Whether `secret` takes a profile: Vault Agent, whose paths consul-template's functions take, has none.
fn knows_profiles(template: &TemplateSpec) -> bool {
    template.functions != FunctionTable::ConsulTemplate
}

/// What a template asks `secret` for, as far as its text shows it.
fn named_in(text: &str) -> impl Iterator<Item = SecretRef> {
    let calls = text.split("secret ").skip(1);
    calls.filter_map(|rest| {
        let rest = rest.trim_start();
        let quote = rest
            .chars()
            .next()
            .filter(|quote| ['"', '`'].contains(quote))?;
        rest.split(quote).nth(1)?.parse().ok()
    })
}
