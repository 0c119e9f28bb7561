//! Changes that bytes alone would hardly come to: annotations that the dialect knows, with values that
//! some other annotation takes, or none.

use std::sync::LazyLock;

use freshet::dialect::vault_k8s;

use super::case::{OTHER_PREFIX, PART};

/// The keys of the reference, without the names of families, and their examples.
static KNOWN: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let table = vault_k8s::reference();
    let rows = table.lines().filter_map(|row| {
        let (key, row) = row.strip_prefix("| `")?.split_once("` |")?;
        let (_, example) = row.strip_suffix("` |")?.rsplit_once("| `")?;
        Some((key.to_owned(), example.replace("\\|", "|")))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 50, "the reference is another table");
    rows
});

#[rustfmt::skip]
const NAMES: [&str; 12] = [
    "db", "Db", "app.conf", "file-db", "left-delim-db", ".env", "-", "a_b", "role", "token-path",
    "role-id-file-path", "ä",
];

#[rustfmt::skip]
const VALUES: [&str; 34] = [
    "", " ", "true", "false", "T", "yes", "0", "1", "-1", "8", "65536", "4294967296", "0640",
    "07777", "1e9", "1s", "1ns", "24h", "/", "//a/../b", "/vault/secrets", "/etc/a/b", "../x", ".",
    "a/b", "web", "shop", "secret/data/db", "{{", "<%", "\\n", "[]", "null", "ä\u{2028}",
];

/// Names and places of the pod's own that may be in somebody's way.
#[rustfmt::skip]
const TAKEN: [&str; 12] = [
    "web", "vault-agent", "vault-agent-init", "vault-secrets", "freshet-secrets", "freshet-token",
    "/vault/secrets", "/vault/custom", "/vault/tls/", "/vault", "/run/freshet",
    "/var/run/secrets/kubernetes.io/serviceaccount",
];

/// What stands before such a one, as the seeds have it.
const BEFORE: [&str; 2] = ["\"mountPath\":\"", "\"name\":\""];

/// Two times in three an annotation is written, replaced, doubled or taken away, or something of the
/// pod's own called otherwise.
pub(super) fn mutated(data: &[u8], seed: u32) -> Option<String> {
    let mut dice = Dice(u64::from(seed) + 1);
    if dice.roll(3) == 0 {
        return None;
    }
    let text = std::str::from_utf8(data).ok()?;
    let parts = text.find(PART).unwrap_or(text.len());
    let (annotations, parts) = text.split_at(parts);
    let mut lines: Vec<String> = annotations.split('\n').map(str::to_owned).collect();
    let at = dice.roll(lines.len());
    match dice.roll(6) {
        0 => lines[at] = annotation(&mut dice),
        1 => {
            lines.remove(at);
        }
        2 => {
            let (key, _) = lines[at].split_once('=')?;
            lines[at] = format!("{key}={}", value(&mut dice));
        }
        3 => {
            let double = format!("{OTHER_PREFIX}{}", lines[at]);
            lines.insert(at, double);
        }
        4 => return Some(format!("{annotations}{}", renamed(parts, &mut dice)?)),
        _ => lines.insert(at, annotation(&mut dice)),
    }
    Some(lines.join("\n") + parts)
}

fn renamed(pod: &str, dice: &mut Dice) -> Option<String> {
    let before = BEFORE[dice.roll(BEFORE.len())];
    let all: Vec<usize> = pod.match_indices(before).map(|(at, _)| at).collect();
    let at = all.get(dice.roll(all.len().max(1)))? + before.len();
    let (head, tail) = pod.split_at(at);
    let end = tail.find('"')?;
    Some(format!(
        "{head}{}{}",
        TAKEN[dice.roll(TAKEN.len())],
        &tail[end..]
    ))
}

fn annotation(dice: &mut Dice) -> String {
    let (key, example) = &KNOWN[dice.roll(KNOWN.len())];
    let name = NAMES[dice.roll(NAMES.len())];
    let key = match key.split_once('<') {
        Some((family, _)) => format!("{family}{name}"),
        None => key.clone(),
    };
    match dice.roll(2) {
        0 => format!("{key}={example}"),
        _ => format!("{key}={}", value(dice)),
    }
}

fn value(dice: &mut Dice) -> String {
    match dice.roll(3) {
        0 => KNOWN[dice.roll(KNOWN.len())].1.clone(),
        _ => VALUES[dice.roll(VALUES.len())].to_owned(),
    }
}

/// Splitmix64: the same seed, the same changes.
struct Dice(u64);

impl Dice {
    /// A number below `sides`, which is not 0.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % sides as u64).unwrap_or_default()
    }
}
