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
    let near = ROWS.iter().filter_map(|row| misspelling_of(word, row));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

/// How far `word` is from the row, and the key that it would be. Of a family, every hyphen may be
/// the one before the name.
fn misspelling_of(word: &str, row: &Row) -> Option<(usize, String)> {
    if !row.is_family() {
        return suggest::distance_within(word, row.name).map(|near| (near, row.name.to_owned()));
    }
    if word.len() > 63 {
        return None;
    }
    let hyphens = word.match_indices('-');
    let candidates = hyphens.filter_map(|(at, _)| {
        let (stem, name) = (&word[..at], &word[at + 1..]);
        let near = suggest::distance_within(stem, row.name.trim_end_matches('-'))?;
        (!name.is_empty()).then(|| (near, format!("{}{name}", row.name)))
    });
    candidates.min_by_key(|(distance, _)| *distance)
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
