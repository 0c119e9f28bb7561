//! The refresher's client against a real Vault.
