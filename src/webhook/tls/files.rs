//! A certificate from files, read again when they change.
//!
//! kubelet replaces a mounted Secret by one swap of the symlink `..data`. Chain and key are read
//! below the resolved link, so that they are of one generation; a pair that does not belong
//! together, or that cannot be read, leaves the one that is served.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::served::Served;
use crate::certificate::{InvalidPair, PemPair};
use crate::shutdown::Shutdown;

/// Where certificate and key lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFiles {
    /// A directory with `tls.crt` and `tls.key`: a mounted Secret of type `kubernetes.io/tls`.
    Directory(PathBuf),
    /// Two files of any name.
    Pair {
        /// The certificate chain, PEM, leaf first.
        chain: PathBuf,
        /// The private key, PEM.
        key: PathBuf,
    },
}

/// Why no certificate can be served.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("certificate: {path}: {reason}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// The files were read, but they are not a certificate and its key.
    #[error("certificate: {files}: {problem}")]
    Invalid {
        /// The files.
        files: CertificateFiles,
        /// What is wrong with them.
        problem: InvalidPair,
    },
}

impl CertificateFiles {
    /// Chain and key, of one generation where the files lie in a mounted Secret.
    fn read(&self) -> Result<PemPair, CertificateError> {
        // A swap between resolving and reading takes the files away: then the new ones are there.
        self.read_once().or_else(|_| self.read_once())
    }

    fn read_once(&self) -> Result<PemPair, CertificateError> {
        let (chain, key) = match self {
            Self::Directory(directory) => {
                // The generation that `..data` points to now; a plain directory has none.
                let generation = std::fs::canonicalize(directory.join("..data"));
                let directory = generation.as_deref().unwrap_or(directory);
                (directory.join("tls.crt"), directory.join("tls.key"))
            }
            Self::Pair { chain, key } => (chain.clone(), key.clone()),
        };
        Ok(PemPair::new(read(&chain)?, read(&key)?))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(path).map_err(|reason| CertificateError::Unreadable {
        path: path.to_owned(),
        reason,
    })
}

impl fmt::Display for CertificateFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => write!(f, "{}/tls.{{crt,key}}", directory.display()),
            Self::Pair { chain, key } => write!(f, "{}, {}", chain.display(), key.display()),
        }
    }
}

/// The files, and what of them is served.
pub struct FileCertificate {
    files: CertificateFiles,
    served: Arc<Served>,
    /// What was looked at last, whether it was taken or not: a bad pair is told of once.
    seen: Result<PemPair, String>,
}

impl FileCertificate {
    /// Reads the files for the first time, and hands what they hold to `served`.
    ///
    /// # Errors
    /// When they cannot be read, or are not a certificate and its key.
    pub fn load(files: CertificateFiles, served: Arc<Served>) -> Result<Self, CertificateError> {
        let pem = files.read()?;
        let pair = pem.parse().map_err(|problem| CertificateError::Invalid {
            files: files.clone(),
            problem,
        })?;
        served.serve(pair);
        Ok(Self {
            files,
            served,
            seen: Ok(pem),
        })
    }

    /// Looks at the files every `interval` until the shutdown.
    pub async fn watch(mut self, interval: Duration, mut shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(interval) => self.reload(),
                () = shutdown.requested() => return,
            }
        }
    }

    /// Takes up what the files hold, when that is new and good.
    pub fn reload(&mut self) {
        match self.files.read() {
            Ok(pem) => {
                if self.seen.as_ref() == Ok(&pem) {
                    return;
                }
                match pem.parse() {
                    Ok(pair) => self.served.serve(pair),
                    Err(problem) => self.served.refuse(&format!("{}: {problem}", self.files)),
                }
                self.seen = Ok(pem);
            }
            Err(problem) => {
                let problem = problem.to_string();
                if self.seen.as_ref() != Err(&problem) {
                    self.served.refuse(&problem);
                    self.seen = Err(problem);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
