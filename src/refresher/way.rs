//! A way to Vault: a server, and what a login there is made of.

use std::path::PathBuf;

use crate::spec::Auth;

/// What the refresher needs for one login.
#[derive(Debug)]
pub struct Way<V> {
    /// The server.
    pub vault: V,
    /// How it is logged in to.
    pub auth: Auth,
    /// The file of the service-account token, for methods that send one.
    pub token: PathBuf,
}
