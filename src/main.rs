//! The `verbatim` program: reads its arguments, runs the command, gives its exit status.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    verbatim::cli::run()
}
