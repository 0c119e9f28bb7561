//! The refresher beside a real `vault agent`: the same Vault, the same secret, one template each, one
//! look a second. Start to first file, CPU, memory, size.
//!
//! `tests/run bench` builds what is measured, and runs this in namespaces of its own: the refresher
//! finds its volumes at fixed places below `/run`, and only loopback exists.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark prints its table, prepares files, and stops when it cannot measure"
)]

#[allow(dead_code, reason = "refresher_layout needs the rest")]
mod contestant;
mod exec;
mod figures;
mod prepared;
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

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use self::contestant::Contestant;
use self::figures::{Measured, publish, publish_exec};
use self::prepared::prepare;
use self::support::api_server::ApiServer;
use self::support::process::folder;
use self::support::vault_server::Vault;

/// How many unchanged looks at Vault the steady state is measured over, one a second.
const POLLS: u64 = 60;

fn main() {
    let marker = Path::new("/run/freshet-bench");
    assert!(
        marker.exists(),
        "this needs a /run of its own: run it by `tests/run bench`"
    );
    let (api, vault) = (ApiServer::shared(), Vault::start("vault"));
    let requests = folder("audit").join("requests.log");
    prepare(api, &vault);
    audit(&vault, &requests);
    let contestants = [
        Contestant::refresher(&vault.url()),
        Contestant::agent(&vault.url()),
    ];
    let program = contestants[0].program.clone();
    let [refresher, agent] = contestants.map(|contestant| measure(&contestant, &requests));
    publish(&refresher, &agent);
    publish_exec("exec, added to a start", exec::added(&program, false));
    let supervised = exec::added(&program, true);
    publish_exec("exec as parent, added to a start", supervised);
}

/// Every request to Vault is written to `log`.
fn audit(vault: &Vault, log: &Path) {
    let device = json!({ "type": "file", "options": { "file_path": log } });
    vault.write("sys/audit/file", &device);
}

/// Cold starts first; then one that runs on.
fn measure(contestant: &Contestant, audit: &Path) -> Measured {
    println!("{}: {} cold starts ...", contestant.name, contestant.starts);
    let mut starts: Vec<_> = (0..contestant.starts)
        .map(|_| contestant.start().first_file)
        .collect();
    starts.sort_by_key(|start| start.wall);
    let first_file = starts[starts.len() / 2];

    println!(
        "{}: {POLLS} looks at an unchanged secret ...",
        contestant.name
    );
    let running = contestant.start();
    // The first looks fill caches and grow the heap.
    thread::sleep(Duration::from_secs(2));
    let (requests, before) = (kv_requests(audit), running.usage());
    thread::sleep(Duration::from_secs(POLLS));
    let (after, polls) = (running.usage(), kv_requests(audit) - requests);
    assert!(
        polls.abs_diff(POLLS) <= POLLS / 4,
        "{} asked {polls} times in {POLLS} s",
        contestant.name
    );
    Measured {
        first_file,
        cpu_per_poll: (after.cpu - before.cpu) / u32::try_from(polls).unwrap_or(u32::MAX),
        memory: after.memory,
        size: fs::metadata(&contestant.program)
            .expect("the program")
            .len(),
    }
}

/// How often the secret or its metadata was asked for, by Vault's own audit log.
fn kv_requests(audit: &Path) -> u64 {
    let log = fs::read_to_string(audit).expect("the audit log");
    let entries = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let asked = entries.filter(|entry| {
        let path = entry["request"]["path"].as_str().unwrap_or_default();
        entry["type"] == "response"
            && ["secret/data/bench", "secret/metadata/bench"].contains(&path)
    });
    asked.count() as u64
}
