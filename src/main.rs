//! The `verbatim` program: reads its arguments, runs the command, gives its exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    verbatim::cli::run()
}
