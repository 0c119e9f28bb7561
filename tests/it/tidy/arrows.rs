//! Which module may name which.

use std::fs;

use super::{none, production, root};

/// A module at the top of the crate, and those that it may name.
///
/// What is not drawn is forbidden. A new arrow belongs into the map in `src/lib.rs` first.
const ARROWS: &[(&str, &[&str])] = &[
    ("calendar", &[]),
    ("percent", &[]),
    ("spec", &["percent"]),
    ("secret", &[]),
    ("payload", &["secret", "spec"]),
    ("template", &["calendar", "percent", "secret", "spec"]),
    ("dialect", &["spec", "template"]),
    ("inject", &["dialect", "spec"]),
    // The engine decides on the types and the error classes of `vault.rs`; it calls nothing there.
    (
        "sync",
        &["calendar", "payload", "secret", "spec", "template", "vault"],
    ),
    ("vault", &["secret", "spec"]),
    ("files", &["payload", "secret", "spec"]),
    ("certificate", &["calendar", "spec"]),
    ("reconcile", &["calendar", "dialect", "inject", "spec"]),
    (
        "controller",
        &["certificate", "dialect", "inject", "reconcile", "spec"],
    ),
    (
        "webhook",
        &[
            "certificate",
            "controller",
            "dialect",
            "inject",
            "reconcile",
            "shutdown",
            "spec",
            "telemetry",
            "template",
        ],
    ),
    (
        "refresher",
        &[
            "files",
            "payload",
            "secret",
            "shutdown",
            "spec",
            "sync",
            "telemetry",
            "template",
            "vault",
        ],
    ),
    ("dev_vault", &["calendar", "percent"]),
    (
        "cli",
        &[
            "certificate",
            "dev_vault",
            "dialect",
            "inject",
            "secret",
            "shutdown",
            "spec",
            "telemetry",
            "template",
            "webhook",
        ],
    ),
    ("telemetry", &[]),
    ("shutdown", &[]),
];

#[test]
fn modules_use_only_the_arrows_of_the_map() {
    let mut found = Vec::new();
    for source in production("src") {
        if source.path == "src/lib.rs" || source.path.starts_with("src/bin/") {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == source.module()) else {
            found.push(format!(
                "{}: module {} is not in the map",
                source.path,
                source.module()
            ));
            continue;
        };
        let depth = source.path.matches('/').count();
        for path in source.paths() {
            let climbs = path
                .iter()
                .take_while(|segment| *segment == "super")
                .count();
            if climbs >= depth && climbs > 0 {
                found.push(format!(
                    "{}: {} climbs to the crate: write crate::",
                    source.path,
                    path.join("::")
                ));
            }
            let target = path[1].as_str();
            if path[0] == "crate" && target != source.module() && !allowed.contains(&target) {
                found.push(format!("{}: {} is not drawn", source.path, path.join("::")));
            }
        }
    }
    none(found, "see the arrows in src/lib.rs");
}

#[test]
fn the_map_draws_every_module_and_has_no_circle() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs");
    for (name, targets) in ARROWS {
        assert!(
            lib.contains(&format!("pub mod {name};")),
            "no such module: {name}"
        );
        assert!(
            lib.contains(&format!("[`{name}`]")),
            "lib.rs does not say what {name} is for"
        );
        for target in *targets {
            assert!(
                !reaches(target, name),
                "{name} and {target} depend on each other"
            );
        }
    }
    let modules = lib
        .lines()
        .filter(|line| line.starts_with("pub mod "))
        .count();
    assert_eq!(
        modules,
        ARROWS.len(),
        "every module of lib.rs has its arrows here"
    );
}

fn reaches(from: &str, to: &str) -> bool {
    from == to
        || ARROWS
            .iter()
            .filter(|(name, _)| *name == from)
            .any(|(_, targets)| targets.iter().any(|target| reaches(target, to)))
}
