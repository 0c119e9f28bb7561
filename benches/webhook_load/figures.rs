//! The figures: a table for people, and lines for `target/figures.tsv`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::Result;

/// One measured value.
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    /// `<= N` or `>= N`.
    budget: Option<&'static str>,
}

impl Figure {
    /// A figure, with its budget where there is one.
    pub(crate) fn new(
        name: &'static str,
        value: f64,
        unit: &'static str,
        budget: Option<&'static str>,
    ) -> Self {
        Self {
            name,
            value,
            unit,
            budget,
        }
    }

    /// Three significant digits tell all that such a measurement knows.
    fn rounded(&self) -> String {
        match self.value {
            value if value >= 100.0 => format!("{value:.0}"),
            value if value >= 10.0 => format!("{value:.1}"),
            value => format!("{value:.2}"),
        }
    }
}

/// Prints the table and appends the lines.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn publish(figures: &[Figure]) -> Result<()> {
    // Not beside what cargo builds: the runner keeps release builds elsewhere.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/figures.tsv");
    let mut file = open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    println!();
    for figure in figures {
        let (value, budget) = (figure.rounded(), figure.budget.unwrap_or_default());
        println!("{:28} {value:>9} {:10} {budget}", figure.name, figure.unit);
        writeln!(file, "{}\t{value}\t{}\t{budget}", figure.name, figure.unit)?;
    }
    Ok(())
}

fn open(path: &Path) -> std::io::Result<std::fs::File> {
    OpenOptions::new().create(true).append(true).open(path)
}
