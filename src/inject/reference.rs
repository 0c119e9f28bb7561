//! `$(VAR)` in a container's command, arguments and environment, where the refresher has the value.
//!
//! Kubelet expands references before the container starts, turns `$$` into `$`, and leaves a name
//! that it does not know. So a reference to a variable of ours is written `$(freshet.dev/VAR)`, which
//! `exec` expands, and an escaped `$$(VAR)` stays what it is.
//!
//! The grammar is that of Kubernetes' `third_party/forked/golang/expansion`.

use std::borrow::Cow;

use crate::spec::layout::REFERENCE;

/// The text with its references to variables that are `ours` written for `exec`.
pub(super) fn marked<'t>(text: &'t str, ours: &dyn Fn(&str) -> bool) -> Cow<'t, str> {
    rewritten(text, |name| {
        ours(name).then(|| format!("$({REFERENCE}{name})"))
    })
}

/// The text as its author wrote it.
pub(super) fn unmarked(text: &str) -> Cow<'_, str> {
    rewritten(text, |name| {
        Some(format!("$({})", name.strip_prefix(REFERENCE)?))
    })
}

/// The first name of `ours` that the text refers to.
pub(super) fn first<'t>(text: &'t str, ours: &dyn Fn(&str) -> bool) -> Option<&'t str> {
    let mut rest = text;
    while let Some((_, name, after)) = next(rest) {
        if ours(name) {
            return Some(name);
        }
        rest = after;
    }
    None
}

fn rewritten(text: &str, rewrite: impl Fn(&str) -> Option<String>) -> Cow<'_, str> {
    let mut written = String::new();
    let mut rest = text;
    let mut changed = false;
    while let Some((before, name, after)) = next(rest) {
        written.push_str(before);
        match rewrite(name) {
            Some(reference) => {
                written.push_str(&reference);
                changed = true;
            }
            None => written.push_str(&rest[before.len()..rest.len() - after.len()]),
        }
        rest = after;
    }
    written.push_str(rest);
    if changed {
        Cow::Owned(written)
    } else {
        Cow::Borrowed(text)
    }
}

/// What stands before the first reference, its name, and what follows it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find('$')?;
        let rest = &text[at + 1..];
        if rest.starts_with('$') {
            from = at + 2;
        } else if let Some(inner) = rest.strip_prefix('(')
            && let Some(end) = inner.find(')')
        {
            return Some((&text[..at], &inner[..end], &inner[end + 1..]));
        } else {
            from = at + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubelet_would_expand_is_marked_and_unmarked_again() {
        for (text, want) in [
            ("$(A)", "$(freshet.dev/A)"),
            ("x$(A)$(B)$(A)y", "x$(freshet.dev/A)$(B)$(freshet.dev/A)y"),
            ("$$(A)", "$$(A)"),
            ("$$$(A)", "$$$(freshet.dev/A)"),
            ("$$$$(A)", "$$$$(A)"),
            ("$A $(A", "$A $(A"),
            ("$ $(A) $", "$ $(freshet.dev/A) $"),
            ("$($(A)", "$($(A)"),
            ("$() $(a) é$(A)é", "$() $(a) é$(freshet.dev/A)é"),
            ("", ""),
        ] {
            let found = marked(text, &|name| name == "A");
            assert_eq!(found, want, "{text}");
            assert_eq!(unmarked(&found), text);
        }
    }

    #[test]
    fn the_first_of_ours_is_found() {
        let ours = |name: &str| name == "A" || name == "C";
        assert_eq!(first("$(B) $$(A) $(C) $(A)", &ours), Some("C"));
        assert_eq!(first("$$(A) $(B)", &ours), None);
    }
}
