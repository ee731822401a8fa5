//! Working copies in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::db::schema::working_copies;
use crate::db::{Connection, Result};
use crate::values::id::ArticleId;

/// A working copy.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = working_copies)]
pub struct WorkingCopyRow {
    pub article_id: ArticleId,
    pub version: i32,
    pub based_on: i32,
    pub document: Value,
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The working copy of an article, if it has one.
pub async fn find_working_copy(mut connection: &Connection, article: ArticleId) -> Result<Option<WorkingCopyRow>> {
    let row = working_copies::table
        .select(WorkingCopyRow::as_select())
        .filter(working_copies::article_id.eq(article))
        .first(&mut connection);
    Ok(row.await.optional()?)
}

/// Keeps a working copy, in place of the one that the article had.
pub async fn save_working_copy(mut connection: &Connection, row: &WorkingCopyRow) -> Result<()> {
    diesel::insert_into(working_copies::table)
        .values(row)
        .on_conflict(working_copies::article_id)
        .do_update()
        .set(row)
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Removes the working copy of an article.
pub async fn delete_working_copy(mut connection: &Connection, article: ArticleId) -> Result<()> {
    diesel::delete(working_copies::table.filter(working_copies::article_id.eq(article)))
        .execute(&mut connection)
        .await?;
    Ok(())
}
