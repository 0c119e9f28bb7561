//! The vocabulary for people: in a terminal, and in the README.

use std::fmt::Write as _;

use super::{Arity, Inherited, PREFIX, PROFILE_PREFIX, ROWS, Row, settings};

/// All the keys with an example each, for a terminal.
pub fn overview() -> String {
    let rows = ROWS.iter().filter(|row| row.arity != Arity::Ours);
    let mut text = rows.fold("Annotations:\n".to_owned(), |mut text, row| {
        let suffix = row.suffix();
        // Writing to a String does not fail.
        let _ = writeln!(text, "  {PREFIX}{}{suffix}: {}", row.name, row.example);
        text
    });
    for (row, setting) in settings() {
        let name = setting.name;
        let _ = writeln!(
            text,
            "  {PREFIX}{PROFILE_PREFIX}<profile>-{name}: {}",
            row.example
        );
    }
    text
}

/// The reference of the annotations as a Markdown table, as the README has it.
pub fn reference() -> String {
    let mut table =
        String::from("| `freshet.dev/…` | meaning | default | example |\n|---|---|---|---|\n");
    for row in ROWS {
        let Row {
            name,
            example,
            default,
            doc,
            ..
        } = row;
        let suffix = row.suffix();
        // A pipe would end the cell, in code too.
        let example = match *example {
            "" => String::new(),
            example => format!("`{}`", example.replace('|', "\\|")),
        };
        // Writing to a String does not fail.
        let _ = writeln!(
            table,
            "| `{name}{suffix}` | {doc} | {default} | {example} |"
        );
    }
    table.push_str("\n| of a profile | the same as | default |\n|---|---|---|\n");
    for (row, setting) in settings() {
        let default = match setting.inherited {
            Inherited::Always => "the pod's",
            Inherited::AtTheSameServer => "the pod's, at the same `vault-address`",
        };
        let _ = writeln!(
            table,
            "| `{PROFILE_PREFIX}<profile>-{}` | `{}` | {default} |",
            setting.name, row.name
        );
    }
    table
}
