//! An in-memory Vault for the demo and for fault tests; never in a release image.
