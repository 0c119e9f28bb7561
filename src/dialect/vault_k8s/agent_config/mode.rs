//! Modes of files, as the agent reads them.

use super::stanza::Stanza;
use crate::dialect::findings::Findings;
use crate::spec::FileMode;

/// The mode of a sink's file that names none.
const SINK_MODE: i64 = 0o640;

/// `perms`: a text is octal, a number is what it is.
pub(super) fn of_template(template: &Stanza<'_>, findings: &mut Findings) -> Option<FileMode> {
    let bits = match template.integer("perms") {
        Some(number) => u16::try_from(number).ok(),
        None => match template.text("perms", findings) {
            None => return Some(FileMode::DEFAULT),
            Some(text) => u16::from_str_radix(&text, 8).ok(),
        },
    };
    file_mode(template, "perms", bits, findings)
}

/// `mode` of a sink, a number alone.
pub(super) fn of_sink(config: &Stanza<'_>, findings: &mut Findings) -> Option<FileMode> {
    let bits = match config.has("mode") {
        true => config.integer("mode"),
        false => Some(SINK_MODE),
    };
    let bits = bits.and_then(|bits| u16::try_from(bits).ok());
    file_mode(config, "mode", bits, findings)
}

/// A mode of the agent's is up to twelve bits, of which a secret has use for nine; 0 stands for the
/// usual one.
fn file_mode(
    stanza: &Stanza<'_>,
    key: &str,
    bits: Option<u16>,
    findings: &mut Findings,
) -> Option<FileMode> {
    let message = match bits {
        Some(0) => return Some(FileMode::DEFAULT),
        Some(bits @ 1..=0o777) => match format!("{bits:04o}").parse::<FileMode>() {
            Ok(mode) => return Some(mode),
            Err(invalid) => format!("is {bits:04o} in octal: {invalid}"),
        },
        // 644 without quotes is a decimal number.
        Some(bits) => {
            format!("is {bits:04o} in octal: must be at most 0777, e.g. \"0640\", in quotes")
        }
        None => "must be octal, e.g. \"0640\", in quotes".to_owned(),
    };
    findings.problem(stanza.say(key, message));
    None
}
