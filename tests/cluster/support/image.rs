//! The names of the images: they are loaded into the cluster's own one, or pushed to a registry.

use std::env;

/// An image of the tests (`busybox:1`).
pub(crate) fn of_tests(name: &str) -> String {
    let prefix = registry().unwrap_or_else(|| "freshet.test".to_owned());
    format!("{prefix}/{name}")
}

/// What stands before the names of Freshet's images.
pub(crate) fn registry_of_freshet() -> String {
    // What an image that was loaded without one is called by.
    registry().unwrap_or_else(|| "docker.io/library".to_owned())
}

/// Where `tests/run --images=registry=PREFIX` pushed them to.
fn registry() -> Option<String> {
    let prefix = env::var("FRESHET_TEST_REGISTRY").ok()?;
    (!prefix.is_empty()).then_some(prefix)
}
