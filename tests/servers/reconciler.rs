//! What the leader does about ExternalSecrets, stores and pods that exist, on an API server of its
//! own: a replica sees all of a cluster.

mod cluster;
mod conditions;
mod doubts;
mod evictions;
mod replicas;
mod running;
