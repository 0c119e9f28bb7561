//! A proxy before Vault that lets two askers have one answer: what one has asked for is told to the
//! other as it was, so that a certificate that is made once can be compared in two files.
//!
//! Logins and what keeps a token alive go through. The database engine is the dev Vault's: a real one
//! needs a database.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::support::http::{self, Reply};

/// A request, without who sent it.
type Question = (String, String, String);

/// Where requests go.
pub(super) struct Upstream {
    /// The real Vault.
    pub(super) vault: String,
    /// The dev Vault, and its root token.
    pub(super) database: (String, &'static str),
}

/// What was answered so far, and how often each answer was told.
type Answers = Arc<Mutex<BTreeMap<Question, (Reply, usize)>>>;

pub(super) struct Recorder {
    pub(super) address: String,
    answers: Answers,
}

impl Recorder {
    pub(super) fn before(upstream: Upstream) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let answers = Answers::default();
        let (upstream, known) = (Arc::new(upstream), Arc::clone(&answers));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, known) = (Arc::clone(&upstream), Arc::clone(&known));
                // Whoever hangs up has its reasons.
                thread::spawn(move || serve(stream, &upstream, &known).ok());
            }
        });
        Self { address, answers }
    }

    /// The paths of what was answered to at least two askers with the same words.
    pub(super) fn shared(&self) -> Vec<String> {
        let answers = self.answers.lock().expect("the answers");
        let shared = answers.iter().filter(|(_, (_, told))| *told > 1);
        shared.map(|((_, path, _), _)| path.clone()).collect()
    }
}

fn serve(mut stream: TcpStream, upstream: &Upstream, known: &Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut headers = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        match name.as_str() {
            "content-length" => length = value.parse().unwrap_or_default(),
            name if name.starts_with("x-vault-") => headers.push((name.to_owned(), value)),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let reply = answer((method, path, &body), &headers, upstream, known)?;
    write!(
        stream,
        "HTTP/1.1 {} Recorded\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        reply.status,
        reply.body.len(),
        reply.body
    )
}

fn answer(
    (method, path, body): (&str, &str, &str),
    headers: &[(String, String)],
    upstream: &Upstream,
    known: &Answers,
) -> std::io::Result<Reply> {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let (root_address, root_token) = &upstream.database;
    let names = |text: &str| text.contains("database/");
    let forward = || match names(path) || (path.starts_with("/v1/sys/leases/") && names(body)) {
        true => http::request(
            root_address,
            method,
            path,
            &[("X-Vault-Token", root_token)],
            body,
        ),
        false => http::request(&upstream.vault, method, path, &headers, body),
    };
    let goes_through = [
        "/v1/auth/jwt/login",
        "/v1/auth/token/renew-self",
        "/v1/sys/leases/",
    ];
    if goes_through.iter().any(|through| path.starts_with(through)) {
        return forward();
    }
    // Held while Vault is asked, so that nobody asks the same meanwhile.
    let mut known = known.lock().expect("the answers");
    let question = question(method, path, body);
    if let Some((reply, told)) = known.get_mut(&question) {
        *told += 1;
        return Ok(copy(reply));
    }
    let reply = forward()?;
    if reply.status < 300 {
        known.insert(question, (copy(&reply), 1));
    }
    Ok(reply)
}

/// The same question has several forms: `LIST` and `?list=true`, `PUT` and `POST`, fields in any
/// order.
fn question(method: &str, path: &str, body: &str) -> Question {
    let listed = path.strip_suffix("?list=true");
    let method = match method {
        "PUT" => "POST",
        _ if listed.is_some() => "LIST",
        method => method,
    };
    let path = listed.unwrap_or(path).trim_end_matches('/');
    let body = serde_json::from_str::<Value>(body).map_or(String::new(), |body| body.to_string());
    (method.to_owned(), path.to_owned(), body)
}

fn copy(reply: &Reply) -> Reply {
    Reply {
        status: reply.status,
        body: reply.body.clone(),
    }
}
