//! The change log in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::cursor::Cursor;
use super::{Action, ChangeAction, RemovalReason, ResourceType, Told};
use crate::db::schema::{announcements, changes};
use crate::db::sql::sql;
use crate::db::{Connection, Result, insert_into};

/// One change, to be noted.
#[derive(Debug, Clone)]
pub struct NewChange<'a> {
    pub occurred_at: DateTime<Utc>,
    pub resource_type: ResourceType,
    pub resource_id: Uuid,
    pub action: Action,
    pub version_before: Option<i32>,
    pub version_after: Option<i32>,
    pub actor: &'a str,
    pub request_id: Option<&'a str>,
}

/// Notes changes. To be called in the transaction that makes them.
pub async fn append(connection: &Connection, new: &[NewChange<'_>]) -> Result<()> {
    insert_into(changes::table, new)
        .set(changes::occurred_at, |row| row.occurred_at)
        .set(changes::resource_type, |row| row.resource_type)
        .set(changes::resource_id, |row| row.resource_id)
        .set(changes::action, |row| row.action)
        .set(changes::version_before, |row| row.version_before)
        .set(changes::version_after, |row| row.version_after)
        .set(changes::actor, |row| row.actor)
        .set(changes::request_id, |row| row.request_id)
        .execute(connection)
        .await
}

/// Announces what changed, and what became public by time alone; returns those resources of which the public sees
/// something, saw it before or is to see it. To be called last in a transaction, since the next one that announces waits
/// until it ends.
pub async fn announce(mut connection: &Connection, now: DateTime<Utc>) -> Result<Vec<(ResourceType, Uuid)>> {
    let announced = sql("SELECT resource_type, resource_id FROM announce_changes(").bind(now).text(")");
    Ok(announced.statement::<(Text, sql_types::Uuid)>().load(&mut connection).await?)
}

/// What an audience was told of one change.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = announcements)]
pub struct AnnouncementRow {
    pub position: i64,
    pub announced_at: DateTime<Utc>,
    pub resource_type: ResourceType,
    pub resource_id: Uuid,
    pub action: ChangeAction,
    pub version: i32,
    pub slug: Option<String>,
    pub reason: Option<RemovalReason>,
    pub detail: Option<String>,
    pub successor_id: Option<Uuid>,
}

/// What an audience was told after a position and up to another one, the oldest first; of these types, or of all.
pub async fn announcements_between(
    mut connection: &Connection,
    told: Told,
    (after, until): (i64, i64),
    types: &[ResourceType],
    rows: i64,
) -> Result<Vec<AnnouncementRow>> {
    let query = announcements::table
        .select(AnnouncementRow::as_select())
        .filter(announcements::audience.eq(told))
        .filter(announcements::position.gt(after))
        .filter(announcements::position.le(until))
        .order(announcements::position)
        .limit(rows);
    Ok(match types {
        [] => query.load(&mut connection).await?,
        types => query.filter(announcements::resource_type.eq_any(types)).load(&mut connection).await?,
    })
}

/// The end of what an audience was told.
pub async fn head(mut connection: &Connection, told: Told) -> Result<Cursor> {
    let last = announcements::table
        .select((announcements::position, announcements::announced_at))
        .filter(announcements::audience.eq(told))
        .order(announcements::position.desc());
    let last: Option<(i64, DateTime<Utc>)> = last.first(&mut connection).await.optional()?;
    Ok(last.map_or(Cursor::start(told), |(position, announced_at)| Cursor::new(told, position, announced_at)))
}

/// Whether a cursor is a place in this log: not one of another database, or of what a backup does not hold any more.
pub async fn is_known(mut connection: &Connection, cursor: Cursor) -> Result<bool> {
    if cursor.is_start() {
        return Ok(true);
    }
    let at = announcements::table
        .select(announcements::announced_at)
        .filter(announcements::audience.eq(cursor.told))
        .filter(announcements::position.eq(cursor.position));
    let at: Option<DateTime<Utc>> = at.first(&mut connection).await.optional()?;
    Ok(at.is_some_and(|at| cursor == Cursor::new(cursor.told, cursor.position, at)))
}
