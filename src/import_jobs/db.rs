//! Imports in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;

use super::{EntryOutcome, ImportState};
use crate::db::keyset::{Position, SortValue, Window};
use crate::db::schema::{import_entries, imports};
use crate::db::sql::{all, sql};
use crate::db::{Connection, Result, insert_into};
use crate::imports::{ReportedEntry, Tally};
use crate::values::id::ImportId;

/// The advisory lock that the one worker among all servers holds: "imports" in ASCII.
const WORKER_LOCK: i64 = 0x0069_6d70_6f72_7473;

/// An import as it is served.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = imports)]
pub struct ImportRow {
    pub id: ImportId,
    pub state: ImportState,
    pub is_dry_run: bool,
    pub file_name: String,
    pub size: i64,
    pub actor: String,
    pub bytes_read: i64,
    pub batches: i32,
    pub entries: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub conflicts: i64,
    pub left_out: i64,
    pub refused: i64,
    pub problem: Option<String>,
    pub is_cancelled: bool,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub heard_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl ImportRow {
    /// Where it stands in the list of imports.
    pub fn position(&self) -> Position {
        Position { values: vec![SortValue::Instant(self.created_at)], id: self.id.0 }
    }
}

/// An import to be made.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = imports)]
pub struct NewImport<'a> {
    pub id: ImportId,
    pub state: ImportState,
    pub is_dry_run: bool,
    pub file_name: &'a str,
    pub size: i64,
    pub actor: &'a str,
    pub created_at: DateTime<Utc>,
    pub heard_at: Option<DateTime<Utc>>,
}

/// Notes an import that waits for its turn.
pub async fn insert_import(mut connection: &Connection, new: &NewImport<'_>) -> Result<()> {
    diesel::insert_into(imports::table).values(new).execute(&mut connection).await?;
    Ok(())
}

/// The imports in a window, in its order.
pub async fn list_imports(mut connection: &Connection, window: &Window) -> Result<Vec<ImportRow>> {
    Ok(imports::table
        .select(ImportRow::as_select())
        .filter(all(window.condition()).condition())
        .order(window.page().fragment::<sql_types::Bool>())
        .load(&mut connection)
        .await?)
}

/// How many imports there are.
pub async fn count_imports(mut connection: &Connection) -> Result<i64> {
    Ok(imports::table.count().get_result(&mut connection).await?)
}

/// One import.
pub async fn find_import(mut connection: &Connection, id: ImportId) -> Result<Option<ImportRow>> {
    Ok(imports::table
        .select(ImportRow::as_select())
        .filter(imports::id.eq(id))
        .first(&mut connection)
        .await
        .optional()?)
}

/// What became of an entry, as it is served: its place and its report.
pub type EntryRow = (i64, serde_json::Value);

/// The entries of an import in a window, in its order.
pub async fn list_entries(
    mut connection: &Connection,
    import: ImportId,
    outcomes: Option<&[EntryOutcome]>,
    window: &Window,
) -> Result<Vec<EntryRow>> {
    Ok(import_entries::table
        .select((import_entries::position, import_entries::report))
        .filter(import_entries::import_id.eq(import))
        .filter(of_outcomes(outcomes))
        .filter(all(window.condition()).condition())
        .order(window.page().fragment::<sql_types::Bool>())
        .load(&mut connection)
        .await?)
}

/// How many entries of an import have one of these outcomes.
pub async fn count_entries(
    mut connection: &Connection,
    import: ImportId,
    outcomes: Option<&[EntryOutcome]>,
) -> Result<i64> {
    let rows = import_entries::table.filter(import_entries::import_id.eq(import)).filter(of_outcomes(outcomes));
    Ok(rows.count().get_result(&mut connection).await?)
}

fn of_outcomes(outcomes: Option<&[EntryOutcome]>) -> crate::db::sql::Fragment<sql_types::Bool> {
    match outcomes {
        None => sql("true").condition(),
        Some(outcomes) => {
            let words: Vec<String> = outcomes.iter().map(|outcome| outcome.as_str().to_owned()).collect();
            sql("import_entries.outcome = ANY (").bind(words).text(")").condition()
        }
    }
}

/// Has an import end: at once when it waits, after the present batch when it is under way. Tells whether it was either.
pub async fn cancel(mut connection: &Connection, id: ImportId, now: DateTime<Utc>) -> Result<bool> {
    let ended =
        diesel::update(imports::table.filter(imports::id.eq(id)).filter(imports::state.eq(ImportState::Queued)))
            .set((
                imports::state.eq(ImportState::Cancelled),
                imports::is_cancelled.eq(true),
                imports::finished_at.eq(now),
            ))
            .execute(&mut connection)
            .await?;
    let ending =
        diesel::update(imports::table.filter(imports::id.eq(id)).filter(imports::state.eq(ImportState::Running)))
            .set(imports::is_cancelled.eq(true))
            .execute(&mut connection)
            .await?;
    Ok(ended + ending > 0)
}

/// Takes the place of the one worker until the connection ends, or [`step_back`]; `false` where another has it.
pub async fn step_forward(mut connection: &Connection) -> Result<bool> {
    let lock = sql("SELECT pg_try_advisory_lock(").bind(WORKER_LOCK).text(")").statement::<sql_types::Bool>();
    Ok(lock.get_result(&mut connection).await?)
}

/// Gives the place of the one worker up.
pub async fn step_back(mut connection: &Connection) -> Result<()> {
    let unlock = sql("SELECT pg_advisory_unlock(").bind(WORKER_LOCK).text(")").statement::<sql_types::Bool>();
    let _: bool = unlock.get_result(&mut connection).await?;
    Ok(())
}

/// What is not over, the oldest first.
pub async fn unfinished(mut connection: &Connection) -> Result<Vec<ImportRow>> {
    Ok(imports::table
        .select(ImportRow::as_select())
        .filter(imports::state.eq_any([ImportState::Queued, ImportState::Running]))
        .order((imports::created_at, imports::id))
        .load(&mut connection)
        .await?)
}

/// Notes that the server that has the files of these imports is there.
pub async fn hear_of(mut connection: &Connection, ids: &[ImportId], now: DateTime<Utc>) -> Result<()> {
    diesel::update(imports::table.filter(imports::id.eq_any(ids)))
        .set(imports::heard_at.eq(now))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Notes that an import is under way.
pub async fn begin(mut connection: &Connection, id: ImportId, now: DateTime<Utc>) -> Result<()> {
    let started_at = sql("coalesce(imports.started_at, ").bind(now).text(")");
    diesel::update(imports::table.filter(imports::id.eq(id)))
        .set((
            imports::state.eq(ImportState::Running),
            imports::started_at.eq(started_at.fragment::<sql_types::Nullable<sql_types::Timestamptz>>()),
            imports::heard_at.eq(now),
        ))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Notes a batch of entries, which stand after `position` others.
pub async fn note_batch(
    mut connection: &Connection,
    id: ImportId,
    position: i64,
    entries: &[ReportedEntry],
    bytes_read: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut tally = Tally::default();
    for entry in entries {
        tally.add(&entry.outcome);
    }
    let more = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    diesel::update(imports::table.filter(imports::id.eq(id)))
        .set((
            imports::bytes_read.eq(bytes_read),
            imports::batches.eq(imports::batches + 1),
            imports::entries.eq(imports::entries + more(tally.entries())),
            imports::created.eq(imports::created + more(tally.created)),
            imports::updated.eq(imports::updated + more(tally.updated)),
            imports::unchanged.eq(imports::unchanged + more(tally.unchanged)),
            imports::conflicts.eq(imports::conflicts + more(tally.conflicts)),
            imports::left_out.eq(imports::left_out + more(tally.left_out)),
            imports::refused.eq(imports::refused + more(tally.refused)),
            imports::heard_at.eq(now),
        ))
        .execute(&mut connection)
        .await?;
    let entries: Vec<(i64, &ReportedEntry)> = (position + 1..).zip(entries).collect();
    insert_into(import_entries::table, &entries)
        .set(import_entries::import_id, |_| id)
        .set(import_entries::position, |(position, _)| *position)
        .set(import_entries::outcome, |(_, entry)| entry.outcome.as_str())
        .set(import_entries::report, |(_, entry)| serde_json::to_value(entry).unwrap_or_default())
        .execute(connection)
        .await
}

/// Notes that an import is over.
pub async fn end(
    mut connection: &Connection,
    id: ImportId,
    state: ImportState,
    problem: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(imports::table.filter(imports::id.eq(id)))
        .set((imports::state.eq(state), imports::problem.eq(problem), imports::finished_at.eq(now)))
        .execute(&mut connection)
        .await?;
    Ok(())
}
