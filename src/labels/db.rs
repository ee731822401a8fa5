//! Labels in PostgreSQL.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{LabelSort, LabelSortTerm};
use crate::db::filter::{Named, is_one_of, surviving, uuids, wanted};
use crate::db::keyset::{Position, SortValue, Window};
use crate::db::schema::{label_external_ids, label_names, label_slugs, labels};
use crate::db::sql::{Sql, all, exists, sql};
use crate::db::{Audience, Connection, PublicFrom, Result, count_up_to, group, insert_into, planned_rows, publish};
use crate::search::db::NameWords;
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
    pub public_from: PublicFrom,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl LabelRow {
    /// Where the label stands in a list in this order.
    pub fn position(&self, sort: &[LabelSortTerm]) -> Position {
        let value = |term: &LabelSortTerm| match term.key {
            LabelSort::PublishedAt => self.public_from.sort_value(),
            LabelSort::UpdatedAt => SortValue::Instant(self.updated_at),
            LabelSort::Name => SortValue::Text(self.name.clone()),
        };
        Position { values: sort.iter().map(value).collect(), id: self.id.0 }
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

/// What articles must bear of labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LabelFilter {
    /// Of each group at least one, the rarest group first.
    pub groups: Vec<Vec<LabelId>>,
    /// None of these.
    pub none: Vec<LabelId>,
}

impl LabelFilter {
    /// The rarest group: the one to look articles up by.
    pub fn leading(&self) -> Option<&[LabelId]> {
        self.groups.as_slice().first().map(Vec::as_slice)
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.none.is_empty()
    }

    /// The conditions on articles, whose id is in `article_id`.
    pub fn conditions(&self, article_id: &'static str) -> Vec<Sql> {
        let bears = |labels: &[LabelId]| {
            exists(
                sql("SELECT FROM article_labels WHERE article_labels.article_id = ")
                    .text(article_id)
                    .text(" AND article_labels.label_id = ANY (")
                    .bind(uuids(labels))
                    .text(")"),
            )
        };
        let mut conditions: Vec<Sql> = self.groups.iter().map(|group| bears(group)).collect();
        if !self.none.is_empty() {
            conditions.push(sql("NOT ").append(bears(&self.none)));
        }
        conditions
    }
}

/// Which labels a list shows. What is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LabelListFilter {
    /// Those that belong to one of these wider labels.
    pub parents: Option<Vec<LabelId>>,
    /// Those on at least so many public articles.
    pub min_articles: Option<u32>,
    /// Those with a name that is looked for.
    pub name_words: Option<NameWords>,
}

impl LabelListFilter {
    /// Each parameter that is given, as a filter by itself.
    fn parts(&self) -> Vec<(&'static str, Self)> {
        let Self { parents, min_articles, name_words } = self.clone();
        let none = Self::default;
        let all = [
            ("parent", parents.is_some(), Self { parents, ..none() }),
            ("min_articles", min_articles.is_some(), Self { min_articles, ..none() }),
            ("q", name_words.is_some(), Self { name_words, ..none() }),
        ];
        all.into_iter().filter(|(_, is_given, _)| *is_given).map(|(name, _, part)| (name, part)).collect()
    }

    fn public_conditions(&self, audience: Audience) -> Vec<Sql> {
        let mut conditions = vec![
            audience.sees("labels.public_from"),
            sql("labels.deleted_at IS NULL AND labels.merged_into_id IS NULL"),
        ];
        if let Some(parents) = &self.parents {
            conditions.push(sql("labels.parent_id = ANY (").bind(uuids(parents)).text(")"));
        }
        if let Some(least) = self.min_articles {
            conditions.push(
                sql("(SELECT count(*) FROM (SELECT FROM article_labels WHERE article_labels.label_id = labels.id \
                     AND ")
                .append(audience.sees("article_labels.public_from"))
                .text(" LIMIT ")
                .bind(least)
                .text(") AS counted) >= ")
                .bind(least),
            );
        }
        conditions.extend(self.name_words.as_ref().map(NameWords::labels_condition));
        conditions
    }
}

/// The public labels that pass `filter`, in the order of `window`, backwards where that runs backwards.
pub async fn list_labels(
    mut connection: &Connection,
    filter: &LabelListFilter,
    window: &Window,
) -> Result<Vec<LabelRow>> {
    let mut conditions = filter.public_conditions(window.audience);
    conditions.extend(window.condition());
    Ok(labels::table
        .select(LabelRow::as_select())
        .filter(all(conditions).condition())
        .order(window.page_of(filter).fragment::<sql_types::Bool>())
        .load(&mut connection)
        .await?)
}

/// How many public labels pass each part of `filter` by itself, counted up to `most`.
pub async fn count_labels_alone(
    connection: &Connection,
    filter: &LabelListFilter,
    most: i64,
    audience: Audience,
) -> Result<Vec<(&'static str, i64)>> {
    let parts = filter.parts().into_iter().map(|(name, part)| (name, part.public_conditions(audience))).collect();
    count_up_to(connection, "labels", parts, most).await
}

/// How many public labels pass `filter`.
pub async fn count_labels(mut connection: &Connection, filter: &LabelListFilter, audience: Audience) -> Result<i64> {
    Ok(labels::table
        .filter(all(filter.public_conditions(audience)).condition())
        .count()
        .get_result(&mut connection)
        .await?)
}

/// The label that `reference` names, as the audience may see it; none that was merged into another.
pub async fn find_label(
    mut connection: &Connection,
    reference: &Reference<LabelId>,
    audience: Audience,
) -> Result<Option<LabelRow>> {
    let query = labels::table
        .select(LabelRow::as_select())
        .filter(audience.sees("labels.public_from").condition())
        .filter(labels::deleted_at.is_null())
        .filter(labels::merged_into_id.is_null())
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
        .filter(is_one_of("labels.id", ids).condition())
        .filter(labels::deleted_at.is_null())
        .load(&mut connection)
        .await?)
}

/// The labels with these ids.
pub async fn labels_with_ids(mut connection: &Connection, ids: &[LabelId]) -> Result<Vec<LabelRow>> {
    Ok(labels::table
        .select(LabelRow::as_select())
        .filter(is_one_of("labels.id", ids).condition())
        .load(&mut connection)
        .await?)
}

/// The names of labels other than their own, in alphabetical order.
pub async fn aliases_of(mut connection: &Connection, ids: &[LabelId]) -> Result<Vec<(LabelId, String)>> {
    Ok(label_names::table
        .inner_join(labels::table)
        .select((label_names::label_id, label_names::name))
        .filter(is_one_of("label_names.label_id", ids).condition())
        .filter(label_names::normalised_name.ne(labels::normalised_name))
        .order(label_names::normalised_name)
        .load(&mut connection)
        .await?)
}

/// What other systems call labels: `(source, id)`.
pub async fn external_ids_of(mut connection: &Connection, ids: &[LabelId]) -> Result<Vec<(LabelId, (String, String))>> {
    Ok(label_external_ids::table
        .select((label_external_ids::label_id, (label_external_ids::source, label_external_ids::external_id)))
        .filter(is_one_of("label_external_ids.label_id", ids).condition())
        .order((label_external_ids::source, label_external_ids::external_id))
        .load(&mut connection)
        .await?)
}

/// The public labels that `names` name, by id, by a slug current or former, or by a name or alias, through merges.
pub async fn labels_named(
    mut connection: &Connection,
    names: &[String],
    audience: Audience,
) -> Result<Vec<Named<LabelId>>> {
    let id = sql("coalesce(nullif(wanted.id, '')::uuid, \
         (SELECT label_slugs.label_id FROM label_slugs WHERE label_slugs.slug = wanted.name), \
         (SELECT label_names.label_id FROM label_names WHERE label_names.normalised_name = wanted.normalised))");
    let found = sql("SELECT wanted.name, found.id, found.slug FROM ")
        .append(wanted::<LabelId>(names))
        .append(surviving("labels", "surviving_label", id, audience.sees("labels.public_from")));
    let rows = found.statement::<(sql_types::Text, sql_types::Uuid, sql_types::Text)>().load(&mut connection).await?;
    Ok(rows.into_iter().map(Named::from_row).collect())
}

/// A name with the public label it names.
#[derive(Debug, Clone)]
pub struct ResolvedRow {
    pub name: String,
    pub label: LabelReferenceRow,
    /// Whether the name is that of a label merged into this one.
    pub is_merged: bool,
    /// Whether it is the name of the label, not an alias or a slug.
    pub is_own_name: bool,
}

type ResolvedSql =
    (sql_types::Text, sql_types::Uuid, sql_types::Text, sql_types::Text, sql_types::Bool, sql_types::Bool);

/// The public labels that `names` name, by name, alias or slug, through merges. Names that name none are left out.
pub async fn resolve_labels(
    mut connection: &Connection,
    names: &[String],
    audience: Audience,
) -> Result<Vec<ResolvedRow>> {
    let found = sql("WITH RECURSIVE named (name, normalised, id) AS MATERIALIZED (SELECT DISTINCT wanted.name, \
         wanted.normalised, coalesce( \
         (SELECT label_names.label_id FROM label_names WHERE label_names.normalised_name = wanted.normalised), \
         (SELECT label_slugs.label_id FROM label_slugs WHERE label_slugs.slug = lower(wanted.name))) FROM ")
    .append(wanted::<LabelId>(names))
    .text(
        "), chain (first_id, id) AS (SELECT named.id, named.id FROM named \
         UNION SELECT chain.first_id, labels.merged_into_id FROM labels JOIN chain ON chain.id = labels.id \
         WHERE labels.merged_into_id IS NOT NULL) \
         SELECT named.name, labels.id, labels.slug, labels.name, chain.first_id <> labels.id \
         OR labels.normalised_name <> named.normalised AND EXISTS (SELECT FROM labels AS merged \
         WHERE merged.normalised_name = named.normalised AND merged.merged_into_id IS NOT NULL \
         AND surviving_label(merged.id) = labels.id), \
         labels.normalised_name = named.normalised FROM named JOIN chain ON chain.first_id = named.id \
         JOIN labels ON labels.id = chain.id \
         WHERE labels.merged_into_id IS NULL AND labels.deleted_at IS NULL AND ",
    )
    .append(audience.sees("labels.public_from"))
    .statement::<ResolvedSql>();
    let rows: Vec<(String, LabelId, String, String, bool, bool)> = found.load(&mut connection).await?;
    let row = |(named, id, slug, name, is_merged, is_own_name)| ResolvedRow {
        name: named,
        label: LabelReferenceRow { id, slug, name },
        is_merged,
        is_own_name,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The slugs of public labels that look most like each of `texts`, the nearest first; few or none.
pub async fn slugs_like(
    mut connection: &Connection,
    texts: &[String],
    audience: Audience,
) -> Result<HashMap<String, Vec<String>>> {
    let near = sql("SELECT wanted.text, near.slug FROM (SELECT DISTINCT text FROM unnest(")
        .bind(texts.to_vec())
        .text(
            ") AS given (text)) AS wanted CROSS JOIN LATERAL (SELECT labels.slug, \
             similarity(labels.slug, wanted.text) AS likeness FROM labels WHERE labels.slug % wanted.text \
             AND labels.deleted_at IS NULL AND labels.merged_into_id IS NULL AND ",
        )
        .append(audience.sees("labels.public_from"))
        .text(" ORDER BY likeness DESC, labels.slug LIMIT 3) AS near ORDER BY near.likeness DESC, near.slug")
        .statement::<(sql_types::Text, sql_types::Text)>();
    Ok(group(near.load::<(String, String)>(&mut connection).await?))
}

/// Labels with everything that belongs to them, each group by itself.
pub async fn with_descendants(connection: &Connection, groups: &[Vec<LabelId>]) -> Result<Vec<Vec<LabelId>>> {
    let mut expanded = Vec::with_capacity(groups.len());
    for group in groups {
        let mut connection = connection;
        let descendants = sql("WITH RECURSIVE tree (id) AS (SELECT unnest(")
            .bind(uuids(group))
            .text(") UNION SELECT labels.id FROM labels JOIN tree ON labels.parent_id = tree.id) SELECT id FROM tree")
            .statement::<sql_types::Uuid>();
        expanded.push(descendants.load::<LabelId>(&mut connection).await?);
    }
    Ok(expanded)
}

/// How far articles are counted when the rarer of several labels is looked for; of labels on more, the planner's
/// statistics tell them apart, which know just the frequent ones.
const COUNTED_ARTICLES: i64 = 1_000;

/// Sorts groups of labels, the one on the fewest public articles first.
pub async fn rarest_first(
    connection: &Connection,
    groups: Vec<Vec<LabelId>>,
    audience: Audience,
) -> Result<Vec<Vec<LabelId>>> {
    if groups.len() < 2 {
        return Ok(groups);
    }
    let mut sized = Vec::with_capacity(groups.len());
    for group in groups {
        let borne = || sql("article_labels.label_id = ANY (").bind(uuids(&group)).text(")");
        let visible = audience.sees("article_labels.public_from");
        let counted =
            count_up_to(connection, "article_labels", vec![("label", vec![borne(), visible])], COUNTED_ARTICLES)
                .await?;
        let counted = counted.into_iter().map(|(_, count)| count).sum::<i64>();
        let estimated = planned_rows(connection, "article_labels", vec![borne()]).await?;
        sized.push(((counted, estimated), group));
    }
    sized.sort_by_key(|(size, _)| *size);
    Ok(sized.into_iter().map(|(_, group)| group).collect())
}

/// The slugs of public labels that look most like `text`, the nearest first; few or none.
pub async fn similar_slugs(mut connection: &Connection, text: &str, audience: Audience) -> Result<Vec<String>> {
    let near = sql("SELECT labels.slug FROM labels WHERE labels.slug % ")
        .bind(text)
        .text(" AND labels.deleted_at IS NULL AND labels.merged_into_id IS NULL AND ")
        .append(audience.sees("labels.public_from"))
        .text(" ORDER BY similarity(labels.slug, ")
        .bind(text)
        .text(") DESC, labels.slug LIMIT 3");
    Ok(near.statement::<sql_types::Text>().load(&mut connection).await?)
}

/// A label to be made.
#[derive(Debug, Clone)]
pub struct NewLabel {
    pub id: LabelId,
    pub slug: String,
    pub name: String,
    pub normalised_name: String,
    pub public_from: PublicFrom,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The labels that bear these normalised names, as name or alias. Drafts count.
pub async fn labels_called(mut connection: &Connection, normalised_names: &[String]) -> Result<Vec<(String, LabelId)>> {
    // Name by name along the index, however many are asked for.
    let found = sql("SELECT label_names.normalised_name, label_names.label_id FROM unnest(")
        .bind(normalised_names.to_vec())
        .text(") AS wanted (name) JOIN label_names ON label_names.normalised_name = wanted.name")
        .planned_each_time()
        .statement::<(sql_types::Text, sql_types::Uuid)>();
    Ok(found.load(&mut connection).await?)
}

/// Makes labels.
pub async fn insert_labels(connection: &Connection, new: &[NewLabel]) -> Result<()> {
    insert_into(labels::table, new)
        .set(labels::id, |row| row.id)
        .set(labels::slug, |row| &row.slug)
        .set(labels::name, |row| &row.name)
        .set(labels::normalised_name, |row| &row.normalised_name)
        .set(labels::public_from, |row| row.public_from)
        .set(labels::created_at, |row| row.created_at)
        .set(labels::updated_at, |row| row.updated_at)
        .execute(connection)
        .await?;
    insert_into(label_slugs::table, new)
        .set(label_slugs::slug, |row| &row.slug)
        .set(label_slugs::label_id, |row| row.id)
        .execute(connection)
        .await?;
    insert_into(label_names::table, new)
        .set(label_names::normalised_name, |row| &row.normalised_name)
        .set(label_names::label_id, |row| row.id)
        .set(label_names::name, |row| &row.name)
        .execute(connection)
        .await
}

/// Makes each of these labels public from then on, where it was not before.
pub async fn publish_labels(connection: &Connection, shown: &[(LabelId, PublicFrom)]) -> Result<()> {
    let shown: Vec<(Uuid, PublicFrom)> = shown.iter().map(|(id, from)| (id.0, *from)).collect();
    publish(connection, "labels", &shown).await
}

/// Puts labels below others.
pub async fn set_parents(mut connection: &Connection, pairs: &[(LabelId, LabelId)]) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let (ids, parents): (Vec<Uuid>, Vec<Uuid>) = pairs.iter().map(|(id, parent)| (id.0, parent.0)).unzip();
    sql("UPDATE labels SET parent_id = wanted.parent_id FROM unnest(")
        .bind(ids)
        .text(", ")
        .bind(parents)
        .text(") AS wanted (id, parent_id) WHERE labels.id = wanted.id")
        .statement::<sql_types::Bool>()
        .execute(&mut connection)
        .await?;
    Ok(())
}
