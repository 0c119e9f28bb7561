//! What a test changes for all, and puts right however it ends.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Does `work`, then `restore`, and panics as `work` did.
#[track_caller]
pub(crate) fn restoring<T>(restore: impl FnOnce(), work: impl FnOnce() -> T) -> T {
    let result = catch_unwind(AssertUnwindSafe(work));
    restore();
    result.unwrap_or_else(|panic| resume_unwind(panic))
}
