//! `freshet lint`: what is wrong with the pods of a manifest, and what they would be given.

use clap::Args;

use super::Outcome;
use super::review::{ReviewArgs, ReviewedPod};
use crate::dialect::native;
use crate::inject::Summary;
use crate::spec::Auth;

const EXAMPLES: &str = "\
Examples:
  One file:
    freshet lint -f deployment.yaml --vault-address https://vault.vault:8200

  All that a chart makes, for its namespace:
    helm template ./chart | freshet lint -f - --namespace shop --vault-address https://vault.vault:8200

Exit code: 0 when nothing is wrong (warnings do not count), 1 when something is, 2 when the input
cannot be read.";

const OTHERS: &str =
    "\nThose of the Vault Agent Injector (vault.hashicorp.com/*, openbao.org/*) are read, too.";

/// Print what is wrong with the pods of a manifest, offline
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}{OTHERS}", native::overview()))]
pub(super) struct LintArgs {
    #[command(flatten)]
    review: ReviewArgs,
}

pub(super) fn run(arguments: LintArgs) -> Outcome {
    let review = match arguments.review.review() {
        Ok(review) => review,
        Err(message) => return Outcome::unusable(message),
    };
    let mut stdout = String::new();
    for pod in &review.pods {
        stdout.extend(pod.findings());
        stdout.extend(summary(pod));
    }
    let nothing_asked = |pod: &ReviewedPod| pod.injection.is_none() && pod.problems.is_empty();
    let stderr = match review.pods.iter().all(nothing_asked) {
        true => {
            "no pod asks for injection (annotation freshet.dev/inject: \"true\" or vault.hashicorp.com/agent-inject: \"true\", or a volume of an ExternalSecret's target)\n"
        }
        false => "",
    };
    let is_wrong = review.pods.iter().any(|pod| !pod.problems.is_empty());
    Outcome {
        stdout: stdout.into_bytes(),
        stderr: stderr.to_owned(),
        code: u8::from(is_wrong),
    }
}

/// What the pod would be given, with the memory that it costs.
fn summary(pod: &ReviewedPod) -> Option<String> {
    let injection = pod.injection.as_ref()?;
    let summary = &injection.summary;
    let counted = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    };
    let mut files = counted(summary.files, "file");
    if summary.variables > 0 {
        let variables = counted(summary.variables, "variable");
        files = match summary.files {
            0 => variables,
            _ => format!("{files} and {variables}"),
        };
    }
    let containers: Vec<&str> = summary
        .containers
        .iter()
        .map(|name| name.as_str())
        .collect();
    let volumes: Vec<String> = summary
        .memory
        .volumes
        .iter()
        .map(|(volume, size)| format!("volume {volume} at most {size}"))
        .chain(
            summary
                .memory
                .program
                .map(|size| format!("its program at most {size}")),
        )
        .collect();
    let how = if summary.once {
        "an init container"
    } else {
        "a sidecar"
    };
    Some(format!(
        "{}: ok: {files} for {} by {how} {}; memory: {}, refresher at most {}\n",
        pod.place,
        containers.join(", "),
        logins(summary),
        volumes.join(", "),
        summary.memory.refresher
    ))
}

/// As whom the refresher comes to Vault, for itself and for its profiles.
fn logins(summary: &Summary) -> String {
    let profiles = summary.profiles.iter();
    let profiles = profiles.map(|(profile, auth)| format!(", for {profile} {}", login(auth)));
    login(&summary.auth) + &profiles.collect::<String>()
}

/// As whom it comes.
fn login(auth: &Auth) -> String {
    match (auth, auth.role()) {
        (_, Some(role)) => format!("as Vault role {:?}", role.as_str()),
        (Auth::AppRole(_), None) => "as an AppRole".to_owned(),
        (_, None) => "with its client certificate".to_owned(),
    }
}
