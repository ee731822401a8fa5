//! The command line: one file for each command.

mod attribute;
mod database;
mod export;
mod fetch_postgres;
mod import;
mod keys;
mod migrate;
mod openapi;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError};

/// What a command ends with when it cannot run at all.
const FAILURE: u8 = 1;

/// What wrong arguments, settings or circumstances end with.
const MISUSE: u8 = 2;

/// What a command ends with that refused some of its entries and took others.
const SOME_REFUSED: u8 = 3;

/// A headless content API: articles, the quotes in them, who said them, and labels.
#[derive(Debug, Parser)]
#[command(version, about, after_help = "Settings are environment variables; .env.example lists them.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API
    Serve,
    /// Serve the API, with sample content when the database is empty
    Demo,
    /// Import articles: texts, Markdown, HTML, and the exports of Blogger, WordPress, Ghost and Verbatim
    Import(import::Options),
    /// Write everything as NDJSON that import restores
    Export(export::Options),
    /// Find the quotations in texts and who said them: JSON Lines in, JSON Lines out
    Attribute(attribute::Options),
    /// Bring the database up to date
    Migrate,
    /// Make, list and revoke keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Print the OpenAPI document
    Openapi(openapi::Options),
    /// Fetch a private copy of PostgreSQL into the data directory
    FetchPostgres,
}

/// Why a command failed, as a person at a terminal reads it.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        // These need no settings, so wrong ones do not stop them.
        Command::Openapi(options) => openapi::run(&options),
        Command::Attribute(options) => attribute::run(&options),
        command => Config::from_environment().map_err(Failure::from).and_then(|config| {
            crate::telemetry::start(&config);
            run_configured(command, &config)
        }),
    };
    outcome.unwrap_or_else(|failure| {
        eprint_line(&format!("error: {failure}"));
        let is_misuse = failure.is::<ConfigError>() || failure.is::<crate::db::private_postgres::Error>();
        ExitCode::from(if is_misuse { MISUSE } else { FAILURE })
    })
}

fn run_configured(command: Command, config: &Config) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve => serve::run(config, serve::Content::AsItIs),
        Command::Demo => serve::run(config, serve::Content::SampleWhenEmpty),
        Command::Import(options) => import::run(config, &options),
        Command::Export(options) => export::run(config, &options),
        Command::Migrate => migrate::run(config),
        Command::Keys(command) => keys::run(config, &command),
        Command::FetchPostgres => fetch_postgres::run(config),
        Command::Openapi(options) => openapi::run(&options),
        Command::Attribute(options) => attribute::run(&options),
    }
}

/// A line for a person.
#[allow(clippy::print_stderr, reason = "this is where people are spoken to")]
fn eprint_line(line: &str) {
    eprintln!("{line}");
}

/// A line for a program.
fn print_line(line: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
