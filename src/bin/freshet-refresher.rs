//! The native sidecar.

use std::process::ExitCode;

// It keeps the few pages that a look at Vault takes. The one of musl gives them back after each
// look, and the next one asks for them again: 14 system calls and as many page faults.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    freshet::refresher::main(std::env::args_os().skip(1))
}
