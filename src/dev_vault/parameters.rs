//! The JSON parameters of a write, as forgiving as Vault's: lists may be comma-separated texts,
//! durations numbers or texts.

use std::time::Duration;

use serde_json::{Map, Value};

use super::answer::Answer;

/// Parameters by name.
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Answer> {
        if body.trim_ascii().is_empty() {
            return Ok(Self(Map::new()));
        }
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|_| Answer::error(400, &["error parsing JSON"]))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn map(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name)?.as_object()
    }

    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        match self.0.get(name)? {
            Value::String(text) => Some(texts(text.split(','))),
            Value::Array(items) => Some(texts(items.iter().filter_map(Value::as_str))),
            _ => None,
        }
    }

    pub(super) fn numbers(&self, name: &str) -> Vec<u64> {
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(number).collect(),
            Some(value) => number(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    pub(super) fn duration(&self, name: &str) -> Option<Duration> {
        match self.0.get(name)? {
            Value::Number(seconds) => seconds.as_u64().map(Duration::from_secs),
            Value::String(text) => duration(text),
            _ => None,
        }
    }
}

fn texts<'a>(items: impl Iterator<Item = &'a str>) -> Vec<String> {
    let items = items.map(str::trim).filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

/// Seconds, or Go's units from `s` to `h`: `90`, `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (mut rest, mut seconds) = (text, 0);
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..unit].parse().ok()?;
        let factor = match rest.as_bytes()[unit] {
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        seconds += number * factor;
        rest = &rest[unit + 1..];
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_vault_reads_them() {
        let body = br#"{"a":"x, y","b":["x"],"c":"1h30m","d":90,"e":"90","f":"soon","g":[1,"2"]}"#;
        let parameters = Parameters::parse(body).map_err(|_| ()).expect("parameters");
        assert_eq!(
            parameters.list("a"),
            Some(vec!["x".to_owned(), "y".to_owned()])
        );
        assert_eq!(parameters.list("b"), Some(vec!["x".to_owned()]));
        assert_eq!(parameters.numbers("g"), [1, 2]);
        let seconds = |name| parameters.duration(name).map(|duration| duration.as_secs());
        assert_eq!(
            (seconds("c"), seconds("d"), seconds("e"), seconds("f")),
            (Some(5400), Some(90), Some(90), None)
        );
    }
}
