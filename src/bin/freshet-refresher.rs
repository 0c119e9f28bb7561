//! The native sidecar.

use std::process::ExitCode;

fn main() -> ExitCode {
    freshet::refresher::main(std::env::args_os().skip(1))
}
