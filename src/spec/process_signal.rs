//! A signal to the processes of a name, in a pod that shares its process namespace.

use std::fmt;
use std::str::FromStr;

use super::invalid::Invalid;
use super::signal::SignalName;

/// `HUP pidof nginx`: the signal, how the processes are found, and by what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProcessSignal {
    signal: SignalName,
    lookup: ProcessLookup,
    text: String,
}

/// How processes are found, after the program whose way it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProcessLookup {
    /// `pidof`, `killall`: by the whole name of the program.
    Name,
    /// `pgrep`, `pkill`: by a part of the process's name.
    Part,
    /// `pgrep -f`, `pkill -f`: by a part of the command line.
    CommandLine,
}

const LOOKUPS: [(&str, ProcessLookup); 3] = [
    ("pidof", ProcessLookup::Name),
    ("pgrep", ProcessLookup::Part),
    ("pgrep-f", ProcessLookup::CommandLine),
];

/// Linux keeps so much of a process's name (`TASK_COMM_LEN` without the zero at its end).
const LONGEST_NAME: usize = 15;

impl ProcessSignal {
    /// A signal to the processes that `text` finds.
    ///
    /// # Errors
    /// When the text is blank, or not one line.
    pub fn new(signal: SignalName, lookup: ProcessLookup, text: String) -> Result<Self, Invalid> {
        if text.trim().is_empty() || text.contains(char::is_control) {
            return Err(Invalid::new(
                "must look for processes by one line that is not blank, e.g. pidof nginx",
            ));
        }
        Ok(Self {
            signal,
            lookup,
            text,
        })
    }

    /// The signal.
    pub fn signal(&self) -> SignalName {
        self.signal
    }

    /// How processes are compared with the text.
    pub fn lookup(&self) -> ProcessLookup {
        self.lookup
    }

    /// What is looked for: one line, not blank.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a process is meant: by `name`, as `/proc/PID/comm` has it, and `command`, its command
    /// line.
    pub fn concerns(&self, name: &str, command: &[&str]) -> bool {
        let wanted = self.text.as_str();
        match self.lookup {
            ProcessLookup::Name => {
                let called = command.first().map_or("", |path| base(path));
                let short = |text: &str| text.len() > LONGEST_NAME && text.starts_with(name);
                called == base(wanted) || name == wanted || !name.is_empty() && short(wanted)
            }
            ProcessLookup::Part => name.contains(wanted),
            ProcessLookup::CommandLine => command.join(" ").contains(wanted),
        }
    }
}

/// The file's name of a path.
fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl FromStr for ProcessSignal {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let accepted = || {
            Invalid::new(
                "must be a signal, pidof, pgrep or pgrep-f, and what is looked for, e.g. processes:HUP pidof nginx",
            )
        };
        let (signal, rest) = text.split_once(' ').ok_or_else(accepted)?;
        let (lookup, text) = rest.split_once(' ').ok_or_else(accepted)?;
        let mut known = LOOKUPS.into_iter();
        let lookup = known
            .find(|(name, _)| *name == lookup)
            .map(|(_, lookup)| lookup)
            .ok_or_else(accepted)?;
        Self::new(signal.parse()?, lookup, text.to_owned()).map_err(|_| accepted())
    }
}

impl fmt::Display for ProcessSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut known = LOOKUPS.into_iter();
        let lookup = known.find(|(_, lookup)| *lookup == self.lookup);
        let lookup = lookup.map_or("", |(name, _)| name);
        write!(f, "{} {lookup} {}", self.signal, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_has_one_text() {
        for text in [
            "HUP pidof nginx",
            "USR1 pgrep gunicorn: master",
            "TERM pgrep-f java -jar app.jar",
        ] {
            let value = text.parse::<ProcessSignal>().expect(text);
            assert_eq!(value.to_string(), text);
        }
        for text in [
            "",
            "HUP",
            "HUP pidof",
            "HUP pidof ",
            "HUP ps nginx",
            "NO pidof nginx",
        ] {
            assert!(text.parse::<ProcessSignal>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn processes_are_found_as_the_programs_find_them() {
        let concerns = |text: &str, name: &str, command: &[&str]| {
            let signal = format!("HUP {text}").parse::<ProcessSignal>().expect(text);
            signal.concerns(name, command)
        };
        let nginx: (&str, &[&str]) = ("nginx", &["nginx: master process /usr/sbin/nginx"]);
        assert!(concerns("pidof nginx", nginx.0, nginx.1));
        assert!(concerns(
            "pidof nginx",
            "renamed",
            &["/usr/sbin/nginx", "-g"]
        ));
        assert!(concerns(
            "pidof /usr/sbin/nginx",
            "renamed",
            &["/opt/nginx"]
        ));
        assert!(!concerns("pidof ngin", nginx.0, nginx.1));
        assert!(concerns(
            "pidof a-very-long-name-of-a-program",
            "a-very-long-nam",
            &["python"]
        ));
        assert!(!concerns("pidof a", "", &[]));
        assert!(concerns("pgrep ngin", nginx.0, nginx.1));
        assert!(!concerns("pgrep master", nginx.0, nginx.1));
        assert!(concerns("pgrep-f master process", nginx.0, nginx.1));
        assert!(concerns(
            "pgrep-f -jar app",
            "java",
            &["java", "-jar", "app.jar"]
        ));
    }
}
