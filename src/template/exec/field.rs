//! Fields and methods: `.A.B`, with arguments for the last one.

use super::{Exec, Execution};
use crate::spec::MissingKey;
use crate::template::ast::{Operand, Span};
use crate::template::call::Parameter;
use crate::template::functions;
use crate::template::value::{Element, Value};

impl<'t> Exec<'t, '_, '_> {
    /// Follows `path` from `receiver`; arguments and the piped value are for its last member.
    pub(super) fn fields(
        &mut self,
        dot: &Value,
        mut receiver: Value,
        path: &'t [Vec<u8>],
        span: Span,
        arguments: &'t [Operand],
        piped: Option<Value>,
    ) -> Execution<Value> {
        let Some((last, first)) = path.split_last() else {
            return Ok(receiver);
        };
        for name in first {
            receiver = self.field(dot, receiver, name, span, &[], None)?;
        }
        self.field(dot, receiver, last, span, arguments, piped)
    }

    fn field(
        &mut self,
        dot: &Value,
        receiver: Value,
        name: &'t [u8],
        span: Span,
        arguments: &'t [Operand],
        piped: Option<Value>,
    ) -> Execution<Value> {
        let shown = || String::from_utf8_lossy(name);
        match &receiver {
            Value::NoValue => match self.template.missing_key {
                MissingKey::Error => {
                    Err(self.error(span, format!("nil data; no entry for key {:?}", shown())))
                }
                _ => Ok(Value::NoValue),
            },
            Value::Nil => Err(self.error(
                span,
                format!("nil pointer evaluating interface {{}}.{}", shown()),
            )),
            Value::Map(_) if !arguments.is_empty() || piped.is_some() => Err(self.error(
                span,
                format!("{} is not a method but has arguments", shown()),
            )),
            Value::Map(map) => match (map.get(name), self.template.missing_key) {
                (Some(value), _) => Ok(value),
                (None, MissingKey::Default) => Ok(Value::NoValue),
                (None, MissingKey::Zero) if map.element() == Element::String => {
                    Ok(Value::string(""))
                }
                (None, MissingKey::Zero) => Ok(Value::Nil),
                (None, MissingKey::Error) => {
                    Err(self.error(span, format!("map has no entry for key {:?}", shown())))
                }
            },
            Value::Object(object) => {
                if let Some(method) = functions::method(&receiver, name) {
                    return self.function(dot, method, span, arguments, piped);
                }
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(self.argument(dot, Parameter::Any, argument)?);
                }
                values.extend(piped);
                match object.member(name, &values) {
                    Some(result) => result.map_err(|fault| self.fault(span, fault)),
                    None => Err(self.cannot_evaluate(&shown(), &receiver, span)),
                }
            }
            _ => Err(self.cannot_evaluate(&shown(), &receiver, span)),
        }
    }

    fn cannot_evaluate(
        &self,
        name: &str,
        receiver: &Value,
        span: Span,
    ) -> crate::template::ExecError {
        self.error(
            span,
            format!(
                "can't evaluate field {name} in type {}",
                receiver.type_name()
            ),
        )
    }
}
