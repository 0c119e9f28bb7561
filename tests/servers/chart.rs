//! The Helm chart and its equal, the plain manifests.

mod equality;
mod options;
mod policies;
mod release;
mod rendering;
