//! The change log in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Action, ResourceType};
use crate::db::schema::changes;
use crate::db::{Connection, ROWS_AT_ONCE, Result};

/// One change, to be noted.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = changes)]
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
pub async fn append(mut connection: &Connection, new: &[NewChange<'_>]) -> Result<()> {
    for rows in new.chunks(ROWS_AT_ONCE) {
        diesel::insert_into(changes::table).values(rows).execute(&mut connection).await?;
    }
    Ok(())
}
