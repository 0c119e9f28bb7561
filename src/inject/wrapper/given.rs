//! What one container is given in its environment.

use super::names::Names;
use crate::dialect::Environment;
use crate::spec::layout::{ENVIRONMENT_DIR, ENVIRONMENT_VOLUME};
use crate::spec::{FileSpec, Mount, SyncSpec};

/// What a container is given.
pub(super) struct Given<'a> {
    /// By the annotations.
    pub(super) variables: &'a [FileSpec],
    /// In place of Secrets.
    pub(super) environment: Option<&'a Environment>,
}

impl Given<'_> {
    /// Whether it is given nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.variables.is_empty() && self.environment.is_none()
    }

    /// The volume of the variables. Those of the annotations are looked at as the pod's files are.
    pub(super) fn environment_mount(
        &self,
        number: usize,
        names: &Names<'_>,
        spec: &SyncSpec,
    ) -> Option<Mount> {
        let volume = format!("{ENVIRONMENT_VOLUME}-{number}").parse().ok()?;
        let mut mount = Mount::new(volume, ENVIRONMENT_DIR.parse().ok()?);
        mount.files = self.variables.to_vec();
        mount.environment = true;
        let Some(environment) = self.environment else {
            return Some(mount);
        };
        mount.targets = environment.targets.clone();
        for variables in mount
            .targets
            .iter_mut()
            .flat_map(|target| &mut target.variables)
        {
            variables
                .except
                .extend(names.annotated().map(str::to_owned));
        }
        if self.variables.is_empty() {
            mount.optional = environment.optional;
            let own = environment.refresh_interval;
            mount.refresh_interval = (own != spec.refresh_interval).then_some(own);
        }
        mount.revision = environment.revision.clone();
        Some(mount)
    }

    /// What the author of a container can do whose command nobody knows.
    pub(super) fn unknown_command(&self, name: &str) -> String {
        let say =
            format!("write it here or as freshet.dev/command-{name}: '[\"/app\", \"--flag\"]'");
        match self
            .environment
            .and_then(|environment| environment.targets.first())
        {
            Some(target) => format!(
                "missing, and what starts with variables of a Secret that nobody writes, {0}, must be known without asking a registry: {say}, or mount {0} as a volume and read its files",
                target.name
            ),
            None => format!(
                "missing, and what starts with variables (freshet.dev/env-…) must be known without asking a registry: {say}, or serve files (freshet.dev/secret-…), or name the containers that are meant in freshet.dev/containers"
            ),
        }
    }
}
