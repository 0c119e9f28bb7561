//! "Did you mean …?": the known word nearest to an unknown one.

/// The candidate that `word` was most likely meant to be; `None` when nothing is near enough, for a
/// wild guess helps nobody. Of two equally near ones the first wins.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance_within(word, candidate)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How far `word` is from the key `name`, and the key that it would be. A name with a hyphen at its end
/// is that of a family: any of the `separators` may be the hyphen, and what follows has to be a member.
pub(crate) fn misspelling(
    word: &str,
    name: &str,
    separators: &[char],
    is_member: impl Fn(&str) -> bool,
) -> Option<(usize, String)> {
    let Some(family) = name.strip_suffix('-') else {
        return distance_within(word, name).map(|near| (near, name.to_owned()));
    };
    if word.len() > LONGEST_NAME {
        return None;
    }
    let candidates = word.match_indices(separators).filter_map(|(at, _)| {
        let (stem, member) = (&word[..at], &word[at + 1..]);
        let near = distance_within(stem, family)?;
        is_member(member).then(|| (near, format!("{name}{member}")))
    });
    candidates.min_by_key(|(distance, _)| *distance)
}

/// Kubernetes allows 63 bytes for the name part of a key; nothing longer is a slip of the pen.
const LONGEST_NAME: usize = 63;

/// The distance of the two words when it is small enough for one to be the other misspelt: a third
/// of the longer one's length, and at least one.
pub(crate) fn distance_within(word: &str, candidate: &str) -> Option<usize> {
    if word.len() > LONGEST_NAME || candidate.len() > LONGEST_NAME {
        return None;
    }
    let longer = word.chars().count().max(candidate.chars().count());
    let distance = edit_distance(word, candidate);
    (distance <= (longer / 3).max(1)).then_some(distance)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other
/// (optimal string alignment), without regard to case.
fn edit_distance(left: &str, right: &str) -> usize {
    let fold = |text: &str| {
        text.chars()
            .map(|c| c.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    let (left, right) = (fold(left), fold(right));
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let substituted = last[column] + usize::from(from != to);
            let mut best = substituted.min(last[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && *from == right[column - 1] && left[row - 1] == *to {
                best = best.min(before[column - 1] + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut last, line);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits_and_swaps() {
        for (left, right, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("mode", "mode", 0),
            ("mdoe", "mode", 1),
            ("mod", "mode", 1),
            ("node", "mode", 1),
            ("Mode", "mode", 0),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edit_distance(left, right), distance, "{left} {right}");
            assert_eq!(edit_distance(right, left), distance, "{right} {left}");
        }
    }

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let words = ["secret", "template", "format"];
        assert_eq!(closest("secrets", words), Some("secret"));
        assert_eq!(closest("tempalte", words), Some("template"));
        assert_eq!(closest("audience", words), None);
        assert_eq!(closest(&"x".repeat(100_000), words), None);
    }
}
