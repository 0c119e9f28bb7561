//! `loop`: numbers that come one by one, from a channel that is empty once they have come.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use super::parse;
use crate::template::call::{Args, Fault, Outcome, Run};
use crate::template::object::Object;
use crate::template::value::Value;

/// A `<-chan int64`.
struct Channel {
    next: Cell<i64>,
    stop: i64,
}

/// `loop stop`, from 0; or `loop start stop`.
pub(super) fn count(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let (start, stop) = match args.0 {
        [stop] => (0, number(stop)?),
        [start, stop] => (number(start)?, number(stop)?),
        _ => return Err("loop: wrong number of arguments, expected 1 or 2".into()),
    };
    let next = Cell::new(start);
    Ok(Value::Object(Rc::new(Channel { next, stop })))
}

fn number(value: &Value) -> Result<i64, Fault> {
    match value {
        Value::Int(value) | Value::Int64(value) => Ok(*value),
        Value::Uint8(value) => Ok(i64::from(*value)),
        // Go wraps around, too.
        Value::Uint64(value) => Ok(*value as i64),
        Value::String(text) | Value::Number(text) => parse::int(text),
        other => Err(Fault::new(format!(
            "loop: bad argument type: {}",
            other.type_name()
        ))),
    }
}

impl Object for Channel {
    fn type_name(&self) -> &'static str {
        "<-chan int64"
    }

    fn kind_name(&self) -> &'static str {
        "chan"
    }

    fn member(&self, _: &[u8], _: &[Value]) -> Option<Outcome> {
        None
    }

    fn print(&self) -> Option<Vec<u8>> {
        None
    }

    fn receive(&self) -> Option<Option<Value>> {
        let number = self.next.get();
        if number >= self.stop {
            return Some(None);
        }
        self.next.set(number + 1);
        Some(Some(Value::Int64(number)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
