//! Which functions a refresher runs in its usual life: start, login, looks over HTTP and HTTPS, a
//! rotation, `ready`, `status`, a scrape of its metrics, SIGTERM. The list is for the linker, which puts
//! them in front; see `build/refresher.ld`.
//!
//! `tests/run layout` builds what is watched, and runs this in namespaces of its own.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement prepares files, and stops when it cannot measure"
)]

#[path = "../refresher_vs_agent/contestant.rs"]
#[allow(dead_code, reason = "no agent is watched")]
mod contestant;
mod executed;
mod list;
#[path = "../refresher_vs_agent/prepared.rs"]
mod prepared;
mod sections;
#[path = "../refresher_vs_agent/usage.rs"]
#[allow(dead_code, reason = "nothing is timed")]
mod usage;

/// The tests' servers, of which a benchmark needs a part.
#[allow(dead_code, reason = "the tests need the rest")]
#[path = "../../tests/servers/support"]
mod support {
    pub(crate) mod api_server;
    pub(crate) mod http;
    pub(crate) mod pki;
    pub(crate) mod process;
    pub(crate) mod trust;
    pub(crate) mod vault_server;
}

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use self::contestant::Contestant;
use self::prepared::{prepare, rotate};
use self::sections::Sections;
use self::support::api_server::ApiServer;
use self::support::http;
use self::support::pki::Authority;
use self::support::process::{folder, free_port, wait_for};
use self::support::vault_server::Vault;

const USAGE: &str = "refresher_layout PROGRAM MAP LIST";

/// How long each refresher looks at its secret, once a second.
const LOOKS: Duration = Duration::from_secs(8);

fn main() {
    // Cargo itself passes --bench.
    let arguments: Vec<_> = std::env::args_os()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .map(PathBuf::from)
        .collect();
    let [program, map, list] = <[PathBuf; 3]>::try_from(arguments).expect(USAGE);
    let api = ApiServer::shared();
    let pki = folder("layout-pki");
    let authority = Authority::new(&pki);
    let address = format!("127.0.0.1:{}", free_port());
    let vault = Vault::start_with("vault", &[tls_listener(&authority, &address, &pki)]);
    prepare(api, &vault);

    let plain = Contestant::refresher(&vault.url());
    let encrypted = Contestant::refresher(&format!("https://{address}"))
        .with(format!("--ca-file={}", authority.file().display()));
    let map = fs::read_to_string(&map).expect("the linker's map");
    let sections = Sections::of(&map);
    let mut executed = BTreeSet::new();
    for (number, refresher) in [plain, encrypted].into_iter().enumerate() {
        let output = folder("layout").join(format!("callgrind-{number}"));
        watch(refresher.running(&program), &vault, &output);
        executed.extend(executed::addresses(&output, &program, sections.first));
    }
    let text = list::text(&sections.holding(&executed));
    fs::write(&list, &text).expect("the list");
    println!("{}: {} patterns", list.display(), text.lines().count());
}

/// The option that gives a dev Vault a second listener, with TLS.
fn tls_listener(authority: &Authority, address: &str, folder: &Path) -> String {
    let leaf = authority.issue("vault", "layout", &["127.0.0.1"]);
    let config = folder.join("listener.hcl");
    let text = format!(
        "listener \"tcp\" {{\n  address = \"{address}\"\n  tls_cert_file = \"{}\"\n  \
         tls_key_file = \"{}\"\n}}\n",
        leaf.certificate.display(),
        leaf.key.display()
    );
    fs::write(&config, text).expect("listener.hcl");
    format!("-config={}", config.display())
}

/// One life, every instruction of which callgrind counts into `output`.
fn watch(refresher: Contestant, vault: &Vault, output: &Path) {
    let program = refresher.program.clone();
    println!("{}: {LOOKS:?} of its life ...", program.display());
    let metrics = format!("127.0.0.1:{}", free_port());
    let refresher = refresher
        .with(format!("--metrics-address={metrics}"))
        .under("valgrind", executed::options(output));
    let running = refresher.start();
    for question in ["ready", "status"] {
        let status = Command::new(&program).arg(question).status();
        assert!(status.is_ok_and(|status| status.success()), "{question}");
    }
    let answer = http::request(&metrics, "GET", "/metrics", &[], "").expect("metrics");
    assert_eq!(answer.status, 200, "{}", answer.body);
    thread::sleep(LOOKS);
    for password in ["*******", "hunter2"] {
        rotate(vault, password);
        wait_for("the new password", || {
            let text = fs::read_to_string(&refresher.file).ok()?;
            (text == password).then_some(())
        });
    }
    running.end();
}
