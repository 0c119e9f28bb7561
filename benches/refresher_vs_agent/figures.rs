//! The table, and the lines for `target/figures.tsv`.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::contestant::FirstFile;
use super::usage::Memory;

/// All that is measured of one contestant.
pub(crate) struct Measured {
    pub(crate) first_file: FirstFile,
    pub(crate) cpu_per_poll: Duration,
    pub(crate) memory: Memory,
    /// Of the program, in bytes.
    pub(crate) size: u64,
}

struct Row {
    name: &'static str,
    unit: &'static str,
    /// For the refresher.
    budget: &'static str,
    of: fn(&Measured) -> f64,
}

const ROWS: [Row; 6] = [
    Row {
        name: "RSS after 60 polls",
        unit: "MiB",
        budget: "<= 3",
        of: |measured| measured.memory.resident as f64 / 1024.0,
    },
    Row {
        name: "anonymous memory after 60 polls",
        unit: "MiB",
        budget: "<= 0.5",
        of: |measured| measured.memory.anonymous as f64 / 1024.0,
    },
    Row {
        name: "start to first file",
        unit: "ms",
        budget: "<= 10",
        of: |measured| measured.first_file.wall.as_secs_f64() * 1e3,
    },
    Row {
        name: "CPU to first file",
        unit: "ms",
        budget: "<= 5",
        of: |measured| measured.first_file.cpu.as_secs_f64() * 1e3,
    },
    Row {
        name: "CPU per unchanged poll",
        unit: "ms",
        budget: "<= 0.3",
        of: |measured| measured.cpu_per_poll.as_secs_f64() * 1e3,
    },
    Row {
        name: "binary",
        unit: "MB",
        budget: "<= 4",
        of: |measured| measured.size as f64 / 1e6,
    },
];

/// Prints the table and appends the lines.
pub(crate) fn publish(refresher: &Measured, agent: &Measured) {
    let mut file = table();
    println!();
    println!(
        "{:32} {:>10} {:>12} {:>8}  unit  budget",
        "", "refresher", "vault agent", "ratio"
    );
    for Row {
        name,
        unit,
        budget,
        of,
    } in ROWS
    {
        let (ours, theirs) = (of(refresher), of(agent));
        println!(
            "{name:32} {ours:>10.2} {theirs:>12.2} {:>8.0}  {unit:4}  {budget}",
            theirs / ours
        );
        let lines = [
            format!("refresher {name}\t{ours:.2}\t{unit}\t{budget}\n"),
            format!("vault agent {name}\t{theirs:.2}\t{unit}\t\n"),
        ];
        for line in lines {
            file.write_all(line.as_bytes())
                .expect("a line of target/figures.tsv");
        }
    }
}

/// Prints what `exec` adds to a start, and appends its line.
pub(crate) fn publish_exec(name: &str, added: Duration) {
    let budget = "<= 5";
    let added = added.as_secs_f64() * 1e3;
    println!(
        "{name:32} {added:>10.2} {:>12} {:>8}  ms    {budget}",
        "", ""
    );
    table()
        .write_all(format!("refresher {name}\t{added:.2}\tms\t{budget}\n").as_bytes())
        .expect("a line of target/figures.tsv");
}

fn table() -> File {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("target");
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(target.join("figures.tsv"))
        .expect("target/figures.tsv")
}
