//! `freshet`: the webhook, and the commands for people.

use std::process::ExitCode;

// Half the CPU of a review is allocation; see the webhook's benchmark.
#[cfg(feature = "webhook")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    freshet::cli::main()
}
