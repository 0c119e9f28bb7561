//! What is doubtful in the way in which a pod mounts the targets of ExternalSecrets.

use super::Server;

impl Server<'_> {
    /// A Secret of an ExternalSecret whose store does not exist is nobody's to make.
    pub(super) fn doubt_missing_store(&mut self, path: String, secret: &str) {
        let facts = self.facts;
        let orphan = facts.making(secret).find(|manifest| {
            let mut stores = manifest.stores();
            !self.is_owned(manifest)
                && stores.any(|store| facts.store(store.cluster, &store.name).is_none())
        });
        if let Some(manifest) = orphan {
            let message = format!(
                "{secret} is the target of ExternalSecret {}, whose store does not exist: nothing fills it",
                manifest.name
            );
            self.notes.warn(path, message);
        }
    }

    /// What behaves otherwise in a memory volume than in one of a Secret.
    pub(super) fn doubt_mounts(&mut self, volume: &str) {
        for mount in self
            .pod
            .mounts
            .iter()
            .filter(|mount| mount.volume == volume)
        {
            if mount.is_sub_path {
                let message = "a file that is mounted by subPath never changes after the container has started: mount the directory to follow rotations";
                self.notes.warn(format!("{}.subPath", mount.path), message);
            } else if !mount.is_read_only {
                let message = "should be true: a volume of a Secret is always read-only, the memory volume in its place is not";
                self.notes.warn(format!("{}.readOnly", mount.path), message);
            }
        }
    }
}
