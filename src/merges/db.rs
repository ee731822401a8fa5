//! Merges in PostgreSQL.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::changes::ResourceType;
use crate::db::keyset::{Position, SortValue, Window};
use crate::db::schema::{merge_rows, merges};
use crate::db::sql::{all, sql};
use crate::db::{Connection, Result, group};
use crate::values::id::MergeId;

/// A merge as it is served.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = merges)]
pub struct MergeRow {
    pub id: MergeId,
    pub resource_type: ResourceType,
    pub merged_id: Uuid,
    pub survivor_id: Uuid,
    pub survivor_version: i32,
    pub was_survivor_independent: bool,
    pub merged_at: DateTime<Utc>,
    pub merged_by: String,
    pub undone_at: Option<DateTime<Utc>>,
    pub undone_by: Option<String>,
}

impl MergeRow {
    /// Where the merge stands in the list of merges.
    pub fn position(&self) -> Position {
        Position { values: vec![SortValue::Instant(self.merged_at)], id: self.id.0 }
    }

    /// A merge is done, and may be undone: nothing else ever changes.
    pub fn version(&self) -> i32 {
        if self.undone_at.is_none() { 1 } else { 2 }
    }
}

/// A merge to be noted.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = merges)]
pub struct NewMerge<'a> {
    pub id: MergeId,
    pub resource_type: ResourceType,
    pub merged_id: Uuid,
    pub survivor_id: Uuid,
    pub survivor_version: i32,
    pub was_survivor_independent: bool,
    pub merged_at: DateTime<Utc>,
    pub merged_by: &'a str,
}

/// Notes a merge.
pub async fn insert_merge(mut connection: &Connection, new: &NewMerge<'_>) -> Result<()> {
    diesel::insert_into(merges::table).values(new).execute(&mut connection).await?;
    Ok(())
}

/// Notes that a merge was undone.
pub async fn mark_undone(mut connection: &Connection, id: MergeId, at: DateTime<Utc>, by: &str) -> Result<()> {
    diesel::update(merges::table.filter(merges::id.eq(id)))
        .set((merges::undone_at.eq(at), merges::undone_by.eq(by)))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// The merges of a window, in its order.
pub async fn list_merges(mut connection: &Connection, window: &Window) -> Result<Vec<MergeRow>> {
    Ok(merges::table
        .select(MergeRow::as_select())
        .filter(all(window.condition()).condition())
        .order(window.page().fragment::<sql_types::Bool>())
        .load(&mut connection)
        .await?)
}

/// How many merges there were.
pub async fn count_merges(mut connection: &Connection) -> Result<i64> {
    Ok(merges::table.count().get_result(&mut connection).await?)
}

/// One merge.
pub async fn find_merge(mut connection: &Connection, id: MergeId) -> Result<Option<MergeRow>> {
    let query = merges::table.select(MergeRow::as_select()).filter(merges::id.eq(id));
    Ok(query.first(&mut connection).await.optional()?)
}

/// The merge that stands in which this became part of another.
pub async fn standing_merge(mut connection: &Connection, merged: Uuid) -> Result<Option<MergeId>> {
    let query =
        merges::table.select(merges::id).filter(merges::merged_id.eq(merged)).filter(merges::undone_at.is_null());
    Ok(query.first(&mut connection).await.optional()?)
}

/// How many rows of each part merges touched.
pub async fn touched_rows(
    mut connection: &Connection,
    ids: &[MergeId],
) -> Result<HashMap<MergeId, Vec<(String, i64)>>> {
    let rows: Vec<(MergeId, String, i64)> = merge_rows::table
        .group_by((merge_rows::merge_id, merge_rows::part))
        .select((merge_rows::merge_id, merge_rows::part, diesel::dsl::count_star()))
        .filter(merge_rows::merge_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    Ok(group(rows.into_iter().map(|(merge, part, count)| (merge, (part, count)))))
}

/// The slugs and names of people and labels, merged ones too: `(id, slug, name)`.
pub async fn parties(mut connection: &Connection, ids: &[Uuid]) -> Result<Vec<(Uuid, String, String)>> {
    let found = sql("SELECT people.id, people.slug, people.name FROM people WHERE people.id = ANY (")
        .bind(ids.to_vec())
        .text(") UNION ALL SELECT labels.id, labels.slug, labels.name FROM labels WHERE labels.id = ANY (")
        .bind(ids.to_vec())
        .text(")")
        .statement::<(sql_types::Uuid, sql_types::Text, sql_types::Text)>();
    Ok(found.load(&mut connection).await?)
}

/// Forgets the merges of what is removed for good, and what other merges noted of it.
pub async fn forget(mut connection: &Connection, ids: &[Uuid]) -> Result<()> {
    diesel::delete(merges::table.filter(merges::merged_id.eq_any(ids).or(merges::survivor_id.eq_any(ids))))
        .execute(&mut connection)
        .await?;
    let named = |key: &'static str| {
        let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        sql("merge_rows.content->>'").text(key).text("' = ANY (").bind(ids).text(")")
    };
    sql("DELETE FROM merge_rows WHERE merge_rows.part IN ('affiliation', 'member') AND (")
        .append(named("person_id"))
        .text(" OR ")
        .append(named("organization_id"))
        .text(")")
        .statement::<sql_types::Bool>()
        .execute(&mut connection)
        .await?;
    Ok(())
}
