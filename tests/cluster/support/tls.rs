//! A client that does a whole handshake ten times a second.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// The name that all certificates are for.
pub(crate) const HOST: &str = "web.test";

/// Between the beginnings of two visits.
const PERIOD: Duration = Duration::from_millis(100);

/// The longest visit.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client at work.
pub(crate) struct Visitor {
    seen: Arc<Mutex<Seen>>,
    ending: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// What it has met.
#[derive(Default)]
struct Seen {
    done: usize,
    failures: Vec<String>,
    certificates: BTreeSet<Vec<u8>>,
}

/// The whole of it.
pub(crate) struct Visits {
    /// Handshakes that succeeded.
    pub(crate) done: usize,
    /// Why others did not.
    pub(crate) failures: Vec<String>,
    /// How many certificates there were.
    pub(crate) certificates: usize,
}

impl Visitor {
    /// Visits `address`, whose certificates `authority` (PEM) has to have signed, until it is told to
    /// end.
    pub(crate) fn start(address: &str, authority: &str) -> Self {
        let authority = CertificateDer::from_pem_slice(authority.as_bytes());
        let authority = authority.expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(authority).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A session that is resumed would show no certificate.
        config.resumption = Resumption::disabled();
        let (seen, ending) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (config, address) = (Arc::new(config), address.to_owned());
        let thread = thread::spawn({
            let (seen, ending) = (Arc::clone(&seen), Arc::clone(&ending));
            move || {
                while !ending.load(Ordering::Relaxed) {
                    let begin = Instant::now();
                    note(&seen, visit(&address, &config));
                    thread::sleep(PERIOD.saturating_sub(begin.elapsed()));
                }
            }
        });
        Self {
            seen,
            ending,
            thread,
        }
    }

    /// How many certificates it has met so far.
    pub(crate) fn certificates(&self) -> usize {
        self.look(|seen| seen.certificates.len())
    }

    /// What has failed so far.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.look(|seen| seen.failures.clone())
    }

    /// Ends, and answers all that it has met.
    pub(crate) fn end(self) -> Visits {
        self.ending.store(true, Ordering::Relaxed);
        let Self { seen, thread, .. } = self;
        thread.join().expect("its thread");
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = std::mem::take(&mut *seen);
        Visits {
            done: seen.done,
            failures: seen.failures,
            certificates: seen.certificates.len(),
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn note(seen: &Mutex<Seen>, result: Result<Vec<u8>, String>) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    match result {
        Ok(certificate) => {
            seen.done += 1;
            seen.certificates.insert(certificate);
        }
        Err(error) => seen.failures.push(error),
    }
}

/// One handshake, a request and the beginning of its answer.
fn visit(address: &str, config: &Arc<ClientConfig>) -> Result<Vec<u8>, String> {
    let text = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(address).map_err(text)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(text)?;
    let host = ServerName::try_from(HOST).expect("a name");
    let connection = ClientConnection::new(Arc::clone(config), host);
    let mut connection = connection.map_err(|error| error.to_string())?;
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    let request =
        format!("GET /v1/sys/health HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    tls.write_all(request.as_bytes()).map_err(text)?;
    let mut answer = [0; 8];
    tls.read_exact(&mut answer).map_err(text)?;
    let certificates = connection.peer_certificates().unwrap_or_default();
    certificates
        .first()
        .map(|certificate| certificate.to_vec())
        .ok_or_else(|| "no certificate".to_owned())
}
