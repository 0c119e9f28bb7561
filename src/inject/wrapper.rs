//! Containers that start through the refresher's program, because they are given variables.
//!
//! Their command becomes `freshet-refresher exec … -- COMMAND`; nothing is asked of a registry, so
//! what an image runs has to be said. The container's arguments stay where they are. What an earlier
//! pass of the webhook has written is taken off first, so a second pass comes to the same.

mod authored;

use serde_json::{Map, Value, json};

use super::fields::{items, text};
use super::pod::{ContainerView, List, PodView};
use super::{mesh, reference, targets};
use crate::dialect::{Parsed, Problem};
use crate::spec::layout::{
    ENVIRONMENT_DIR, ENVIRONMENT_VOLUME, PROGRAM_DIR, PROGRAM_FILE, PROGRAM_VOLUME,
};
use crate::spec::{FileSpec, Mount, SyncSpec};

pub(super) use self::authored::{FIELDS, authored};

/// What all mounts of a wrapped container lie in.
const DIRECTORY: &str = "/run/freshet";

/// The handlers of a container that run a command of their own in it.
const HANDLERS: [&str; 5] = [
    "/livenessProbe/exec",
    "/readinessProbe/exec",
    "/startupProbe/exec",
    "/lifecycle/postStart/exec",
    "/lifecycle/preStop/exec",
];

/// The wrapped containers of a pod, in their order.
#[derive(Debug, Default)]
pub(super) struct Wrappers(Vec<Wrapper>);

/// One container.
#[derive(Debug)]
pub(super) struct Wrapper {
    place: (List, usize),
    /// The volume of its variables.
    environment: Mount,
    /// Those of [`FIELDS`] that it shall have.
    pub(super) fields: Map<String, Value>,
}

impl Wrappers {
    /// Plans for the containers that see the files.
    pub(super) fn plan(
        pod: &PodView<'_>,
        parsed: &Parsed,
        targets: &[&ContainerView<'_>],
        problems: &mut Vec<Problem>,
    ) -> Self {
        problems.extend(targets::unknown_commands(pod, &parsed.commands));
        if parsed.variables.is_empty() {
            return Self::default();
        }
        problems.extend(beside_files(&parsed.spec));
        let late: Vec<_> = mesh::overtaking(pod, mesh::position(pod))
            .map(ContainerView::path)
            .collect();
        let mut wrappers = Vec::new();
        for container in targets {
            if late.contains(&container.path()) {
                problems.push(Problem::of_value(
                    container.path(),
                    container.name(),
                    "runs before the refresher, which has to wait for the mesh's proxy, and cannot have variables of it: leave it out of freshet.dev/containers",
                ));
                continue;
            }
            wrappers.extend(wrapper(
                pod,
                parsed,
                container,
                wrappers.len() + 1,
                problems,
            ));
        }
        Self(wrappers)
    }

    /// The mounts that the refresher serves them.
    pub(super) fn environments(&self) -> impl Iterator<Item = Mount> {
        self.0.iter().map(|wrapper| wrapper.environment.clone())
    }

    /// Whether a container starts through the refresher's program.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What becomes of a container.
    pub(super) fn of(&self, container: &ContainerView<'_>) -> Option<&Wrapper> {
        let place = (container.list, container.index);
        self.0.iter().find(|wrapper| wrapper.place == place)
    }
}

impl Wrapper {
    /// What it has mounted beside the files.
    pub(super) fn mounts(&self) -> Vec<Value> {
        let mount = |volume: &str, directory: &str| json!({"name": volume, "mountPath": directory, "readOnly": true});
        vec![
            mount(PROGRAM_VOLUME, PROGRAM_DIR),
            mount(self.environment.volume.as_str(), ENVIRONMENT_DIR),
        ]
    }
}

fn wrapper(
    pod: &PodView<'_>,
    parsed: &Parsed,
    container: &ContainerView<'_>,
    number: usize,
    problems: &mut Vec<Problem>,
) -> Option<Wrapper> {
    let said = parsed
        .commands
        .iter()
        .find(|(name, _)| name.as_str() == container.name())
        .map(|(_, command)| command);
    let injected = pod.refresher.is_some();
    let mut fields = authored(container.fields, injected, said.is_some());
    problems.extend(clashes(container, &fields, &parsed.variables));
    let before = problems.len();
    let command = command(container, &fields, said, problems);
    let variables = &parsed.variables;
    let is_ours = |name: &str| {
        variables
            .iter()
            .any(|variable| variable.name.as_str() == name)
    };
    mark(&mut fields, &is_ours);
    if problems.len() > before {
        return None;
    }
    let command = command.iter().map(|word| reference::marked(word, &is_ours));
    fields.insert("command".to_owned(), json!(wrapped(command)));
    let mut fields = Value::Object(fields);
    for handler in HANDLERS {
        if let Some(Value::Array(words)) = fields
            .pointer_mut(handler)
            .and_then(|handler| handler.get_mut("command"))
        {
            let own = wrapped(std::iter::empty::<&str>());
            words.splice(..0, own.into_iter().map(Value::String));
        }
    }
    let Value::Object(fields) = fields else {
        return None;
    };
    Some(Wrapper {
        place: (container.list, container.index),
        environment: environment(number, variables)?,
        fields,
    })
}

/// The words that start `command` through the refresher's program.
fn wrapped<T: AsRef<str>>(command: impl Iterator<Item = T>) -> Vec<String> {
    let mut words = vec![
        format!("{PROGRAM_DIR}/{PROGRAM_FILE}"),
        "exec".to_owned(),
        format!("--env-dir={ENVIRONMENT_DIR}"),
        "--".to_owned(),
    ];
    words.extend(command.map(|word| word.as_ref().to_owned()));
    words
}

fn environment(number: usize, variables: &[FileSpec]) -> Option<Mount> {
    let volume = format!("{ENVIRONMENT_VOLUME}-{number}").parse().ok()?;
    let mut mount = Mount::new(volume, ENVIRONMENT_DIR.parse().ok()?);
    mount.files = variables.to_vec();
    mount.environment = true;
    Some(mount)
}

/// What the container runs: what its manifest says, or else the annotation.
fn command(
    container: &ContainerView<'_>,
    fields: &Map<String, Value>,
    said: Option<&Vec<String>>,
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
            format!("is said twice: {path}.command says what the container runs; remove one of the two"),
        )),
        (true, None) => problems.push(Problem::new(
            format!("{path}.command"),
            format!(
                "missing, and what starts with variables (freshet.dev/env-…) must be known without asking a registry: write it here or as freshet.dev/command-{name}: '[\"/app\", \"--flag\"]', or serve files (freshet.dev/secret-…), or name the containers that are meant in freshet.dev/containers"
            ),
        )),
    }
    Vec::new()
}

/// Writes the references to our variables so that they are left to `exec`.
fn mark(fields: &mut Map<String, Value>, ours: &dyn Fn(&str) -> bool) {
    let mark = |text: &mut Value| {
        if let Value::String(text) = text {
            *text = reference::marked(text, ours).into_owned();
        }
    };
    if let Some(Value::Array(args)) = fields.get_mut("args") {
        args.iter_mut().for_each(mark);
    }
    if let Some(Value::Array(variables)) = fields.get_mut("env") {
        variables
            .iter_mut()
            .filter_map(|variable| variable.get_mut("value"))
            .for_each(mark);
    }
}

/// What of the container stands in the way of its variables.
fn clashes(
    container: &ContainerView<'_>,
    fields: &Map<String, Value>,
    variables: &[FileSpec],
) -> Vec<Problem> {
    let path = container.path();
    let is_ours = |name: &str| {
        variables
            .iter()
            .any(|variable| variable.name.as_str() == name)
    };
    let mut problems = Vec::new();
    for (index, variable) in items(fields.get("env")).enumerate() {
        let name = variable.get("name").and_then(Value::as_str);
        if let Some(name) = name.filter(|name| is_ours(name)) {
            problems.push(Problem::of_value(
                format!("{path}.env[{index}].name"),
                name,
                format!("is also freshet.dev/env-{name}: remove one of the two"),
            ));
        }
    }
    for (index, mount) in container.mounts() {
        let path = format!("{path}.volumeMounts[{index}]");
        let expression = text(mount, "subPathExpr");
        if let Some(name) = reference::first(expression, &is_ours) {
            problems.push(Problem::of_value(
                format!("{path}.subPathExpr"),
                expression,
                format!(
                    "names freshet.dev/env-{name}, which nobody knows when volumes are mounted"
                ),
            ));
        }
        let directory = text(mount, "mountPath").trim_end_matches('/');
        let ours = text(mount, "name").starts_with("freshet-");
        let below = directory == DIRECTORY || directory.starts_with("/run/freshet/");
        let above = ["/run", "/var/run"].contains(&directory);
        if !ours && (below || above && mount.get("readOnly") == Some(&Value::Bool(true))) {
            problems.push(Problem::of_value(
                format!("{path}.mountPath"),
                text(mount, "mountPath"),
                format!("leaves no room for {DIRECTORY}, where the variables are mounted: move it"),
            ));
        }
    }
    problems
}

/// Files that would lie where the variables do.
fn beside_files(spec: &SyncSpec) -> Option<Problem> {
    let mount = spec
        .mounts
        .iter()
        .find(|mount| mount.mount_path.overlaps(DIRECTORY))?;
    Some(Problem::of_value(
        "metadata.annotations[freshet.dev/mount-path]",
        mount.mount_path.as_str(),
        format!("must keep clear of {DIRECTORY}, where the variables are mounted"),
    ))
}
