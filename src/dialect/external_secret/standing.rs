//! What can be said of an ExternalSecret or a store without any pod.

use std::collections::BTreeSet;

use super::claim::Claim;
use super::facts::ExternalSecretFacts;
use super::manifest::Manifest;
use super::served::Server;
use super::store::Store;
use super::usage::{PodSecrets, Projection};
use crate::dialect::Problem;

/// Whether an ExternalSecret can be served to whatever pod mounts its target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What is wrong with it and with its stores, all at once.
    pub problems: Vec<Problem>,
    /// What its templates need of the full refresher.
    pub heavy_functions: BTreeSet<&'static str>,
}

impl ExternalSecretFacts {
    /// How an ExternalSecret of the namespace stands; `None` of one that is not Freshet's to serve.
    ///
    /// Whether a store's service account is that of the pod can be said of a pod alone.
    pub fn standing(&self, manifest: &Manifest) -> Option<Standing> {
        let any = PodSecrets::default();
        let mut server = Server::new(&any, self);
        if !server.is_owned(manifest) {
            return None;
        }
        let target = Projection::whole("spec.target.name", &manifest.target);
        // That two make one Secret is told of both.
        if server.maker(&target).is_some() {
            server.target(manifest, target);
        }
        Some(Standing {
            problems: server.notes.problems,
            heavy_functions: server.heavy,
        })
    }
}

impl Store {
    /// What is wrong with it; `None` of a store that is not Freshet's to serve.
    pub fn standing(&self, claim: Claim) -> Option<&[Problem]> {
        claim
            .claims(&self.controller)
            .then_some(&self.notes.problems)
    }
}
