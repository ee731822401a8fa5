//! Articles in PostgreSQL.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{ArticleFacet, ArticleSort, ArticleSortTerm, ArticleStatus};
use crate::db::facets::{FacetQuery, FacetRows, count_facets};
use crate::db::filter::{InstantRange, uuids, wanted};
use crate::db::keyset::{Position, SortValue, Start, Window};
use crate::db::schema::{
    article_authors, article_external_ids, article_labels, article_revisions, article_slugs, article_sources, articles,
    labels, people,
};
use crate::db::sql::{Sql, Value, all, sql};
use crate::db::{Connection, Result, estimate};
use crate::labels::db::{LabelFilter, LabelReferenceRow};
use crate::people::db::PersonReferenceRow;
use crate::search::db::{ArticleWords, Listed};
use crate::values::body::BodyFormat;
use crate::values::id::{ArticleId, LabelId, PersonId};
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
    /// Where the article stands in a list in this order; `distance` counts where that runs by relevance.
    pub fn position(&self, sort: &[ArticleSortTerm], distance: i64) -> Position {
        let value = |term: &ArticleSortTerm| match term.key {
            ArticleSort::PublishedAt => SortValue::Instant(self.public_from),
            ArticleSort::UpdatedAt => SortValue::Instant(self.updated_at),
            ArticleSort::CreatedAt => SortValue::Instant(self.created_at),
            ArticleSort::Title => SortValue::Text(self.title.clone()),
            ArticleSort::Relevance => SortValue::Integer(distance),
        };
        Position { values: sort.iter().map(value).collect(), id: self.id.0 }
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

/// Which articles a list shows. What is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct ArticleFilter {
    /// What they bear of labels.
    pub labels: LabelFilter,
    /// Those by one of these authors.
    pub authors: Option<Vec<PersonId>>,
    /// Those that quote one of these speakers.
    pub quoted: Option<Vec<PersonId>>,
    /// Those that quote this speaker as well.
    pub quoted_too: Option<PersonId>,
    /// Those in one of these languages.
    pub languages: Option<Vec<String>>,
    /// Those with one of these slugs.
    pub slugs: Option<Vec<String>>,
    /// Those that another system calls one of these: `(source, id)`.
    pub external_ids: Option<Vec<(String, String)>>,
    /// When they were published.
    pub published_at: InstantRange,
    /// When their content last changed.
    pub updated_at: InstantRange,
    /// Those found by these words.
    pub words: Option<ArticleWords>,
}

impl ArticleFilter {
    /// The filter as conditions on `articles`, without the one on being public.
    fn conditions(&self) -> Vec<Sql> {
        let mut conditions = self.labels.conditions("articles.id");
        if let Some(authors) = &self.authors {
            conditions.push(
                sql("EXISTS (SELECT FROM article_authors WHERE article_authors.article_id = articles.id \
                     AND article_authors.person_id = ANY (")
                .bind(uuids(authors))
                .text("))"),
            );
        }
        let quoted = self.quoted.as_deref().into_iter().chain(self.quoted_too.as_ref().map(std::slice::from_ref));
        for speakers in quoted {
            conditions.push(
                sql("EXISTS (SELECT FROM occurrences JOIN quotes ON quotes.id = occurrences.quote_id \
                     WHERE occurrences.article_id = articles.id AND occurrences.position IS NOT NULL \
                     AND quotes.deleted_at IS NULL AND quotes.speaker_id = ANY (")
                .bind(uuids(speakers))
                .text("))"),
            );
        }
        if let Some(languages) = &self.languages {
            conditions.push(sql("articles.language = ANY (").bind(languages.clone()).text(")"));
        }
        if let Some(slugs) = &self.slugs {
            conditions.push(sql("articles.slug = ANY (").bind(slugs.clone()).text(")"));
        }
        if let Some(external_ids) = &self.external_ids {
            let (sources, ids): (Vec<String>, Vec<String>) = external_ids.iter().cloned().unzip();
            conditions.push(
                sql("articles.id IN (SELECT article_external_ids.article_id FROM article_external_ids \
                     JOIN unnest(")
                .bind(sources)
                .text(", ")
                .bind(ids)
                .text(
                    ") AS wanted (source, external_id) ON wanted.source = article_external_ids.source \
                     AND wanted.external_id = article_external_ids.external_id)",
                ),
            );
        }
        conditions.extend(self.published_at.conditions("articles.public_from"));
        conditions.extend(self.updated_at.conditions("articles.updated_at"));
        conditions.extend(self.words.as_ref().map(ArticleWords::condition));
        conditions
    }

    fn public_conditions(&self, now: DateTime<Utc>) -> Vec<Sql> {
        let mut conditions = vec![sql("articles.public_from <= ").bind(now)];
        conditions.extend(self.conditions());
        conditions
    }
}

/// The public articles that pass `filter`, in the order of `window`, backwards where that runs backwards.
pub async fn list_articles(
    mut connection: &Connection,
    filter: &ArticleFilter,
    window: &Window,
) -> Result<Vec<Listed<ArticleRow>>> {
    let mut conditions = filter.public_conditions(window.now);
    if let Some(words) = filter.words.as_ref().filter(|_| window.order.has("articles.distance")) {
        let ranked = words.ranked(connection, conditions, window).await?;
        return articles_ranked(connection, ranked).await;
    }
    conditions.extend(window.condition());
    if let Some(labels) = filter.labels.leading().filter(|_| window.order.is_only("articles.public_from", true)) {
        conditions = vec![newest_of_labels(labels, conditions, window)];
    }
    let rows: Vec<ArticleRow> = articles::table
        .select(ArticleRow::as_select())
        .filter(all(conditions).condition())
        .order(window.ordering().fragment::<sql_types::Bool>())
        .limit(window.rows)
        .offset(window.offset())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|row| Listed { row, distance: 0 }).collect())
}

/// The articles of a ranking, in its order.
async fn articles_ranked(mut connection: &Connection, ranked: Vec<(Uuid, i64)>) -> Result<Vec<Listed<ArticleRow>>> {
    let ids: Vec<ArticleId> = ranked.iter().map(|(id, _)| ArticleId(*id)).collect();
    let rows: Vec<ArticleRow> =
        articles::table.select(ArticleRow::as_select()).filter(articles::id.eq_any(ids)).load(&mut connection).await?;
    let mut rows: HashMap<Uuid, ArticleRow> = rows.into_iter().map(|row| (row.id.0, row)).collect();
    Ok(ranked.into_iter().filter_map(|(id, distance)| Some(Listed { row: rows.remove(&id)?, distance })).collect())
}

/// How many public articles pass `filter`.
pub async fn count_articles(mut connection: &Connection, filter: &ArticleFilter, now: DateTime<Utc>) -> Result<i64> {
    let conditions = all(filter.public_conditions(now)).condition();
    Ok(articles::table.filter(conditions).count().get_result(&mut connection).await?)
}

/// How many public articles pass `filter`, as the planner estimates; `None` where counting is as cheap.
pub async fn estimate_articles(
    connection: &Connection,
    filter: &ArticleFilter,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    estimate(connection, "articles", filter.public_conditions(now)).await
}

/// How often each value of `facets` occurs among the public articles that pass `filter`.
pub async fn count_article_facets(
    connection: &Connection,
    filter: &ArticleFilter,
    facets: &[ArticleFacet],
    limit: u32,
    is_exact: bool,
    now: DateTime<Utc>,
) -> Result<FacetRows> {
    let matched = sql("SELECT articles.id, articles.language, articles.public_from FROM articles WHERE ")
        .append(all(filter.public_conditions(now)))
        .text(" ORDER BY articles.public_from DESC, articles.id DESC");
    let queries = facets.iter().map(|facet| FacetQuery { name: facet.as_str(), counts: sql(facet.counts()) }).collect();
    count_facets(connection, matched, queries, limit, is_exact).await
}

impl ArticleFacet {
    fn counts(self) -> &'static str {
        match self {
            Self::Label => {
                "SELECT labels.id::text, labels.slug, labels.name, count(*) FROM matched \
                 JOIN article_labels ON article_labels.article_id = matched.id \
                 JOIN labels ON labels.id = article_labels.label_id GROUP BY labels.id"
            }
            Self::Speaker => {
                "SELECT people.id::text, people.slug, people.name, count(DISTINCT matched.id) FROM matched \
                 JOIN occurrences ON occurrences.article_id = matched.id AND occurrences.position IS NOT NULL \
                 JOIN quotes ON quotes.id = occurrences.quote_id AND quotes.deleted_at IS NULL \
                 JOIN people ON people.id = quotes.speaker_id GROUP BY people.id"
            }
            Self::Author => {
                "SELECT people.id::text, people.slug, people.name, count(*) FROM matched \
                 JOIN article_authors ON article_authors.article_id = matched.id \
                 JOIN people ON people.id = article_authors.person_id GROUP BY people.id"
            }
            Self::Language => "SELECT language, NULL, NULL, count(*) FROM matched GROUP BY language",
            Self::Year => {
                "SELECT to_char(public_from AT TIME ZONE 'UTC', 'YYYY'), NULL, NULL, count(*) FROM matched GROUP BY 1"
            }
            Self::Month => {
                "SELECT to_char(public_from AT TIME ZONE 'UTC', 'YYYY-MM'), NULL, NULL, count(*) FROM matched GROUP BY 1"
            }
        }
    }
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

/// The bodies of articles.
pub async fn bodies_of(mut connection: &Connection, ids: &[ArticleId]) -> Result<Vec<(ArticleId, BodyRow)>> {
    Ok(articles::table
        .select((articles::id, BodyRow::as_select()))
        .filter(articles::id.eq_any(ids))
        .load(&mut connection)
        .await?)
}

/// The texts of those articles whose text has characters beyond U+FFFF, which are two code units in UTF-16.
pub async fn texts_beyond_one_unit(mut connection: &Connection, ids: &[ArticleId]) -> Result<Vec<(ArticleId, String)>> {
    let has_pairs = sql(r"articles.body_text ~ '[\U00010000-\U0010FFFF]'").condition();
    Ok(articles::table
        .select((articles::id, articles::body_text))
        .filter(articles::id.eq_any(ids))
        .filter(has_pairs)
        .load(&mut connection)
        .await?)
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

/// The public articles that `names` name, by id or by a slug current or former; each with the name.
pub async fn articles_named(
    mut connection: &Connection,
    names: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<(String, ArticleId)>> {
    let found = sql("SELECT wanted.name, articles.id FROM ")
        .append(wanted::<ArticleId>(names))
        .text(
            " JOIN articles ON articles.id = coalesce(nullif(wanted.id, '')::uuid, \
             (SELECT article_slugs.article_id FROM article_slugs WHERE article_slugs.slug = wanted.name)) \
             WHERE articles.public_from <= ",
        )
        .bind(now);
    Ok(found.statement::<(sql_types::Text, sql_types::Uuid)>().load(&mut connection).await?)
}

/// The slugs of public articles that look most like `text`, the nearest first; few or none.
pub async fn similar_slugs(mut connection: &Connection, text: &str, now: DateTime<Utc>) -> Result<Vec<String>> {
    let near = sql("SELECT articles.slug FROM articles WHERE articles.slug % ")
        .bind(text)
        .text(" AND articles.public_from <= ")
        .bind(now)
        .text(" ORDER BY similarity(articles.slug, ")
        .bind(text)
        .text(") DESC, articles.slug LIMIT 3");
    Ok(near.statement::<sql_types::Text>().load(&mut connection).await?)
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

/// True of the articles that can stand on one page of those that bear any of `labels` and meet `conditions`.
///
/// Each label gives its own newest articles out of one index range, as many as the page holds, so that the cost is
/// the same for a label on three articles and for one on a third of all.
fn newest_of_labels(labels: &[LabelId], conditions: Vec<Sql>, window: &Window) -> Sql {
    let is_backwards = window.is_backwards();
    let range = match &window.start {
        Start::Offset(_) => sql("true"),
        // The same comparison on the columns of the index that leads.
        Start::After(position) | Start::Before(position) => {
            sql("(article_labels.public_from, article_labels.article_id) ")
                .text(if is_backwards { "> (" } else { "< (" })
                .bind(position.values.as_slice().first().map_or(Value::Instant(window.now), SortValue::to_value))
                .text(", ")
                .bind(position.id)
                .text(")")
        }
    };
    let direction = if is_backwards {
        " ORDER BY article_labels.public_from, article_labels.article_id LIMIT "
    } else {
        " ORDER BY article_labels.public_from DESC, article_labels.article_id DESC LIMIT "
    };
    sql("articles.id = ANY (ARRAY (SELECT newest.article_id FROM unnest(")
        .bind(uuids(labels))
        .text(
            ") AS wanted (label_id) CROSS JOIN LATERAL (SELECT article_labels.article_id FROM article_labels \
             JOIN articles ON articles.id = article_labels.article_id \
             WHERE article_labels.label_id = wanted.label_id AND article_labels.public_from <= ",
        )
        .bind(window.now)
        .text(" AND ")
        .append(range)
        .text(" AND ")
        .append(all(conditions))
        .text(direction)
        .bind(window.rows + window.offset())
        .text(") AS newest))")
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
