//! The invariants of `src/lib.rs` that can be read off the source.

use std::fs;

use super::source::Source;
use super::{named, none, production, root};

const PURE: &[&str] = &[
    "calendar",
    "percent",
    "spec",
    "secret",
    "payload",
    "dialect",
    "inject",
    "template",
    "sync",
    "certificate",
    "reconcile",
];

/// What a pure module may not name: sockets, files, clocks, threads, logs, globals.
const IMPURE: &[&str] = &[
    "tokio",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "SystemTime::now",
    "Instant::now",
    "tracing",
    "vaultrs",
    "rustify",
    "reqwest",
    "hyper",
    "hyper_util",
    "rustix",
    "kube",
    "axum",
    "fastrand::Rng::new",
    "fastrand::u64",
];

#[test]
fn pure_modules_name_no_io_no_clock_and_no_log() {
    let mut found = Vec::new();
    for source in production("src") {
        if PURE.contains(&source.module()) {
            found.extend(named(&source, IMPURE));
        }
    }
    none(
        found,
        "pass it in as an argument, or move the code into a shell",
    );
}

#[test]
fn only_the_client_names_vaultrs() {
    let mut found = Vec::new();
    for source in production("src") {
        if source.path != "src/vault/client.rs" {
            found.extend(named(&source, &["vaultrs", "rustify"]));
        }
    }
    none(
        found,
        "speak the types of src/vault.rs; src/vault/client.rs translates",
    );
}

#[test]
fn files_reach_a_volume_only_through_the_atomic_writer() {
    const WRITES: &[&str] = &[
        "std::fs::write",
        "std::fs::rename",
        "std::fs::copy",
        "std::fs::remove_dir_all",
        "std::fs::File::create",
        "std::fs::OpenOptions",
        "std::os::unix::fs::symlink",
        "fs::write",
        "fs::rename",
        "fs::copy",
        "fs::remove_dir_all",
        "fs::symlink",
        "fs::renameat",
        "fs::renameat_with",
        "fs::symlinkat",
        "File::create",
        "File::create_new",
        "OpenOptions::new",
        "rustix::fs::renameat",
        "rustix::fs::symlinkat",
    ];
    // Where Kubernetes reads a container's last words is a file of its own, not a volume's.
    const ELSEWHERE: &[&str] = &["src/refresher/termination.rs"];
    let mut found = Vec::new();
    for source in production("src") {
        let shell_of_a_volume = ["refresher", "vault", "webhook", "telemetry", "shutdown"];
        if shell_of_a_volume.contains(&source.module())
            && !ELSEWHERE.contains(&source.path.as_str())
        {
            found.extend(named(&source, WRITES));
        }
    }
    none(found, "hand a Payload to files::AtomicWriter");
}

#[test]
fn no_setting_comes_from_the_environment() {
    let mut found = Vec::new();
    for source in production("src") {
        // The demo starts programs and builds them, as a person would in a shell; `exec` hands its
        // own environment on to the application.
        let hands_on = ["src/cli/demo", "src/refresher/exec"];
        if !hands_on.iter().any(|place| source.path.starts_with(place)) {
            found.extend(named(
                &source,
                &[
                    "env::var",
                    "env::var_os",
                    "env::vars",
                    "env::vars_os",
                    "env::set_var",
                    "std::env::var",
                    "std::env::var_os",
                    "std::env::vars",
                    "std::env::vars_os",
                    "std::env::set_var",
                ],
            ));
        }
    }
    none(found, "take it as an option of the command line");
}

#[test]
fn secret_bytes_have_no_text_form() {
    let secret = fs::read_to_string(root().join("src/secret.rs")).expect("secret.rs");
    for forbidden in [
        "Serialize for",
        "Display for",
        "LowerHex for",
        "Deref for",
        "AsRef<[u8]> for",
    ] {
        assert!(!secret.contains(forbidden), "src/secret.rs: {forbidden}");
    }
    let (before, _) = secret
        .split_once("pub struct SecretBytes")
        .expect("SecretBytes");
    let derives = before.rsplit("#[derive(").next().unwrap_or_default();
    for forbidden in ["Debug", "Clone", "Serialize", "Hash"] {
        assert!(
            !derives.contains(forbidden),
            "SecretBytes derives {forbidden}"
        );
    }
    for source in production("src/spec")
        .iter()
        .chain(&production("src/dialect"))
    {
        assert!(
            !source.code.contains("SecretBytes"),
            "{}: holds a secret",
            source.path
        );
    }
}

#[test]
fn a_breach_is_found() {
    let text = "use std::{fmt, fs};\nfn f() { tokio::spawn(g()); SystemTime::now(); }";
    let breach = Source::new("src/spec/clock.rs", text);
    let found = named(&breach, IMPURE);
    let want = ["std::fs", "tokio::spawn", "SystemTime::now"];
    assert_eq!(found, want.map(|path| format!("src/spec/clock.rs: {path}")));
}
