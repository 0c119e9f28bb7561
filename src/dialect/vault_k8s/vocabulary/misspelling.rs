//! A word that is no key, and the key that was meant.

use super::{ROWS, Row};
use crate::dialect::suggest;

/// What is wrong with the word after `prefix`, and which key was most likely meant.
pub(in crate::dialect::vault_k8s) fn clause(prefix: &str, word: &str) -> String {
    let named = |row: &&Row| {
        row.is_family() && row.name.trim_end_matches('-') == word.trim_end_matches('-')
    };
    if let Some(row) = ROWS.iter().find(named) {
        return format!(
            "has no effect: must end in a name, e.g. {prefix}{}db",
            row.name
        );
    }
    match nearest(word) {
        Some(key) => format!("unknown, and has no effect: did you mean {prefix}{key}?"),
        None => "unknown, and has no effect".to_owned(),
    }
}

/// The key that was most likely meant, without the prefix.
fn nearest(word: &str) -> Option<String> {
    let near = ROWS
        .iter()
        .filter_map(|row| suggest::misspelling(word, row.name, &['-'], |name| !name.is_empty()));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_answered_with_the_nearest() {
        for (word, meant) in [
            ("agent-injected", "agent-inject"),
            ("agent-inject-secrets-db", "agent-inject-secret-db"),
            ("agent-inject-tempalte-db", "agent-inject-template-db"),
            ("agent-inject-container", "agent-inject-containers"),
            ("agent-prepopulate", "agent-pre-populate"),
            ("agent-limit-cpu", "agent-limits-cpu"),
        ] {
            let text = clause("openbao.org/", word);
            let want = format!("unknown, and has no effect: did you mean openbao.org/{meant}?");
            assert_eq!(text, want, "{word}");
        }
        let family = clause("openbao.org/", "agent-inject-secret-");
        assert!(family.ends_with("must end in a name, e.g. openbao.org/agent-inject-secret-db"));
        assert_eq!(clause("", "zzz"), "unknown, and has no effect");
    }
}
