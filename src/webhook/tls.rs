//! The certificate that the API server sees: from files, or self-managed.
//!
//! Handshakes take the newest pair, open connections are not touched.

mod files;
mod self_managed;
mod served;

pub use self::files::{CertificateError, CertificateFiles, FileCertificate};
pub use self::self_managed::SelfManaged;
pub(super) use self::self_managed::keep;
pub use self::served::Served;
