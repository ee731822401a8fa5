//! `verbatim export`: everything as NDJSON that `verbatim import` restores.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::database::{Database, Ownership, runtime};
use super::{Failure, eprint_line};
use crate::config::Config;
use crate::db::connect;
use crate::exports;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The file to write; standard output when there is none
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub(super) fn run(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let database = Database::open(config, Ownership::Shared)?;
    let exported = runtime()?.block_on(async {
        database.migrate().await?;
        let mut connection = connect(&database.address).await?;
        let mut output: BufWriter<Box<dyn Write>> = BufWriter::new(match &options.output {
            Some(path) => Box::new(File::create(path).map_err(|error| format!("{}: {error}", path.display()))?),
            None => Box::new(io::stdout()),
        });
        let count = exports::export(&mut connection, |record| {
            serde_json::to_writer(&mut output, record)?;
            output.write_all(b"\n")
        });
        let count = count.await?;
        output.flush()?;
        Ok::<_, Failure>(count)
    });
    database.close()?;
    eprint_line(&format!("{} records exported", exported?));
    Ok(ExitCode::SUCCESS)
}
