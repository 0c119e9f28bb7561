//! The webhook as a process: its certificate, its ports, and what the kernel says of it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::generate_simple_self_signed;
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use super::Result;

/// A running webhook; it ends with this value.
pub(crate) struct Webhook {
    process: Process,
    /// Where it takes reviews.
    pub(crate) address: SocketAddr,
    /// Where it shows its metrics.
    pub(crate) metrics: SocketAddr,
    /// What it shows to clients, and what they have to trust.
    pub(crate) certificate: CertificateDer<'static>,
    _directory: TempDir,
}

/// What it has used so far.
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Resident memory in MiB, files that are mapped among it.
    pub(crate) rss: f64,
    /// Resident memory in MiB that only this process has.
    pub(crate) anonymous: f64,
}

/// A child that is not left behind.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Webhook {
    /// Starts `binary webhook` with `options` for the Kubernetes API, and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn start(binary: &Path, options: &[&str]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let pair = generate_simple_self_signed(["localhost".to_owned()])?;
        fs::write(directory.path().join("tls.crt"), pair.cert.pem())?;
        fs::write(
            directory.path().join("tls.key"),
            pair.signing_key.serialize_pem(),
        )?;
        let child = Command::new(binary)
            .arg("webhook")
            .arg("--certificate-dir")
            .arg(directory.path())
            .args([
                "--listen-address=127.0.0.1:0",
                "--metrics-address=127.0.0.1:0",
            ])
            .arg("--kubernetes-version=1.36")
            .args(options)
            .args([
                "--vault-address=https://vault.vault:8200",
                "--log-format=json",
            ])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let mut process = Process(child);
        let mut log = BufReader::new(process.0.stderr.take().ok_or("no log")?);
        let address = listening(&mut log, "--listen-address")?;
        let metrics = listening(&mut log, "--metrics-address")?;
        // Read on, as a collector does: a full pipe would stop the webhook.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Ok(Self {
            process,
            address,
            metrics,
            certificate: pair.cert.der().clone(),
            _directory: directory,
        })
    }

    /// CPU and memory, from `/proc`.
    ///
    /// # Errors
    /// When the process is gone.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let directory = Path::new("/proc").join(self.process.0.id().to_string());
        let stat = fs::read_to_string(directory.join("stat"))?;
        // Fields 14 and 15, counted from behind the name, which may hold anything. In ticks, of which
        // Linux shows 100 a second, whatever the kernel's own are.
        let (_, fields) = stat.rsplit_once(')').ok_or("no process name")?;
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        let status = fs::read_to_string(directory.join("status"))?;
        Ok(Usage {
            cpu: Duration::from_millis(ticks * 10),
            rss: mebibytes(&status, "VmRSS:")?,
            anonymous: mebibytes(&status, "RssAnon:")?,
        })
    }
}

/// The address of the port of `option`, of which the log tells next.
fn listening<R: Read>(log: &mut BufReader<R>, option: &str) -> Result<SocketAddr> {
    let mut said = String::new();
    for line in log.lines() {
        let line = line?;
        let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if event["option"] == option {
            return Ok(event["address"].as_str().ok_or("no address")?.parse()?);
        }
        said.push_str(&line);
        said.push('\n');
    }
    Err(format!("the webhook ended: {said}").into())
}

/// A size of `/proc/PID/status`, which counts in KiB.
fn mebibytes(status: &str, name: &str) -> Result<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: f64 = value.ok_or("no memory figures")?.parse()?;
    Ok(kibibytes / 1024.0)
}
