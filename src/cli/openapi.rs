//! `verbatim openapi`: prints the API document, or updates the stored one.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{Failure, eprint_line, print_line};
use crate::server;

/// Where the stored document is, from the root of the project.
const STORED: &str = "openapi/openapi.json";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Write the document to openapi/openapi.json instead of printing it
    #[arg(long)]
    write: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let document = server::openapi_json();
    if !options.write {
        print_line(document.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(directory) = Path::new(STORED).parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(STORED, document).map_err(|error| format!("{STORED}: {error}"))?;
    eprint_line(&format!("wrote {STORED}"));
    Ok(ExitCode::SUCCESS)
}
