//! Policies: which capabilities a token has at a path.
//!
//! As in Vault, the most specific rule decides alone; rules of several policies for the same path
//! add up, and `deny` beats them all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// The rules of one policy, by their path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Policy(BTreeMap<String, BTreeSet<String>>);

impl Policy {
    /// Reads the JSON form: `{"path": {"secret/data/*": {"capabilities": ["read"]}}}`.
    pub(super) fn from_json(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Document {
            path: BTreeMap<String, Rule>,
        }
        #[derive(Deserialize)]
        struct Rule {
            capabilities: BTreeSet<String>,
        }
        let document: Document = serde_json::from_str(text).ok()?;
        let rules = document.path.into_iter();
        let rules =
            rules.map(|(path, rule)| (path.trim_start_matches('/').to_owned(), rule.capabilities));
        Some(Self(rules.collect()))
    }

    /// What every token may do with itself.
    pub(super) fn default_policy() -> Self {
        let rule = |path: &str, capability: &str| {
            (path.to_owned(), BTreeSet::from([capability.to_owned()]))
        };
        Self(BTreeMap::from([
            rule("auth/token/lookup-self", "read"),
            rule("auth/token/renew-self", "update"),
            rule("auth/token/revoke-self", "update"),
            rule("sys/leases/lookup", "update"),
            rule("sys/leases/renew", "update"),
        ]))
    }
}

/// The policies of one token.
pub(super) enum Acl<'a> {
    /// The root token's.
    Everything,
    Policies(Vec<&'a Policy>),
}

impl Acl<'_> {
    /// Whether one of `capabilities` is given at `path`.
    pub(super) fn allows(&self, path: &str, capabilities: &[&str]) -> bool {
        let Self::Policies(policies) = self else {
            return true;
        };
        let rules = || {
            policies
                .iter()
                .flat_map(|policy| &policy.0)
                .filter(|(rule, _)| matches(rule, path))
        };
        let Some(best) = rules().map(|(rule, _)| Specificity::of(rule)).max() else {
            return false;
        };
        let given: BTreeSet<_> = rules()
            .filter(|(rule, _)| Specificity::of(rule) == best)
            .flat_map(|(_, capabilities)| capabilities.iter().map(String::as_str))
            .collect();
        !given.contains("deny")
            && capabilities
                .iter()
                .any(|capability| given.contains(capability))
    }

    /// Whether something is given at or below the mount `mount/`, or by a rule that covers it.
    pub(super) fn reaches(&self, mount: &str) -> bool {
        let Self::Policies(policies) = self else {
            return true;
        };
        policies
            .iter()
            .flat_map(|policy| &policy.0)
            .any(|(rule, capabilities)| {
                let fixed = rule.split(['*', '+']).next().unwrap_or_default();
                let covers = rule != fixed && mount.starts_with(fixed);
                !capabilities.contains("deny") && (rule.starts_with(mount) || covers)
            })
    }
}

/// Vault's order of rules that match the same path; the greatest decides.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Specificity<'a> {
    /// A wildcard that comes later is more specific; none at all is most.
    first_wildcard: usize,
    exact_end: bool,
    fewer_segments: std::cmp::Reverse<usize>,
    length: usize,
    rule: &'a str,
}

impl<'a> Specificity<'a> {
    fn of(rule: &'a str) -> Self {
        Self {
            first_wildcard: rule.find(['*', '+']).unwrap_or(usize::MAX),
            exact_end: !rule.ends_with('*'),
            fewer_segments: std::cmp::Reverse(rule.split('/').filter(|part| *part == "+").count()),
            length: rule.len(),
            rule,
        }
    }
}

/// Whether `rule` is for `path`: `+` is one segment, `*` at the end is any rest.
fn matches(rule: &str, path: &str) -> bool {
    let (rule, open) = match rule.strip_suffix('*') {
        Some(rule) => (rule, true),
        None => (rule, false),
    };
    let (mut rules, mut parts) = (rule.split('/'), path.split('/'));
    loop {
        match (rules.next(), parts.next(), rules.clone().next().is_none()) {
            (Some(rule), Some(part), true) if open => return part.starts_with(rule),
            (Some(rule), Some(part), _) if rule == "+" || rule == part => {}
            (None, None, _) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: &[(&str, &str)], path: &str, want: bool) {
        let rules = rules.iter().map(|&(path, capability)| {
            let policy = format!(r#"{{"path":{{"{path}":{{"capabilities":["{capability}"]}}}}}}"#);
            Policy::from_json(&policy).expect("policy")
        });
        let policies: Vec<_> = rules.collect();
        let acl = Acl::Policies(policies.iter().collect());
        assert_eq!(acl.allows(path, &["read"]), want, "{path}");
    }

    #[test]
    fn a_rule_is_exact_or_a_prefix_or_has_open_segments() {
        check(&[("secret/data/db", "read")], "secret/data/db", true);
        check(&[("secret/data/db", "read")], "secret/data/db/x", false);
        check(&[("secret/data/*", "read")], "secret/data/a/b", true);
        check(&[("secret/data/a*", "read")], "secret/data/app", true);
        check(&[("secret/data/a*", "read")], "secret/data/b", false);
        check(&[("secret/+/db", "read")], "secret/data/db", true);
        check(&[("secret/+/db", "read")], "secret/data/x/db", false);
        check(&[("*", "read")], "a/b/c", true);
        check(&[], "secret/data/db", false);
    }

    #[test]
    fn the_most_specific_rule_decides() {
        let rules = [("secret/*", "read"), ("secret/data/db", "list")];
        check(&rules, "secret/data/db", false);
        check(&rules, "secret/data/other", true);
        check(
            &[("secret/*", "deny"), ("secret/data/*", "read")],
            "secret/data/db",
            true,
        );
    }

    #[test]
    fn rules_for_one_path_add_up_and_deny_beats_them() {
        let rules = [("secret/data/db", "list"), ("secret/data/db", "read")];
        check(&rules, "secret/data/db", true);
        let rules = [("secret/data/db", "deny"), ("secret/data/db", "read")];
        check(&rules, "secret/data/db", false);
    }
}
