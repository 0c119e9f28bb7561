//! The certificates among what is remembered. Their keys are in their data.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{NotAMemory, Writer, elapsed, secret_of, text_of};
use crate::secret::{SecretMap, VaultSecret, write_json_map, write_json_string};
use crate::spec::SecretRef;
use crate::sync::certificate::Certificate;
use crate::sync::event::Now;
use crate::vault::Authority;

/// A certificate that shall be remembered.
#[derive(Debug)]
pub(crate) struct CertificateToKeep<'a> {
    pub(crate) secret: &'a SecretRef,
    pub(crate) certificate: &'a Certificate,
    pub(crate) data: &'a SecretMap,
}

/// One that is.
#[derive(Debug)]
pub(crate) struct KnownCertificate {
    pub(crate) secret: SecretRef,
    pub(crate) certificate: Certificate,
    pub(crate) data: VaultSecret,
}

impl Writer {
    pub(crate) fn certificates<'a>(
        &mut self,
        certificates: impl Iterator<Item = CertificateToKeep<'a>>,
    ) {
        self.json.extend(b",\"certificates\":[");
        for (index, kept) in certificates.enumerate() {
            self.separate(index);
            self.json.extend(b"{\"secret\":");
            self.json.extend(text_of(kept.secret));
            let Certificate {
                end,
                replace,
                authority,
            } = kept.certificate;
            let (end, replace) = (self.moment(Some(*end)), self.moment(Some(*replace)));
            let times = format!(",\"end\":{end},\"replace\":{replace}");
            self.json.extend(times.into_bytes());
            if let Some(authority) = authority {
                self.json.extend(b",\"authority\":");
                write_json_string(authority.as_str().as_bytes(), &mut self.json);
            }
            self.json.extend(b",\"data\":");
            write_json_map(kept.data, &mut self.json);
            self.json.push(b'}');
        }
        self.json.push(b']');
    }
}

/// What that writes.
#[derive(Deserialize)]
pub(super) struct CertificateEntry<'a> {
    secret: SecretRef,
    end: u64,
    replace: u64,
    authority: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl CertificateEntry<'_> {
    pub(super) fn known(self, now: Now) -> Result<KnownCertificate, NotAMemory> {
        Ok(KnownCertificate {
            secret: self.secret,
            certificate: Certificate {
                end: elapsed(self.end, now),
                replace: elapsed(self.replace, now),
                authority: self.authority.map(Authority::recalled),
            },
            data: secret_of(self.data, None)?,
        })
    }
}
