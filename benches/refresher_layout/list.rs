//! The list for the linker: patterns of sections, without what changes with every build.

use std::collections::{BTreeMap, BTreeSet};

use super::sections::Section;

/// A module of which such a part was executed is named as a whole: functions that come to it later
/// are then in front, too, and the list is shorter.
const PART: f64 = 0.5;

/// So many bytes of a module that is named as a whole may be idle: half of what is mapped at once.
const IDLE: u64 = 32 << 10;

/// A module, or a function: what is below it, by name, and the bytes in it.
#[derive(Default)]
struct Module {
    below: BTreeMap<String, Self>,
    executed: u64,
    size: u64,
}

/// One line for each pattern.
pub(crate) fn text(sections: &[Section<'_>]) -> String {
    let mut root = Module::default();
    let mut patterns = BTreeSet::new();
    for section in sections {
        let name = section.name.trim_start_matches(".text.");
        let name = name.trim_start_matches("unlikely.");
        if name.starts_with("_ZN") {
            root.add(&path(name), section);
        } else if name.starts_with("_R") && section.is_executed {
            patterns.insert(without_crates(name));
        }
    }
    root.name("_ZN", &mut patterns);
    let lines = patterns.iter().map(|name| format!("*(.text*{name})\n"));
    lines.collect()
}

impl Module {
    fn add(&mut self, path: &[&str], section: &Section<'_>) {
        let mut module = self;
        for name in path {
            module = module.below.entry((*name).to_owned()).or_default();
            module.size += section.size;
            module.executed += u64::from(section.is_executed) * section.size;
        }
    }

    fn is_usual(&self) -> bool {
        let part = self.executed as f64 / self.size as f64;
        part >= PART && self.size - self.executed <= IDLE
    }

    fn name(&self, prefix: &str, patterns: &mut BTreeSet<String>) {
        for (name, module) in self.below.iter().filter(|(_, it)| it.executed > 0) {
            let prefix = format!("{prefix}{name}");
            if module.below.is_empty() {
                patterns.insert(format!("{prefix}17h*"));
            } else if module.is_usual() {
                patterns.insert(format!("{prefix}*"));
            } else {
                module.name(&prefix, patterns);
            }
        }
    }
}

/// The parts of a name in the older mangling, `_ZN7freshet4sync…17h0123456789abcdefE`, each with its
/// length, without the hash.
fn path(name: &str) -> Vec<&str> {
    let mut rest = name.trim_start_matches("_ZN");
    let mut parts = Vec::new();
    while let Some(digits) = rest.find(|letter: char| !letter.is_ascii_digit()) {
        let Ok(length) = rest[..digits].parse::<usize>() else {
            break;
        };
        let Some((part, behind)) = rest.split_at_checked(digits + length) else {
            break;
        };
        parts.push(part);
        rest = behind;
    }
    parts.pop();
    parts
}

/// A name in the newer mangling, without the disambiguators of its crates (`Csaz6eC2DG7lh_`), which are
/// others for each compiler.
fn without_crates(name: &str) -> String {
    let mut parts = name.split("Cs");
    let mut pattern = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('_') {
            Some((disambiguator, rest))
                if disambiguator
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric()) =>
            {
                pattern.push_str("Cs*_");
                pattern.push_str(rest);
            }
            _ => {
                pattern.push_str("Cs");
                pattern.push_str(part);
            }
        }
    }
    pattern
}
