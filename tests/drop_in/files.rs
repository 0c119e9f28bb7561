//! The files that a container sees.

use std::collections::BTreeMap;

use crate::support::namespace::Namespace;

/// A file's mode in octal, and what it holds.
pub(crate) type Files = BTreeMap<String, (String, String)>;

/// The files below the directories, by their paths; what a volume keeps for itself is none.
#[track_caller]
pub(crate) fn files(
    namespace: &Namespace,
    pod: &str,
    container: &str,
    directories: &[&str],
) -> Files {
    let look = |script: &str| {
        let command = ["sh", "-c", script];
        let done = namespace.exec(pod, container, &command);
        assert!(done.ok, "{script} in {pod}: {}", done.stderr);
        done.stdout
    };
    let list = format!(
        "find -L {} -name '..*' -prune -o -type f -print",
        directories.join(" ")
    );
    let paths = look(&list);
    let paths = paths.lines();
    let of = |path: &str| {
        let mode = look(&format!("stat -L -c %a '{path}'"));
        let content = look(&format!("cat '{path}'"));
        (path.to_owned(), (mode.trim().to_owned(), content))
    };
    paths.map(of).collect()
}
