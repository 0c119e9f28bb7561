//! `freshet migrate`: what becomes of the pods that were written for the Vault Agent Injector, and
//! their annotations in Freshet's own words.

mod annotations;
mod report;

use clap::{Args, ValueEnum};

use self::report::{Report, Workload};
use super::review::{ReviewArgs, ReviewedPod};
use super::{Outcome, changed, yaml};

const EXAMPLES: &str = "\
Examples:
  What will behave the same, what will differ, and what is refused:
    freshet migrate -f deployment.yaml --vault-address https://vault.vault:8200

  All that a chart makes:
    helm template ./chart | freshet migrate -f - --namespace shop --vault-address https://vault.vault:8200

  The workloads of a live cluster, and the ConfigMaps that agent-configmap may name:
    kubectl get deployments,statefulsets,daemonsets,jobs,cronjobs,configmaps -A -o json |
      freshet migrate -f - --vault-address https://vault.vault:8200

  The same manifest with freshet.dev/* annotations, and the change alone:
    freshet migrate -f deployment.yaml --vault-address https://vault.vault:8200 --write
    freshet migrate -f deployment.yaml --vault-address https://vault.vault:8200 --write --diff

Workloads without annotations vault.hashicorp.com/* or openbao.org/* are counted and not shown, and so are
objects that another one made: its Jobs go with their CronJob.

Exit code: 0 when all of them can move, 1 when one is refused, 2 when the input cannot be read.";

/// Print what becomes of pods that were written for the Vault Agent Injector, offline
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    review: ReviewArgs,

    /// How the report is printed, or with --write the objects
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    output: Format,

    /// Print the manifests with freshet.dev/* annotations in place of the injector's; those of a workload
    /// that has no such form stay, and standard error says why
    #[arg(long)]
    write: bool,

    /// Print the change alone, as a unified diff
    #[arg(long, requires = "write")]
    diff: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people; objects as YAML, those that do not change as they are
    Text,
    Json,
}

pub(super) fn run(arguments: MigrateArgs) -> Outcome {
    let MigrateArgs {
        review,
        output,
        write,
        diff,
    } = arguments;
    let review = match review.review() {
        Ok(review) => review,
        Err(message) => return Outcome::unusable(message),
    };
    let report = Report::of(&review);
    let code = u8::from(report.is_refused());
    if !write {
        let printed = match output {
            Format::Text => report.to_string(),
            Format::Json => format!("{:#}\n", report.to_json()),
        };
        return Outcome {
            stdout: printed.into_bytes(),
            stderr: String::new(),
            code,
        };
    }
    let native = |pod: &ReviewedPod| annotations::native(pod, &review.defaults).ok();
    let patch = |pod: &ReviewedPod| native(pod).map(|native| native.patch);
    let documents = match changed::documents(&review, patch) {
        Ok(documents) => documents,
        Err(message) => return Outcome::unusable(message),
    };
    let stdout = match (diff, output) {
        (true, Format::Text) => changed::differences(&documents, "migrated", yaml::write),
        (true, Format::Json) => changed::differences(&documents, "migrated", changed::as_json),
        (false, Format::Text) => changed::in_yaml(&documents),
        (false, Format::Json) => changed::in_json(&documents),
    };
    let pods = review.pods.iter().filter(|pod| Workload::is_meant(pod));
    let stderr = pods
        .map(|pod| told(pod, annotations::native(pod, &review.defaults)))
        .collect();
    Outcome {
        stdout: stdout.into_bytes(),
        stderr,
        code,
    }
}

/// What is to be said beside a manifest that was written anew.
fn told(pod: &ReviewedPod, native: Result<annotations::Native, Vec<String>>) -> String {
    let line = |word: &str, text: &str| format!("{}: {word}: {text}\n", pod.place);
    match native {
        Ok(native) => {
            let differences = native.differences.iter();
            differences.map(|text| line("warning", text)).collect()
        }
        Err(obstacles) => obstacles
            .iter()
            .map(|text| line("left as it is", text))
            .collect(),
    }
}
