//! What is sent with a request that makes something: `common_name=web.shop.svc&ttl=24h`.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::duration::GoDuration;
use super::invalid::Invalid;
use crate::percent;

/// The parameters of a write, in the order of their names; without any, Vault is read and not
/// written to.
///
/// The text form is that of a URL's query. `&`, `#` and `%` in a value are written `%26`, `%23` and
/// `%25`, as may be any other byte; a space is a space, and a plus a plus.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parameters(BTreeMap<String, String>);

/// What stands after `?` with another meaning: a version, and what a SyncSpec declares of an engine.
const RESERVED: [&str; 6] = ["version", "kv", "mount", "part", "optional", "api"];

impl Parameters {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Reads what stands between `?` and `#`.
    pub(super) fn parse(query: &str) -> Result<Self, Invalid> {
        let mut parameters = Self::default();
        for field in query.split('&') {
            let (name, value) = field.split_once('=').ok_or_else(accepted)?;
            parameters.add(name, decoded(value)?)?;
        }
        Ok(parameters)
    }

    /// Reads them as [`Display`](fmt::Display) writes them, whatever their names.
    pub(super) fn recalled<'q>(fields: impl Iterator<Item = &'q str>) -> Result<Self, Invalid> {
        let mut parameters = Self::default();
        for field in fields {
            let (name, value) = field.split_once('=').ok_or_else(accepted)?;
            parameters.set(decoded(name)?, decoded(value)?);
        }
        Ok(parameters)
    }

    /// Sets one, whatever its name, in place of another one of that name: what programs ask for is
    /// Vault's to refuse.
    pub fn set(&mut self, name: String, value: String) {
        self.0.insert(name, value);
    }

    /// Adds one that is not there yet.
    ///
    /// # Errors
    /// When `name` is not one that can be sent, is taken, or has no such value.
    pub fn add(&mut self, name: &str, value: String) -> Result<(), Invalid> {
        let first = name.bytes().next();
        let is_name = name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
        });
        // `v=3` was meant to be a version.
        let is_version = "version".starts_with(name);
        if !(is_name && first.is_some_and(|byte| byte.is_ascii_lowercase()))
            || is_version
            || RESERVED.contains(&name)
        {
            return Err(accepted());
        }
        if value.is_empty() {
            return Err(Invalid::new(format!(
                "must give {name} a value after \"=\""
            )));
        }
        if name == "ttl" && !is_duration(&value) {
            return Err(Invalid::new("must have a duration as ttl, e.g. ttl=24h"));
        }
        match self.0.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(Invalid::new(format!("must name {name} once"))),
        }
    }
}

fn accepted() -> Invalid {
    Invalid::new(
        "must have after \"?\" either version=N alone, e.g. secret/db?version=3#password, or the \
         parameters of a request, e.g. pki/issue/web?common_name=web.shop.svc&ttl=24h",
    )
}

/// A length of time that is not nothing, as Vault reads it: seconds, Go's units, or days.
fn is_duration(text: &str) -> bool {
    let days = text.strip_suffix('d').unwrap_or(text);
    match days.parse::<u32>() {
        Ok(number) => number > 0,
        Err(_) => {
            let duration = text.parse::<GoDuration>();
            duration.is_ok_and(|duration| duration.get().as_secs() > 0)
        }
    }
}

fn decoded(text: &str) -> Result<String, Invalid> {
    let accepted = || {
        Invalid::new(
            "must have two hexadecimal digits after each \"%\" of a value, and UTF-8 in the end: % itself is %25",
        )
    };
    let bytes = percent::decoded(text).ok_or_else(accepted)?;
    String::from_utf8(bytes).map_err(|_| accepted())
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "&" })?;
            encoded(name, "%&#=", f)?;
            f.write_char('=')?;
            encoded(value, "%&#", f)?;
        }
        Ok(())
    }
}

/// Writes `text`, the characters `special` and the control characters encoded.
fn encoded(text: &str, special: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in text.chars() {
        match character.is_ascii_control() || special.contains(character) {
            true => write!(f, "%{:02X}", u32::from(character))?,
            false => f.write_char(character)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refused(query: &str, clause: &str) {
        let invalid = Parameters::parse(query).expect_err(query).to_string();
        assert!(invalid.contains(clause), "{query}: {invalid}");
    }

    #[test]
    fn parameters_are_those_of_a_query_in_the_order_of_their_names() {
        let parameters = Parameters::parse("ttl=24h&common_name=web.shop.svc&alt_names=a,b=c%26d");
        let parameters = parameters.expect("parameters");
        let all: Vec<_> = parameters.iter().collect();
        let want = [
            ("alt_names", "a,b=c&d"),
            ("common_name", "web.shop.svc"),
            ("ttl", "24h"),
        ];
        assert_eq!(all, want);
        let text = "alt_names=a,b=c%26d&common_name=web.shop.svc&ttl=24h";
        assert_eq!(parameters.to_string(), text);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for query in [
            "",
            "common_name",
            "v=3",
            "vers=3",
            "version=3",
            "kv=2",
            "A=b",
            "=b",
            "a b=c",
        ] {
            refused(query, "must have after \"?\" either version=N alone");
        }
        refused("a=1&a=2", "must name a once");
        refused("common_name=", "must give common_name a value");
        refused("a=%2", "two hexadecimal digits");
        refused("a=%+1", "two hexadecimal digits");
        refused("a=%ff", "UTF-8");
    }

    #[test]
    fn a_ttl_is_a_length_of_time() {
        for ttl in ["24h", "90", "30d", "1h30m"] {
            Parameters::parse(&format!("ttl={ttl}")).expect(ttl);
        }
        for ttl in ["soon", "0", "0s", "h24", "-1h", "1 h"] {
            refused(&format!("ttl={ttl}"), "a duration as ttl, e.g. ttl=24h");
        }
    }

    proptest! {
        #[test]
        fn a_text_reads_back_as_it_was(value in "\\PC{1,20}|[\\x00-\\x7f]{1,9}") {
            let mut parameters = Parameters::default();
            parameters.add("csr", value).expect("a value");
            prop_assert_eq!(Parameters::parse(&parameters.to_string()), Ok(parameters));
        }
    }
}
