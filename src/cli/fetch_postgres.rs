//! `verbatim fetch-postgres`: a private copy of PostgreSQL, for machines that have none.

use std::process::ExitCode;

use super::{Failure, eprint_line};
use crate::config::Config;
use crate::db::private_postgres;

pub(super) fn run(config: &Config) -> Result<ExitCode, Failure> {
    let bindir = private_postgres::fetch(&config.data_dir)?;
    eprint_line(&format!("PostgreSQL is in {}", bindir.display()));
    Ok(ExitCode::SUCCESS)
}
