//! Paths with slashes.

use super::function;
use super::strings;
use crate::template::call::Function;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function!("base", "s", |args, run| run.string(base(args.bytes(0)))),
    function!("dir", "s", |args, run| run.string(dir(args.bytes(0)))),
    function!("clean", "s", |args, run| run.string(clean(args.bytes(0)))),
    function!("ext", "s", |args, run| run.string(ext(args.bytes(0)))),
    function!("isAbs", "s", |args, _| Ok(Value::Bool(
        args.bytes(0).starts_with(b"/")
    ))),
    function!("osBase", "s", |args, run| run.string(base(args.bytes(0)))),
    function!("osDir", "s", |args, run| run.string(dir(args.bytes(0)))),
    function!("osClean", "s", |args, run| run.string(clean(args.bytes(0)))),
    function!("osExt", "s", |args, run| run.string(ext(args.bytes(0)))),
    function!("osIsAbs", "s", |args, _| Ok(Value::Bool(
        args.bytes(0).starts_with(b"/")
    ))),
];

fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|byte| *byte != b'/');
    match end {
        None => b"/",
        Some(end) => path[..=end]
            .rsplit(|byte| *byte == b'/')
            .next()
            .unwrap_or_default(),
    }
}

fn dir(path: &[u8]) -> Vec<u8> {
    let end = path
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |slash| slash + 1);
    clean(&path[..end])
}

fn ext(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) => &name[dot..],
        None => b"",
    }
}

/// The shortest path of the same meaning.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in strings::separated(path, b"/", -1) {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
