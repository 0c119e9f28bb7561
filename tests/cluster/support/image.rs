//! The names of the images: they are loaded into the cluster's own one, or pushed to a registry.

use std::env;

/// An image of the tests (`busybox:1`).
pub(crate) fn of_tests(name: &str) -> String {
    let prefix = registry().unwrap_or_else(|| "freshet.test".to_owned());
    format!("{prefix}/{name}")
}

/// An image of Freshet (`freshet`), of this version.
pub(crate) fn of_freshet(name: &str) -> String {
    let name = format!("{name}:{}", env!("CARGO_PKG_VERSION"));
    match registry() {
        Some(prefix) => format!("{prefix}/{name}"),
        None => name,
    }
}

/// Where `tests/run --images=registry=PREFIX` pushed them to.
fn registry() -> Option<String> {
    let prefix = env::var("FRESHET_TEST_REGISTRY").ok()?;
    (!prefix.is_empty()).then_some(prefix)
}
