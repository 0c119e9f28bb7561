//! Shows database settings that it reads from a file.

fn main() {}
