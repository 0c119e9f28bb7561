//! External Secrets manifests: a Secret volume that an ExternalSecret would have filled becomes a
//! memory volume of the same name, and variables from such a Secret are given by `exec`.
//!
//! The semantics are those of External Secrets v2.9 (its source, `apis/externalsecrets` and
//! `runtime`), for what a pod can do as itself: the login is the pod's own service account. What
//! cannot be served so is refused with the reason and the way out, never passed over.
//!
//! Which stores are Freshet's is said by [`Claim`]. What is known of the namespace comes as
//! [`ExternalSecretFacts`]: manifests of files for people, those of a cluster for the webhook.

mod auth;
mod claim;
mod entry;
mod facts;
mod fields;
mod identity;
mod manifest;
mod place;
mod rewrite;
mod selector;
mod served;
mod standing;
mod store;
mod template;
mod usage;

pub use self::claim::Claim;
pub use self::facts::{ConfigMapKeys, ExternalSecretFacts, SharedFacts, Texts};
pub(super) use self::identity::StoreSettings;
pub use self::manifest::{Manifest, revision};
pub(super) use self::served::{Served, ServedStore, serve};
pub use self::standing::Standing;
pub use self::store::Store;
pub(crate) use self::usage::secrets_of;
pub use self::usage::{
    ContainerEnvironment, PodSecrets, Reference, VariableEntry, VariableSource, VariableTake,
    VolumeMount,
};
