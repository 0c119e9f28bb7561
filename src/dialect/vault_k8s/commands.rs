//! What the commands of a pod's files come to, all together.

use super::PodOutline;
use super::files::AskedFile;
use crate::dialect::findings::{Findings, at};
use crate::dialect::{NeededFile, Settings};
use crate::spec::{ChangeAction, OnChange};

/// Something that is done when a file changes, and the annotation that says so.
pub(super) struct Told {
    annotation: String,
    on_change: OnChange,
}

/// The commands of the files.
pub(super) fn of(asked: &[AskedFile]) -> Vec<Told> {
    let told = asked.iter().filter_map(|asked| {
        let (annotation, action) = asked.told.clone()?;
        let name = Some(asked.file.name.clone());
        Some(Told {
            annotation,
            on_change: OnChange { name, action },
        })
    });
    told.collect()
}

/// The settings with these commands, and what is doubtful about them.
pub(super) fn add(
    commands: Vec<Told>,
    mut settings: Settings,
    pod: &PodOutline<'_>,
    findings: &mut Findings,
) -> Settings {
    let own = settings.appearance.share_process_namespace;
    let shares = own.or(pod.share_process_namespace) == Some(true);
    for Told {
        annotation,
        on_change,
    } in commands
    {
        let at = at(&annotation);
        match &on_change.action {
            ChangeAction::Run(_) if settings.once => findings.problem(at.say(
                "would never be run: agent-pre-populate-only adds no sidecar, and the program is run when the file changes; let the application run it at its start",
            )),
            _ if settings.once => findings.warn(at.say(
                "has no effect: agent-pre-populate-only adds no sidecar that could see a change",
            )),
            ChangeAction::Run(call) => {
                findings.warn(at.say(
                    "is run when the file changes, and not when it is written at the pod's start",
                ));
                settings.appearance.needs.push(NeededFile {
                    annotation: annotation.clone(),
                    path: call.program().to_owned(),
                });
            }
            ChangeAction::Processes(_) if !shares => findings.warn(at.say(
                "finds no process but the sidecar's own: the pod does not share its process namespace; set agent-share-process-namespace to \"true\", and agent-run-as-same-user, as nobody else may signal the application",
            )),
            _ => {}
        }
        if !settings.once {
            settings.on_change.push(on_change);
        }
    }
    settings
}
