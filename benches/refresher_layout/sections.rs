//! The sections of code that the linker joined to a program: mostly one for each function.

use std::collections::BTreeSet;

/// A section of code, as the linker's map tells of it.
#[derive(Clone, Copy)]
pub(crate) struct Section<'m> {
    /// With `.text` in front.
    pub(crate) name: &'m str,
    /// In bytes.
    pub(crate) size: u64,
    /// Whether any of it was executed.
    pub(crate) is_executed: bool,
    address: u64,
}

/// All of a program's, by address.
pub(crate) struct Sections<'m> {
    all: Vec<Section<'m>>,
    /// The address of the first instruction of a program.
    pub(crate) first: u64,
}

impl<'m> Sections<'m> {
    /// Those of which `map` tells.
    pub(crate) fn of(map: &'m str) -> Self {
        let (_, map) = map
            .split_once("Linker script and memory map")
            .expect("a map of GNU ld");
        // A long name stands on a line of its own, with the rest on the next.
        let words: Vec<_> = map.split_whitespace().collect();
        let section = |words: &[&'m str]| match words {
            [name, address, size, _file] => Some(Section {
                name,
                address: number(address)?,
                size: number(size).filter(|size| *size > 0)?,
                is_executed: false,
            }),
            _ => None,
        };
        let sections = || words.windows(4).filter_map(section);
        let mut all: Vec<_> = sections()
            .filter(|section| section.name.starts_with(".text"))
            // The linker's own, which hold those of the files.
            .filter(|section| !matches!(section.name, ".text" | ".text.usual"))
            .collect();
        all.sort_by_key(|section| section.address);
        let first = sections().find(|section| section.name == ".init");
        Self {
            all,
            first: first.expect("a section .init").address,
        }
    }

    /// All of them, with what was `executed`.
    pub(crate) fn holding(mut self, executed: &BTreeSet<u64>) -> Vec<Section<'m>> {
        for address in executed {
            let behind = self.all.partition_point(|it| it.address <= *address);
            let section = behind.checked_sub(1).map(|index| &mut self.all[index]);
            if let Some(section) = section.filter(|it| *address < it.address + it.size) {
                section.is_executed = true;
            }
        }
        self.all
    }
}

fn number(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}
