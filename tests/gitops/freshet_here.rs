//! Freshet as it serves External Secrets' manifests on this cluster.

use std::sync::OnceLock;

use crate::support::freshet;

/// Installs it once for all tests of a run.
#[track_caller]
pub(crate) fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        freshet::install();
        upgrade();
    });
}

/// What all tests take for given, whatever is installed now.
#[track_caller]
pub(crate) fn upgrade() {
    freshet::upgrade_with(&[
        "--set=externalSecrets.enabled=true",
        "--set=externalSecrets.claim=all",
        "--set=externalSecrets.installCRDs=true",
    ]);
    freshet::wait_until_asked();
}
