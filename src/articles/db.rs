//! Articles in PostgreSQL.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{ArticleFacet, ArticleSort, ArticleSortTerm, ArticleStatus};
use crate::db::candidates::{Links, List};
use crate::db::facets::{FacetQuery, FacetRows, count_facets};
use crate::db::filter::{InstantRange, Named, is_one_of, uuids, wanted};
use crate::db::keyset::{Order, Position, SortColumn, SortValue, Window};
use crate::db::schema::{
    article_authors, article_external_ids, article_labels, article_slugs, article_sources, articles, people,
};
use crate::db::sql::{Fragment, Sql, all, exists, sql};
use crate::db::{Audience, Connection, PublicFrom, Result, count_up_to, estimate, insert_into};
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
    pub canonical_url: Option<String>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl ArticleRow {
    /// Its state at an instant: what is to be published becomes so by itself.
    pub fn status_at(&self, now: DateTime<Utc>) -> ArticleStatus {
        match self.status {
            ArticleStatus::Draft | ArticleStatus::Archived => self.status,
            _ if self.published_at.is_some_and(|instant| instant <= now) => ArticleStatus::Published,
            _ => ArticleStatus::Scheduled,
        }
    }

    /// Where the article stands in a list in this order; `distance` counts where that runs by relevance.
    pub fn position(&self, sort: &[ArticleSortTerm], distance: i64) -> Position {
        let value = |term: &ArticleSortTerm| match term.key {
            ArticleSort::PublishedAt => self.published_at.map_or(SortValue::Never, SortValue::Instant),
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArticleFilter {
    /// Those in one of these states; the published ones where not given.
    pub statuses: Option<Vec<ArticleStatus>>,
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
            conditions.push(exists(
                sql("SELECT FROM article_authors WHERE article_authors.article_id = articles.id \
                         AND article_authors.person_id = ANY (")
                .bind(uuids(authors))
                .text(")"),
            ));
        }
        for speakers in self.every_quoted() {
            conditions.push(exists(
                sql("SELECT FROM occurrences JOIN quotes ON quotes.id = occurrences.quote_id \
                         WHERE occurrences.article_id = articles.id AND occurrences.position IS NOT NULL \
                         AND quotes.deleted_at IS NULL AND quotes.speaker_id = ANY (")
                .bind(uuids(speakers))
                .text(")"),
            ));
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
        conditions.extend(self.published_at.conditions(self.published_column()));
        conditions.extend(self.updated_at.conditions("articles.updated_at"));
        conditions.extend(self.words.as_ref().map(ArticleWords::condition));
        conditions
    }

    /// Each parameter that is given, as a filter by itself.
    fn parts(&self) -> Vec<(&'static str, Self)> {
        let Self {
            statuses,
            labels,
            authors,
            quoted,
            quoted_too,
            languages,
            slugs,
            external_ids,
            published_at,
            updated_at,
            words,
        } = self.clone();
        // In what state articles are asked for goes without saying.
        let none = || Self { statuses: statuses.clone(), ..Self::default() };
        let all = [
            ("label", !labels.is_empty(), Self { labels, ..none() }),
            ("author", authors.is_some(), Self { authors, ..none() }),
            ("quoted", quoted.is_some(), Self { quoted, ..none() }),
            ("ref", quoted_too.is_some(), Self { quoted_too, ..none() }),
            ("language", languages.is_some(), Self { languages, ..none() }),
            ("slug", slugs.is_some(), Self { slugs, ..none() }),
            ("external_id", external_ids.is_some(), Self { external_ids, ..none() }),
            ("published_at", published_at.is_limited(), Self { published_at, ..none() }),
            ("updated_at", updated_at.is_limited(), Self { updated_at, ..none() }),
            ("q", words.is_some(), Self { words, ..none() }),
        ];
        all.into_iter().filter(|(_, is_given, _)| *is_given).map(|(name, _, part)| (name, part)).collect()
    }

    /// The groups of speakers of each of which one is quoted.
    fn every_quoted(&self) -> impl Iterator<Item = &[PersonId]> {
        self.quoted.as_deref().into_iter().chain(self.quoted_too.as_ref().map(std::slice::from_ref))
    }

    /// The links along which the newest articles stand, if the filter asks for such.
    fn links(&self) -> Option<Links> {
        let by_label = self.labels.leading().map(|labels| Links {
            table: "article_labels",
            key_column: "label_id",
            keys: uuids(labels),
        });
        by_label.or_else(|| {
            let keys = uuids(self.authors.as_deref()?);
            Some(Links { table: "article_authors", key_column: "person_id", keys })
        })
    }

    /// What else must hold of a public article that is found along [`Self::links`].
    fn conditions_beyond_links(&self) -> Vec<Sql> {
        let mut beyond = self.clone();
        match beyond.labels.leading() {
            Some(_) => drop(beyond.labels.groups.remove(0)),
            None => beyond.authors = None,
        }
        beyond.conditions()
    }

    /// The ids of articles that each filter with an index of its own leaves, besides [`Self::links`].
    fn candidates(&self) -> Vec<Sql> {
        let quoting = |speakers: &[PersonId]| {
            sql("SELECT printed.article_id FROM quotes CROSS JOIN LATERAL (SELECT occurrences.article_id \
                 FROM occurrences WHERE occurrences.quote_id = quotes.id OFFSET 0) AS printed \
                 WHERE quotes.speaker_id = ANY (")
            .bind(uuids(speakers))
            .text(")")
        };
        let by_authors = self.authors.as_deref().filter(|_| self.labels.leading().is_some()).map(|authors| {
            sql("SELECT article_authors.article_id FROM article_authors WHERE article_authors.person_id = ANY (")
                .bind(uuids(authors))
                .text(")")
        });
        by_authors.into_iter().chain(self.every_quoted().map(quoting)).collect()
    }

    /// The conditions on the rows of a page, with the one that leads to them.
    fn page_conditions(&self, window: &Window) -> Vec<Sql> {
        if *self == Self::default() {
            return window.everything_public("articles.public_from");
        }
        let mut conditions = self.all_conditions(window.audience);
        let list = List {
            table: "articles",
            id_column: "articles.id",
            range: vec![Audience::Public { now: window.audience.now() }.sees("articles.public_from")],
        };
        if !self.is_of_public() {
            // What is not public is little, and has no index in its order.
            conditions.extend(window.condition());
            return conditions;
        }
        let mut candidates = self.candidates();
        let is_newest_first = window.order.is_only("articles.public_from", true);
        let leading = match self.links() {
            // What is found along links meets every condition already.
            Some(links) if is_newest_first && candidates.is_empty() => {
                return vec![list.on_page_along(&links, candidates, &self.conditions_beyond_links(), window)];
            }
            Some(links) if is_newest_first => list.on_page_along(&links, candidates, &conditions, window),
            links => {
                candidates.splice(0..0, links.map(|links| links.ids()));
                list.on_page(candidates, &conditions, window)
            }
        };
        conditions = conditions.into_iter().map(Sql::row_by_row).collect();
        conditions.push(leading);
        conditions.extend(window.condition());
        conditions
    }

    /// Whether nothing passes but what is public.
    fn is_of_public(&self) -> bool {
        asks_only_for_public(self.statuses.as_deref())
    }

    /// What tells when an article was published: the column that indexes run along, where that is the same.
    fn published_column(&self) -> &'static str {
        if self.is_of_public() { "articles.public_from" } else { "articles.published_at" }
    }

    /// The filter as conditions on `articles`, the one on their state among them.
    fn all_conditions(&self, audience: Audience) -> Vec<Sql> {
        let statuses = self.statuses.as_deref().unwrap_or(&[ArticleStatus::Published]);
        let mut conditions = vec![is_in_state(statuses, audience)];
        conditions.extend(self.conditions());
        conditions
    }
}

/// Whether a filter by state lets only public articles pass.
pub fn asks_only_for_public(statuses: Option<&[ArticleStatus]>) -> bool {
    statuses.is_none_or(|statuses| statuses.iter().all(|status| *status == ArticleStatus::Published))
}

/// The condition that an article is in one of these states, as [`ArticleRow::status_at`] tells them. The public sees
/// none but the published ones, whatever is asked for.
fn is_in_state(statuses: &[ArticleStatus], audience: Audience) -> Sql {
    let now = audience.now();
    let mut any = sql("false");
    for status in statuses {
        any = match (status, audience) {
            (ArticleStatus::Published, _) => {
                any.text(" OR ").append(Audience::Public { now }.sees("articles.public_from"))
            }
            (_, Audience::Public { .. }) => any,
            // Deleted articles, drafts and archived ones never become public.
            (ArticleStatus::Scheduled, Audience::Editors { .. }) => {
                any.text(" OR articles.public_from < 'infinity' AND articles.public_from > ").bind(now)
            }
            (ArticleStatus::Draft, Audience::Editors { .. }) => {
                any.text(" OR articles.deleted_at IS NULL AND articles.status = 'draft'")
            }
            (ArticleStatus::Archived, Audience::Editors { .. }) => {
                any.text(" OR articles.deleted_at IS NULL AND articles.status = 'archived'")
            }
        };
    }
    any
}

/// The order of a list of articles in these states.
pub fn order(terms: &[ArticleSortTerm], statuses: Option<&[ArticleStatus]>) -> Order {
    let is_of_public = asks_only_for_public(statuses);
    let column = |term: &ArticleSortTerm| match term.key {
        // What is not published yet comes after everything that is.
        ArticleSort::PublishedAt if !is_of_public => {
            SortColumn { column: "coalesce(articles.published_at, 'infinity')", ..term.column() }
        }
        _ => term.column(),
    };
    Order { columns: terms.iter().map(column).collect(), id_column: "articles.id" }
}

/// The articles that pass `filter`, in the order of `window`, backwards where that runs backwards.
pub async fn list_articles(
    mut connection: &Connection,
    filter: &ArticleFilter,
    window: &Window,
) -> Result<Vec<Listed<ArticleRow>>> {
    if let Some(words) = filter.words.as_ref().filter(|_| window.order.has("articles.distance")) {
        let ranked = words.ranked(connection, filter.all_conditions(window.audience), window).await?;
        return articles_ranked(connection, ranked).await;
    }
    let rows: Vec<ArticleRow> = articles::table
        .select(ArticleRow::as_select())
        .filter(all(filter.page_conditions(window)).condition())
        .order(window.page_of(filter).fragment::<sql_types::Bool>())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|row| Listed { row, distance: 0 }).collect())
}

/// The articles of a ranking, in its order.
async fn articles_ranked(mut connection: &Connection, ranked: Vec<(Uuid, i64)>) -> Result<Vec<Listed<ArticleRow>>> {
    let ids: Vec<ArticleId> = ranked.iter().map(|(id, _)| ArticleId(*id)).collect();
    let rows: Vec<ArticleRow> = articles::table
        .select(ArticleRow::as_select())
        .filter(is_one_of("articles.id", &ids).condition())
        .load(&mut connection)
        .await?;
    let mut rows: HashMap<Uuid, ArticleRow> = rows.into_iter().map(|row| (row.id.0, row)).collect();
    Ok(ranked.into_iter().filter_map(|(id, distance)| Some(Listed { row: rows.remove(&id)?, distance })).collect())
}

/// How many articles pass `filter`.
pub async fn count_articles(mut connection: &Connection, filter: &ArticleFilter, audience: Audience) -> Result<i64> {
    let conditions = all(filter.all_conditions(audience)).condition();
    Ok(articles::table.filter(conditions).count().get_result(&mut connection).await?)
}

/// How many public articles pass each part of `filter` by itself, counted up to `most`.
pub async fn count_articles_alone(
    connection: &Connection,
    filter: &ArticleFilter,
    most: i64,
    audience: Audience,
) -> Result<Vec<(&'static str, i64)>> {
    let parts = filter.parts().into_iter().map(|(name, part)| (name, part.all_conditions(audience))).collect();
    count_up_to(connection, "articles", parts, most).await
}

/// How many public articles pass `filter`, as the planner estimates; `None` where counting is as cheap.
pub async fn estimate_articles(
    connection: &Connection,
    filter: &ArticleFilter,
    audience: Audience,
) -> Result<Option<i64>> {
    estimate(connection, "articles", filter.all_conditions(audience)).await
}

/// How often each value of `facets` occurs among the articles that pass `filter`.
pub async fn count_article_facets(
    connection: &Connection,
    filter: &ArticleFilter,
    facets: &[ArticleFacet],
    limit: u32,
    is_exact: bool,
    audience: Audience,
) -> Result<FacetRows> {
    let matched = sql("SELECT articles.id, articles.language, articles.published_at FROM articles WHERE ")
        .append(all(filter.all_conditions(audience)))
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
                 JOIN labels ON labels.id = article_labels.label_id AND labels.deleted_at IS NULL GROUP BY labels.id"
            }
            Self::Speaker => {
                "SELECT people.id::text, people.slug, people.name, count(DISTINCT matched.id) FROM matched \
                 JOIN occurrences ON occurrences.article_id = matched.id AND occurrences.position IS NOT NULL \
                 JOIN quotes ON quotes.id = occurrences.quote_id AND quotes.deleted_at IS NULL \
                 JOIN people ON people.id = quotes.speaker_id AND people.deleted_at IS NULL GROUP BY people.id"
            }
            Self::Author => {
                "SELECT people.id::text, people.slug, people.name, count(*) FROM matched \
                 JOIN article_authors ON article_authors.article_id = matched.id \
                 JOIN people ON people.id = article_authors.person_id AND people.deleted_at IS NULL GROUP BY people.id"
            }
            Self::Language => "SELECT language, NULL, NULL, count(*) FROM matched GROUP BY language",
            Self::Year => {
                "SELECT to_char(published_at AT TIME ZONE 'UTC', 'YYYY'), NULL, NULL, count(*) FROM matched \
                 WHERE published_at IS NOT NULL GROUP BY 1"
            }
            Self::Month => {
                "SELECT to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM'), NULL, NULL, count(*) FROM matched \
                 WHERE published_at IS NOT NULL GROUP BY 1"
            }
        }
    }
}

/// The article that `reference` names, with its body, as the audience may see it.
pub async fn find_article(
    mut connection: &Connection,
    reference: &Reference<ArticleId>,
    audience: Audience,
) -> Result<Option<(ArticleRow, BodyRow)>> {
    let query = articles::table
        .select((ArticleRow::as_select(), BodyRow::as_select()))
        .filter(articles::deleted_at.is_null())
        .filter(audience.sees("articles.public_from").condition())
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
        .filter(is_one_of("articles.id", ids).condition())
        .load(&mut connection)
        .await?)
}

/// The texts of those articles whose text has characters beyond U+FFFF, which are two code units in UTF-16.
pub async fn texts_beyond_one_unit(mut connection: &Connection, ids: &[ArticleId]) -> Result<Vec<(ArticleId, String)>> {
    let has_pairs = sql(r"articles.body_text ~ '[\U00010000-\U0010FFFF]'").condition();
    Ok(articles::table
        .select((articles::id, articles::body_text))
        .filter(is_one_of("articles.id", ids).condition())
        .filter(has_pairs)
        .load(&mut connection)
        .await?)
}

/// The article that `reference` names, when public, as a reference.
pub async fn find_article_reference(
    mut connection: &Connection,
    reference: &Reference<ArticleId>,
    audience: Audience,
) -> Result<Option<ArticleReferenceRow>> {
    let query = articles::table
        .select(ArticleReferenceRow::as_select())
        .filter(articles::deleted_at.is_null())
        .filter(audience.sees("articles.public_from").condition())
        .into_boxed();
    let query = match reference {
        Reference::Id(id) => query.filter(articles::id.eq(*id)),
        Reference::Slug(slug) => query.filter(articles::slug.eq(slug)),
    };
    Ok(query.first(&mut connection).await.optional()?)
}

/// The public articles that `names` name, by id or by a slug current or former.
pub async fn articles_named(
    mut connection: &Connection,
    names: &[String],
    audience: Audience,
) -> Result<Vec<Named<ArticleId>>> {
    let found = sql("SELECT wanted.name, articles.id, articles.slug FROM ")
        .append(wanted::<ArticleId>(names))
        .text(
            " JOIN articles ON articles.id = coalesce(nullif(wanted.id, '')::uuid, \
             (SELECT article_slugs.article_id FROM article_slugs WHERE article_slugs.slug = wanted.name)) \
             WHERE articles.deleted_at IS NULL AND ",
        )
        .append(audience.sees("articles.public_from"));
    let rows = found.statement::<(sql_types::Text, sql_types::Uuid, sql_types::Text)>().load(&mut connection).await?;
    Ok(rows.into_iter().map(Named::from_row).collect())
}

/// The slugs of public articles that look most like `text`, the nearest first; few or none.
pub async fn similar_slugs(mut connection: &Connection, text: &str, audience: Audience) -> Result<Vec<String>> {
    let near = sql("SELECT articles.slug FROM articles WHERE articles.slug % ")
        .bind(text)
        .text(" AND articles.deleted_at IS NULL AND ")
        .append(audience.sees("articles.public_from"))
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
        .filter(is_one_of("article_authors.article_id", ids).condition())
        .filter(people::deleted_at.is_null())
        .order((article_authors::article_id, article_authors::position))
        .load(&mut connection)
        .await?)
}

/// The labels of articles, in the order given.
pub async fn labels_of(mut connection: &Connection, ids: &[ArticleId]) -> Result<Vec<(ArticleId, LabelReferenceRow)>> {
    // Each label is looked up by itself: PostgreSQL would rather read all of them once, which takes longer.
    let found = sql("SELECT article_labels.article_id, label.id, label.slug, label.name FROM article_labels \
         CROSS JOIN LATERAL (SELECT labels.id, labels.slug, labels.name FROM labels \
         WHERE labels.id = article_labels.label_id AND labels.deleted_at IS NULL OFFSET 0) AS label \
         WHERE ")
    .append(is_one_of("article_labels.article_id", ids))
    .text(" ORDER BY article_labels.article_id, article_labels.position");
    let rows = found.statement::<(sql_types::Uuid, sql_types::Uuid, sql_types::Text, sql_types::Text)>();
    let rows: Vec<(ArticleId, LabelId, String, String)> = rows.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(article, id, slug, name)| (article, LabelReferenceRow { id, slug, name })).collect())
}

/// What other systems call articles: `(source, id)`.
pub async fn external_ids_of(
    mut connection: &Connection,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, (String, String))>> {
    Ok(article_external_ids::table
        .select((article_external_ids::article_id, (article_external_ids::source, article_external_ids::external_id)))
        .filter(is_one_of("article_external_ids.article_id", ids).condition())
        .order((article_external_ids::source, article_external_ids::external_id))
        .load(&mut connection)
        .await?)
}

/// What is written of an article, as its row holds it.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub struct ArticleContent {
    pub slug: String,
    pub title: String,
    pub summary: Option<String>,
    pub language: String,
    pub status: ArticleStatus,
    pub published_at: Option<DateTime<Utc>>,
    pub canonical_url: Option<String>,
    pub body_format: BodyFormat,
    pub body_source: String,
    pub body_html: String,
    pub body_text: String,
    pub text_rule: i16,
}

/// The content of an article, whatever its state.
pub async fn article_content(mut connection: &Connection, id: ArticleId) -> Result<ArticleContent> {
    Ok(articles::table.select(ArticleContent::as_select()).filter(articles::id.eq(id)).first(&mut connection).await?)
}

/// Gives an article this content; returns since when it is public. Its links and printings follow by themselves.
pub async fn write_content(mut connection: &Connection, id: ArticleId, content: &ArticleContent) -> Result<PublicFrom> {
    Ok(diesel::update(articles::table.filter(articles::id.eq(id)))
        .set(content)
        .returning(articles::public_from)
        .get_result(&mut connection)
        .await?)
}

/// Makes an article that holds nothing but this; returns since when it is public.
pub async fn insert_content(
    mut connection: &Connection,
    id: ArticleId,
    content: &ArticleContent,
    now: DateTime<Utc>,
) -> Result<PublicFrom> {
    diesel::insert_into(articles::table)
        .values((
            articles::id.eq(id),
            articles::slug.eq(&content.slug),
            articles::title.eq(&content.title),
            articles::body_format.eq(content.body_format),
            articles::body_source.eq(&content.body_source),
            articles::body_html.eq(&content.body_html),
            articles::body_text.eq(&content.body_text),
            articles::created_at.eq(now),
            articles::updated_at.eq(now),
        ))
        .execute(&mut connection)
        .await?;
    diesel::insert_into(article_slugs::table)
        .values((article_slugs::slug.eq(&content.slug), article_slugs::article_id.eq(id)))
        .execute(&mut connection)
        .await?;
    write_content(connection, id, content).await
}

/// The ids of the labels and of the authors of an article, in their order, deleted ones included.
pub async fn links_of(mut connection: &Connection, id: ArticleId) -> Result<(Vec<LabelId>, Vec<PersonId>)> {
    let mut other = connection;
    Ok(tokio::try_join!(
        article_labels::table
            .select(article_labels::label_id)
            .filter(article_labels::article_id.eq(id))
            .order(article_labels::position)
            .load(&mut connection),
        article_authors::table
            .select(article_authors::person_id)
            .filter(article_authors::article_id.eq(id))
            .order(article_authors::position)
            .load(&mut other),
    )?)
}

/// Puts labels and authors on an article in place of those it had, in this order.
pub async fn replace_links(
    mut connection: &Connection,
    id: ArticleId,
    public_from: PublicFrom,
    label_ids: &[LabelId],
    author_ids: &[PersonId],
) -> Result<()> {
    diesel::delete(article_labels::table.filter(article_labels::article_id.eq(id))).execute(&mut connection).await?;
    diesel::delete(article_authors::table.filter(article_authors::article_id.eq(id))).execute(&mut connection).await?;
    insert_links(connection, &[(id, public_from, label_ids, author_ids)]).await
}

/// The condition that an article is scheduled, as the index of those has it: no bound value could tell PostgreSQL, when
/// it plans once for all, that this index serves.
fn is_scheduled() -> Fragment<sql_types::Bool> {
    sql("articles.deleted_at IS NULL AND articles.status = 'scheduled'").condition()
}

/// Whether any scheduled article is due.
pub async fn is_any_due(mut connection: &Connection, now: DateTime<Utc>) -> Result<bool> {
    let due = articles::table.select(articles::id).filter(is_scheduled()).filter(articles::published_at.le(now));
    Ok(diesel::select(diesel::dsl::exists(due)).get_result(&mut connection).await?)
}

/// When the next scheduled article is due after `now`.
pub async fn next_due(mut connection: &Connection, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    Ok(articles::table
        .select(diesel::dsl::min(articles::published_at))
        .filter(is_scheduled())
        .filter(articles::published_at.gt(now))
        .get_result(&mut connection)
        .await?)
}

/// Scheduled articles that are due, the most overdue first, locked for the present transaction. One that is locked
/// already waits for another time: nobody is to wait for whoever holds it.
pub async fn lock_due(mut connection: &Connection, now: DateTime<Utc>, most: i64) -> Result<Vec<ArticleId>> {
    Ok(articles::table
        .select(articles::id)
        .filter(is_scheduled())
        .filter(articles::published_at.le(now))
        .order((articles::published_at, articles::id))
        .limit(most)
        .for_update()
        .skip_locked()
        .load(&mut connection)
        .await?)
}

/// Puts an article elsewhere in its life.
pub async fn set_status(mut connection: &Connection, id: ArticleId, status: ArticleStatus) -> Result<()> {
    diesel::update(articles::table.filter(articles::id.eq(id)))
        .set(articles::status.eq(status))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Removes an article for good, with everything that belongs to it alone; gives its last version.
pub async fn purge_article(mut connection: &Connection, id: ArticleId) -> Result<i32> {
    let purged = diesel::delete(articles::table.filter(articles::id.eq(id)));
    Ok(purged.returning(articles::version).get_result(&mut connection).await?)
}

/// An article to be made, all of it.
#[derive(Debug, Clone)]
pub struct NewArticle<'a> {
    pub id: ArticleId,
    pub slug: &'a str,
    pub title: &'a str,
    pub summary: Option<&'a str>,
    pub language: &'a str,
    pub status: ArticleStatus,
    pub published_at: Option<DateTime<Utc>>,
    pub canonical_url: Option<&'a str>,
    pub body_format: BodyFormat,
    pub body_source: &'a str,
    pub body_html: &'a str,
    pub body_text: &'a str,
    pub text_rule: i16,
    pub provenance: Option<&'a serde_json::Value>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deletion_reason: Option<&'a str>,
}

/// The bytes an article was imported from, and what the import made of them.
#[derive(Debug, Clone)]
pub struct NewArticleSource<'a> {
    pub article_id: ArticleId,
    pub format: &'a str,
    pub content: &'a [u8],
    pub digest: &'a [u8],
    pub imported_at: DateTime<Utc>,
    /// The version of the article that the import made.
    pub version: i32,
    pub fields: serde_json::Value,
}

/// Makes articles. Their slugs must be free.
pub async fn insert_articles(connection: &Connection, new: &[NewArticle<'_>]) -> Result<()> {
    insert_into(articles::table, new)
        .set(articles::id, |row| row.id)
        .set(articles::slug, |row| row.slug)
        .set(articles::title, |row| row.title)
        .set(articles::summary, |row| row.summary)
        .set(articles::language, |row| row.language)
        .set(articles::status, |row| row.status)
        .set(articles::published_at, |row| row.published_at)
        .set(articles::canonical_url, |row| row.canonical_url)
        .set(articles::body_format, |row| row.body_format)
        .set(articles::body_source, |row| row.body_source)
        .set(articles::body_html, |row| row.body_html)
        .set(articles::body_text, |row| row.body_text)
        .set(articles::text_rule, |row| row.text_rule)
        .set(articles::provenance, |row| row.provenance)
        .set(articles::version, |row| row.version)
        .set(articles::created_at, |row| row.created_at)
        .set(articles::updated_at, |row| row.updated_at)
        .set(articles::deleted_at, |row| row.deleted_at)
        .set(articles::deletion_reason, |row| row.deletion_reason)
        .execute(connection)
        .await?;
    let slugs: Vec<(&str, ArticleId)> = new.iter().map(|article| (article.slug, article.id)).collect();
    insert_slugs(connection, &slugs).await
}

/// Reserves slugs for articles. They must be free.
pub async fn insert_slugs(connection: &Connection, slugs: &[(&str, ArticleId)]) -> Result<()> {
    insert_into(article_slugs::table, slugs)
        .set(article_slugs::slug, |(slug, _)| *slug)
        .set(article_slugs::article_id, |(_, article)| *article)
        .execute(connection)
        .await
}

/// Puts labels and authors on new articles, in this order.
pub async fn insert_links(
    connection: &Connection,
    links: &[(ArticleId, PublicFrom, &[LabelId], &[PersonId])],
) -> Result<()> {
    let (mut labels, mut authors) = (Vec::new(), Vec::new());
    for (article, public_from, its_labels, its_authors) in links {
        labels.extend((1_i32..).zip(*its_labels).map(|(position, label)| (*article, *label, position, *public_from)));
        authors
            .extend((1_i32..).zip(*its_authors).map(|(position, author)| (*article, *author, position, *public_from)));
    }
    insert_into(article_labels::table, &labels)
        .set(article_labels::article_id, |(article, ..)| *article)
        .set(article_labels::label_id, |(_, label, ..)| *label)
        .set(article_labels::position, |(.., position, _)| *position)
        .set(article_labels::public_from, |(.., public_from)| *public_from)
        .execute(connection)
        .await?;
    insert_into(article_authors::table, &authors)
        .set(article_authors::article_id, |(article, ..)| *article)
        .set(article_authors::person_id, |(_, author, ..)| *author)
        .set(article_authors::position, |(.., position, _)| *position)
        .set(article_authors::public_from, |(.., public_from)| *public_from)
        .execute(connection)
        .await
}

/// Notes what other systems call articles: article, source, id.
pub async fn insert_external_ids(connection: &Connection, ids: &[(ArticleId, &str, &str)]) -> Result<()> {
    insert_into(article_external_ids::table, ids)
        .set(article_external_ids::article_id, |(article, ..)| *article)
        .set(article_external_ids::source, |(_, source, _)| *source)
        .set(article_external_ids::external_id, |(.., id)| *id)
        .execute(connection)
        .await
}

/// Keeps the bytes that articles were imported from.
pub async fn insert_sources(connection: &Connection, new: &[NewArticleSource<'_>]) -> Result<()> {
    insert_into(article_sources::table, new)
        .set(article_sources::article_id, |row| row.article_id)
        .set(article_sources::format, |row| row.format)
        .set(article_sources::content, |row| row.content)
        .set(article_sources::digest, |row| row.digest)
        .set(article_sources::imported_at, |row| row.imported_at)
        .set(article_sources::version, |row| row.version)
        .set(article_sources::fields, |row| &row.fields)
        .execute(connection)
        .await
}

/// Keeps the bytes that an article was imported from anew, in place of those before.
pub async fn replace_source(mut connection: &Connection, new: &NewArticleSource<'_>) -> Result<()> {
    diesel::delete(article_sources::table.filter(article_sources::article_id.eq(new.article_id)))
        .execute(&mut connection)
        .await?;
    insert_sources(connection, std::slice::from_ref(new)).await
}

/// The bytes that an article was imported from, where it was.
pub async fn source_of(mut connection: &Connection, article: ArticleId) -> Result<Option<Vec<u8>>> {
    let source = article_sources::table.select(article_sources::content);
    Ok(source.filter(article_sources::article_id.eq(article)).first(&mut connection).await.optional()?)
}

/// Notes where the parts of an article were found.
pub async fn set_provenance(mut connection: &Connection, id: ArticleId, provenance: &serde_json::Value) -> Result<()> {
    diesel::update(articles::table.filter(articles::id.eq(id)))
        .set(articles::provenance.eq(provenance))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// An article that is there, as far as an import of it again needs to know.
#[derive(Debug, Clone, Queryable)]
pub struct ImportedArticle {
    pub id: ArticleId,
    pub slug: String,
    pub version: i32,
    pub deleted_at: Option<DateTime<Utc>>,
    /// What its source told of it last; `None` where it was not imported.
    pub digest: Option<Vec<u8>>,
    /// The version that the last import made.
    pub imported_version: Option<i32>,
    pub fields: Option<serde_json::Value>,
}

/// The articles that other systems call so: source and id.
pub async fn imported_as(
    mut connection: &Connection,
    ids: &[(&str, &str)],
) -> Result<Vec<((String, String), ImportedArticle)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (sources, external_ids): (Vec<String>, Vec<String>) =
        ids.iter().map(|(source, id)| ((*source).to_owned(), (*id).to_owned())).unzip();
    let is_wanted = sql("(article_external_ids.source, article_external_ids.external_id) IN (SELECT * FROM unnest(")
        .bind(sources)
        .text(", ")
        .bind(external_ids)
        .text("))")
        .planned_each_time()
        .condition();
    Ok(article_external_ids::table
        .inner_join(articles::table.left_join(article_sources::table))
        .select((
            (article_external_ids::source, article_external_ids::external_id),
            (
                articles::id,
                articles::slug,
                articles::version,
                articles::deleted_at,
                article_sources::digest.nullable(),
                article_sources::version.nullable(),
                article_sources::fields.nullable(),
            ),
        ))
        .filter(is_wanted)
        .load(&mut connection)
        .await?)
}

/// The articles that were imported from what has one of these digests.
pub async fn imported_from(
    mut connection: &Connection,
    digests: &[Vec<u8>],
) -> Result<Vec<(Vec<u8>, ImportedArticle)>> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    Ok(article_sources::table
        .inner_join(articles::table)
        .select((
            article_sources::digest,
            (
                articles::id,
                articles::slug,
                articles::version,
                articles::deleted_at,
                article_sources::digest.nullable(),
                article_sources::version.nullable(),
                article_sources::fields.nullable(),
            ),
        ))
        .filter(article_sources::digest.eq_any(digests))
        .filter(sql("true").planned_each_time().condition())
        .order(articles::id.desc())
        .load(&mut connection)
        .await?)
}

/// Whether there is any article at all, drafts included.
pub async fn is_any_article(mut connection: &Connection) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(articles::table.select(articles::id))).get_result(&mut connection).await?)
}
