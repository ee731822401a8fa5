//! `verbatim import`: texts into the database.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::database::{Database, Ownership, runtime};
use super::{FAILURE, Failure, SOME_REFUSED, eprint_line, print_line};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::connect;
use crate::imports::{self, Report};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Files, and directories whose .txt files are read
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Print a report as JSON to standard output
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let entries = imports::entries(&options.paths)?;
    if entries.is_empty() {
        return Err("there is no .txt file in the directories given".into());
    }
    let database = Database::open(config, Ownership::Shared)?;
    let imported = runtime()?.block_on(async {
        database.migrate().await?;
        let mut connection = connect(&database.address).await?;
        let report = imports::import(&mut connection, entries, Clock::System, |entry| {
            eprint_line(&entry.to_string());
        });
        report.await.map_err(Failure::from)
    });
    database.close()?;
    let report = imported?;
    if options.json {
        print_line(&serde_json::to_string_pretty(&report)?)?;
    }
    eprint_line(&format!(
        "{} created, {} unchanged, {} refused",
        report.created(),
        report.unchanged(),
        report.refused()
    ));
    Ok(exit_code(&report))
}

fn exit_code(report: &Report) -> ExitCode {
    match (report.refused(), report.created() + report.unchanged()) {
        (0, _) => ExitCode::SUCCESS,
        (_, 0) => ExitCode::from(FAILURE),
        _ => ExitCode::from(SOME_REFUSED),
    }
}
