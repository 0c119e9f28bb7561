//! Logs in to a PostgreSQL once a second, as whoever a file names at that moment, and counts.
//!
//! usage: `database-client FILE HOST PORT DATABASE`. FILE is JSON with `username` and `password`.
//! Each line of its output is an object: `logins` and `refused` so far, `users` that it has been, and
//! `problem`, the last one.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use postgres::{Config, NoTls};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

#[derive(Default, Serialize)]
struct Report {
    logins: u64,
    refused: u64,
    users: usize,
    problem: Option<String>,
}

const EACH: Duration = Duration::from_secs(1);
/// Logins between two lines.
const LINE: u64 = 10;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [file, host, port, database] = arguments.as_slice() else {
        eprintln!("usage: database-client FILE HOST PORT DATABASE");
        process::exit(2);
    };
    let Ok(port) = port.parse() else {
        eprintln!("database-client: {port:?} is no port");
        process::exit(2);
    };
    let mut server = Config::new();
    server.host(host).port(port).dbname(database);
    server.connect_timeout(Duration::from_secs(5));
    let (mut report, mut users) = (Report::default(), BTreeSet::new());
    let mut next = Instant::now();
    loop {
        match log_in(file, &server) {
            Ok(user) => {
                report.logins += 1;
                users.insert(user);
            }
            Err(problem) => {
                report.refused += 1;
                report.problem = Some(problem);
            }
        }
        report.users = users.len();
        let tried = report.logins + report.refused;
        if tried.is_multiple_of(LINE) || tried == 1 {
            println!("{}", serde_json::to_string(&report).unwrap_or_default());
        }
        next += EACH;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// The user that it logged in as.
fn log_in(file: &str, server: &Config) -> Result<String, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let credentials: Credentials =
        serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
    let mut whole = server.clone();
    whole
        .user(&credentials.username)
        .password(&credentials.password);
    let refused = |error: postgres::Error| match error.as_db_error() {
        Some(said) => format!("{}: {}", credentials.username, said.message()),
        None => format!("{}: {error}", credentials.username),
    };
    let mut client = whole.connect(NoTls).map_err(refused)?;
    client.simple_query("select 1").map_err(refused)?;
    Ok(credentials.username.clone())
}
