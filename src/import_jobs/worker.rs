//! The worker: one among all servers on a database imports what was sent to any of them, one file after another.
//!
//! A server has the files that were sent to it. When it ends, PostgreSQL gives its place as the worker up; when it starts
//! again, it goes on with its imports after the last batch that is stored. An import whose server does not come back is
//! ended as failed, since nobody has the file.
//!
//! Each batch is a write like any other of this server: it waits in the line of those who want to write, and what is kept in
//! memory knows of it before anybody is told.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::db::{self, ImportRow};
use super::{ImportState, Uploads};
use crate::db::{Address, Connection, DatabaseError, Result, WriteTurn, connect};
use crate::imports::{Options, Run, Source};
use crate::state::State;
use crate::values::id::ImportId;
use crate::writing::Origin;

/// How often it is asked whether there is anything to do.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the pause is after the database failed.
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// How long a server may be away before its imports are given up.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// Imports what is sent, for as long as it is polled. A database that is away is asked again.
pub async fn run(address: Address, uploads: Uploads, state: State) -> Infallible {
    loop {
        let Err(error) = work(&address, &uploads, &state).await;
        tracing::warn!(%error, "imports wait at the moment");
        tokio::time::sleep(LONG_PAUSE).await;
    }
}

async fn work(address: &Address, uploads: &Uploads, state: &State) -> std::result::Result<Infallible, DatabaseError> {
    let mut connection = connect(address).await?;
    loop {
        if !work_once(&mut connection, uploads, state).await? {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Imports the next file, if there is one here and no other server imports; tells whether there may be more.
async fn work_once(connection: &mut Connection, uploads: &Uploads, state: &State) -> Result<bool> {
    let unfinished = db::unfinished(connection).await?;
    if unfinished.is_empty() {
        return Ok(false);
    }
    let (mine, others): (Vec<ImportRow>, Vec<ImportRow>) =
        unfinished.into_iter().partition(|row| uploads.file_of(row.id).is_file());
    let ids: Vec<ImportId> = mine.iter().map(|row| row.id).collect();
    let now = state.clock.now();
    db::hear_of(connection, &ids, now).await?;
    if !db::step_forward(connection).await? {
        return Ok(false);
    }
    for row in others.iter().filter(|row| is_given_up(row, now)) {
        give_up(connection, row.id, now).await?;
    }
    let done = match mine.first() {
        Some(row) => import(connection, uploads, row.id, &ids, state).await.map(|()| true),
        None => Ok(false),
    };
    db::step_back(connection).await?;
    done
}

fn is_given_up(row: &ImportRow, now: DateTime<Utc>) -> bool {
    now - row.heard_at.unwrap_or(row.created_at) > PATIENCE
}

async fn give_up(connection: &Connection, id: ImportId, now: DateTime<Utc>) -> Result<()> {
    let problem = "the server that has the file has been away for 10 minutes; send the file again: what is in stays \
                   unchanged, and the rest goes in";
    db::end(connection, id, ImportState::Failed, Some(problem), now).await
}

/// Imports one file from where it was left. `here` are all that this server has.
async fn import(
    connection: &mut Connection,
    uploads: &Uploads,
    id: ImportId,
    here: &[ImportId],
    state: &State,
) -> Result<()> {
    // As it is now that nobody else works on it.
    let Some(row) = db::find_import(connection, id).await? else { return Ok(()) };
    if !matches!(row.state, ImportState::Queued | ImportState::Running) {
        remove(uploads, id);
        return Ok(());
    }
    let clock = state.clock;
    db::begin(connection, id, clock.now()).await?;
    tracing::info!(import = %id, file = row.file_name, from_batch = row.batches, "importing");
    let origin = Origin { actor: row.actor.clone(), request_id: None };
    let source = Source::at(uploads.file_of(id), &row.file_name);
    let mut run = Run::start(vec![source], Options { is_dry_run: row.is_dry_run, origin });
    for _ in 0..row.batches {
        run.next().await;
    }
    let mut position = row.entries;
    let end = loop {
        let is_cancelled = db::find_import(connection, id).await?.is_none_or(|row| row.is_cancelled);
        if is_cancelled {
            break ImportState::Cancelled;
        }
        db::hear_of(connection, here, clock.now()).await?;
        let Some(batch) = run.next().await else { break ImportState::Finished };
        let bytes_read = i64::try_from(run.bytes_read()).unwrap_or(i64::MAX);
        let now = clock.now();
        let note = async |connection: &Connection, entries: &[_]| {
            db::note_batch(connection, id, position, entries, bytes_read, now).await
        };
        let turn = turn_to_write(state).await;
        let before_commit = |changed| state.cache.before_commit(changed);
        let entries = run.store(connection, clock, batch, note, before_commit).await?;
        drop(turn);
        if row.is_dry_run {
            db::note_batch(connection, id, position, &entries, bytes_read, now).await?;
        }
        position += i64::try_from(entries.len()).unwrap_or(i64::MAX);
    };
    db::end(connection, id, end, None, clock.now()).await?;
    remove(uploads, id);
    tracing::info!(import = %id, state = end.as_str(), "import over");
    Ok(())
}

/// The turn to write. Where too many wait for it already, this one comes again later.
async fn turn_to_write(state: &State) -> WriteTurn {
    loop {
        match state.pool.turns().wait().await {
            Ok(turn) => return turn,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn remove(uploads: &Uploads, id: ImportId) {
    if let Err(error) = std::fs::remove_file(uploads.file_of(id)) {
        tracing::warn!(import = %id, %error, "the file of an import that is over stays behind");
    }
}
