//! Containers that start through the refresher's program, because they are given variables (those of
//! the annotations, and those of Secrets that ExternalSecrets would have made), or are told of changes
//! by signals or restarts.
//!
//! Their command becomes `freshet-refresher exec … -- COMMAND`; nothing is asked of a registry, so
//! what an image runs has to be said. The container's arguments stay where they are. What an earlier
//! pass of the webhook has written is taken off first, so a second pass comes to the same.

mod authored;
mod clash;
mod given;
mod names;
mod rewriting;
mod sharing;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fields::items;
use super::pod::{ContainerView, List, PodView};
use super::{reference, secret_variables, targets};
use crate::dialect::{Parsed, Problem};
use crate::spec::layout::{
    ENVIRONMENT_DIR, PROGRAM_DIR, PROGRAM_FILE, PROGRAM_VOLUME, SUPERVISION_DIR, SUPERVISION_VOLUME,
};
use crate::spec::{Mount, OnChange};

use self::clash::{beside_files, clashes, late};
use self::given::Given;
use self::names::Names;
use self::rewriting::{mark, with_handlers};

pub(super) use self::authored::{FIELDS, authored};

/// The wrapped containers of a pod, in their order, and those that need not be.
#[derive(Debug, Default)]
pub(super) struct Wrappers {
    wrapped: Vec<Wrapper>,
    /// The containers that take signals because the pod shares its process namespace.
    sharing: Vec<String>,
}

/// One container.
#[derive(Debug)]
pub(super) struct Wrapper {
    place: (List, usize),
    name: String,
    /// The volume of its variables.
    environment: Option<Mount>,
    /// The volume on which its supervisor finds the refresher.
    supervision: Option<String>,
    /// Those of [`FIELDS`] that it shall have.
    pub(super) fields: Map<String, Value>,
    /// The entries of its environment that have become optional.
    released: BTreeSet<String>,
}

/// What a container is wrapped for.
struct Wrap<'p> {
    given: Given<'p>,
    /// Its number among those that are given variables.
    number: usize,
    supervision: Option<String>,
    /// Seconds.
    grace: u64,
}

impl Wrappers {
    /// Plans for the containers that see the files: `targets` get variables, and of the `readers`
    /// those that run as long as the pod are supervised.
    pub(super) fn plan(
        pod: &PodView<'_>,
        parsed: &Parsed,
        targets: &[&ContainerView<'_>],
        readers: &[&ContainerView<'_>],
        problems: &mut Vec<Problem>,
    ) -> Self {
        problems.extend(targets::unknown_commands(pod, &parsed.commands));
        let mut ways = parsed.settings.on_change.iter();
        let supervises = !parsed.settings.once && ways.any(OnChange::needs_supervisor);
        let (mut environments, mut supervisions) = (0, 0);
        let mut wrappers = Self::default();
        for container in &pod.containers {
            let stays = container.list == List::App || container.is_sidecar();
            let mut of_secrets = parsed.environments.iter();
            let is_target = container.is_among(targets);
            let given = Given {
                variables: if is_target { &parsed.variables } else { &[] },
                environment: of_secrets.find(|own| own.container == container.path()),
            };
            let has_variables = !given.is_empty();
            environments += usize::from(has_variables);
            let mut wrap = Wrap {
                given,
                number: environments,
                supervision: None,
                grace: grace(pod),
            };
            let supervised = supervises && stays && container.is_among(readers);
            if supervised && !has_variables && sharing::shares(pod, parsed, container) {
                problems.extend(sharing::problem(pod, parsed, container, readers));
                wrappers.sharing.push(container.name().to_owned());
            } else if supervised {
                supervisions += 1;
                wrap.supervision = Some(format!("{SUPERVISION_VOLUME}-{supervisions}"));
            }
            if has_variables || wrap.supervision.is_some() {
                let wrapper = wrapper(pod, parsed, container, wrap, problems);
                wrappers.wrapped.extend(wrapper);
            }
        }
        if environments + supervisions > 0 {
            problems.extend(beside_files(&parsed.spec));
        }
        wrappers
    }

    /// The mounts that the refresher serves them.
    pub(super) fn environments(&self) -> impl Iterator<Item = Mount> {
        let wrappers = self.wrapped.iter();
        wrappers.filter_map(|wrapper| wrapper.environment.clone())
    }

    /// The containers whose application is supervised, each with its volume.
    pub(super) fn supervisions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.wrapped.iter().filter_map(|wrapper| {
            let volume = wrapper.supervision.as_deref()?;
            Some((wrapper.name.as_str(), volume))
        })
    }

    /// The containers that take signals because the pod shares its process namespace.
    pub(super) fn sharing(&self) -> impl Iterator<Item = &str> {
        self.sharing.iter().map(String::as_str)
    }

    /// Whether no container starts through the refresher's program.
    pub(super) fn is_empty(&self) -> bool {
        self.wrapped.is_empty()
    }

    /// The annotation about entries that have become optional.
    pub(super) fn note(&self) -> Option<String> {
        let notes = self.wrapped.iter();
        let notes = notes.map(|wrapper| (wrapper.name.clone(), wrapper.released.clone()));
        secret_variables::note(&notes.filter(|(_, released)| !released.is_empty()).collect())
    }

    /// What becomes of a container.
    pub(super) fn of(&self, container: &ContainerView<'_>) -> Option<&Wrapper> {
        let mut wrapped = self.wrapped.iter();
        wrapped.find(|wrapper| wrapper.place == container.place())
    }
}

impl Wrapper {
    /// What it has mounted beside the files.
    pub(super) fn mounts(&self) -> Vec<Value> {
        let mount = |volume: &str, directory: &str| json!({"name": volume, "mountPath": directory, "readOnly": true});
        let mut mounts = vec![mount(PROGRAM_VOLUME, PROGRAM_DIR)];
        let environment = self.environment.as_ref();
        mounts.extend(environment.map(|own| mount(own.volume.as_str(), ENVIRONMENT_DIR)));
        let supervision = self.supervision.as_ref();
        mounts.extend(supervision.map(|volume| mount(volume, SUPERVISION_DIR)));
        mounts
    }
}

/// How many seconds the pod's containers may take to end.
fn grace(pod: &PodView<'_>) -> u64 {
    let seconds = pod.spec.get("terminationGracePeriodSeconds");
    seconds.and_then(Value::as_u64).unwrap_or(30)
}

fn wrapper(
    pod: &PodView<'_>,
    parsed: &Parsed,
    container: &ContainerView<'_>,
    wrap: Wrap<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Wrapper> {
    let before = problems.len();
    let mut commands = parsed.commands.iter();
    let said = commands.find(|(name, _)| name.as_str() == container.name());
    let said = said.map(|(_, command)| command);
    let notes = pod.optional_variables.get(container.name());
    let mut fields = authored(
        container.fields,
        pod.refresher.is_some(),
        said.is_some(),
        notes,
    );
    let names = Names::of(&wrap.given, &fields);
    problems.extend(late(pod, container));
    problems.extend(clashes(container, &fields, &names));
    let command = command(container, &fields, said, &wrap, problems);
    if problems.len() > before {
        return None;
    }
    let is_ours = |name: &str| names.is_ours(name);
    mark(&mut fields, &is_ours);
    let environment = match wrap.given.is_empty() {
        true => None,
        false => Some(
            wrap.given
                .environment_mount(wrap.number, &names, &parsed.spec)?,
        ),
    };
    let command = command
        .iter()
        .map(|word| reference::marked(word, &is_ours).into_owned());
    let own = wrap.words(environment.as_ref(), true).into_iter();
    let command: Vec<_> = own.chain(command).collect();
    fields.insert("command".to_owned(), json!(command));
    let released = wrap
        .given
        .environment
        .map(|environment| secret_variables::release(&mut fields, &environment.entries));
    if environment.is_some() {
        fields = with_handlers(fields, || wrap.words(environment.as_ref(), false));
    }
    Some(Wrapper {
        place: container.place(),
        name: container.name().to_owned(),
        environment,
        supervision: wrap.supervision,
        fields,
        released: released.unwrap_or_default(),
    })
}

impl Wrap<'_> {
    /// What stands before the container's own command, or before that of one of its handlers.
    fn words(&self, environment: Option<&Mount>, is_own: bool) -> Vec<String> {
        let mut words = vec![format!("{PROGRAM_DIR}/{PROGRAM_FILE}"), "exec".to_owned()];
        if let Some(environment) = environment {
            words.push(format!("--env-dir={ENVIRONMENT_DIR}"));
            words.extend(environment.optional.then(|| "--env-optional".to_owned()));
        }
        if is_own && self.supervision.is_some() {
            words.push(format!("--supervise-dir={SUPERVISION_DIR}"));
            words.push(format!("--grace={}s", self.grace));
        }
        words.push("--".to_owned());
        words
    }

    /// What the author of a container can do whose command nobody knows.
    fn unknown_command(&self, name: &str) -> String {
        match self.given.is_empty() {
            false => self.given.unknown_command(name),
            true => format!(
                "missing, and what gets signals or restarts (freshet.dev/on-change…) must be known without asking a registry: write it here or as freshet.dev/command-{name}: '[\"/app\", \"--flag\"]', or let the application be told by http:POST, or name the containers that are meant in freshet.dev/containers"
            ),
        }
    }
}

/// What the container runs: what its manifest says, or else the annotation.
fn command(
    container: &ContainerView<'_>,
    fields: &Map<String, Value>,
    said: Option<&Vec<String>>,
    wrap: &Wrap<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let own: Vec<_> = items(fields.get("command"))
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect();
    let (path, name) = (container.path(), container.name());
    match (own.is_empty(), said) {
        (false, None) => return own,
        (true, Some(said)) => return said.clone(),
        (false, Some(_)) => problems.push(Problem::new(
            format!("metadata.annotations[freshet.dev/command-{name}]"),
            format!(
                "is said twice: {path}.command says what the container runs; remove one of the two"
            ),
        )),
        (true, None) => problems.push(Problem::new(
            format!("{path}.command"),
            wrap.unknown_command(name),
        )),
    }
    Vec::new()
}
