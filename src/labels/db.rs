//! Labels in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::keyset::{Position, Window, comes_after};
use crate::db::schema::{label_external_ids, label_names, label_slugs, labels};
use crate::db::{Connection, Result};
use crate::values::id::LabelId;
use crate::values::reference::Reference;

/// A label as it is served.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = labels)]
pub struct LabelRow {
    pub id: LabelId,
    pub slug: String,
    pub name: String,
    pub parent_id: Option<LabelId>,
    pub public_from: DateTime<Utc>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl LabelRow {
    /// Where the label stands in a list.
    pub fn position(&self) -> Position {
        Position { public_from: self.public_from, id: self.id.0 }
    }
}

/// What a reference to a label shows.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = labels)]
pub struct LabelReferenceRow {
    pub id: LabelId,
    pub slug: String,
    pub name: String,
}

/// The labels that are public, newest first.
pub async fn list_labels(mut connection: &Connection, window: &Window) -> Result<Vec<LabelRow>> {
    let mut query = labels::table
        .select(LabelRow::as_select())
        .filter(labels::public_from.le(window.now))
        .filter(labels::deleted_at.is_null())
        .order((labels::public_from.desc(), labels::id.desc()))
        .limit(window.rows)
        .into_boxed();
    if let Some(position) = window.after {
        query = query.filter(comes_after("labels.public_from, labels.id", position));
    }
    Ok(query.load(&mut connection).await?)
}

/// The label that `reference` names, when public.
pub async fn find_label(
    mut connection: &Connection,
    reference: &Reference<LabelId>,
    now: DateTime<Utc>,
) -> Result<Option<LabelRow>> {
    let query = labels::table
        .select(LabelRow::as_select())
        .filter(labels::public_from.le(now))
        .filter(labels::deleted_at.is_null())
        .into_boxed();
    let query = match reference {
        Reference::Id(id) => query.filter(labels::id.eq(*id)),
        Reference::Slug(slug) => query.filter(labels::slug.eq(slug)),
    };
    Ok(query.first(&mut connection).await.optional()?)
}

/// The labels with these ids, as references.
pub async fn label_references(mut connection: &Connection, ids: &[LabelId]) -> Result<Vec<LabelReferenceRow>> {
    Ok(labels::table
        .select(LabelReferenceRow::as_select())
        .filter(labels::id.eq_any(ids))
        .load(&mut connection)
        .await?)
}

/// The labels with these ids.
pub async fn labels_with_ids(mut connection: &Connection, ids: &[LabelId]) -> Result<Vec<LabelRow>> {
    Ok(labels::table.select(LabelRow::as_select()).filter(labels::id.eq_any(ids)).load(&mut connection).await?)
}

/// The names of labels other than their own, in alphabetical order.
pub async fn aliases_of(mut connection: &Connection, ids: &[LabelId]) -> Result<Vec<(LabelId, String)>> {
    Ok(label_names::table
        .inner_join(labels::table)
        .select((label_names::label_id, label_names::name))
        .filter(label_names::label_id.eq_any(ids))
        .filter(label_names::normalised_name.ne(labels::normalised_name))
        .order(label_names::normalised_name)
        .load(&mut connection)
        .await?)
}

/// What other systems call labels: `(source, id)`.
pub async fn external_ids_of(mut connection: &Connection, ids: &[LabelId]) -> Result<Vec<(LabelId, (String, String))>> {
    Ok(label_external_ids::table
        .select((label_external_ids::label_id, (label_external_ids::source, label_external_ids::external_id)))
        .filter(label_external_ids::label_id.eq_any(ids))
        .order((label_external_ids::source, label_external_ids::external_id))
        .load(&mut connection)
        .await?)
}

/// The public labels among those named, in no order.
pub async fn find_labels(
    mut connection: &Connection,
    references: &[Reference<LabelId>],
    now: DateTime<Utc>,
) -> Result<Vec<LabelReferenceRow>> {
    let (mut ids, mut slugs) = (Vec::new(), Vec::new());
    for reference in references {
        match reference {
            Reference::Id(id) => ids.push(*id),
            Reference::Slug(slug) => slugs.push(slug),
        }
    }
    Ok(labels::table
        .select(LabelReferenceRow::as_select())
        .filter(labels::id.eq_any(ids).or(labels::slug.eq_any(slugs)))
        .filter(labels::public_from.le(now))
        .filter(labels::deleted_at.is_null())
        .load(&mut connection)
        .await?)
}

/// The slugs of public labels that look most like `text`, the nearest first; few or none.
pub async fn similar_slugs(mut connection: &Connection, text: &str, now: DateTime<Utc>) -> Result<Vec<String>> {
    let likeness = || similarity(labels::slug, text);
    Ok(labels::table
        .select(labels::slug)
        .filter(is_similar(labels::slug, text))
        .filter(labels::public_from.le(now))
        .filter(labels::deleted_at.is_null())
        .order((likeness().desc(), labels::slug))
        .limit(3)
        .load(&mut connection)
        .await?)
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// How many trigrams two texts share, 0 to 1 (pg_trgm).
    fn similarity(one: diesel::sql_types::Text, other: diesel::sql_types::Text) -> diesel::sql_types::Float;
}

diesel::infix_operator!(IsSimilar, " % ", backend: diesel::pg::Pg);

/// `column % text`: similar enough for pg_trgm, which an index answers.
fn is_similar(
    column: labels::slug,
    text: &str,
) -> IsSimilar<labels::slug, diesel::dsl::AsExprOf<&str, diesel::sql_types::Text>> {
    use diesel::expression::AsExpression;
    IsSimilar::new(column, AsExpression::<diesel::sql_types::Text>::as_expression(text))
}

/// A label to be made.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = labels)]
pub struct NewLabel {
    pub id: LabelId,
    pub slug: String,
    pub name: String,
    pub normalised_name: String,
    pub public_from: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The labels that bear these normalised names, as name or alias. Drafts count.
pub async fn labels_called(mut connection: &Connection, normalised_names: &[String]) -> Result<Vec<(String, LabelId)>> {
    Ok(label_names::table
        .select((label_names::normalised_name, label_names::label_id))
        .filter(label_names::normalised_name.eq_any(normalised_names))
        .load(&mut connection)
        .await?)
}

/// Makes labels.
pub async fn insert_labels(mut connection: &Connection, new: &[NewLabel]) -> Result<()> {
    let slugs: Vec<_> =
        new.iter().map(|label| (label_slugs::slug.eq(&label.slug), label_slugs::label_id.eq(label.id))).collect();
    let names: Vec<_> = new
        .iter()
        .map(|label| {
            (
                label_names::normalised_name.eq(&label.normalised_name),
                label_names::label_id.eq(label.id),
                label_names::name.eq(&label.name),
            )
        })
        .collect();
    diesel::insert_into(labels::table).values(new).execute(&mut connection).await?;
    diesel::insert_into(label_slugs::table).values(slugs).execute(&mut connection).await?;
    diesel::insert_into(label_names::table).values(names).execute(&mut connection).await?;
    Ok(())
}

/// Makes labels public from `instant` on, where they were not before.
pub async fn publish_labels(mut connection: &Connection, ids: &[LabelId], instant: DateTime<Utc>) -> Result<()> {
    diesel::update(labels::table.filter(labels::id.eq_any(ids)).filter(labels::public_from.gt(instant)))
        .set(labels::public_from.eq(instant))
        .execute(&mut connection)
        .await?;
    Ok(())
}
