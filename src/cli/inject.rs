//! `freshet inject`: what the webhook would make of a manifest.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::review::{Review, ReviewArgs, ReviewedPod};
use super::{Outcome, changed, yaml};

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
    let patch = |pod: &ReviewedPod| pod.injection.as_ref().map(|it| it.patch.clone());
    let printed = changed::documents(&review, patch).map(|changed| match (diff, format) {
        (true, Format::Yaml) => changed::differences(&changed, "injected", yaml::write),
        (true, _) => changed::differences(&changed, "injected", changed::as_json),
        (false, Format::Yaml) => changed::in_yaml(&changed),
        (false, _) => changed::in_json(&changed),
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
