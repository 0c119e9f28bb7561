//! Structs with fields and methods, such as a time or a semantic version.

use super::call::Fault;
use super::value::Value;

/// A Go struct that templates see: read-only, and never a container of other values' secrets in
/// its `Debug` (it has none).
pub trait Object {
    /// Go's name of the type.
    fn type_name(&self) -> &'static str;

    /// Go's name of its kind.
    fn kind_name(&self) -> &'static str {
        "struct"
    }

    /// The field or method `name` applied to `arguments`; `None` when it has no such member.
    fn member(&self, name: &[u8], arguments: &[Value]) -> Option<Result<Value, Fault>>;

    /// How it prints with `%v`; `None` where Go prints an address, which is worth nothing and
    /// never the same.
    fn print(&self) -> Option<Vec<u8>>;

    /// The text that it is in JSON and YAML; `None` when Go has another idea of it, or none.
    fn json(&self) -> Option<Vec<u8>> {
        None
    }

    /// Whether it is a nil pointer to such a struct.
    fn is_nil(&self) -> bool {
        false
    }

    /// The next value of a channel, `None` from a closed one; `None` for what is no channel.
    fn receive(&self) -> Option<Option<Value>> {
        None
    }

    /// The type itself, so that a function may recognise its own.
    fn as_any(&self) -> &dyn std::any::Any;
}
