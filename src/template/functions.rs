//! The function tables, and which functions are in which.

mod builtin;
mod consul;
mod convert;
mod date;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod heavy;
mod json;
mod letters;
mod lists;
mod math;
mod paths;
mod pem;
mod random;
mod refused;
mod secret;
mod semver;
mod strings;
mod url;
mod words;
mod wrap;
mod yaml;

pub(super) use self::consul::method;
pub use self::yaml::string_map_of_yaml;

use super::call::{Function, Nature};
use crate::spec::FunctionTable;

/// The functions that one template may call.
pub(super) struct Table {
    which: FunctionTable,
    /// Looked at in this order, and before the language's own.
    groups: &'static [&'static [Function]],
}

/// Before a name of sprig in consul-template.
const SPRIG_PREFIX: &str = "sprig_";

/// sprig comes first: its `slice` takes the place of the language's.
macro_rules! with_sprig {
    ($($group:expr),* $(,)?) => {
        &[
            $($group,)*
            strings::FUNCTIONS,
            letters::FUNCTIONS,
            wrap::FUNCTIONS,
            lists::FUNCTIONS,
            dicts::FUNCTIONS,
            math::FUNCTIONS,
            defaults::FUNCTIONS,
            json::FUNCTIONS,
            encoding::FUNCTIONS,
            heavy::REGEX,
            paths::FUNCTIONS,
            url::FUNCTIONS,
            semver::FUNCTIONS,
            date::FUNCTIONS,
            random::FUNCTIONS,
            heavy::SPRIG,
        ]
    };
}

const SPRIG: &[&[Function]] = with_sprig![secret::DATA, heavy::HTPASSWD];

/// sprig's own alone.
const PREFIXED: &[&[Function]] = with_sprig![heavy::HTPASSWD];

const EXTERNAL_SECRETS: &[&[Function]] = with_sprig![
    secret::DATA,
    encoding::HEXADECIMAL,
    pem::FUNCTIONS,
    yaml::FUNCTIONS,
    heavy::EXTERNAL_SECRETS,
];

const CONSUL_TEMPLATE: &[&[Function]] = &[
    consul::SECRET,
    consul::FUNCTIONS,
    consul::PARSE,
    consul::SEARCH,
    consul::MAPS,
    consul::MATHS,
    heavy::CONSUL_TEMPLATE,
];

impl Table {
    /// The functions of `which`, and the language's own.
    pub(super) fn of(which: FunctionTable) -> Self {
        let groups = match which {
            FunctionTable::Go => &[],
            FunctionTable::Sprig => SPRIG,
            FunctionTable::ExternalSecrets => EXTERNAL_SECRETS,
            FunctionTable::ConsulTemplate => CONSUL_TEMPLATE,
        };
        Self { which, groups }
    }

    /// The function `name`; otherwise why there is none.
    pub(super) fn find(&self, name: &str) -> Result<&'static Function, String> {
        let prefixed = name
            .strip_prefix(SPRIG_PREFIX)
            .filter(|_| self.which == FunctionTable::ConsulTemplate);
        let found = match prefixed {
            Some(plain) => named(PREFIXED, plain).filter(|_| refused::hermetic(plain)),
            None => named(self.groups, name).or_else(|| named(&[builtin::FUNCTIONS], name)),
        };
        found.ok_or_else(|| match refused::reason(self.which, name) {
            Some(reason) => format!("function {name:?} is not offered: {reason}"),
            None => format!("function {name:?} not defined in the table {}", self.which),
        })
    }
}

fn named(groups: &[&'static [Function]], name: &str) -> Option<&'static Function> {
    let mut functions = groups.iter().flat_map(|group| group.iter());
    functions.find(|function| function.name == name)
}

impl Function {
    pub(super) fn is_volatile(&self) -> bool {
        matches!(self.nature, Nature::Volatile | Nature::HeavyVolatile)
    }

    pub(super) fn is_heavy(&self) -> bool {
        matches!(self.nature, Nature::Heavy | Nature::HeavyVolatile)
    }
}

/// A function whose result depends on its arguments alone.
macro_rules! function {
    ($name:literal, $signature:literal, $body:expr) => {
        $crate::template::call::Function {
            name: $name,
            signature: $signature,
            body: $crate::template::call::Body::Plain($body),
            nature: $crate::template::call::Nature::Steady,
        }
    };
    ($name:literal, $signature:literal, $body:expr, $nature:ident) => {
        $crate::template::call::Function {
            name: $name,
            signature: $signature,
            body: $crate::template::call::Body::Plain($body),
            nature: $crate::template::call::Nature::$nature,
        }
    };
}
use function;
