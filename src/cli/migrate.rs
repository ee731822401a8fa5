//! `verbatim migrate`: brings the database up to date.

use std::process::ExitCode;

use super::database::{Database, Ownership, runtime};
use super::{Failure, eprint_line};
use crate::config::Config;

pub(super) fn run(config: &Config) -> Result<ExitCode, Failure> {
    let database = Database::open(config, Ownership::Shared)?;
    let applied = runtime()?.block_on(database.migrate());
    database.close()?;
    match applied?.as_slice() {
        [] => eprint_line("the database is up to date"),
        versions => eprint_line(&format!("applied {}", versions.join(", "))),
    }
    Ok(ExitCode::SUCCESS)
}
