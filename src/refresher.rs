//! The native sidecar: carries out what the sync engine decides.
