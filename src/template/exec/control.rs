//! Conditions, loops and calls of templates.

use super::{Exec, Execution, Flow};
use crate::template::ast::{Body, Branches, Pipeline, ROOT, Span};
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
        let mark = self.variables.len();
        let mut turns = 0_usize;
        match &over {
            Value::Int(_) | Value::Int64(_) | Value::Uint8(_) | Value::Uint64(_) => {
                if pipeline.variables.len() > 1 {
                    let message = "can't use a number to iterate over more than one variable";
                    return Err(self.error(pipeline.span, message));
                }
                let (end, of) = counter(&over);
                for index in 0..end {
                    turns += 1;
                    if self.turn(pipeline, body, mark, Value::NoValue, of(index))? == Flow::Break {
                        break;
                    }
                }
            }
            Value::List(list) => {
                for (index, item) in list.items().iter().enumerate() {
                    turns += 1;
                    let index = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
                    if self.turn(pipeline, body, mark, index, item.clone())? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, item) in map.entries() {
                    turns += 1;
                    if self.turn(pipeline, body, mark, Value::String(key), item)? == Flow::Break {
                        break;
                    }
                }
            }
            Value::NoValue | Value::Nil => {}
            other => {
                let message = format!("range can't iterate over {}", other.type_name());
                return Err(self.error(pipeline.span, message));
            }
        }
        let mut flow = Flow::Next;
        if turns == 0 {
            flow = self.body(dot, otherwise)?;
        }
        self.depth -= 1;
        self.variables.truncate(outer);
        Ok(flow)
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
        let template = self.template;
        let Some(body) = template.definitions.get(name) else {
            let message = format!("template {:?} not defined", String::from_utf8_lossy(name));
            return Err(self.error(span, message));
        };
        self.run.turn().map_err(|fault| self.fault(span, fault))?;
        let dot = match pipeline {
            Some(pipeline) => self.pipeline(dot, pipeline)?,
            None => Value::NoValue,
        };
        self.deeper(span)?;
        let outer = std::mem::replace(&mut self.variables, vec![(ROOT, dot.clone())]);
        self.body(&dot, body)?;
        self.variables = outer;
        self.depth -= 1;
        Ok(())
    }
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
