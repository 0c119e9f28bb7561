//! Signals by their names, with the numbers of the architectures that Kubernetes runs on (signal(7)).

use std::fmt;
use std::str::FromStr;

use super::invalid::Invalid;

/// A signal of Linux: `HUP`, `SIGHUP`, or a real-time one, `RTMIN+1` to `RTMIN+30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignalName(i32);

/// All but STOP, after which nobody could tell the application to go on.
const NAMED: [(&str, i32); 30] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];

/// `RTMIN` of glibc. This one itself is not accepted: musl, the C library of `exec`, has it for its
/// own use.
const RTMIN: i32 = 34;

/// The last real-time signal, `RTMAX`.
const RTMAX: i32 = 64;

impl SignalName {
    /// The number.
    pub fn number(self) -> i32 {
        self.0
    }
}

impl FromStr for SignalName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = text.strip_prefix("SIG").unwrap_or(text);
        let named = NAMED.into_iter().find(|(known, _)| *known == name);
        let real_time = || {
            let digits = name.strip_prefix("RTMIN+")?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = RTMIN + digits.parse::<i32>().ok().filter(|_| plain)?.min(RTMAX);
            (RTMIN < number && number <= RTMAX).then_some(number)
        };
        let number = named.map(|(_, number)| number).or_else(real_time);
        number.map(Self).ok_or_else(|| {
            Invalid::new("must be a signal, e.g. HUP, USR1, WINCH or RTMIN+1, and other than STOP")
        })
    }
}

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMED.into_iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "RTMIN+{}", self.0 - RTMIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_and_written_alike() {
        for number in (1..=31).filter(|number| *number != 19).chain(35..=64) {
            let text = SignalName(number).to_string();
            assert_eq!(text.parse(), Ok(SignalName(number)), "{text}");
            assert_eq!(format!("SIG{text}").parse(), Ok(SignalName(number)));
        }
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        for text in [
            "",
            "SIG",
            "hup",
            "1",
            "STOP",
            "RTMIN",
            "RTMIN+0",
            "RTMIN+31",
            "RTMIN+-1",
            "RTMIN++1",
            "RTMIN+99999999999",
            "RTMAX",
        ] {
            assert!(text.parse::<SignalName>().is_err(), "{text:?}");
        }
    }
}
