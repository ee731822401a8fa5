//! `verbatim keys`: makes, lists and revokes keys.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::database::{Database, Ownership, runtime};
use super::{Failure, eprint_line, print_line};
use crate::access::db::{self, KeyRow, NewKey};
use crate::access::secret::Secret;
use crate::access::{COMMAND_LINE, MAX_NAME, Scope, wire};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Connection, connect};
use crate::http::reference::Urls;
use crate::values::id::KeyId;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key and print it, once, to standard output
    Create(Create),
    /// List the keys, expired and revoked ones included
    List(List),
    /// Revoke a key: from now on it is refused
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// What the key is for
    #[arg(long, value_parser = name)]
    name: String,
    /// What it may do: read, drafts, write or admin, each including those before it
    #[arg(long = "scope", required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    /// From when on it is refused, such as 2030-01-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The key's id, as `keys list` shows it
    #[arg(value_name = "KEY_ID")]
    id: KeyId,
}

pub(super) fn run(config: &Config, command: &Command) -> Result<ExitCode, Failure> {
    let database = Database::open(config, Ownership::Shared)?;
    let done = runtime()?.block_on(async {
        database.migrate().await?;
        let connection = connect(&database.address).await?;
        match command {
            Command::Create(options) => create(&connection, options).await,
            Command::List(options) => list(&connection, options, config).await,
            Command::Revoke(Revoke { id }) => revoke(&connection, *id).await,
        }
    });
    database.close()?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn create(connection: &Connection, options: &Create) -> Result<(), Failure> {
    let Create { name, scopes, expires_at } = options;
    let now = Clock::System.now();
    if expires_at.is_some_and(|expiry| expiry <= now) {
        return Err("--expires-at must be an instant in the future".into());
    }
    let mut scopes = scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    let secret = Secret::generate()?;
    let new = NewKey {
        id: KeyId::generate(),
        name,
        digest: &secret.digest(),
        scopes: &scopes,
        created_at: now,
        created_by: COMMAND_LINE,
        created_request_id: None,
        expires_at: *expires_at,
    };
    let row = db::insert_key(connection, &new).await?;
    eprint_line(&format!("made {}; the key is shown this once", row.id));
    Ok(print_line(secret.expose())?)
}

async fn list(connection: &Connection, options: &List, config: &Config) -> Result<(), Failure> {
    let rows = db::all_keys(connection).await?;
    if options.json {
        let urls = Urls::new(config.public_url.clone(), config.article_url.clone());
        let keys: Vec<_> = rows.into_iter().map(|row| wire::key(row, None, &urls)).collect();
        return Ok(print_line(&serde_json::to_string_pretty(&keys)?)?);
    }
    let now = Clock::System.now();
    for row in rows {
        print_line(&line(&row, now))?;
    }
    Ok(())
}

async fn revoke(connection: &Connection, id: KeyId) -> Result<(), Failure> {
    let row = db::revoke_key(connection, id, Clock::System.now(), (COMMAND_LINE, None)).await?;
    let row = row.ok_or_else(|| format!("there is no key {id}"))?;
    eprint_line(&format!("{id} ({}) is revoked", row.name));
    Ok(())
}

/// A key as a line: id, scopes, state, last use, name.
fn line(row: &KeyRow, now: DateTime<Utc>) -> String {
    let scopes: Vec<&str> = row.scopes.iter().map(|scope| scope.as_str()).collect();
    let state = match (row.revoked_at, row.expires_at) {
        (Some(_), _) => "revoked".to_owned(),
        (None, Some(expiry)) if expiry <= now => "expired".to_owned(),
        (None, Some(expiry)) => format!("expires {}", instant(expiry)),
        (None, None) => "valid".to_owned(),
    };
    let use_of_it = row.last_used_at.map_or_else(|| "never used".to_owned(), |last| format!("used {}", instant(last)));
    format!("{}  {}  {state}  {use_of_it}  {}", row.id, scopes.join(","), row.name)
}

fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().count() > MAX_NAME {
        return Err(format!("a name has 1 to {MAX_NAME} characters"));
    }
    Ok(text.to_owned())
}

fn scope(text: &str) -> Result<Scope, String> {
    text.parse().map_err(|_| "a scope is read, drafts, write or admin".to_owned())
}
