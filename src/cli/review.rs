//! Asks the webhook's own question about every pod of some manifests, offline.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::defaults::DefaultsArgs;
use super::facts;
use super::manifest::Manifest;
use super::workload::{self, DescribedPod};
use crate::dialect::external_secret::{Claim, ExternalSecretFacts};
use crate::dialect::vault_k8s::agent_config::ConfigMap;
use crate::dialect::{DialectDefaults, Parsed, Problem};
use crate::inject::{self, ClusterFacts, Decision, Defaults, Injection, Operation, Request};

/// What `inject` and `lint` are asked about.
#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    /// The manifest, YAML or JSON, one document or many; - is standard input. May be repeated
    #[arg(short, long = "filename", value_name = "FILE", required = true)]
    filenames: Vec<String>,

    /// The namespace of objects that name none
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,

    /// What is done to the pods
    #[arg(long, value_enum, default_value_t = AskedOperation::Create)]
    operation: AskedOperation,

    /// A manifest with the ExternalSecrets, stores and ConfigMaps of the namespace, beside those in
    /// the files of --filename; it is not printed. May be repeated
    #[arg(long, value_name = "FILE")]
    external_secrets: Vec<String>,

    /// Which stores are Freshet's: freshet, those with spec.controller: freshet; or all, those and the
    /// ones without spec.controller
    #[arg(long, value_name = "WHICH", default_value_t)]
    external_secrets_claim: Claim,

    #[command(flatten)]
    defaults: DefaultsArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AskedOperation {
    /// They are created
    Create,
    /// They exist, and are changed
    Update,
}

/// What was decided about the pods of some manifests.
pub(super) struct Review {
    /// The manifests, as they were read.
    pub(super) manifests: Vec<Manifest>,
    /// The pods, in the order of the manifests.
    pub(super) pods: Vec<ReviewedPod>,
    /// What they get where their authors say nothing.
    pub(super) defaults: DialectDefaults,
}

/// One pod, and what was decided about it.
pub(super) struct ReviewedPod {
    /// The manifest's and the document's index.
    pub(super) document: (usize, usize),
    /// For people: `app.yaml: document 2 (Deployment shop/app)`.
    pub(super) place: String,
    /// The pod.
    pub(super) described: DescribedPod,
    /// All that is wrong, with the document's paths.
    pub(super) problems: Vec<Problem>,
    /// What is doubtful, with the document's paths.
    pub(super) warnings: Vec<Problem>,
    /// The decision itself, and the pod that it is about.
    pub(super) facts: Result<Value, String>,
    /// What was asked for in the Vault Agent Injector's annotations, when nothing is wrong.
    pub(super) asked: Option<Box<Parsed>>,
    /// What would be done, when nothing is wrong and it is asked for.
    pub(super) injection: Option<Box<Injection>>,
}

impl ReviewArgs {
    /// Reads the manifests and decides about each of their pods.
    ///
    /// # Errors
    /// When a manifest cannot be read; a text for people.
    pub(super) fn review(self) -> Result<Review, String> {
        let defaults = match self.defaults.into_defaults() {
            Ok(defaults) => defaults,
            Err(error) => error.exit(),
        };
        let names = self.filenames.iter().chain(&self.external_secrets);
        if names.filter(|name| *name == "-").count() > 1 {
            return Err("--filename -: standard input can be read once".to_owned());
        }
        let operation = match self.operation {
            AskedOperation::Create => Operation::Create,
            AskedOperation::Update => Operation::Update,
        };
        let load = |names: &[String]| -> Result<Vec<_>, String> {
            names.iter().map(|name| Manifest::load(name)).collect()
        };
        let manifests = load(&self.filenames)?;
        let more = load(&self.external_secrets)?;
        let documents = manifests.iter().chain(&more);
        let documents = documents.flat_map(|manifest| &manifest.documents);
        let question = Question {
            namespace: &self.namespace,
            operation,
            defaults: &defaults,
            claim: self.external_secrets_claim,
            objects: documents
                .flat_map(|document| objects(&document.value))
                .collect(),
        };
        let pods = question.about(&manifests);
        Ok(Review {
            manifests,
            pods,
            defaults: defaults.dialect,
        })
    }
}

struct Question<'a> {
    namespace: &'a str,
    operation: Operation,
    defaults: &'a Defaults,
    claim: Claim,
    /// Every object of the manifests: what is known of the cluster.
    objects: Vec<&'a Value>,
}

impl Question<'_> {
    fn about(&self, manifests: &[Manifest]) -> Vec<ReviewedPod> {
        let mut pods = Vec::new();
        for (file, manifest) in manifests.iter().enumerate() {
            for (index, document) in manifest.documents.iter().enumerate() {
                for described in workload::pods(&document.value) {
                    let namespace = described.namespace.as_deref().unwrap_or(self.namespace);
                    let place = format!(
                        "{}: document {} ({} {namespace}/{})",
                        manifest.name,
                        document.number.unwrap_or_default(),
                        described.kind,
                        described.name
                    );
                    pods.push(self.decide((file, index), place, described));
                }
            }
        }
        pods
    }

    fn decide(
        &self,
        document: (usize, usize),
        place: String,
        described: DescribedPod,
    ) -> ReviewedPod {
        let (pod, unquoted) = as_text(&described.pod);
        let request = Request {
            namespace: described.namespace.as_deref().unwrap_or(self.namespace),
            operation: self.operation,
            pod: &pod,
        };
        let cluster = self.facts(request.namespace);
        let decision = inject::decide(&request, self.defaults, &cluster);
        let decision = refused(unquoted, decision);
        let facts = facts::facts(&pod, &decision);
        let (problems, warnings, injection) = match decision {
            Decision::Skip { warnings, .. } => (Vec::new(), warnings, None),
            Decision::Inject(injection) => {
                (Vec::new(), injection.warnings.clone(), Some(injection))
            }
            Decision::Deny { problems, warnings } => (problems, warnings, None),
        };
        let is_asked = injection.is_some() && described.speaks_vault_k8s();
        let asked = is_asked.then(|| inject::parsed(&request, &self.defaults.dialect, &cluster));
        let placed = |problems: Vec<Problem>| {
            let path = &described.path;
            let place = |problem: Problem| match problem.object {
                Some(_) => problem,
                None => Problem {
                    path: format!("{path}{}", problem.path),
                    ..problem
                },
            };
            problems.into_iter().map(place).collect()
        };
        ReviewedPod {
            document,
            place,
            problems: placed(problems),
            warnings: placed(warnings),
            facts,
            asked: asked.flatten(),
            injection,
            described,
        }
    }
}

impl Question<'_> {
    /// What the manifests say of a namespace.
    fn facts(&self, namespace: &str) -> ClusterFacts {
        let mut facts = ExternalSecretFacts::new(namespace, self.claim);
        for object in &self.objects {
            facts.add(object, self.namespace);
        }
        let maps = self.objects.iter().filter_map(|object| {
            let own = object
                .pointer("/metadata/namespace")
                .and_then(Value::as_str);
            let is_here = own.unwrap_or(self.namespace) == namespace;
            ConfigMap::from_manifest(object).filter(|_| is_here)
        });
        ClusterFacts {
            agent_config_maps: maps.map(|map| (map.name.clone(), Ok(map))).collect(),
            external_secrets: Arc::new(facts),
            ..ClusterFacts::default()
        }
    }
}

/// The object of a document, or those of a list.
fn objects(document: &Value) -> Vec<&Value> {
    let kind = document.get("kind").and_then(Value::as_str);
    let items = document.get("items").and_then(Value::as_array);
    match (kind.and_then(|kind| kind.strip_suffix("List")), items) {
        (Some(_), Some(items)) => items.iter().collect(),
        _ => vec![document],
    }
}

/// The decision, and what the API server would refuse before it.
fn refused(mut unquoted: Vec<Problem>, decision: Decision) -> Decision {
    if unquoted.is_empty() {
        return decision;
    }
    let (problems, warnings) = match decision {
        Decision::Skip { warnings, .. } => (Vec::new(), warnings),
        Decision::Inject(injection) => (Vec::new(), injection.warnings),
        Decision::Deny { problems, warnings } => (problems, warnings),
    };
    unquoted.extend(problems);
    Decision::Deny {
        problems: unquoted,
        warnings,
    }
}

/// What keys begin with in the dialects of annotations.
const PREFIXES: [&str; 3] = ["freshet.dev/", "vault.hashicorp.com/", "openbao.org/"];

/// `freshet.dev/inject: true` without quotes is a boolean, which the API server refuses in
/// annotations before any webhook sees it. It is told, and the rest judged as if it were quoted.
fn as_text(pod: &Value) -> (Value, Vec<Problem>) {
    let mut pod = pod.clone();
    let mut problems = Vec::new();
    if let Some(annotations) = pod
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.retain(|key, value| {
            if !PREFIXES.iter().any(|prefix| key.starts_with(prefix)) || value.is_string() {
                return true;
            }
            let (message, text) = unquoted(key, value);
            problems.push(Problem::new(
                format!("metadata.annotations[{key}]"),
                message,
            ));
            text.map(|text| *value = Value::String(text)).is_some()
        });
    }
    (pod, problems)
}

/// What is wrong with an annotation that is no text, and the text that was meant, if that is sure.
fn unquoted(key: &str, value: &Value) -> (String, Option<String>) {
    match value {
        Value::Bool(value) => (
            format!("is the boolean {value}, not text: write \"{value}\""),
            Some(value.to_string()),
        ),
        // 0640 was read as 416.
        Value::Number(value) if is_mode(key) => (
            format!("is the number {value}, not text: write it in quotes, e.g. \"0640\""),
            None,
        ),
        Value::Number(value) => (
            format!("is the number {value}, not text: write \"{value}\""),
            Some(value.to_string()),
        ),
        Value::Null => (
            "has no value: give it one in quotes, or leave it out".to_owned(),
            None,
        ),
        _ => ("must be text: write it in quotes".to_owned(), None),
    }
}

fn is_mode(key: &str) -> bool {
    let word = key.split_once('/').map(|(_, word)| word);
    word.is_some_and(|word| word.starts_with("mode-") || word.starts_with("agent-inject-perms-"))
}

impl ReviewedPod {
    /// One line for each problem and each warning.
    pub(super) fn findings(&self) -> impl Iterator<Item = String> {
        let line = |word: &str, problem: &Problem| format!("{}: {word}: {problem}\n", self.place);
        let problems = self
            .problems
            .iter()
            .map(move |problem| line("error", problem));
        let warnings = self
            .warnings
            .iter()
            .map(move |warning| line("warning", warning));
        problems.chain(warnings)
    }
}
