//! Which instructions were executed, by callgrind's count.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// For valgrind: each instruction by its address, in `output`.
pub(crate) fn options(output: &Path) -> Vec<String> {
    let fixed = [
        "--tool=callgrind",
        "--dump-instr=yes",
        "--compress-pos=no",
        "--compress-strings=no",
    ];
    let mut options: Vec<_> = fixed.map(str::to_owned).into();
    options.push(format!("--callgrind-out-file={}", output.display()));
    options
}

/// The addresses of which `output` tells, as in the file `program`, whose first instruction is at
/// `first`: any life begins there.
pub(crate) fn addresses(output: &Path, program: &Path, first: u64) -> BTreeSet<u64> {
    let text = fs::read_to_string(output).expect("callgrind's output: did valgrind end well?");
    let own = format!("ob={}", program.display());
    // What valgrind knows to be the program's has the file's addresses; what runs before the program
    // has relocated itself, and much after it, those in memory.
    let (mut in_file, mut in_memory) = (BTreeSet::new(), BTreeSet::new());
    let mut is_known = false;
    for line in text.lines() {
        if line.starts_with("ob=") {
            is_known = line == own;
        }
        let address = line.split(' ').next().and_then(|it| it.strip_prefix("0x"));
        if let Some(address) = address {
            let address = u64::from_str_radix(address, 16).expect("an address");
            match is_known {
                true => in_file.insert(address),
                false => in_memory.insert(address),
            };
        }
    }
    let begin = in_memory.first().copied().unwrap_or(first);
    in_file.extend(in_memory.iter().map(|address| address - begin + first));
    in_file
}
