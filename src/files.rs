//! Writing files so that a reader sees all of the old or all of the new.
