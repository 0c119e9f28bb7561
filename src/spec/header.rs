//! A header that is sent to Vault, or to a proxy on the way, with every request.

use std::fmt;
use std::str::FromStr;

use super::invalid::Invalid;

/// A name and a value of HTTP, written `Name: value`. Neither is secret: it stands in the container's
/// arguments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Header {
    name: String,
    value: String,
}

/// Headers that carry credentials.
const CREDENTIALS: [&str; 4] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-vault-token",
];

/// Headers that the refresher or its HTTP client sets.
const OWN: [&str; 8] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "x-vault-namespace",
    "x-vault-request",
];

impl Header {
    /// A header, its name in lower case.
    ///
    /// # Errors
    /// When it cannot be sent, carries a credential, or is one that the refresher sets.
    pub fn new(name: &str, value: &str) -> Result<Self, Invalid> {
        let name = name.to_ascii_lowercase();
        if CREDENTIALS.contains(&name.as_str()) {
            return Err(Invalid::new(
                "must not carry a credential, which everybody who may read pods would see",
            ));
        }
        if OWN.contains(&name.as_str()) {
            return Err(Invalid::new("must not be a header that the refresher sets"));
        }
        // RFC 9110 §5.6.2.
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let printable = |byte: u8| (0x20..0x7f).contains(&byte);
        let fits = !name.is_empty()
            && name.bytes().all(is_token)
            && value.bytes().all(printable)
            && value.trim() == value;
        match fits {
            true => Ok(Self {
                name,
                value: value.to_owned(),
            }),
            false => Err(Invalid::new(
                "must be a name and a value of printable ASCII",
            )),
        }
    }

    /// The name, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl FromStr for Header {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts = text.split_once(": ");
        let (name, value) = parts.ok_or_else(|| Invalid::new("must be NAME: VALUE"))?;
        Self::new(name, value)
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value)
    }
}
