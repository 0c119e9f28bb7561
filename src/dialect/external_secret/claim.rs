//! Which stores are Freshet's, where External Secrets may be there as well.

use std::fmt;
use std::str::FromStr;

use crate::spec::Invalid;

/// Which stores are Freshet's to serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// Those with `spec.controller: freshet`.
    #[default]
    Freshet,
    /// Those, and those that name no controller: External Secrets is not installed.
    All,
}

/// `spec.controller` of a store that is Freshet's.
const CONTROLLER: &str = "freshet";

impl Claim {
    /// Whether a store with this `spec.controller` is Freshet's.
    pub(super) fn claims(self, controller: &str) -> bool {
        match controller {
            CONTROLLER => true,
            "" => self == Self::All,
            _ => false,
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Freshet => "freshet",
            Self::All => "all",
        })
    }
}

impl FromStr for Claim {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [Self::Freshet, Self::All];
        let found = all.into_iter().find(|claim| claim.to_string() == text);
        found.ok_or_else(|| Invalid::new("must be freshet or all"))
    }
}
