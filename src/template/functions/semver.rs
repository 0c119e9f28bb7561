//! Semantic versions and constraints on them, in the dialect that Go projects use.

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use super::function;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::object::Object;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function!("semver", "s", |args, _| {
        let version = Version::parse(&args.text(0)).ok_or("invalid semantic version")?;
        Ok(Value::Object(Rc::new(version)))
    }),
    function!("semverCompare", "ss", compare),
];

/// A version; what is left out (`1.2`) is 0.
#[derive(Clone)]
struct Version {
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
    original: String,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let plain = text.strip_prefix('v').unwrap_or(text);
        let (plain, metadata) = plain
            .split_once('+')
            .map_or((plain, None), |(plain, metadata)| (plain, Some(metadata)));
        let (plain, prerelease) = plain
            .split_once('-')
            .map_or((plain, None), |(plain, pre)| (plain, Some(pre)));
        let mut numbers = [0; 3];
        let mut parts = plain.split('.');
        for (index, number) in numbers.iter_mut().enumerate() {
            match parts.next() {
                Some(part)
                    if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) =>
                {
                    *number = part.parse().ok()?;
                }
                None if index > 0 => {}
                _ => return None,
            }
        }
        let word = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
        };
        let valid = |text: Option<&str>| text.is_none_or(|text| text.split('.').all(word));
        if parts.next().is_some() || !valid(prerelease) || !valid(metadata) {
            return None;
        }
        Some(Self {
            numbers,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    fn order(&self, other: &Self) -> Ordering {
        let by_prerelease = || match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => identifiers(&self.prerelease, &other.prerelease),
        };
        self.numbers.cmp(&other.numbers).then_with(by_prerelease)
    }

    fn text(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        if !self.prerelease.is_empty() {
            text = format!("{text}-{}", self.prerelease);
        }
        if !self.metadata.is_empty() {
            text = format!("{text}+{}", self.metadata);
        }
        text
    }
}

/// Numbers before words, numbers by value, the longer list last.
fn identifiers(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => match (left.parse::<u64>(), right.parse::<u64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => left.cmp(right),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl Object for Version {
    fn type_name(&self) -> &'static str {
        "*semver.Version"
    }

    fn kind_name(&self) -> &'static str {
        "ptr"
    }

    fn member(&self, name: &[u8], arguments: &[Value]) -> Option<Outcome> {
        let other = || match arguments {
            [Value::Object(other)] => other.as_any().downcast_ref::<Self>(),
            _ => None,
        };
        let compared = |test: fn(Ordering) -> Value| {
            other()
                .map(|other| test(self.order(other)))
                .ok_or_else(|| Fault::new("expected one *semver.Version"))
        };
        let value = match (name, arguments.is_empty()) {
            (b"Compare", _) => return Some(compared(|order| Value::Int(order as i64))),
            (b"Equal", _) => return Some(compared(|order| Value::Bool(order == Ordering::Equal))),
            (b"GreaterThan", _) => {
                return Some(compared(|order| Value::Bool(order == Ordering::Greater)));
            }
            (b"LessThan", _) => {
                return Some(compared(|order| Value::Bool(order == Ordering::Less)));
            }
            (b"Major", true) => Value::Uint64(self.numbers[0]),
            (b"Minor", true) => Value::Uint64(self.numbers[1]),
            (b"Patch", true) => Value::Uint64(self.numbers[2]),
            (b"Prerelease", true) => Value::string(self.prerelease.as_str()),
            (b"Metadata", true) => Value::string(self.metadata.as_str()),
            (b"Original", true) => Value::string(self.original.as_str()),
            (b"String", true) => Value::string(self.text()),
            (
                b"Major" | b"Minor" | b"Patch" | b"Prerelease" | b"Metadata" | b"Original"
                | b"String",
                false,
            ) => {
                return Some(Err("wrong number of arguments for a method: want 0".into()));
            }
            _ => return None,
        };
        Some(Ok(value))
    }

    fn print(&self) -> Option<Vec<u8>> {
        Some(self.text().into_bytes())
    }

    fn json(&self) -> Option<Vec<u8>> {
        self.print()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn compare(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let constraint = constraint(&args.text(0)).ok_or("improper constraint")?;
    let version = Version::parse(&args.text(1)).ok_or("invalid semantic version")?;
    Ok(Value::Bool(
        constraint
            .iter()
            .any(|all| all.iter().all(|bound| bound.allows(&version))),
    ))
}

struct Bound {
    operator: String,
    version: Version,
    /// How many of the three numbers are given.
    given: usize,
}

/// Alternatives (`||`) of bounds that hold together (spaces or commas).
fn constraint(text: &str) -> Option<Vec<Vec<Bound>>> {
    text.split("||").map(alternative).collect()
}

fn alternative(text: &str) -> Option<Vec<Bound>> {
    let mut bounds = Vec::new();
    let text = text.trim();
    if let Some((low, high)) = text.split_once(" - ") {
        bounds.push(bound(&format!(">={}", low.trim()))?);
        bounds.push(bound(&format!("<={}", high.trim()))?);
        return Some(bounds);
    }
    let mut operator = String::new();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        match word.bytes().all(|byte| b"<>=!~^".contains(&byte)) {
            true => operator.push_str(word),
            false => bounds.push(bound(&(std::mem::take(&mut operator) + word))?),
        }
    }
    (operator.is_empty() && !bounds.is_empty()).then_some(bounds)
}

fn bound(text: &str) -> Option<Bound> {
    let start = text.find(|c| !"<>=!~^".contains(c))?;
    let (operator, version) = text.split_at(start);
    if ![
        "", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^",
    ]
    .contains(&operator)
    {
        return None;
    }
    let plain = version.strip_prefix('v').unwrap_or(version);
    let numbers = plain.split(['-', '+']).next().unwrap_or_default();
    let given = numbers
        .split('.')
        .take_while(|part| !matches!(*part, "x" | "X" | "*"))
        .count();
    let is_wild = given < numbers.split('.').count();
    let version = match is_wild {
        true => numbers
            .split('.')
            .map(|part| {
                if matches!(part, "x" | "X" | "*") {
                    "0"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("."),
        false => plain.to_owned(),
    };
    Some(Bound {
        operator: operator.to_owned(),
        version: Version::parse(&version)?,
        given,
    })
}

impl Bound {
    fn allows(&self, version: &Version) -> bool {
        // A pre-release satisfies only a bound that names one.
        if !version.prerelease.is_empty() && self.version.prerelease.is_empty() {
            return false;
        }
        let order = version.order(&self.version);
        let same = |count: usize| version.numbers[..count] == self.version.numbers[..count];
        match self.operator.as_str() {
            "" | "=" if self.given == 3 => order == Ordering::Equal,
            "" | "=" => same(self.given),
            "!=" if self.given == 3 => order != Ordering::Equal,
            "!=" => !same(self.given),
            ">" if self.given == 3 => order == Ordering::Greater,
            ">" => order == Ordering::Greater && !same(self.given),
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" => order != Ordering::Greater || self.given < 3 && same(self.given),
            "~" | "~>" => order != Ordering::Less && same(self.given.clamp(0, 2)),
            _ => {
                let leading = self.version.numbers.iter().position(|number| *number != 0);
                let fixed =
                    leading.map_or(self.given, |leading| (leading + 1).min(self.given.max(1)));
                order != Ordering::Less && same(fixed)
            }
        }
    }
}
