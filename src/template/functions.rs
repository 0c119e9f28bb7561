//! The function tables, and which functions are in which.

mod builtin;

use super::call::{Function, Nature};
use crate::spec::FunctionTable;

/// The functions that one template may call.
pub(super) struct Table {
    which: FunctionTable,
    /// Looked at in this order.
    groups: &'static [&'static [Function]],
}

const GO: &[&[Function]] = &[builtin::FUNCTIONS];

impl Table {
    /// The functions of `which`, and the language's own.
    pub(super) fn of(which: FunctionTable) -> Self {
        let groups = match which {
            FunctionTable::Go
            | FunctionTable::Sprig
            | FunctionTable::ExternalSecrets
            | FunctionTable::ConsulTemplate => GO,
        };
        Self { which, groups }
    }

    /// The function `name`; otherwise why there is none.
    pub(super) fn find(&self, name: &str) -> Result<&'static Function, String> {
        self.groups
            .iter()
            .flat_map(|group| group.iter())
            .find(|function| function.name == name)
            .ok_or_else(|| format!("function {name:?} not defined in the table {}", self.which))
    }
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
