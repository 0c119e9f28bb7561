//! URLs, as Go's `net/url` takes them apart.

use super::function;
use crate::percent;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::value::{Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function!("urlParse", "s", parse),
    function!("urlJoin", "d", join),
];

const BAD: &str = "unable to parse url";

#[derive(Default)]
struct Url {
    scheme: String,
    opaque: String,
    userinfo: String,
    host: String,
    /// Decoded.
    path: Vec<u8>,
    query: String,
    /// Decoded.
    fragment: Vec<u8>,
}

fn parse(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    run.spend(args.bytes(0).len().saturating_mul(2))?;
    let text = std::str::from_utf8(args.bytes(0)).map_err(|_| BAD)?;
    let url = Url::parse(text).ok_or(BAD)?;
    let hostname = url.hostname().as_bytes().to_vec();
    let entries = [
        ("scheme", url.scheme.into_bytes()),
        ("host", url.host.into_bytes()),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query.into_bytes()),
        ("opaque", url.opaque.into_bytes()),
        ("fragment", url.fragment),
        ("userinfo", url.userinfo.into_bytes()),
    ];
    Ok(Value::map(entries.map(|(key, value)| {
        (Text::from(key), Value::string(value))
    })))
}

impl Url {
    fn parse(text: &str) -> Option<Self> {
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return None;
        }
        let mut url = Self::default();
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        url.fragment = percent::decoded(fragment)?;
        let rest = match scheme(rest)? {
            Some(length) => {
                url.scheme = rest[..length].to_ascii_lowercase();
                &rest[length + 1..]
            }
            None => rest,
        };
        let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        query.clone_into(&mut url.query);
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() && !rest.is_empty() {
                rest.clone_into(&mut url.opaque);
                return Some(url);
            }
            // A colon in the first part of a relative path could be a scheme's.
            if rest
                .split('/')
                .next()
                .is_some_and(|part| part.contains(':'))
            {
                return None;
            }
        }
        let has_authority =
            rest.starts_with("//") && (!url.scheme.is_empty() || !rest.starts_with("///"));
        if has_authority {
            let authority = &rest[2..];
            let end = authority.find('/').unwrap_or(authority.len());
            rest = &authority[end..];
            url.authority(&authority[..end])?;
        }
        url.path = percent::decoded(rest)?;
        Some(url)
    }

    fn authority(&mut self, authority: &str) -> Option<()> {
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (userinfo, host),
            None => ("", authority),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
        if !userinfo.chars().all(allowed) {
            return None;
        }
        percent::decoded(userinfo)?;
        userinfo.clone_into(&mut self.userinfo);
        let port = match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?.1,
            None => host.find(':').map_or("", |colon| &host[colon..]),
        };
        if !port.is_empty()
            && !port
                .strip_prefix(':')?
                .bytes()
                .all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        if host.contains([' ', '<', '>', '"', '%', '\\', '^', '`', '{', '|', '}']) {
            return None;
        }
        host.clone_into(&mut self.host);
        Some(())
    }

    fn hostname(&self) -> &str {
        match self
            .host
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((inner, _)) => inner,
            None => self.host.split(':').next().unwrap_or_default(),
        }
    }
}

/// The length of the scheme; `Some(None)` when there is none, `None` when it is missing.
fn scheme(text: &str) -> Option<Option<usize>> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at > 0 => return Some(Some(at)),
            b':' => return None,
            _ => return Some(None),
        }
    }
    Some(None)
}

fn escaped(text: &[u8], unescaped: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte.is_ascii_alphanumeric()
            || b"-_.~$&+,/:;=@".contains(byte)
            || unescaped.contains(byte)
        {
            true => out.push(*byte),
            false => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}

fn join(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let part = |key: &str| -> Result<Vec<u8>, Fault> {
        match args.map(0).and_then(|map| map.get(key.as_bytes())) {
            None => Ok(Vec::new()),
            Some(Value::String(text) | Value::Number(text)) => Ok(text.to_vec()),
            Some(other) => {
                let kind = other.kind_name();
                Err(Fault::new(format!(
                    "unable to parse {key} key, must be of type string, but {kind} found"
                )))
            }
        }
    };
    let (scheme, host, path) = (part("scheme")?, part("host")?, part("path")?);
    let (query, opaque, fragment) = (part("query")?, part("opaque")?, part("fragment")?);
    let mut userinfo = part("userinfo")?;
    if !userinfo.is_empty() {
        let text = [b"proto://", userinfo.as_slice(), b"@host"].concat();
        let text = std::str::from_utf8(&text).map_err(|_| "unable to parse userinfo in dict")?;
        userinfo = Url::parse(text)
            .ok_or("unable to parse userinfo in dict")?
            .userinfo
            .into_bytes();
    }
    let mut out = Vec::new();
    if !scheme.is_empty() {
        out.extend_from_slice(&scheme);
        out.push(b':');
    }
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !userinfo.is_empty() {
            if !host.is_empty() || !path.is_empty() || !userinfo.is_empty() {
                out.extend_from_slice(b"//");
            }
            if !userinfo.is_empty() {
                out.extend_from_slice(&userinfo);
                out.push(b'@');
            }
            out.extend_from_slice(&escaped(&host, b"!'()*[]<>\""));
        }
        if !path.is_empty() && !path.starts_with(b"/") && !host.is_empty() {
            out.push(b'/');
        }
        out.extend_from_slice(&escaped(&path, b""));
    } else {
        out.extend_from_slice(&opaque);
    }
    if !query.is_empty() {
        out.push(b'?');
        out.extend_from_slice(&query);
    }
    if !fragment.is_empty() {
        out.push(b'#');
        out.extend_from_slice(&escaped(&fragment, b"!()*?"));
    }
    run.string(out)
}
