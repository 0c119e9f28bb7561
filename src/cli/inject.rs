//! `freshet inject`: what the webhook would make of a manifest.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use similar::TextDiff;

use super::manifest::Document;
use super::ordered::Ordered;
use super::review::{Review, ReviewArgs};
use super::{Outcome, yaml};

const EXAMPLES: &str = "\
Examples:
  What would be applied:
    freshet inject -f deployment.yaml --vault-address https://vault.vault:8200

  Only what changes:
    freshet inject -f deployment.yaml --vault-address https://vault.vault:8200 --diff

  A Deployment that mounts the Secret of an ExternalSecret, with its manifests:
    freshet inject -f deployment.yaml --external-secrets externalsecret.yaml \\
      --external-secrets clustersecretstore.yaml --external-secrets-claim all

  What comes of it, pod by pod, to compare it with what another injector made of it:
    freshet inject -f deployment.yaml --vault-address https://vault.vault:8200 -o facts

  Without the webhook in the cluster:
    helm template ./chart | freshet inject -f - --vault-address https://vault.vault:8200 \\
      --refresher-image registry.example/freshet-refresher:0.1.0 | kubectl apply -f -

Exit code: 0, or 1 when a pod would be refused (nothing is printed, the reasons are on standard
error), or 2 when the input cannot be read.";

/// Print what the webhook would make of a manifest, offline
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InjectArgs {
    #[command(flatten)]
    review: ReviewArgs,

    /// How objects are printed; in YAML, documents that do not change are printed as they are
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Yaml)]
    output: Format,

    /// Print the change alone, as a unified diff
    #[arg(long)]
    diff: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
    /// What comes of each pod, as JSON: its containers, mounts and volumes afterwards, and what the
    /// added container does in the words of Vault Agent's configuration
    Facts,
}

pub(super) fn run(arguments: InjectArgs) -> Outcome {
    let (format, diff) = (arguments.output, arguments.diff);
    let review = match arguments.review.review() {
        Ok(review) => review,
        Err(message) => return Outcome::unusable(message),
    };
    if format == Format::Facts {
        return facts(&review);
    }
    let stderr = review.pods.iter().flat_map(|pod| pod.findings()).collect();
    if review.pods.iter().any(|pod| !pod.problems.is_empty()) {
        return Outcome {
            stderr,
            code: 1,
            ..Outcome::default()
        };
    }
    let printed = changed(&review).map(|changed| match (diff, format) {
        (true, format) => differences(&changed, format),
        (false, Format::Yaml) => documents(&changed),
        (false, Format::Json | Format::Facts) => objects(&changed),
    });
    match printed {
        Ok(text) => Outcome {
            stdout: text.into_bytes(),
            stderr,
            code: 0,
        },
        Err(message) => Outcome::unusable(message),
    }
}

/// What comes of each pod, one object after the other, refused ones too.
fn facts(review: &Review) -> Outcome {
    let mut stdout = String::new();
    for pod in &review.pods {
        match &pod.facts {
            Ok(facts) => {
                let mut named = json!({"pod": pod.place});
                if let (Some(all), Value::Object(facts)) = (named.as_object_mut(), facts) {
                    all.extend(facts.clone());
                }
                stdout.push_str(&format!("{named:#}\n"));
            }
            Err(message) => return Outcome::unusable(format!("{}: {message}", pod.place)),
        }
    }
    let is_refused = review.pods.iter().any(|pod| !pod.problems.is_empty());
    Outcome {
        stdout: stdout.into_bytes(),
        stderr: String::new(),
        code: u8::from(is_refused),
    }
}

/// A document, and its content after injection when that is another.
struct Changed<'a> {
    file: usize,
    name: &'a str,
    document: &'a Document,
    content: Option<Ordered>,
}

fn changed(review: &Review) -> Result<Vec<Changed<'_>>, String> {
    let mut all = Vec::new();
    for (file, manifest) in review.manifests.iter().enumerate() {
        for (index, document) in manifest.documents.iter().enumerate() {
            let mut content = document.content.clone();
            let pods = review
                .pods
                .iter()
                .filter(|pod| pod.document == (file, index));
            for reviewed in pods {
                let Some(injection) = &reviewed.injection else {
                    continue;
                };
                let place = reviewed.described.pointer();
                let patched = content.patch(place, &injection.patch);
                patched.map_err(|missing| format!("{}: {missing}", reviewed.place))?;
            }
            all.push(Changed {
                file,
                name: &manifest.name,
                document,
                content: Some(content).filter(|content| *content != document.content),
            });
        }
    }
    Ok(all)
}

/// All documents as YAML: the unchanged ones byte for byte.
fn documents(all: &[Changed<'_>]) -> String {
    let mut text = String::new();
    // A document that follows another needs its separator, unless it stands as it stood.
    let mut before: Option<&Changed<'_>> = None;
    for this in all {
        let as_it_stood = before.is_none_or(|before| {
            before.file == this.file && before.content.is_none() && this.content.is_none()
        });
        if !text.is_empty() && !text.ends_with('\n') && !as_it_stood {
            text.push('\n');
        }
        let has_content = this.document.number.is_some();
        if has_content && !as_it_stood && !this.document.separated {
            text.push_str("---\n");
        }
        match &this.content {
            None => text.push_str(&this.document.text),
            Some(content) => {
                text.push_str(&this.document.head);
                text.push_str(&yaml::write(content));
            }
        }
        before = Some(this);
    }
    text
}

/// All documents as JSON, one object after the other, as `kubectl` reads them.
fn objects(all: &[Changed<'_>]) -> String {
    all.iter()
        .filter(|this| this.document.number.is_some())
        .map(|this| as_json(this.content.as_ref().unwrap_or(&this.document.content)))
        .collect()
}

/// The changes alone. Both sides are printed the same way, so that nothing but the change differs.
fn differences(all: &[Changed<'_>], format: Format) -> String {
    let print = match format {
        Format::Yaml => yaml::write,
        Format::Json | Format::Facts => as_json,
    };
    all.iter()
        .filter_map(|this| Some((this, this.content.as_ref()?)))
        .map(|(this, content)| {
            let (old, new) = (print(&this.document.content), print(content));
            let number = this.document.number.unwrap_or_default();
            let header = format!("{} document {number}", this.name);
            TextDiff::from_lines(&old, &new)
                .unified_diff()
                .header(&header, &format!("{header}, injected"))
                .to_string()
        })
        .collect()
}

fn as_json(content: &Ordered) -> String {
    // Strings and numbers alone, which can always be written.
    serde_json::to_string_pretty(content).unwrap_or_default() + "\n"
}
