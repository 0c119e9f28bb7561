//! What the one leader among the replicas has to do about objects that exist: which condition an
//! ExternalSecret or a store has, what a running pod needs, which pod is evicted and when, and what
//! is worth an Event.
//!
//! All of it is decided from what was seen, with the time as an argument; the
//! [`controller`](crate::controller) carries it out.

mod announcements;
mod condition;
mod doubts;
mod evictions;
mod external_secret;
mod pod;
mod state;
mod store;

pub use self::announcements::{Announcement, Announcements};
pub use self::condition::{Condition, Reason};
pub use self::evictions::Evictions;
pub use self::external_secret::{Claimed, of_external_secret};
pub use self::pod::{Owner, Phase, Pod, Refresher};
pub use self::state::Standing;
pub use self::store::of_store;
