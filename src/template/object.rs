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

    /// How it prints with `%v`.
    fn print(&self) -> Vec<u8>;

    /// The type itself, so that a function may recognise its own.
    fn as_any(&self) -> &dyn std::any::Any;
}
