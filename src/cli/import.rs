//! `verbatim import`: files into the database.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::database::{Database, Ownership, runtime};
use super::{FAILURE, Failure, SOME_REFUSED, eprint_line};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::connect;
use crate::imports::{self, ReportedEntry, Run, Source, Tally};
use crate::writing::Origin;

/// How many entries that somebody should hear of are listed again at the end.
const LISTED: usize = 100;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Files, and directories whose files are read
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Do everything, tell what was found in each article and why, and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Print a report as JSON to standard output
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let sources = imports::sources(&options.paths)?;
    if sources.is_empty() {
        return Err("there is no file to import in the directories given".into());
    }
    let database = Database::open(config, Ownership::Shared)?;
    let imported = runtime()?.block_on(import(&database, sources, options));
    database.close()?;
    Ok(exit_code(&imported?))
}

async fn import(database: &Database, sources: Vec<Source>, options: &Options) -> Result<Tally, Failure> {
    database.migrate().await?;
    let mut connection = connect(&database.address).await?;
    let origin = Origin { actor: imports::ACTOR.to_owned(), request_id: None };
    let mut run = Run::start(sources, imports::Options { is_dry_run: options.dry_run, origin });
    let mut shown = Shown::new(run.bytes(), options)?;
    while let Some(batch) = run.next().await {
        for entry in run.store(&mut connection, Clock::System, batch, async |_, _| Ok(()), drop).await? {
            shown.entry(entry)?;
        }
        shown.bar.set_position(run.bytes_read());
    }
    shown.end()
}

/// What people see on standard error, a bar on a terminal and lines elsewhere, and programs on standard output.
struct Shown {
    bar: ProgressBar,
    is_terminal: bool,
    is_dry_run: bool,
    json: Option<BufWriter<io::Stdout>>,
    tally: Tally,
    problems: Vec<String>,
}

impl Shown {
    fn new(bytes: u64, options: &Options) -> Result<Self, Failure> {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template(
            "{bar:30} {percent:>3} % {bytes} of {total_bytes}, {elapsed} so far, {eta} to go; {msg}",
        )?);
        let mut json = options.json.then(|| BufWriter::new(io::stdout()));
        if let Some(json) = &mut json {
            write!(json, "{{\"entries\":[")?;
        }
        let is_terminal = !bar.is_hidden();
        let (tally, problems) = (Tally::default(), Vec::new());
        Ok(Self { bar, is_terminal, is_dry_run: options.dry_run, json, tally, problems })
    }

    fn entry(&mut self, entry: ReportedEntry) -> Result<(), Failure> {
        if let Some(json) = &mut self.json {
            write!(json, "{}{}", if self.tally.entries() == 0 { "\n" } else { ",\n" }, serde_json::to_string(&entry)?)?;
        }
        self.tally.add(&entry.outcome);
        if entry.outcome.is_problem() && self.problems.len() < LISTED {
            self.problems.push(entry.to_string());
        }
        if !self.is_terminal {
            eprint_line(&entry.to_string());
        } else if self.is_dry_run {
            self.bar.println(entry.to_string());
        }
        self.bar.set_message(self.tally.to_string());
        Ok(())
    }

    fn end(mut self) -> Result<Tally, Failure> {
        self.bar.finish_and_clear();
        let problems = self.tally.conflicts + self.tally.refused;
        if problems > 0 && self.tally.entries() > 1 {
            eprint_line("These did not go in:");
            for problem in &self.problems {
                eprint_line(&format!("  {problem}"));
            }
            if problems > self.problems.len() as u64 {
                eprint_line(&format!("  and {} more", problems - self.problems.len() as u64));
            }
        }
        let was = if self.is_dry_run { "nothing was kept; it would be: " } else { "" };
        eprint_line(&format!("{was}{}", self.tally));
        if let Some(json) = &mut self.json {
            let tally = serde_json::to_string(&self.tally)?;
            let dry_run = self.is_dry_run;
            writeln!(json, "\n],\"dry_run\":{dry_run},{}", tally.trim_start_matches('{'))?;
            json.flush()?;
        }
        Ok(self.tally)
    }
}

fn exit_code(tally: &Tally) -> ExitCode {
    match (tally.refused + tally.conflicts, tally.taken()) {
        (0, _) => ExitCode::SUCCESS,
        (_, 0) => ExitCode::from(FAILURE),
        _ => ExitCode::from(SOME_REFUSED),
    }
}
