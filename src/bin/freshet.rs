//! The webhook and the commands for people.

fn main() {}
