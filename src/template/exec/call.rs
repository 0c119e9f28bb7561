//! Function calls: the arguments are evaluated and held to the parameters' types.

use super::{Exec, Execution};
use crate::template::ast::{Operand, Span, Term};
use crate::template::call::{Args, Body, Function, Parameter};
use crate::template::value::{Element, Value};

impl<'t> Exec<'t, '_, '_> {
    pub(super) fn function(
        &mut self,
        dot: &Value,
        function: &'static Function,
        span: Span,
        arguments: &'t [Operand],
        piped: Option<Value>,
    ) -> Execution<Value> {
        let given = arguments.len() + usize::from(piped.is_some());
        let (fixed, rest) = function.parameters();
        let name = function.name;
        if rest.is_some() && given < fixed.len() {
            let message = format!(
                "wrong number of args for {name}: want at least {} got {given}",
                fixed.len()
            );
            return Err(self.error(span, message));
        }
        if rest.is_none() && given != fixed.len() {
            let message = format!(
                "wrong number of args for {name}: want {} got {given}",
                fixed.len()
            );
            return Err(self.error(span, message));
        }
        match function.body {
            Body::And => return self.first(dot, false, arguments, piped),
            Body::Or => return self.first(dot, true, arguments, piped),
            Body::Plain(_) | Body::ExecuteTemplate => {}
        }
        let parameter = |index: usize| match (fixed.get(index), rest) {
            (Some(letter), _) => Parameter::from_letter(*letter),
            (None, rest) => rest.unwrap_or(Parameter::Any),
        };
        let mut values = Vec::with_capacity(given);
        for (index, argument) in arguments.iter().enumerate() {
            values.push(self.argument(dot, parameter(index), argument)?);
        }
        if let Some(piped) = piped {
            let value = self.assignable(piped, parameter(arguments.len()), span)?;
            values.push(value);
        }
        let result = match (function.body, values.as_slice()) {
            (Body::Plain(body), values) => body(&Args(values), &mut self.run),
            (_, [Value::String(name)]) => return self.executed(Value::NoValue, span, name),
            (_, [Value::String(name), dot]) => {
                let dot = if dot.is_nil() { &Value::NoValue } else { dot };
                return self.executed(dot.clone(), span, name);
            }
            _ => Err("wrong number of arguments, expected 1 or 2".into()),
        };
        result.map_err(|fault| self.error(span, format!("error calling {name}: {}", fault.0)))
    }

    /// The first argument that is `wanted`, or the last one.
    fn first(
        &mut self,
        dot: &Value,
        wanted: bool,
        arguments: &'t [Operand],
        piped: Option<Value>,
    ) -> Execution<Value> {
        let mut value = Value::NoValue;
        for argument in arguments {
            value = self.argument(dot, Parameter::Raw, argument)?;
            if value.truth() == wanted {
                return Ok(value);
            }
        }
        Ok(piped.unwrap_or(value))
    }

    pub(super) fn argument(
        &mut self,
        dot: &Value,
        parameter: Parameter,
        argument: &'t Operand,
    ) -> Execution<Value> {
        let span = argument.span;
        let value = match &argument.term {
            Term::Dot => dot.clone(),
            Term::Nil if parameter.takes_nil() => return Ok(Value::Nil),
            Term::Nil => {
                return Err(self.error(
                    span,
                    format!("cannot assign nil to {}", parameter.type_name()),
                ));
            }
            Term::Field(path) => self.fields(dot, dot.clone(), path, span, &[], None)?,
            Term::Variable(name, path) => {
                let receiver = self.variable(*name, span)?;
                self.fields(dot, receiver, path, span, &[], None)?
            }
            Term::Pipeline(pipeline) => self.pipeline(dot, pipeline)?,
            Term::Function(function) => self.function(dot, function, span, &[], None)?,
            Term::Chain(inner, path) => {
                let receiver = self.chained(dot, inner)?;
                self.fields(dot, receiver, path, span, &[], None)?
            }
            Term::Bool(_) | Term::Number(_) | Term::String(_) => {
                return self.literal(parameter, argument);
            }
        };
        self.assignable(value, parameter, span)
    }

    /// A constant takes the type of its parameter.
    fn literal(&self, parameter: Parameter, argument: &Operand) -> Execution<Value> {
        let number = match &argument.term {
            Term::Number(number) => Some(*number),
            _ => None,
        };
        let (value, expected) = match (parameter, &argument.term) {
            (Parameter::Any | Parameter::Raw, Term::Bool(value)) => (Some(Value::Bool(*value)), ""),
            (Parameter::Any | Parameter::Raw, Term::String(bytes)) => {
                (Some(Value::string(bytes.as_slice())), "")
            }
            (Parameter::Any | Parameter::Raw, _) => {
                return self.constant(number.unwrap_or_default(), argument.span);
            }
            (Parameter::Bool, Term::Bool(value)) => (Some(Value::Bool(*value)), ""),
            (Parameter::Bool, _) => (None, "bool"),
            (Parameter::String, Term::String(bytes)) => (Some(Value::string(bytes.as_slice())), ""),
            (Parameter::String, _) => (None, "string"),
            (Parameter::Int, _) => (
                number.and_then(|number| number.int).map(Value::Int),
                "integer",
            ),
            (Parameter::Int64, _) => (
                number.and_then(|number| number.int).map(Value::Int64),
                "integer",
            ),
            (Parameter::Uint32, _) => (
                number.and_then(|number| number.uint).map(Value::Uint64),
                "unsigned integer",
            ),
            (Parameter::Float, _) => (
                number.and_then(|number| number.float).map(Value::Float),
                "float",
            ),
            (other, _) => (None, other.type_name()),
        };
        value.ok_or_else(|| self.error(argument.span, format!("expected {expected}")))
    }

    fn assignable(&self, value: Value, parameter: Parameter, span: Span) -> Execution<Value> {
        let fits = match (parameter, &value) {
            (Parameter::Any, Value::NoValue) => return Ok(Value::Nil),
            (Parameter::Any | Parameter::Raw, _) => true,
            (other, Value::NoValue) if other.takes_nil() => return Ok(Value::Nil),
            (other, Value::NoValue) => {
                return Err(self.error(
                    span,
                    format!("invalid value; expected {}", other.type_name()),
                ));
            }
            (Parameter::Bool, Value::Bool(_))
            | (Parameter::Int, Value::Int(_))
            | (Parameter::Int64, Value::Int64(_))
            | (Parameter::Float, Value::Float(_))
            | (Parameter::String, Value::String(_)) => true,
            (Parameter::Dict, Value::Map(map)) => map.element() == Element::Any,
            (Parameter::List, Value::List(list)) => list.element() == Element::Any,
            (Parameter::Strings, Value::List(list)) => list.element() == Element::String,
            _ => false,
        };
        match fits {
            true => Ok(value),
            false => {
                let got = match &value {
                    Value::Nil => "interface {}",
                    other => other.type_name(),
                };
                let expected = parameter.type_name();
                Err(self.error(
                    span,
                    format!("wrong type for value; expected {expected}; got {got}"),
                ))
            }
        }
    }
}
