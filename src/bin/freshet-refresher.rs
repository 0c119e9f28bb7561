//! The native sidecar.

fn main() {}
