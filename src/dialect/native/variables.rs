//! The environment variables that are fetched, and what containers run.

use std::collections::BTreeMap;

use super::certificate::doubt_parameters;
use super::files::doubt_path;
use super::profiles::Profiles;
use super::vocabulary::Key;
use crate::dialect::findings::{Findings, at};
use crate::spec::{ContainerName, Content, FileMode, FileSpec, Format, SecretRef, VariableName};

/// The variables in the order of their names, each as the file that is called so. One that has a
/// problem is left out.
pub(super) fn read(
    variables: &BTreeMap<VariableName, &str>,
    profiles: &Profiles<'_>,
    findings: &mut Findings,
) -> Vec<FileSpec> {
    let read = |(name, text): (&VariableName, &&str)| {
        let key = Key::Variable.annotation(name.as_str());
        let source: SecretRef = findings.value(&key, text)?;
        profiles.check(&key, &source, findings);
        doubt_path(&key, &source, findings);
        doubt_parameters(&key, &source, findings);
        if source.key.is_none() {
            let message =
                format!("must name one key, for a variable holds one value: write {source}#<key>");
            findings.problem(at(&key).with(text, message));
            return None;
        }
        // What may be a variable's name may be a file's.
        Some(FileSpec {
            name: name.as_str().parse().ok()?,
            path: name.as_str().parse().ok()?,
            mode: FileMode::DEFAULT,
            content: Content::Secret {
                source,
                format: Format::Raw,
            },
        })
    };
    variables.iter().filter_map(read).collect()
}

/// What containers run, by their names.
pub(super) fn commands(
    commands: &BTreeMap<ContainerName, &str>,
    findings: &mut Findings,
) -> BTreeMap<ContainerName, Vec<String>> {
    let mut read = BTreeMap::new();
    for (container, text) in commands {
        match serde_json::from_str::<Vec<String>>(text) {
            Ok(command) if command.first().is_some_and(|program| !program.is_empty()) => {
                read.insert(container.clone(), command);
            }
            _ => {
                let key = Key::Command.annotation(container.as_str());
                let accepted = r#"must be a JSON list of a program and its arguments, e.g. ["/app", "--port=8080"]"#;
                findings.problem(at(&key).with(text, accepted));
            }
        }
    }
    read
}
