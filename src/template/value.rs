//! What a template computes with: Go's values as far as templates can make them, strings as bytes.
//!
//! Strings are wiped when dropped, `Debug` shows no content, and nothing here ends in an error's
//! text: errors speak of types ([`Value::type_name`]) alone.

use std::fmt;
use std::rc::Rc;

use super::call::Fault;
pub use super::container::{Element, List, Map};
use super::object::Object;
pub use super::text::Text;
use crate::secret::{SecretBool, SecretBytes, SecretMap, SecretValue};

/// A value, with the Go type that decides how it compares and prints.
#[derive(Clone)]
pub enum Value {
    /// Not even a nil: a key that a map does not have. Prints as `<no value>`.
    NoValue,
    /// A nil of type `interface {}`.
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `int64`.
    Int64(i64),
    /// `uint8`, what indexing a string gives.
    Uint8(u8),
    /// `uint64`.
    Uint64(u64),
    /// `float64`.
    Float(f64),
    /// `complex128`: real and imaginary part.
    Complex(f64, f64),
    /// `string`: any bytes.
    String(Text),
    /// `json.Number`: a number as the text it was written in.
    Number(Text),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A struct with fields and methods of its own.
    Object(Rc<dyn Object>),
}

impl Value {
    /// A string of `bytes`.
    pub fn string(bytes: impl Into<Vec<u8>>) -> Self {
        Self::String(Text::new(bytes.into()))
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(Element::Any, items))
    }

    /// A `[]string`.
    pub fn strings<T: Into<Vec<u8>>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(Self::string).collect();
        Self::List(List::new(Element::String, items))
    }

    /// A `map[string]interface {}`.
    pub fn map(entries: impl IntoIterator<Item = (Text, Self)>) -> Self {
        Self::Map(Map::new(Element::Any, entries))
    }

    /// The data of a secret as Go's Vault client has it: numbers keep their text.
    pub fn from_secret_map(secret: &SecretMap) -> Self {
        Self::map(
            secret
                .iter()
                .map(|(key, value)| (Text::from(key.as_str()), Self::from_secret(value))),
        )
    }

    /// One value of a secret.
    pub fn from_secret(secret: &SecretValue) -> Self {
        match secret {
            SecretValue::Null => Self::Nil,
            SecretValue::Bool(SecretBool(value)) => Self::Bool(*value),
            SecretValue::Number(text) => Self::Number(Text::from(text.expose())),
            SecretValue::String(text) => Self::string(text.expose()),
            SecretValue::List(items) => Self::list(items.iter().map(Self::from_secret).collect()),
            SecretValue::Map(entries) => Self::from_secret_map(entries),
        }
    }

    /// Data as Go reads JSON for templates: an integer literal is an `int`, any other number a
    /// `float64`.
    ///
    /// # Errors
    /// When an integer does not fit into 64 bits, or another number into a float: nothing is ever
    /// rounded away in silence.
    pub fn from_data(data: &SecretValue) -> Result<Self, Fault> {
        Ok(match data {
            SecretValue::Number(text) => {
                let text = std::str::from_utf8(text.expose()).unwrap_or_default();
                let whole = !text.contains(['.', 'e', 'E']);
                let int = text.parse().ok().filter(|_| whole).map(Self::Int);
                let float = || {
                    text.parse()
                        .ok()
                        .filter(|float: &f64| !whole && float.is_finite())
                        .map(Self::Float)
                };
                int.or_else(float)
                    .ok_or("a number does not fit into 64 bits")?
            }
            SecretValue::List(items) => Self::list(
                items
                    .iter()
                    .map(Self::from_data)
                    .collect::<Result<_, _>>()?,
            ),
            SecretValue::Map(entries) => {
                let entry = |(key, value): (&String, _)| {
                    Ok((Text::from(key.as_str()), Self::from_data(value)?))
                };
                Self::map(
                    entries
                        .iter()
                        .map(entry)
                        .collect::<Result<Vec<_>, Fault>>()?,
                )
            }
            other => Self::from_secret(other),
        })
    }

    /// The data as External Secrets hands it to templates: a `map[string]string`, each value as the
    /// bytes of the key in the Kubernetes Secret.
    pub fn string_map<'a>(data: impl IntoIterator<Item = (&'a str, &'a SecretBytes)>) -> Self {
        let entries = data
            .into_iter()
            .map(|(key, value)| (Text::from(key), Self::string(value.expose())));
        Self::Map(Map::new(Element::String, entries))
    }

    /// Go's name of the type, as `%T` prints it; `<nil>` for none.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::NoValue | Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::String(_) => "string",
            Self::Number(_) => "json.Number",
            Self::List(list) => match list.element() {
                Element::Any | Element::AnyKeyed => "[]interface {}",
                Element::String => "[]string",
                Element::Int => "[]int",
                Element::List => "[][]interface {}",
            },
            Self::Map(map) => match map.element() {
                Element::String => "map[string]string",
                Element::AnyKeyed => "map[interface {}]interface {}",
                _ => "map[string]interface {}",
            },
            Self::Object(object) => object.type_name(),
        }
    }

    /// Go's name of the type's kind.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::NoValue | Self::Nil => "invalid",
            Self::Number(_) => "string",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind_name(),
            other => other.type_name(),
        }
    }

    /// Whether `if` takes the value for true: not the zero of its type, not empty.
    pub fn truth(&self) -> bool {
        match self {
            Self::NoValue | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) => *value != 0,
            Self::Uint8(value) => *value != 0,
            Self::Uint64(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::String(text) | Self::Number(text) => !text.is_empty(),
            Self::List(list) => !list.items().is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => !object.is_nil(),
        }
    }

    /// Whether it is one of the two nils.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::NoValue | Self::Nil)
    }

    /// The bytes of a `string` or `json.Number`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::String(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}([redacted])", self.type_name())
    }
}
