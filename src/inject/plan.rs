//! What shall be in the pod: the one place with policy.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cluster::ClusterFacts;
use super::conversion::Conversions;
use super::logins::{Auths, LoginFiles};
use super::memory::Memory;
use super::pod::{ContainerView, List, PodView};
use super::security::Ids;
use super::sidecar::Sidecar;
use super::wrapper::Wrappers;
use super::{
    Defaults, Summary, collision, container, conversion, doubts, limits, mesh, metrics, refusal,
    resources, targets, volumes,
};
use crate::dialect::{Parsed, Problem, Resources};
use crate::spec::{Content, FileSpec, Identity, Mount};

/// What shall be there, in Kubernetes' words.
#[derive(Debug)]
pub(super) struct Plan {
    /// The refresher's container.
    pub(super) container: Value,
    /// Its index in `spec.initContainers`, not counting itself.
    pub(super) position: usize,
    pub(super) volumes: Vec<Value>,
    /// The containers that see the files, each with the same mounts.
    pub(super) targets: BTreeSet<(List, usize)>,
    pub(super) application_mounts: Vec<Value>,
    pub(super) wrappers: Wrappers,
    pub(super) conversions: Conversions,
    pub(super) image_pull_secret: Option<Value>,
    /// More annotations, beside ours.
    pub(super) annotations: BTreeMap<&'static str, &'static str>,
    pub(super) share_process_namespace: Option<bool>,
    /// The text of the annotation.
    pub(super) sync_spec: String,
    pub(super) warnings: Vec<Problem>,
    pub(super) summary: Summary,
}

/// What was decided, before it is put in Kubernetes' words.
#[derive(Debug)]
pub(super) struct Choices<'p, 'a> {
    pub(super) auths: Option<Auths>,
    pub(super) ids: Ids,
    /// The containers that get mounts.
    pub(super) targets: Vec<&'p ContainerView<'a>>,
    /// Those, and the ones that mount a volume whose Secret is served: all that see files.
    pub(super) readers: Vec<&'p ContainerView<'a>>,
    pub(super) wrappers: Wrappers,
    pub(super) position: usize,
    pub(super) memory: Memory,
    /// `None` leaves the field out.
    pub(super) resources: Option<Resources>,
    pub(super) sync_spec: String,
}

impl Plan {
    /// Plans for a pod.
    ///
    /// # Errors
    /// All that stands against it.
    pub(super) fn build(
        pod: &PodView<'_>,
        parsed: &Parsed,
        defaults: &Defaults,
        cluster: &ClusterFacts,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = refusal::of_pod(pod);
        let targets = chosen(pod, parsed, &mut problems);
        let readers = targets::readers(pod, &targets, parsed);
        let wrappers = Wrappers::plan(pod, parsed, &targets, &readers, &mut problems);
        let parsed: &Parsed = &with_environments(parsed, &wrappers);
        let containers = (targets, readers, wrappers);
        let login_files = LoginFiles::of(&parsed.settings);
        let auths = login_files.auths(&parsed.settings, pod, &mut problems);
        let choices = choose(pod, parsed, containers, auths, defaults);
        problems.extend(against(pod, parsed, &choices, cluster));
        let image = image(parsed, defaults, &mut problems);
        let Parsed { settings, spec, .. } = parsed;
        let auths = choices.auths.as_ref();
        let identity = auths.and_then(|auths| login_files.identity(settings, auths, &spec.mounts));
        let Some(identity) = identity.filter(|_| problems.is_empty()) else {
            return Err(problems);
        };
        let mut warnings = doubts::warnings(pod, parsed, &choices);
        let metrics_port = metrics::port(pod, settings, defaults, &mut warnings);
        let targets = &choices.targets;
        let secrets_volume = |mount: &Mount| volumes::secrets_volume(mount, &choices.memory);
        let summary = summary(parsed, &choices, &identity);
        let appearance = &settings.appearance;
        let sidecar = Sidecar {
            parsed,
            defaults,
            image,
            identity,
            login_files: &login_files,
            ids: choices.ids,
            resources: choices.resources,
            metrics_port,
            wrappers: &choices.wrappers,
        };
        let pull_secret = defaults.image_pull_secret.as_ref();
        let container = container::finished(sidecar.container(), pod, appearance)?;
        Ok(Self {
            container,
            annotations: appearance.annotations.clone(),
            share_process_namespace: appearance.share_process_namespace,
            position: choices.position,
            volumes: volumes::volumes(&login_files, spec, &choices.memory, &choices.wrappers),
            targets: targets.iter().map(|target| target.place()).collect(),
            application_mounts: spec
                .mounts
                .iter()
                .filter(|mount| !conversion::is_converted(mount) && !mount.environment)
                .map(volumes::application_mount)
                .collect(),
            wrappers: choices.wrappers,
            conversions: Conversions::plan(pod, spec, secrets_volume),
            image_pull_secret: pull_secret.map(|name| json!({"name": name})),
            sync_spec: choices.sync_spec,
            warnings,
            summary,
        })
    }
}

fn summary(parsed: &Parsed, choices: &Choices<'_, '_>, identity: &Identity) -> Summary {
    let mounts = parsed.spec.mounts.iter();
    let of_files = mounts.filter(|mount| !mount.environment);
    let names = choices.readers.iter();
    let profiles = identity.profiles.iter();
    Summary {
        auth: identity.login.auth.clone(),
        profiles: profiles
            .map(|(profile, login)| (profile.clone(), login.auth.clone()))
            .collect(),
        once: parsed.settings.once,
        files: of_files
            .map(|mount| mount.files.len() + mount.targets.len())
            .sum(),
        variables: parsed.variables.len() + from_secrets(parsed),
        containers: names
            .filter_map(|target| target.name().parse().ok())
            .collect(),
        memory: choices.memory.clone(),
    }
}

/// The variables in place of Secrets, as far as their number is known: all keys of a Secret are one.
fn from_secrets(parsed: &Parsed) -> usize {
    let targets = parsed.environments.iter().flat_map(|one| &one.targets);
    targets
        .map(|target| target.items.as_ref().map_or(1, Vec::len))
        .sum()
}

/// The containers that get mounts or variables.
fn chosen<'p, 'a>(
    pod: &'p PodView<'a>,
    parsed: &Parsed,
    problems: &mut Vec<Problem>,
) -> Vec<&'p ContainerView<'a>> {
    let mut mounts = parsed.spec.mounts.iter();
    let adds_mounts = mounts.any(|mount| !conversion::is_converted(mount));
    match adds_mounts || !parsed.variables.is_empty() {
        true => targets::choose(pod, &parsed.settings, problems),
        false => Vec::new(),
    }
}

/// The same, with the variables of each container among the mounts.
fn with_environments<'d>(parsed: &'d Parsed, wrappers: &Wrappers) -> Cow<'d, Parsed> {
    if wrappers.is_empty() {
        return Cow::Borrowed(parsed);
    }
    let mut parsed = parsed.clone();
    parsed.spec.mounts.extend(wrappers.environments());
    parsed
        .spec
        .mounts
        .sort_by(|one, two| one.volume.cmp(&two.volume));
    Cow::Owned(parsed)
}

type Containers<'p, 'a> = Vec<&'p ContainerView<'a>>;

fn choose<'p, 'a>(
    pod: &'p PodView<'a>,
    parsed: &Parsed,
    (targets, readers, wrappers): (Containers<'p, 'a>, Containers<'p, 'a>, Wrappers),
    auths: Option<Auths>,
    defaults: &Defaults,
) -> Choices<'p, 'a> {
    let Parsed { settings, spec, .. } = parsed;
    let full = wants_full(parsed, defaults);
    let memory = Memory::of(spec, full, !wrappers.is_empty());
    Choices {
        auths,
        ids: Ids::of(settings, pod, &readers),
        targets,
        readers,
        wrappers,
        position: mesh::position(pod, settings.appearance.position),
        resources: resources::resources(&settings.resources, &defaults.resources, pod, &memory),
        memory,
        sync_spec: spec.to_annotation(),
    }
}

/// All that stands against the choices.
fn against(
    pod: &PodView<'_>,
    parsed: &Parsed,
    choices: &Choices<'_, '_>,
    cluster: &ClusterFacts,
) -> Vec<Problem> {
    let Parsed { settings, spec, .. } = parsed;
    let mut problems = Vec::new();
    if !settings.once {
        problems.extend(refusal::of_sidecar(cluster));
    }
    let appearance = &settings.appearance;
    // A refresher that nothing waits for can wait for the mesh.
    if appearance.waits {
        problems.extend(mesh::problem(pod, settings, choices.ids));
    }
    problems.extend(collision::problems(pod, spec, appearance, &choices.targets));
    let resources = choices.resources.as_ref();
    problems.extend(limits::problems(pod, resources, settings.once, cluster));
    problems
}

/// Whether the full refresher is needed, or may well be: nobody knows at admission what a template calls
/// that lies in a file.
fn wants_full(parsed: &Parsed, defaults: &Defaults) -> bool {
    let mut files = parsed.spec.mounts.iter().flat_map(|mount| &mount.files);
    let in_file = |file: &FileSpec| matches!(file.content, Content::TemplateFile(_));
    !parsed.heavy_functions.is_empty() || defaults.full_image.is_some() && files.any(in_file)
}

/// The slim refresher's image, or the full one's where a template calls what only that has.
fn image<'d>(parsed: &Parsed, defaults: &'d Defaults, problems: &mut Vec<Problem>) -> &'d str {
    let slim = defaults.image.as_str();
    if !wants_full(parsed, defaults) {
        return slim;
    }
    defaults.full_image.as_deref().unwrap_or_else(|| {
        let functions: Vec<_> = parsed.heavy_functions.iter().copied().collect();
        problems.push(Problem::new(
            "metadata.annotations",
            format!(
                "{} needs the full refresher: name its image to the webhook with \
                 --refresher-full-image, or do without",
                functions.join(", ")
            ),
        ));
        slim
    })
}
