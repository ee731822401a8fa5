//! Revisions in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::RevisedArticle;
use crate::changes::Action;
use crate::db::keyset::{Order, Position, SortColumn, SortKind, SortValue, Window};
use crate::db::schema::article_revisions;
use crate::db::sql::{Sql, all, sql};
use crate::db::{Connection, Result, insert_into};
use crate::values::id::ArticleId;

/// A revision without its content, and the change that made it, as far as the record tells.
#[derive(Debug, Clone, Queryable)]
pub struct RevisionRow {
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub action: Option<Action>,
    pub actor: Option<String>,
    pub request_id: Option<String>,
}

impl RevisionRow {
    /// Where it stands in the list of the revisions of its article.
    pub fn position(&self, article: ArticleId) -> Position {
        Position { values: vec![SortValue::Integer(i64::from(self.version))], id: article.0 }
    }
}

/// The newest first.
pub fn order() -> Order {
    let version = SortColumn { column: "article_revisions.version", kind: SortKind::Integer, is_descending: true };
    Order { columns: vec![version], id_column: "article_revisions.article_id" }
}

type RevisionTypes = (Integer, Timestamptz, Nullable<Text>, Nullable<Text>, Nullable<Text>);

fn revisions_of(article: ArticleId) -> Sql {
    sql("SELECT article_revisions.version, article_revisions.created_at, change.action, change.actor, \
         change.request_id FROM article_revisions LEFT JOIN LATERAL (SELECT changes.action, changes.actor, \
         changes.request_id FROM changes WHERE changes.resource_type = 'article' \
         AND changes.resource_id = article_revisions.article_id \
         AND changes.version_after = article_revisions.version ORDER BY changes.id DESC LIMIT 1) AS change ON true \
         WHERE article_revisions.article_id = ")
    .bind(article.0)
}

/// The revisions of an article in a window, in its order.
pub async fn list_revisions(
    mut connection: &Connection,
    article: ArticleId,
    window: &Window,
) -> Result<Vec<RevisionRow>> {
    let rows =
        revisions_of(article).text(" AND ").append(all(window.condition())).text(" ORDER BY ").append(window.page());
    Ok(rows.statement::<RevisionTypes>().load(&mut connection).await?)
}

/// How many revisions an article has.
pub async fn count_revisions(mut connection: &Connection, article: ArticleId) -> Result<i64> {
    let count = sql("SELECT count(*) FROM article_revisions WHERE article_id = ").bind(article.0).statement::<BigInt>();
    Ok(count.get_result(&mut connection).await?)
}

/// A revision with its content.
pub async fn find_revision(
    mut connection: &Connection,
    article: ArticleId,
    version: i32,
) -> Result<Option<(RevisionRow, RevisedArticle)>> {
    let row = revisions_of(article).text(" AND article_revisions.version = ").bind(version);
    let row: Option<RevisionRow> = row.statement::<RevisionTypes>().get_result(&mut connection).await.optional()?;
    let content = find_content(connection, article, version).await?;
    Ok(row.zip(content))
}

/// The content of an article at a version.
pub async fn find_content(
    mut connection: &Connection,
    article: ArticleId,
    version: i32,
) -> Result<Option<RevisedArticle>> {
    Ok(article_revisions::table
        .select(article_revisions::document)
        .filter(article_revisions::article_id.eq(article))
        .filter(article_revisions::version.eq(version))
        .first(&mut connection)
        .await
        .optional()?)
}

/// Keeps the present version of articles that lost people or labels for good, whose ids are `gone`: the version before it
/// without those. One statement, however many articles they are.
pub async fn insert_revisions_without(
    mut connection: &Connection,
    articles: &[Uuid],
    gone: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    let documents = sql("SELECT articles.id, articles.version, last.document || jsonb_build_object('labels', (last.document->'labels') - ")
        .bind(gone.to_vec())
        .text(", 'authors', (last.document->'authors') - ")
        .bind(gone.to_vec())
        .text(", 'quotes', ")
        .append(without_people("quotes", gone))
        .text(", 'printings', ")
        .append(without_people("printings", gone))
        .text("), ")
        .bind(now)
        .text(
            " FROM articles CROSS JOIN LATERAL (SELECT article_revisions.document FROM article_revisions \
             WHERE article_revisions.article_id = articles.id ORDER BY article_revisions.version DESC LIMIT 1) AS last \
             WHERE articles.id = ANY (",
        )
        .bind(articles.to_vec())
        .text(")");
    sql("INSERT INTO article_revisions (article_id, version, document, created_at) ")
        .append(documents)
        .statement::<Bool>()
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// A list of printings of a document, with nobody where one of these people was the speaker or the organization.
fn without_people(list: &'static str, gone: &[String]) -> Sql {
    let nobody = |member: &'static str| {
        sql("CASE WHEN one->>'")
            .text(member)
            .text("' = ANY (")
            .bind(gone.to_vec())
            .text(") THEN jsonb_build_object('")
            .text(member)
            .text("', NULL) ELSE '{}' END")
    };
    sql("(SELECT coalesce(jsonb_agg(one || ")
        .append(nobody("speaker"))
        .text(" || ")
        .append(nobody("organization"))
        .text(" ORDER BY place), '[]') FROM jsonb_array_elements(last.document->'")
        .text(list)
        .text("') WITH ORDINALITY AS list (one, place))")
}

/// Keeps versions of articles, each as one immutable document.
pub async fn insert_revisions(
    connection: &Connection,
    revisions: &[(ArticleId, i32, RevisedArticle)],
    now: DateTime<Utc>,
) -> Result<()> {
    insert_into(article_revisions::table, revisions)
        .set(article_revisions::article_id, |(article, ..)| *article)
        .set(article_revisions::version, |(_, version, _)| *version)
        .set(article_revisions::document, |(.., document)| document)
        .set(article_revisions::created_at, |_| now)
        .execute(connection)
        .await
}

/// Keeps a version of an article as one immutable document.
pub async fn insert_revision(
    mut connection: &Connection,
    article: ArticleId,
    version: i32,
    document: &RevisedArticle,
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
