//! The webhook's certificate: what one says of itself, how one is issued, and when which one is
//! served.
//!
//! [`rotation`] is the state machine of the self-managed mode; it neither reads a clock nor asks
//! anybody. What carries it out is in [`controller`](crate::controller).

mod authority;
mod identity;
mod pair;
mod policy;
pub mod rotation;

pub use self::authority::Authority;
pub use self::identity::{Identity, InvalidIdentity, issue};
pub use self::pair::{InvalidPair, Pair, PemPair, Validity, provider};
pub use self::policy::{Lifetime, Policy};
