//! sprig's defaults, conditions and questions about types.

use super::convert;
use super::function;
use crate::template::call::{Args, Fault, Function, Outcome};
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function!("default", "aa*", |args, _| Ok(match args.from(1).first() {
        Some(given) if !convert::is_empty(given) => given.clone(),
        _ => args.get(0).clone(),
    })),
    function!("empty", "a", |args, _| Ok(Value::Bool(convert::is_empty(
        args.get(0)
    )))),
    function!("coalesce", "a*", |args, _| {
        Ok(args
            .0
            .iter()
            .find(|value| !convert::is_empty(value))
            .cloned()
            .unwrap_or(Value::Nil))
    }),
    function!("all", "a*", |args, _| Ok(Value::Bool(
        !args.0.iter().any(convert::is_empty)
    ))),
    function!("any", "a*", |args, _| Ok(Value::Bool(
        !args.0.iter().all(convert::is_empty)
    ))),
    function!("ternary", "aab", |args, _| Ok(args
        .get(if args.bool(2) { 0 } else { 1 })
        .clone())),
    function!("typeOf", "a", |args, _| Ok(Value::string(
        args.get(0).type_name()
    ))),
    function!("typeIs", "sa", |args, _| Ok(Value::Bool(is(
        args,
        args.get(1).type_name()
    )))),
    function!("typeIsLike", "sa", type_is_like),
    function!("kindOf", "a", |args, _| Ok(Value::string(
        args.get(0).kind_name()
    ))),
    function!("kindIs", "sa", |args, _| Ok(Value::Bool(is(
        args,
        args.get(1).kind_name()
    )))),
    function!("deepEqual", "aa", |args, run| {
        Ok(Value::Bool(convert::deep_equal(
            args.get(0),
            args.get(1),
            run.context.limits.depth,
        )))
    }),
    function!("fail", "s", |_, _| Err(Fault::new(
        "the template asked to fail"
    ))),
];

fn is(args: &Args<'_>, name: &str) -> bool {
    args.bytes(0) == name.as_bytes()
}

fn type_is_like(args: &Args<'_>, _: &mut crate::template::call::Run<'_, '_>) -> Outcome {
    let name = args.get(1).type_name();
    Ok(Value::Bool(
        is(args, name) || is(args, name.trim_start_matches('*')),
    ))
}
