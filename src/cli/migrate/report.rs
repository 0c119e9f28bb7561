//! What will behave the same, what will differ and how, and what is refused, workload by workload.

use std::fmt;

use serde_json::{Value, json};

use crate::cli::review::{Review, ReviewedPod};
use crate::dialect::Parsed;
use crate::spec::{ChangeAction, Content, FileSpec, Mount, OnChange, ProcessLookup};

/// What is so for every pod.
const EVERYWHERE: &str = "\
Each of them gets one native sidecar (an init container with agent-pre-populate-only) where the injector
adds an init container and a sidecar: one login and one credential of each kind, Jobs end by themselves,
and the application's mounts are read-only.
";

/// The report.
pub(super) struct Report {
    workloads: Vec<Workload>,
    /// Workloads without the annotations.
    others: usize,
}

/// One object that makes pods.
pub(super) struct Workload {
    kind: String,
    namespace: Option<String>,
    name: String,
    place: String,
    same: Vec<String>,
    different: Vec<String>,
    refused: Vec<String>,
}

impl Report {
    pub(super) fn of(review: &Review) -> Self {
        let meant = review.pods.iter().filter(|pod| Workload::is_meant(pod));
        let workloads: Vec<_> = meant.map(Workload::of).collect();
        Self {
            others: review.pods.len() - workloads.len(),
            workloads,
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        self.workloads.iter().any(Workload::is_refused)
    }

    /// How many can move, and how many of those differ in nothing; how many are refused.
    fn counts(&self) -> (usize, usize, usize) {
        let refused = self.workloads.iter().filter(|one| one.is_refused()).count();
        let moves = self.workloads.len() - refused;
        let alike = |one: &&Workload| !one.is_refused() && one.different.is_empty();
        (moves, self.workloads.iter().filter(alike).count(), refused)
    }

    pub(super) fn to_json(&self) -> Value {
        let (moves, alike, refused) = self.counts();
        let workloads: Vec<_> = self.workloads.iter().map(Workload::to_json).collect();
        json!({
            "workloads": workloads,
            "summary": {
                "canMove": moves,
                "withoutDifference": alike,
                "refused": refused,
                "withoutAnnotations": self.others,
            },
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for workload in &self.workloads {
            writeln!(f, "{workload}")?;
        }
        if !self.workloads.is_empty() {
            writeln!(f, "{EVERYWHERE}")?;
        }
        let (moves, alike, refused) = self.counts();
        let is = |count: usize| if count == 1 { "is" } else { "are" };
        writeln!(
            f,
            "{moves} can move, {alike} of them without another difference; {refused} {} refused; {} without annotations of the Vault Agent Injector",
            is(refused),
            self.others
        )
    }
}

impl Workload {
    /// Whether the pod is one of an object that nobody else made, with the injector's annotations.
    pub(super) fn is_meant(pod: &ReviewedPod) -> bool {
        pod.described.speaks_vault_k8s() && !pod.described.is_owned
    }

    fn of(pod: &ReviewedPod) -> Self {
        let texts = |problems: &[crate::dialect::Problem]| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let described = &pod.described;
        let mut workload = Self {
            kind: described.kind.clone(),
            namespace: described.namespace.clone(),
            name: described.name.clone(),
            place: pod.place.clone(),
            same: Vec::new(),
            different: texts(&pod.warnings),
            refused: texts(&pod.problems),
        };
        match &pod.asked {
            Some(asked) => workload.same = same(asked),
            None if pod.problems.is_empty() => {
                workload
                    .same
                    .push("it is left alone: nothing asks for injection".to_owned());
            }
            None => {}
        }
        workload
    }

    fn is_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    fn to_json(&self) -> Value {
        json!({
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "place": self.place,
            "same": self.same,
            "different": self.different,
            "refused": self.refused,
        })
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.place)?;
        for (title, lines) in [
            ("same", &self.same),
            ("different", &self.different),
            ("refused", &self.refused),
        ] {
            if !lines.is_empty() {
                writeln!(f, "  {title}:")?;
            }
            for line in lines {
                writeln!(f, "    - {}", line.replace('\n', "\n      "))?;
            }
        }
        Ok(())
    }
}

/// The login and the files.
fn same(asked: &Parsed) -> Vec<String> {
    let settings = &asked.settings.login;
    let role = settings.role.as_ref();
    let role = role.map(|role| format!(" as {role}"));
    let namespace = settings.vault_namespace.as_ref();
    let namespace = namespace.map(|namespace| format!(", namespace {namespace}"));
    let login = format!(
        "it logs in to {}{} by auth/{}{}",
        settings.vault_address,
        namespace.unwrap_or_default(),
        settings.auth_path,
        role.unwrap_or_default()
    );
    let files = asked.spec.mounts.iter().flat_map(|mount| {
        let files = mount.files.iter();
        files.map(move |each| file(mount, each, &asked.settings.on_change))
    });
    std::iter::once(login).chain(files).collect()
}

fn file(mount: &Mount, file: &FileSpec, told: &[OnChange]) -> String {
    let what = match &file.content {
        Content::Token => "the Vault token",
        Content::TemplateFile(_) => "of a template in the sidecar",
        Content::Secret { .. } | Content::Template { .. } => "of its template",
    };
    let mut told = told.iter();
    let told = told.find(|on_change| on_change.name.as_ref() == Some(&file.name));
    let told = told.map(|on_change| format!(", then {}", done(&on_change.action)));
    format!(
        "{}/{}: {what}, mode {}{}",
        mount.mount_path,
        file.path,
        file.mode,
        told.unwrap_or_default()
    )
}

/// What stands for a command after a change of its file.
fn done(action: &ChangeAction) -> String {
    match action {
        ChangeAction::Signal(signal) => format!("signal {signal} to the application"),
        ChangeAction::Http(request) => format!("the request {request}"),
        ChangeAction::Restart(_) => "a restart of the application".to_owned(),
        ChangeAction::Processes(processes) => {
            let (signal, text) = (processes.signal(), processes.text());
            let which = match processes.lookup() {
                ProcessLookup::Name => "are called",
                ProcessLookup::Part => "have in their name",
                ProcessLookup::CommandLine => "have in their command line",
            };
            format!("signal {signal} to the processes that {which} {text:?}, without a shell")
        }
        ChangeAction::Run(call) => format!("the program {call} in the sidecar, without a shell"),
    }
}
