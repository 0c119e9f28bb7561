//! How a template calls a function: the signature that Go's type checker holds the arguments to,
//! and what the function sees of the world.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::context::Context;
use super::value::{List, Map, Text, Value};
use crate::spec::SecretRef;

/// A function that templates may call.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// A letter for each parameter, as [`Parameter::from_letter`] reads it; `*` after the last
    /// means any number of it.
    pub(super) signature: &'static str,
    pub(super) body: Body,
    pub(super) nature: Nature,
}

#[derive(Clone, Copy)]
pub(super) enum Body {
    /// Arguments are evaluated, checked and handed over.
    Plain(fn(&Args<'_>, &mut Run<'_, '_>) -> Outcome),
    /// Arguments are evaluated until one is false.
    And,
    /// Arguments are evaluated until one is true.
    Or,
    /// The first argument names a template, which is called with the second.
    ExecuteTemplate,
}

/// What a caller has to know of a function before it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// The same arguments give the same result.
    Steady,
    /// Each call gives another result.
    Volatile,
    /// It needs the libraries of the full refresher.
    Heavy,
    /// Both.
    HeavyVolatile,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

pub(super) type Outcome = Result<Value, Fault>;

/// Why a function failed. The text never holds a value of the data.
#[derive(Debug)]
pub struct Fault(pub(super) Cow<'static, str>);

impl Fault {
    pub(super) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(message.into())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl From<&'static str> for Fault {
    fn from(message: &'static str) -> Self {
        Self::new(message)
    }
}

/// The static type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// `interface {}`: anything; no value becomes nil.
    Any,
    /// Anything, with no value and nil told apart.
    Raw,
    Bool,
    Int,
    Int64,
    /// `uint32`: no value of a template has this type, so only a constant fits.
    Uint32,
    Float,
    String,
    /// `map[string]interface {}`.
    Dict,
    /// `[]interface {}`.
    List,
    /// `[]string`.
    Strings,
}

impl Parameter {
    pub(super) fn from_letter(letter: u8) -> Self {
        match letter {
            b'b' => Self::Bool,
            b'i' => Self::Int,
            b'u' => Self::Uint32,
            b'l' => Self::Int64,
            b'f' => Self::Float,
            b's' => Self::String,
            b'd' => Self::Dict,
            b'L' => Self::List,
            b'S' => Self::Strings,
            b'v' => Self::Raw,
            _ => Self::Any,
        }
    }

    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Raw => "reflect.Value",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint32 => "uint32",
            Self::Float => "float64",
            Self::String => "string",
            Self::Dict => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Strings => "[]string",
        }
    }

    /// Whether nil is a value of the type.
    pub(super) fn takes_nil(self) -> bool {
        matches!(
            self,
            Self::Any | Self::Raw | Self::Dict | Self::List | Self::Strings
        )
    }
}

impl Function {
    /// The parameters that are always there, and the type of any further ones.
    pub(super) fn parameters(&self) -> (&'static [u8], Option<Parameter>) {
        match self.signature.as_bytes() {
            [fixed @ .., last, b'*'] => (fixed, Some(Parameter::from_letter(*last))),
            fixed => (fixed, None),
        }
    }
}

/// The arguments of a call, already checked against the signature. The accessors answer a missing
/// or ill-typed argument with the type's zero value, which a correct signature never lets happen.
pub(super) struct Args<'a>(pub(super) &'a [Value]);

impl<'a> Args<'a> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, index: usize) -> &'a Value {
        self.0.get(index).unwrap_or(&Value::Nil)
    }

    /// The arguments from `index` on.
    pub(super) fn from(&self, index: usize) -> &'a [Value] {
        self.0.get(index..).unwrap_or_default()
    }

    pub(super) fn bytes(&self, index: usize) -> &'a [u8] {
        self.get(index).as_bytes().unwrap_or_default()
    }

    /// A string as UTF-8; what is not becomes U+FFFD, as where Go ranges over a string.
    pub(super) fn text(&self, index: usize) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes(index))
    }

    pub(super) fn int(&self, index: usize) -> i64 {
        match self.get(index) {
            Value::Int(value) | Value::Int64(value) => *value,
            _ => 0,
        }
    }

    /// Of a `uint32` parameter.
    #[cfg(feature = "templates-full")]
    pub(super) fn uint32(&self, index: usize) -> u32 {
        match self.get(index) {
            // As in Go, only the lower half counts.
            Value::Uint64(value) => *value as u32,
            _ => 0,
        }
    }

    pub(super) fn bool(&self, index: usize) -> bool {
        matches!(self.get(index), Value::Bool(true))
    }

    /// A map; `None` is Go's nil map.
    pub(super) fn map(&self, index: usize) -> Option<&'a Map> {
        match self.get(index) {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn items(&self, index: usize) -> &'a [Value] {
        self.list(index).map(List::items).unwrap_or_default()
    }

    pub(super) fn list(&self, index: usize) -> Option<&'a List> {
        match self.get(index) {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}

/// What a rendering has used up and found missing, and the world that its functions see.
pub(super) struct Run<'r, 'c> {
    pub(super) context: &'r mut Context<'c>,
    pub(super) needs: BTreeSet<SecretRef>,
    pub(super) iterations: usize,
    pub(super) memory: usize,
    /// What consul-template's `scratch` holds.
    pub(super) scratch: Map,
}

impl Run<'_, '_> {
    /// Counts `bytes` that are about to be made.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        self.memory = self.memory.saturating_add(bytes);
        match self.memory > self.context.limits.memory {
            true => Err(Fault::new(format!(
                "the template makes more than {} bytes of values",
                self.context.limits.memory
            ))),
            false => Ok(()),
        }
    }

    /// How many bytes may still be made.
    pub(super) fn room(&self) -> usize {
        self.context.limits.memory.saturating_sub(self.memory)
    }

    /// Counts one turn of a loop or one call of a template.
    pub(super) fn turn(&mut self) -> Result<(), Fault> {
        self.iterations += 1;
        match self.iterations > self.context.limits.iterations {
            true => Err(Fault::new(format!(
                "more than {} iterations of loops and calls of templates",
                self.context.limits.iterations
            ))),
            false => Ok(()),
        }
    }

    /// A string result, counted.
    pub(super) fn string(&mut self, bytes: impl Into<Vec<u8>>) -> Outcome {
        let bytes = bytes.into();
        self.spend(bytes.len())?;
        Ok(Value::String(Text::new(bytes)))
    }
}
