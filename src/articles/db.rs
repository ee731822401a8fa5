//! Articles in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types;
use diesel_async::RunQueryDsl;

use super::ArticleStatus;
use crate::db::keyset::{Position, Window, comes_after};
use crate::db::schema::{
    article_authors, article_external_ids, article_labels, article_revisions, article_slugs, article_sources, articles,
    labels, people,
};
use crate::db::{Connection, Result};
use crate::labels::db::LabelReferenceRow;
use crate::people::db::PersonReferenceRow;
use crate::values::body::BodyFormat;
use crate::values::id::{ArticleId, LabelId};
use crate::values::reference::Reference;

/// An article as it is served in a list: without its body.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleRow {
    pub id: ArticleId,
    pub slug: String,
    pub title: String,
    pub summary: Option<String>,
    pub language: String,
    pub status: ArticleStatus,
    pub published_at: Option<DateTime<Utc>>,
    pub public_from: DateTime<Utc>,
    pub canonical_url: Option<String>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl ArticleRow {
    /// Where the article stands in a list.
    pub fn position(&self) -> Position {
        Position { public_from: self.public_from, id: self.id.0 }
    }
}

/// The body of an article.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct BodyRow {
    pub body_format: BodyFormat,
    pub body_html: String,
    pub body_text: String,
    pub text_rule: i16,
}

/// What a reference to an article shows.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleReferenceRow {
    pub id: ArticleId,
    pub slug: String,
    pub title: String,
}

/// Which articles a list shows.
#[derive(Debug, Clone, Default)]
pub struct ArticleFilter {
    /// Those that bear one of these labels.
    pub labels: Option<Vec<LabelId>>,
}

/// The public articles that pass `filter`, newest first.
pub async fn list_articles(
    mut connection: &Connection,
    filter: &ArticleFilter,
    window: &Window,
) -> Result<Vec<ArticleRow>> {
    let mut query = articles::table
        .select(ArticleRow::as_select())
        .filter(articles::public_from.le(window.now))
        .order((articles::public_from.desc(), articles::id.desc()))
        .limit(window.rows)
        .into_boxed();
    if let Some(position) = window.after {
        query = query.filter(comes_after("articles.public_from, articles.id", position));
    }
    if let Some(labels) = &filter.labels {
        query = query.filter(NewestOfLabels { labels: labels.clone(), window: *window });
    }
    Ok(query.load(&mut connection).await?)
}

/// The article that `reference` names, with its body, when public.
pub async fn find_article(
    mut connection: &Connection,
    reference: &Reference<ArticleId>,
    now: DateTime<Utc>,
) -> Result<Option<(ArticleRow, BodyRow)>> {
    let query = articles::table
        .select((ArticleRow::as_select(), BodyRow::as_select()))
        .filter(articles::public_from.le(now))
        .into_boxed();
    let query = match reference {
        Reference::Id(id) => query.filter(articles::id.eq(*id)),
        Reference::Slug(slug) => query.filter(articles::slug.eq(slug)),
    };
    Ok(query.first(&mut connection).await.optional()?)
}

/// The id of the article that `reference` names, when public.
pub async fn find_article_id(
    mut connection: &Connection,
    reference: &Reference<ArticleId>,
    now: DateTime<Utc>,
) -> Result<Option<ArticleId>> {
    let query = articles::table.select(articles::id).filter(articles::public_from.le(now)).into_boxed();
    let query = match reference {
        Reference::Id(id) => query.filter(articles::id.eq(*id)),
        Reference::Slug(slug) => query.filter(articles::slug.eq(slug)),
    };
    Ok(query.first(&mut connection).await.optional()?)
}

/// The authors of articles, in the order given.
pub async fn authors_of(
    mut connection: &Connection,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, PersonReferenceRow)>> {
    Ok(article_authors::table
        .inner_join(people::table)
        .select((article_authors::article_id, PersonReferenceRow::as_select()))
        .filter(article_authors::article_id.eq_any(ids))
        .order((article_authors::article_id, article_authors::position))
        .load(&mut connection)
        .await?)
}

/// The labels of articles, in the order given.
pub async fn labels_of(mut connection: &Connection, ids: &[ArticleId]) -> Result<Vec<(ArticleId, LabelReferenceRow)>> {
    Ok(article_labels::table
        .inner_join(labels::table)
        .select((article_labels::article_id, LabelReferenceRow::as_select()))
        .filter(article_labels::article_id.eq_any(ids))
        .order((article_labels::article_id, article_labels::position))
        .load(&mut connection)
        .await?)
}

/// What other systems call articles: `(source, id)`.
pub async fn external_ids_of(
    mut connection: &Connection,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, (String, String))>> {
    Ok(article_external_ids::table
        .select((article_external_ids::article_id, (article_external_ids::source, article_external_ids::external_id)))
        .filter(article_external_ids::article_id.eq_any(ids))
        .order((article_external_ids::source, article_external_ids::external_id))
        .load(&mut connection)
        .await?)
}

/// True of the articles that can stand on one page of those that bear any of some labels.
///
/// Each label gives its own newest articles out of one index range, as many as the page holds, so that the cost is
/// the same for a label on three articles and for one on a third of all. Diesel has no lateral join.
#[derive(Debug, Clone)]
struct NewestOfLabels {
    labels: Vec<LabelId>,
    window: Window,
}

impl Expression for NewestOfLabels {
    type SqlType = sql_types::Bool;
}

impl<QuerySource> AppearsOnTable<QuerySource> for NewestOfLabels {}
impl<QuerySource> SelectableExpression<QuerySource> for NewestOfLabels {}

impl<GroupBy> ValidGrouping<GroupBy> for NewestOfLabels {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for NewestOfLabels {
    // With and without a position it is two statements.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for NewestOfLabels {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("articles.id = ANY (ARRAY (SELECT newest.article_id FROM unnest(");
        out.push_bind_param::<sql_types::Array<sql_types::Uuid>, _>(&self.labels)?;
        out.push_sql(
            ") AS wanted (label_id) CROSS JOIN LATERAL (SELECT article_labels.article_id FROM article_labels \
             WHERE article_labels.label_id = wanted.label_id AND article_labels.public_from <= ",
        );
        out.push_bind_param::<sql_types::Timestamptz, _>(&self.window.now)?;
        if let Some(position) = &self.window.after {
            out.push_sql(" AND (article_labels.public_from, article_labels.article_id) < (");
            out.push_bind_param::<sql_types::Timestamptz, _>(&position.public_from)?;
            out.push_sql(", ");
            out.push_bind_param::<sql_types::Uuid, _>(&position.id)?;
            out.push_sql(")");
        }
        out.push_sql(" ORDER BY article_labels.public_from DESC, article_labels.article_id DESC LIMIT ");
        out.push_bind_param::<sql_types::BigInt, _>(&self.window.rows)?;
        out.push_sql(") AS newest))");
        Ok(())
    }
}

/// An article to be made.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = articles)]
pub struct NewArticle {
    pub id: ArticleId,
    pub slug: String,
    pub title: String,
    pub language: String,
    pub status: ArticleStatus,
    pub published_at: DateTime<Utc>,
    pub body_format: BodyFormat,
    pub body_source: String,
    pub body_html: String,
    pub body_text: String,
    pub text_rule: i16,
    pub provenance: serde_json::Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The bytes an article was imported from.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = article_sources)]
pub struct NewArticleSource<'a> {
    pub article_id: ArticleId,
    pub format: &'a str,
    pub content: &'a [u8],
    pub digest: &'a [u8],
    pub imported_at: DateTime<Utc>,
}

/// Makes an article.
pub async fn insert_article(mut connection: &Connection, new: &NewArticle) -> Result<()> {
    diesel::insert_into(articles::table).values(new).execute(&mut connection).await?;
    diesel::insert_into(article_slugs::table)
        .values((article_slugs::slug.eq(&new.slug), article_slugs::article_id.eq(new.id)))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Puts labels on a new article, in this order.
pub async fn insert_article_labels(
    mut connection: &Connection,
    article: ArticleId,
    public_from: DateTime<Utc>,
    labels: &[LabelId],
) -> Result<()> {
    let rows: Vec<_> = (1..)
        .zip(labels)
        .map(|(position, label): (i32, _)| {
            (
                article_labels::article_id.eq(article),
                article_labels::label_id.eq(*label),
                article_labels::position.eq(position),
                article_labels::public_from.eq(public_from),
            )
        })
        .collect();
    diesel::insert_into(article_labels::table).values(rows).execute(&mut connection).await?;
    Ok(())
}

/// Notes what another system calls an article.
pub async fn insert_external_id(
    mut connection: &Connection,
    article: ArticleId,
    source: &str,
    external_id: &str,
) -> Result<()> {
    diesel::insert_into(article_external_ids::table)
        .values((
            article_external_ids::article_id.eq(article),
            article_external_ids::source.eq(source),
            article_external_ids::external_id.eq(external_id),
        ))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Keeps the bytes an article was imported from.
pub async fn insert_source(mut connection: &Connection, new: &NewArticleSource<'_>) -> Result<()> {
    diesel::insert_into(article_sources::table).values(new).execute(&mut connection).await?;
    Ok(())
}

/// Keeps a version of an article as one immutable document.
pub async fn insert_revision(
    mut connection: &Connection,
    article: ArticleId,
    version: i32,
    document: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(article_revisions::table)
        .values((
            article_revisions::article_id.eq(article),
            article_revisions::version.eq(version),
            article_revisions::document.eq(document),
            article_revisions::created_at.eq(now),
        ))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// The slug of the article that was imported from exactly these bytes.
pub async fn article_with_source(mut connection: &Connection, digest: &[u8]) -> Result<Option<String>> {
    Ok(article_sources::table
        .inner_join(articles::table)
        .select(articles::slug)
        .filter(article_sources::digest.eq(digest))
        .first(&mut connection)
        .await
        .optional()?)
}

/// The slug of the article that another system calls so.
pub async fn article_with_external_id(
    mut connection: &Connection,
    source: &str,
    external_id: &str,
) -> Result<Option<String>> {
    Ok(article_external_ids::table
        .inner_join(articles::table)
        .select(articles::slug)
        .filter(article_external_ids::source.eq(source))
        .filter(article_external_ids::external_id.eq(external_id))
        .first(&mut connection)
        .await
        .optional()?)
}

/// Whether there is any article at all, drafts included.
pub async fn is_any_article(mut connection: &Connection) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(articles::table.select(articles::id))).get_result(&mut connection).await?)
}
