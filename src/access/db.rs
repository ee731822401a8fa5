//! Keys in PostgreSQL.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;

use super::Scope;
use crate::db::keyset::{Position, SortValue, Window};
use crate::db::schema::keys;
use crate::db::sql::all;
use crate::db::{Connection, Result};
use crate::values::id::KeyId;

/// A key, without what its secret is known by.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = keys)]
pub struct KeyRow {
    pub id: KeyId,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_by: Option<String>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl KeyRow {
    /// Whether the key still opens anything.
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expiry| now < expiry)
    }

    /// Where the key stands in the list of keys.
    pub fn position(&self) -> Position {
        Position { values: vec![SortValue::Instant(self.created_at)], id: self.id.0 }
    }
}

/// A key to be made.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = keys)]
pub struct NewKey<'a> {
    pub id: KeyId,
    pub name: &'a str,
    pub digest: &'a [u8],
    pub scopes: &'a [Scope],
    pub created_at: DateTime<Utc>,
    pub created_by: &'a str,
    pub created_request_id: Option<&'a str>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a key.
pub async fn insert_key(mut connection: &Connection, new: &NewKey<'_>) -> Result<KeyRow> {
    Ok(diesel::insert_into(keys::table)
        .values(new)
        .returning(KeyRow::as_returning())
        .get_result(&mut connection)
        .await?)
}

/// The key whose secret has this digest, valid or not.
pub async fn key_with_digest(mut connection: &Connection, digest: &[u8]) -> Result<Option<KeyRow>> {
    let query = keys::table.select(KeyRow::as_select()).filter(keys::digest.eq(digest));
    Ok(query.first(&mut connection).await.optional()?)
}

/// One key, valid or not.
pub async fn find_key(mut connection: &Connection, id: KeyId) -> Result<Option<KeyRow>> {
    let query = keys::table.select(KeyRow::as_select()).filter(keys::id.eq(id));
    Ok(query.first(&mut connection).await.optional()?)
}

/// The keys of a window, valid or not, in its order.
pub async fn list_keys(mut connection: &Connection, window: &Window) -> Result<Vec<KeyRow>> {
    Ok(keys::table
        .select(KeyRow::as_select())
        .filter(all(window.condition()).condition())
        .order(window.page().fragment::<sql_types::Bool>())
        .load(&mut connection)
        .await?)
}

/// Every key, valid or not, the newest first.
pub async fn all_keys(mut connection: &Connection) -> Result<Vec<KeyRow>> {
    let query = keys::table.select(KeyRow::as_select()).order((keys::created_at.desc(), keys::id.desc()));
    Ok(query.load(&mut connection).await?)
}

/// How many keys there are, valid or not.
pub async fn count_keys(mut connection: &Connection) -> Result<i64> {
    Ok(keys::table.count().get_result(&mut connection).await?)
}

/// Revokes a key, and notes who did, in which request; one that is revoked already stays as it is. `None` where there is no such key.
pub async fn revoke_key(
    mut connection: &Connection,
    id: KeyId,
    now: DateTime<Utc>,
    (actor, request_id): (&str, Option<&str>),
) -> Result<Option<KeyRow>> {
    diesel::update(keys::table.filter(keys::id.eq(id)).filter(keys::revoked_at.is_null()))
        .set((keys::revoked_at.eq(now), keys::revoked_by.eq(actor), keys::revoked_request_id.eq(request_id)))
        .execute(&mut connection)
        .await?;
    find_key(connection, id).await
}

/// How old a noted use becomes before the next one is noted.
fn noted_use_lasts() -> TimeDelta {
    TimeDelta::minutes(1)
}

/// Whether a use of the key at this instant is worth a write.
pub fn is_use_to_be_noted(key: &KeyRow, now: DateTime<Utc>) -> bool {
    key.last_used_at.is_none_or(|last| last + noted_use_lasts() <= now)
}

/// Notes a use of a key, unless another one was noted a moment ago.
pub async fn note_use(mut connection: &Connection, id: KeyId, now: DateTime<Utc>) -> Result<()> {
    let is_due = keys::last_used_at.is_null().or(keys::last_used_at.le(now - noted_use_lasts()));
    diesel::update(keys::table.filter(keys::id.eq(id)).filter(is_due.assume_not_null()))
        .set(keys::last_used_at.eq(now))
        .execute(&mut connection)
        .await?;
    Ok(())
}
