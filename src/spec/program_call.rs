//! A program and its arguments, started as they are: there is no shell.

use std::fmt;
use std::str::FromStr;

use super::invalid::Invalid;

/// `["/vault/custom/reload","--now"]`: the absolute path of a program in the refresher's container,
/// and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgramCall {
    program: String,
    arguments: Vec<String>,
}

impl ProgramCall {
    /// A call of the program at an absolute path.
    ///
    /// # Errors
    /// When the path is none, or a word holds a zero byte, which no argument can.
    pub fn new(program: String, arguments: Vec<String>) -> Result<Self, Invalid> {
        let words = || arguments.iter().chain([&program]);
        if !program.starts_with('/') || words().any(|word| word.contains('\0')) {
            return Err(accepted());
        }
        Ok(Self { program, arguments })
    }

    /// The absolute path of the program.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Its arguments.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }
}

fn accepted() -> Invalid {
    Invalid::new(
        "must be a JSON array of a program's absolute path and its arguments, e.g. run:[\"/scripts/reload\",\"--now\"]",
    )
}

impl FromStr for ProgramCall {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let words: Vec<String> = serde_json::from_str(text).map_err(|_| accepted())?;
        let mut words = words.into_iter();
        let program = words.next().ok_or_else(accepted)?;
        Self::new(program, words.collect())
    }
}

impl fmt::Display for ProgramCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = [&self.program].into_iter().chain(&self.arguments).collect();
        // Texts always have a JSON form.
        f.write_str(&serde_json::to_string(&words).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_has_one_text() {
        let call: ProgramCall = r#"[ "/bin/reload", "a b", "\"c\"" ]"#.parse().expect("a call");
        assert_eq!(call.to_string(), r#"["/bin/reload","a b","\"c\""]"#);
        assert_eq!((call.program(), call.arguments().len()), ("/bin/reload", 2));
        for text in [
            "",
            "[]",
            "/bin/reload",
            r#"["reload"]"#,
            r#"["/a","\u0000"]"#,
            r#"["/a",1]"#,
        ] {
            assert!(text.parse::<ProgramCall>().is_err(), "{text:?}");
        }
    }
}
