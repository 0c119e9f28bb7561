//! What outlives the process: the credentials and certificates that Vault made for this pod, the
//! tokens that credentials hang on, whether one was just being made, and of which switches the
//! application was not told yet.
//!
//! Credentials are recorded before they are used and once they are no longer, so a process that is
//! killed leaves at most one of them behind for each login: the one that Vault was being asked for.

mod certificates;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;

use self::certificates::CertificateEntry;
use super::event::{Now, TokenId};
use crate::secret::{Lease, LeaseId, SecretBytes, SecretMap, SecretValue, VaultSecret};
use crate::secret::{write_json_map, write_json_string};
use crate::spec::{Profile, SecretRef};

pub(crate) use self::certificates::{CertificateToKeep, KnownCertificate};

/// What is to be remembered, as JSON; the tokens themselves are only named.
#[derive(Debug, PartialEq, Eq)]
pub struct Memory {
    /// The text. It holds credentials.
    pub json: SecretBytes,
    /// The tokens that have to be kept with it.
    pub tokens: BTreeSet<TokenId>,
}

/// The text is not what a [`Memory`] of this version holds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("what an earlier process left cannot be read")]
pub struct NotAMemory;

/// A token, as far as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownToken {
    pub(crate) id: TokenId,
    /// Whose it is.
    pub(crate) profile: Option<Profile>,
    pub(crate) granted: Duration,
    pub(crate) expires: Option<Duration>,
    pub(crate) renewable: bool,
    /// In use; the others wait to be revoked.
    pub(crate) current: bool,
}

/// A lease, as far as it is remembered.
#[derive(Debug)]
pub(crate) struct KnownLease {
    pub(crate) secret: SecretRef,
    pub(crate) lease: LeaseId,
    pub(crate) token: TokenId,
    pub(crate) granted: Duration,
    pub(crate) end: Option<Duration>,
    pub(crate) renewable: bool,
    /// What it is the lease of; nothing when the credential was replaced.
    pub(crate) data: Option<VaultSecret>,
}

/// All that is remembered.
#[derive(Debug, Default)]
pub(crate) struct Recalled {
    pub(crate) issuing: BTreeSet<SecretRef>,
    pub(crate) tokens: Vec<KnownToken>,
    pub(crate) leases: Vec<KnownLease>,
    pub(crate) untold: BTreeSet<String>,
    pub(crate) certificates: Vec<KnownCertificate>,
}

const VERSION: u64 = 1;

/// Writes a [`Memory`]; times are kept as times of day, for the engine's own begin anew.
#[derive(Debug)]
pub(crate) struct Writer {
    now: Now,
    json: Vec<u8>,
    tokens: BTreeSet<TokenId>,
}

impl Writer {
    pub(crate) fn new(now: Now) -> Self {
        Self {
            now,
            json: format!("{{\"version\":{VERSION}").into_bytes(),
            tokens: BTreeSet::new(),
        }
    }

    /// The secrets that Vault may be making a credential for.
    pub(crate) fn issuing(&mut self, issuing: &BTreeSet<SecretRef>) {
        if issuing.is_empty() {
            return;
        }
        self.json.extend(b",\"issuing\":[");
        for (index, secret) in issuing.iter().enumerate() {
            self.separate(index);
            self.json.extend(text_of(secret));
        }
        self.json.push(b']');
    }

    pub(crate) fn tokens(&mut self, tokens: impl Iterator<Item = KnownToken>) {
        self.json.extend(b",\"tokens\":[");
        for (index, token) in tokens.enumerate() {
            self.tokens.insert(token.id);
            self.separate(index);
            let (granted, expires) = (token.granted.as_millis(), self.moment(token.expires));
            // What may stand in a profile's name may stand in JSON.
            let profile = token.profile.as_ref();
            let profile = profile.map(|profile| format!(",\"profile\":\"{profile}\""));
            let text = format!(
                "{{\"id\":{},\"granted\":{granted},\"expires\":{expires},\"renewable\":{},\"current\":{}{}}}",
                token.id.0,
                token.renewable,
                token.current,
                profile.unwrap_or_default()
            );
            self.json.extend(text.into_bytes());
        }
        self.json.push(b']');
    }

    pub(crate) fn leases<'a>(&mut self, leases: impl Iterator<Item = LeaseToKeep<'a>>) {
        self.json.extend(b",\"leases\":[");
        for (index, kept) in leases.enumerate() {
            self.separate(index);
            self.json.extend(b"{\"secret\":");
            self.json.extend(text_of(kept.secret));
            self.json.extend(b",\"lease\":");
            write_json_string(kept.lease.expose(), &mut self.json);
            let (granted, end) = (kept.granted.as_millis(), self.moment(kept.end));
            let text = format!(
                ",\"token\":{},\"granted\":{granted},\"end\":{end},\"renewable\":{}",
                kept.token.0, kept.renewable
            );
            self.json.extend(text.into_bytes());
            if let Some(data) = kept.data {
                self.json.extend(b",\"data\":");
                write_json_map(data, &mut self.json);
            }
            self.json.push(b'}');
        }
        self.json.push(b']');
    }

    /// What the application was to be told of, by the texts of the actions.
    pub(crate) fn untold(&mut self, untold: &BTreeSet<String>) {
        if untold.is_empty() {
            return;
        }
        self.json.extend(b",\"untold\":[");
        for (index, text) in untold.iter().enumerate() {
            self.separate(index);
            write_json_string(text.as_bytes(), &mut self.json);
        }
        self.json.push(b']');
    }

    pub(crate) fn finish(mut self) -> Memory {
        self.json.push(b'}');
        Memory {
            json: SecretBytes::new(self.json),
            tokens: self.tokens,
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.json.push(b',');
        }
    }

    /// Milliseconds since 1970.
    fn moment(&self, at: Option<Duration>) -> String {
        let Some(at) = at else {
            return "null".to_owned();
        };
        let ahead = at.saturating_sub(self.now.elapsed);
        let wall = self.now.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        (wall + ahead).as_millis().to_string()
    }
}

/// A lease that shall be remembered.
#[derive(Debug)]
pub(crate) struct LeaseToKeep<'a> {
    pub(crate) secret: &'a SecretRef,
    pub(crate) lease: &'a LeaseId,
    pub(crate) token: TokenId,
    pub(crate) granted: Duration,
    pub(crate) end: Option<Duration>,
    pub(crate) renewable: bool,
    pub(crate) data: Option<&'a SecretMap>,
}

fn text_of(secret: &SecretRef) -> Vec<u8> {
    // A text always is JSON.
    serde_json::to_vec(secret).unwrap_or_default()
}

/// What a [`Writer`] writes.
#[derive(Deserialize)]
struct Document<'a> {
    version: u64,
    #[serde(default)]
    issuing: Issuing,
    #[serde(default)]
    tokens: Vec<TokenEntry>,
    #[serde(borrow, default)]
    leases: Vec<LeaseEntry<'a>>,
    #[serde(default)]
    untold: BTreeSet<String>,
    #[serde(borrow, default)]
    certificates: Vec<CertificateEntry<'a>>,
}

/// One secret, as earlier releases wrote it, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Issuing {
    One(SecretRef),
    Several(BTreeSet<SecretRef>),
}

impl Default for Issuing {
    fn default() -> Self {
        Self::Several(BTreeSet::new())
    }
}

#[derive(Deserialize)]
struct TokenEntry {
    id: u64,
    profile: Option<Profile>,
    granted: u64,
    expires: Option<u64>,
    renewable: bool,
    current: bool,
}

#[derive(Deserialize)]
struct LeaseEntry<'a> {
    secret: SecretRef,
    lease: String,
    token: u64,
    granted: u64,
    end: Option<u64>,
    renewable: bool,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Reads what a [`Writer`] wrote.
///
/// # Errors
/// When it did not write that.
pub(crate) fn recall(json: &[u8], now: Now) -> Result<Recalled, NotAMemory> {
    let document: Document<'_> = serde_json::from_slice(json).map_err(|_| NotAMemory)?;
    if document.version != VERSION {
        return Err(NotAMemory);
    }
    let tokens = document.tokens.into_iter().map(|token| token.known(now));
    let leases = document.leases.into_iter().map(|lease| lease.known(now));
    let certificates = document.certificates.into_iter();
    let certificates = certificates.map(|certificate| certificate.known(now));
    Ok(Recalled {
        issuing: match document.issuing {
            Issuing::One(secret) => BTreeSet::from([secret]),
            Issuing::Several(secrets) => secrets,
        },
        tokens: tokens.collect(),
        leases: leases.collect::<Result<_, _>>()?,
        untold: document.untold,
        certificates: certificates.collect::<Result<_, _>>()?,
    })
}

impl TokenEntry {
    fn known(self, now: Now) -> KnownToken {
        KnownToken {
            id: TokenId(self.id),
            profile: self.profile,
            granted: Duration::from_millis(self.granted),
            expires: self.expires.map(|at| elapsed(at, now)),
            renewable: self.renewable,
            current: self.current,
        }
    }
}

impl LeaseEntry<'_> {
    fn known(self, now: Now) -> Result<KnownLease, NotAMemory> {
        let (lease, renewable) = (LeaseId::from(self.lease), self.renewable);
        let granted = Duration::from_millis(self.granted);
        let lease_of_data = || Lease {
            id: lease.clone(),
            duration: granted,
            renewable,
        };
        let data = self.data.map(|data| secret_of(data, Some(lease_of_data())));
        let data = data.transpose()?;
        Ok(KnownLease {
            secret: self.secret,
            lease,
            token: TokenId(self.token),
            granted,
            end: self.end.map(|at| elapsed(at, now)),
            renewable,
            data,
        })
    }
}

/// Data that was kept.
fn secret_of(data: &RawValue, lease: Option<Lease>) -> Result<VaultSecret, NotAMemory> {
    match SecretValue::from_raw_value(data) {
        Ok(SecretValue::Map(data)) => Ok(VaultSecret {
            data,
            version: None,
            lease,
            ..VaultSecret::default()
        }),
        _ => Err(NotAMemory),
    }
}

/// A time of day, in milliseconds since 1970, as a time of the engine; what has passed is its
/// beginning.
fn elapsed(at: u64, now: Now) -> Duration {
    let at = UNIX_EPOCH.checked_add(Duration::from_millis(at));
    let ahead = at
        .unwrap_or(SystemTime::UNIX_EPOCH)
        .duration_since(now.wall)
        .unwrap_or_default();
    match ahead.is_zero() {
        true => Duration::ZERO,
        false => now.elapsed + ahead,
    }
}
