//! What a test measures, for the table at the end of a run.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Appends a line to `target/figures.tsv`. A budget reads `<= 3`; without one the figure is shown.
#[track_caller]
pub(crate) fn figure(name: &str, value: f64, unit: &str, budget: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/figures.tsv");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let mut file = file.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // One write, so that lines of tests side by side stay whole.
    let line = format!("{name}\t{value:.2}\t{unit}\t{budget}\n");
    file.write_all(line.as_bytes()).expect("a line");
    eprintln!("{name}: {value:.2} {unit} {budget}");
}

/// The one in the middle.
#[track_caller]
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    assert!(!sorted.is_empty(), "nothing was measured");
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}
