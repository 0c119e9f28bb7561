//! Conditions, loops and calls of templates.

use super::{Exec, Execution, Flow};
use crate::template::ast::{Body, Branches, Pipeline, ROOT, Span};
use crate::template::error::ExecError;
use crate::template::printf::Sink;
use crate::template::value::Value;

impl<'t> Exec<'t, '_, '_> {
    pub(super) fn branches(
        &mut self,
        dot: &Value,
        branches: &'t Branches,
        sets_dot: bool,
    ) -> Execution<Flow> {
        let mark = self.variables.len();
        let mut taken = (&branches.otherwise, None);
        let mut span = None;
        for (pipeline, body) in &branches.arms {
            span = Some(pipeline.span);
            let value = self.pipeline(dot, pipeline)?;
            if value.truth() {
                taken = (body, sets_dot.then_some(value));
                break;
            }
        }
        if let Some(span) = span {
            self.deeper(span)?;
        }
        let (body, value) = taken;
        let flow = self.body(value.as_ref().unwrap_or(dot), body)?;
        self.depth -= 1;
        self.variables.truncate(mark);
        Ok(flow)
    }

    pub(super) fn range(
        &mut self,
        dot: &Value,
        pipeline: &'t Pipeline,
        body: &'t Body,
        otherwise: &'t Body,
    ) -> Execution<Flow> {
        let outer = self.variables.len();
        let over = self.pipeline(dot, pipeline)?;
        self.deeper(pipeline.span)?;
        let turned = self.turns(&over, pipeline, body)?;
        let flow = match turned {
            true => Flow::Next,
            false => self.body(dot, otherwise)?,
        };
        self.depth -= 1;
        self.variables.truncate(outer);
        Ok(flow)
    }

    /// A turn for each element of `over`; false when there is none.
    fn turns(&mut self, over: &Value, pipeline: &'t Pipeline, body: &'t Body) -> Execution<bool> {
        let mark = self.variables.len();
        let mut turn = |index, item| self.turn(pipeline, body, mark, index, item);
        match over {
            Value::Int(_) | Value::Int64(_) | Value::Uint8(_) | Value::Uint64(_) => {
                if pipeline.variables.len() > 1 {
                    let message = "can't use a number to iterate over more than one variable";
                    return Err(self.error(pipeline.span, message));
                }
                let (end, of) = counter(over);
                for index in 0..end {
                    if turn(Value::NoValue, of(index))? == Flow::Break {
                        break;
                    }
                }
                Ok(end > 0)
            }
            Value::List(list) => {
                for (index, item) in list.items().iter().enumerate() {
                    if turn(position(index), item.clone())? == Flow::Break {
                        break;
                    }
                }
                Ok(!list.items().is_empty())
            }
            Value::Map(map) => {
                let entries = map.entries();
                let any = !entries.is_empty();
                for (key, item) in entries {
                    if turn(Value::String(key), item)? == Flow::Break {
                        break;
                    }
                }
                Ok(any)
            }
            Value::Object(channel) => {
                for index in 0.. {
                    match channel.receive() {
                        None => return Err(self.not_iterable(over, pipeline)),
                        Some(None) => return Ok(index > 0),
                        Some(Some(item)) => {
                            if turn(position(index), item)? == Flow::Break {
                                break;
                            }
                        }
                    }
                }
                Ok(true)
            }
            Value::NoValue | Value::Nil => Ok(false),
            _ => Err(self.not_iterable(over, pipeline)),
        }
    }

    fn not_iterable(&self, over: &Value, pipeline: &Pipeline) -> ExecError {
        let message = format!("range can't iterate over {}", over.type_name());
        self.error(pipeline.span, message)
    }

    /// One turn of a range. `Break` ends the loop, and it alone.
    fn turn(
        &mut self,
        pipeline: &'t Pipeline,
        body: &'t Body,
        mark: usize,
        index: Value,
        item: Value,
    ) -> Execution<Flow> {
        self.run
            .turn()
            .map_err(|fault| self.fault(pipeline.span, fault))?;
        let (first, second) = match pipeline.variables.len() {
            0 => (None, None),
            1 => (None, Some(&item)),
            _ => (Some(index), Some(&item)),
        };
        let assigned = [first.as_ref(), second]
            .into_iter()
            .flatten()
            .zip(&pipeline.variables);
        for (place, (value, name)) in assigned.enumerate() {
            if pipeline.assigns {
                self.assign(*name, value.clone(), pipeline.span)?;
            } else {
                // The pipeline has just declared them, so they are on the top of the stack.
                let slot = mark - pipeline.variables.len() + place;
                self.variables[slot].1 = value.clone();
            }
        }
        let flow = self.body(&item, body)?;
        self.variables.truncate(mark);
        Ok(flow)
    }

    pub(super) fn template(
        &mut self,
        dot: &Value,
        span: Span,
        name: &[u8],
        pipeline: Option<&'t Pipeline>,
    ) -> Execution<()> {
        let body = self.definition(span, name)?;
        let dot = match pipeline {
            Some(pipeline) => self.pipeline(dot, pipeline)?,
            None => Value::NoValue,
        };
        self.defined(dot, span, body)
    }

    /// The template `name` with `dot`, as a text instead of as output.
    pub(super) fn executed(&mut self, dot: Value, span: Span, name: &[u8]) -> Execution<Value> {
        let body = self.definition(span, name)?;
        let limits = self.run.context.limits;
        let inner = Sink::new(limits.output, limits.depth);
        let outer = std::mem::replace(&mut self.out, inner);
        self.defined(dot, span, body)?;
        let text = std::mem::replace(&mut self.out, outer).into_bytes();
        self.run
            .string(text)
            .map_err(|fault| self.fault(span, fault))
    }

    fn definition(&self, span: Span, name: &[u8]) -> Execution<&'t Body> {
        self.template.definitions.get(name).ok_or_else(|| {
            let message = format!("template {:?} not defined", String::from_utf8_lossy(name));
            self.error(span, message)
        })
    }

    /// What `define` made, with `dot`: no variable of the caller reaches it.
    fn defined(&mut self, dot: Value, span: Span, body: &'t Body) -> Execution<()> {
        self.run.turn().map_err(|fault| self.fault(span, fault))?;
        self.deeper(span)?;
        let outer = std::mem::replace(&mut self.variables, vec![(ROOT, dot.clone())]);
        self.body(&dot, body)?;
        self.variables = outer;
        self.depth -= 1;
        Ok(())
    }
}

fn position(index: usize) -> Value {
    Value::Int(i64::try_from(index).unwrap_or(i64::MAX))
}

/// The end of a range over a number, and its type.
fn counter(over: &Value) -> (u64, fn(u64) -> Value) {
    match over {
        Value::Int(end) => (u64::try_from(*end).unwrap_or(0), |i| Value::Int(i as i64)),
        Value::Int64(end) => (u64::try_from(*end).unwrap_or(0), |i| Value::Int64(i as i64)),
        Value::Uint8(end) => (u64::from(*end), |i| Value::Uint8(i as u8)),
        Value::Uint64(end) => (*end, Value::Uint64),
        _ => (0, Value::Uint64),
    }
}
