//! Tells the linker how to lay out the refresher that is released: its memory is that of every pod.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a build script hears of the build by its environment, and answers on standard output"
)]

use std::env;
use std::path::Path;

/// The one profile that aborts on a panic, so that nothing needs the tables that the layout drops.
const PROFILE: &str = "refresher";

fn main() {
    println!("cargo::rerun-if-changed=build");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("build");
    if is_released_refresher() {
        for argument in [
            format!("-L{}", folder.display()),
            format!("-Wl,-T,{}", folder.join("refresher.ld").display()),
        ] {
            println!("cargo::rustc-link-arg-bin=freshet-refresher={argument}");
        }
    }
}

/// The names of the layout are those of musl's static programs, and of that profile's code.
fn is_released_refresher() -> bool {
    let musl = env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|name| name == "musl");
    // Cargo says "release" of every profile that inherits from it, and that panics unwind of every
    // one; what the profile is called stands in the path alone: PROFILE/build/PACKAGE-HASH/out.
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    let profile = Path::new(&out).ancestors().nth(3);
    musl && profile.is_some_and(|path| path.ends_with(PROFILE))
}
