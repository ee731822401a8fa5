//! Quotes and their occurrences in PostgreSQL.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Fidelity, OccurrenceKind, Quotation, QuoteFacet, QuoteSort, QuoteSortTerm};
use crate::articles::db::ArticleReferenceRow;
use crate::db::candidates::List;
use crate::db::facets::{FacetQuery, FacetRows, count_facets};
use crate::db::filter::{InstantRange, is_one_of, uuids};
use crate::db::keyset::{Position, SortValue, Window};
use crate::db::schema::{articles, occurrences, people, quote_external_ids, quotes, segments};
use crate::db::sql::{Sql, all, exists, sql};
use crate::db::{Audience, Connection, PublicFrom, Result, count_up_to, estimate, insert_into};
use crate::labels::db::LabelFilter;
use crate::people::db::PersonReferenceRow;
use crate::search::db::{Listed, QuoteWords};
use crate::values::anchor::{AnchorState, Segment};
use crate::values::date::DatePrecision;
use crate::values::id::{ArticleId, OccurrenceId, PersonId, QuoteId};

/// A quote as it is served.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = quotes)]
pub struct QuoteRow {
    pub id: QuoteId,
    pub speaker_id: Option<PersonId>,
    pub text: String,
    pub said_on: Option<NaiveDate>,
    pub said_on_precision: Option<DatePrecision>,
    pub public_from: PublicFrom,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl QuoteRow {
    /// Where the quote stands in a list in this order; `distance` counts where that runs by relevance.
    pub fn position(&self, sort: &[QuoteSortTerm], distance: i64) -> Position {
        let value = |term: &QuoteSortTerm| match term.key {
            QuoteSort::PublishedAt => self.public_from.sort_value(),
            QuoteSort::UpdatedAt => SortValue::Instant(self.updated_at),
            QuoteSort::CreatedAt => SortValue::Instant(self.created_at),
            QuoteSort::Relevance => SortValue::Integer(distance),
        };
        Position { values: sort.iter().map(value).collect(), id: self.id.0 }
    }
}

/// One printing of a quote.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = occurrences)]
pub struct OccurrenceRow {
    pub id: OccurrenceId,
    pub article_id: ArticleId,
    pub quote_id: QuoteId,
    pub kind: OccurrenceKind,
    pub quotation: Quotation,
    pub text: String,
    pub attribution: Option<String>,
    pub role: Option<String>,
    pub anchor: Option<AnchorState>,
    pub fidelity: Option<Fidelity>,
    pub confidence: f32,
    pub rule: String,
}

/// A printing with the article, the speaker and the organization it names.
#[derive(Debug, Clone)]
pub struct LinkedOccurrence {
    pub occurrence: OccurrenceRow,
    pub article: ArticleReferenceRow,
    pub article_version: i32,
    /// The article's own address on the site that publishes it.
    pub article_page: Option<String>,
    pub speaker: Option<PersonReferenceRow>,
    pub organization: Option<PersonReferenceRow>,
}

/// Which quotes a list shows. What is not given does not matter.
///
/// What concerns printings must hold of one and the same public printing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QuoteFilter {
    /// Those printed in an article that bears these labels.
    pub labels: LabelFilter,
    /// Those of one of these speakers.
    pub speakers: Option<Vec<PersonId>>,
    /// Those printed with one of these organizations as the speaker's.
    pub organizations: Option<Vec<PersonId>>,
    /// Those printed with one of these roles as the speaker's, whatever the case.
    pub roles: Option<Vec<String>>,
    /// Those printed in one of these articles.
    pub articles: Option<Vec<ArticleId>>,
    /// Those printed in one of these ways.
    pub kinds: Option<Vec<OccurrenceKind>>,
    /// Those with an anchor in one of these states.
    pub anchors: Option<Vec<AnchorState>>,
    /// Those with a pull quote of one of these fidelities.
    pub fidelities: Option<Vec<Fidelity>>,
    /// When they were said: from the first day on, up to but not including the second.
    pub said_on: (Option<NaiveDate>, Option<NaiveDate>),
    /// When their first printing became public.
    pub published_at: InstantRange,
    /// Those of at least so many characters.
    pub min_length: Option<u32>,
    /// Those of at most so many characters.
    pub max_length: Option<u32>,
    /// Those that somebody, or nobody, is known to have said.
    pub is_attributed: Option<bool>,
    /// Those found by these words.
    pub words: Option<QuoteWords>,
}

impl QuoteFilter {
    /// Each parameter that is given, as a filter by itself.
    fn parts(&self) -> Vec<(&'static str, Self)> {
        let Self {
            labels,
            speakers,
            organizations,
            roles,
            articles,
            kinds,
            anchors,
            fidelities,
            said_on,
            published_at,
            min_length,
            max_length,
            is_attributed,
            words,
        } = self.clone();
        let none = Self::default;
        let all = [
            ("label", !labels.is_empty(), Self { labels, ..none() }),
            ("speaker", speakers.is_some(), Self { speakers, ..none() }),
            ("affiliation", organizations.is_some(), Self { organizations, ..none() }),
            ("role", roles.is_some(), Self { roles, ..none() }),
            ("article", articles.is_some(), Self { articles, ..none() }),
            ("kind", kinds.is_some(), Self { kinds, ..none() }),
            ("anchor", anchors.is_some(), Self { anchors, ..none() }),
            ("fidelity", fidelities.is_some(), Self { fidelities, ..none() }),
            ("said_on", said_on != (None, None), Self { said_on, ..none() }),
            ("published_at", published_at.is_limited(), Self { published_at, ..none() }),
            ("min_length", min_length.is_some(), Self { min_length, ..none() }),
            ("max_length", max_length.is_some(), Self { max_length, ..none() }),
            ("attributed", is_attributed.is_some(), Self { is_attributed, ..none() }),
            ("q", words.is_some(), Self { words, ..none() }),
        ];
        all.into_iter().filter(|(_, is_given, _)| *is_given).map(|(name, _, part)| (name, part)).collect()
    }

    fn public_conditions(&self, audience: Audience) -> Vec<Sql> {
        let mut conditions = vec![audience.sees("quotes.public_from"), sql("quotes.deleted_at IS NULL")];
        match self.speakers.as_deref() {
            // One speaker's quotes are one index range.
            Some([only]) => conditions.push(sql("quotes.speaker_id = ").bind(only.0)),
            Some(speakers) => conditions.push(sql("quotes.speaker_id = ANY (").bind(uuids(speakers)).text(")")),
            None => {}
        }
        let (from, until) = self.said_on;
        conditions.extend(from.map(|from| sql("quotes.said_on >= ").bind(from)));
        conditions.extend(until.map(|until| sql("quotes.said_on < ").bind(until)));
        conditions.extend(self.published_at.conditions("quotes.public_from"));
        conditions.extend(self.min_length.map(|least| sql("char_length(quotes.text) >= ").bind(least)));
        conditions.extend(self.max_length.map(|most| sql("char_length(quotes.text) <= ").bind(most)));
        conditions.extend(self.is_attributed.map(|is_attributed| {
            // Of a speaker who is withdrawn nobody is told.
            let withdrawn =
                "EXISTS (SELECT FROM people WHERE people.id = quotes.speaker_id AND people.deleted_at IS NOT NULL)";
            if is_attributed {
                sql("quotes.speaker_id IS NOT NULL AND NOT ").text(withdrawn)
            } else {
                sql("(quotes.speaker_id IS NULL OR ").text(withdrawn).text(")")
            }
        }));
        conditions.extend(self.words.as_ref().map(|words| words.condition(audience)));
        let of_printing = self.printing_conditions();
        if !of_printing.is_empty() {
            conditions.push(exists(
                sql("SELECT FROM occurrences WHERE occurrences.quote_id = quotes.id \
                         AND ")
                .append(audience.sees("occurrences.public_from"))
                .text(" AND ")
                .append(all(of_printing)),
            ));
        }
        conditions
    }

    /// The ids of quotes that each filter with an index of its own leaves.
    fn candidates(&self) -> Vec<Sql> {
        let printed = |condition: Sql| sql("SELECT occurrences.quote_id FROM occurrences WHERE ").append(condition);
        let mut candidates = Vec::new();
        candidates.extend(self.labels.leading().map(|labels| {
            sql("SELECT printed.quote_id FROM article_labels CROSS JOIN LATERAL (SELECT occurrences.quote_id \
                 FROM occurrences WHERE occurrences.article_id = article_labels.article_id OFFSET 0) AS printed \
                 WHERE article_labels.label_id = ANY (")
            .bind(uuids(labels))
            .text(")")
        }));
        candidates.extend(
            self.articles
                .as_deref()
                .map(|articles| printed(sql("occurrences.article_id = ANY (").bind(uuids(articles)).text(")"))),
        );
        candidates.extend(
            self.organizations
                .as_deref()
                .map(|ids| printed(sql("occurrences.organization_id = ANY (").bind(uuids(ids)).text(")"))),
        );
        candidates.extend(self.roles.as_deref().map(|roles| printed(role_condition(roles))));
        if let Some(speakers @ [_, _, ..]) = self.speakers.as_deref() {
            let of_speakers = sql("SELECT quotes.id FROM quotes WHERE quotes.speaker_id = ANY (");
            candidates.push(of_speakers.bind(uuids(speakers)).text(")"));
        }
        let is_pull = self.kinds.as_ref().is_some_and(|kinds| !kinds.contains(&OccurrenceKind::Inline));
        if is_pull || self.fidelities.is_some() {
            candidates.push(printed(sql("occurrences.fidelity IS NOT NULL")));
        }
        if self.anchors.as_ref().is_some_and(|anchors| !anchors.contains(&AnchorState::Exact)) {
            candidates.push(printed(sql("occurrences.anchor <> 'exact'")));
        }
        candidates
    }

    /// The conditions on the rows of a page, with the one that leads to them.
    fn page_conditions(&self, window: &Window) -> Vec<Sql> {
        let conditions = self.public_conditions(window.audience);
        let mut range = vec![Audience::Public { now: window.audience.now() }.sees("quotes.public_from")];
        // One speaker's quotes are a range of their own.
        if let Some([only]) = self.speakers.as_deref() {
            range.push(sql("quotes.speaker_id = ").bind(only.0));
        }
        let list = List { table: "quotes", id_column: "quotes.id", range };
        let leading = match self.articles.as_deref() {
            // One article prints few enough to look at every quote.
            Some([only]) => sql("quotes.id = ANY (ARRAY (SELECT occurrences.quote_id FROM occurrences \
                 WHERE occurrences.article_id = ")
            .bind(only.0)
            .text("))"),
            _ => list.on_page(self.candidates(), &conditions, window),
        };
        let mut conditions: Vec<Sql> = conditions.into_iter().map(Sql::row_by_row).collect();
        conditions.push(leading);
        conditions.extend(window.condition());
        conditions
    }

    fn printing_conditions(&self) -> Vec<Sql> {
        let mut conditions = self.labels.conditions("occurrences.article_id");
        let texts = |words: Vec<&'static str>| -> Vec<String> { words.into_iter().map(str::to_owned).collect() };
        if let Some(ids) = &self.organizations {
            conditions.push(sql("occurrences.organization_id = ANY (").bind(uuids(ids)).text(")"));
        }
        if let Some(roles) = &self.roles {
            conditions.push(role_condition(roles));
        }
        if let Some(articles) = &self.articles {
            conditions.push(sql("occurrences.article_id = ANY (").bind(uuids(articles)).text(")"));
        }
        if let Some(kinds) = &self.kinds {
            let kinds = texts(kinds.iter().map(|kind| kind.as_str()).collect());
            conditions.push(sql("occurrences.kind = ANY (").bind(kinds).text(")"));
        }
        if let Some(fidelities) = &self.fidelities {
            let fidelities = texts(fidelities.iter().map(|fidelity| fidelity.as_str()).collect());
            conditions.push(sql("occurrences.fidelity = ANY (").bind(fidelities).text(")"));
        }
        let shows_orphans = self.anchors.as_ref().is_some_and(|anchors| anchors.contains(&AnchorState::Orphaned));
        if let Some(anchors) = &self.anchors {
            let anchors = texts(anchors.iter().map(|anchor| anchor.as_str()).collect());
            conditions.push(sql("occurrences.anchor = ANY (").bind(anchors).text(")"));
        }
        if !conditions.is_empty() && !shows_orphans {
            conditions.push(sql("occurrences.position IS NOT NULL"));
        }
        conditions
    }
}

/// The condition that a printing names one of these roles, whatever the case.
fn role_condition(roles: &[String]) -> Sql {
    let roles: Vec<String> = roles.iter().map(|role| role.to_lowercase()).collect();
    sql("lower(occurrences.role) = ANY (").bind(roles).text(")")
}

/// The public quotes that pass `filter`, in the order of `window`, backwards where that runs backwards.
pub async fn list_quotes(
    mut connection: &Connection,
    filter: &QuoteFilter,
    window: &Window,
) -> Result<Vec<Listed<QuoteRow>>> {
    if let Some(words) = filter.words.as_ref().filter(|_| window.order.has("quotes.distance")) {
        let ranked = words.ranked(connection, filter.public_conditions(window.audience), window).await?;
        return quotes_ranked(connection, ranked).await;
    }
    let rows: Vec<QuoteRow> = quotes::table
        .select(QuoteRow::as_select())
        .filter(all(filter.page_conditions(window)).condition())
        .order(window.page_of(filter).fragment::<sql_types::Bool>())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|row| Listed { row, distance: 0 }).collect())
}

/// The quotes of a ranking, in its order.
async fn quotes_ranked(mut connection: &Connection, ranked: Vec<(Uuid, i64)>) -> Result<Vec<Listed<QuoteRow>>> {
    let ids: Vec<QuoteId> = ranked.iter().map(|(id, _)| QuoteId(*id)).collect();
    let rows: Vec<QuoteRow> = quotes::table
        .select(QuoteRow::as_select())
        .filter(is_one_of("quotes.id", &ids).condition())
        .load(&mut connection)
        .await?;
    let mut rows: HashMap<Uuid, QuoteRow> = rows.into_iter().map(|row| (row.id.0, row)).collect();
    Ok(ranked.into_iter().filter_map(|(id, distance)| Some(Listed { row: rows.remove(&id)?, distance })).collect())
}

/// How many public quotes pass `filter`.
pub async fn count_quotes(mut connection: &Connection, filter: &QuoteFilter, audience: Audience) -> Result<i64> {
    Ok(quotes::table
        .filter(all(filter.public_conditions(audience)).condition())
        .count()
        .get_result(&mut connection)
        .await?)
}

/// How many public quotes pass each part of `filter` by itself, counted up to `most`.
pub async fn count_quotes_alone(
    connection: &Connection,
    filter: &QuoteFilter,
    most: i64,
    audience: Audience,
) -> Result<Vec<(&'static str, i64)>> {
    let parts = filter.parts().into_iter().map(|(name, part)| (name, part.public_conditions(audience))).collect();
    count_up_to(connection, "quotes", parts, most).await
}

/// How many public quotes pass `filter`, as the planner estimates; `None` where counting is as cheap.
pub async fn estimate_quotes(connection: &Connection, filter: &QuoteFilter, audience: Audience) -> Result<Option<i64>> {
    estimate(connection, "quotes", filter.public_conditions(audience)).await
}

/// How often each value of `facets` occurs among the public quotes that pass `filter`.
pub async fn count_quote_facets(
    connection: &Connection,
    filter: &QuoteFilter,
    facets: &[QuoteFacet],
    limit: u32,
    is_exact: bool,
    audience: Audience,
) -> Result<FacetRows> {
    let matched = sql("SELECT quotes.id, quotes.speaker_id, quotes.public_from FROM quotes WHERE ")
        .append(all(filter.public_conditions(audience)))
        .text(" ORDER BY quotes.public_from DESC, quotes.id DESC");
    let queries =
        facets.iter().map(|facet| FacetQuery { name: facet.as_str(), counts: facet.counts(audience) }).collect();
    count_facets(connection, matched, queries, limit, is_exact).await
}

impl QuoteFacet {
    fn counts(self, audience: Audience) -> Sql {
        let of_printings = |select: &'static str, group: &'static str| {
            sql(select)
                .text(" WHERE occurrences.position IS NOT NULL AND ")
                .append(audience.sees("occurrences.public_from"))
                .text(group)
        };
        match self {
            Self::Label => of_printings(
                "SELECT labels.id::text, labels.slug, labels.name, count(DISTINCT matched.id) FROM matched \
                 JOIN occurrences ON occurrences.quote_id = matched.id \
                 JOIN article_labels ON article_labels.article_id = occurrences.article_id \
                 JOIN labels ON labels.id = article_labels.label_id AND labels.deleted_at IS NULL",
                " GROUP BY labels.id",
            ),
            Self::Speaker => sql("SELECT people.id::text, people.slug, people.name, count(*) FROM matched \
                 JOIN people ON people.id = matched.speaker_id AND people.deleted_at IS NULL GROUP BY people.id"),
            Self::Affiliation => of_printings(
                "SELECT people.id::text, people.slug, people.name, count(DISTINCT matched.id) FROM matched \
                 JOIN occurrences ON occurrences.quote_id = matched.id \
                 JOIN people ON people.id = occurrences.organization_id AND people.deleted_at IS NULL",
                " GROUP BY people.id",
            ),
            Self::Kind => of_printings(
                "SELECT occurrences.kind, NULL, NULL, count(DISTINCT matched.id) FROM matched \
                 JOIN occurrences ON occurrences.quote_id = matched.id",
                " GROUP BY occurrences.kind",
            ),
            Self::Year => sql(
                "SELECT to_char(public_from AT TIME ZONE 'UTC', 'YYYY'), NULL, NULL, count(*) FROM matched GROUP BY 1",
            ),
            Self::Month => sql(
                "SELECT to_char(public_from AT TIME ZONE 'UTC', 'YYYY-MM'), NULL, NULL, count(*) FROM matched GROUP BY 1",
            ),
        }
    }
}

/// The `count` public quotes that pass `filter` whose ids, each hashed with `seed`, come first.
///
/// MD5 stays what it is, unlike PostgreSQL's own hash functions, which a new version may change.
pub async fn sample_quotes(
    mut connection: &Connection,
    filter: &QuoteFilter,
    seed: &str,
    count: u32,
    audience: Audience,
) -> Result<Vec<QuoteRow>> {
    let order = sql("md5(").bind(seed).text(" || ' ' || quotes.id::text) COLLATE \"C\", quotes.id");
    Ok(quotes::table
        .select(QuoteRow::as_select())
        .filter(all(filter.public_conditions(audience)).condition())
        .order(order.fragment::<sql_types::Bool>())
        .limit(i64::from(count))
        .load(&mut connection)
        .await?)
}

/// The quote with this id, as the audience may see it.
pub async fn find_quote(mut connection: &Connection, id: QuoteId, audience: Audience) -> Result<Option<QuoteRow>> {
    Ok(quotes::table
        .select(QuoteRow::as_select())
        .filter(quotes::id.eq(id))
        .filter(audience.sees("quotes.public_from").condition())
        .filter(quotes::deleted_at.is_null())
        .first(&mut connection)
        .await
        .optional()?)
}

/// The quotes with these ids, whatever became of them.
pub async fn quotes_with_ids(mut connection: &Connection, ids: &[QuoteId]) -> Result<Vec<QuoteRow>> {
    Ok(quotes::table
        .select(QuoteRow::as_select())
        .filter(is_one_of("quotes.id", ids).condition())
        .load(&mut connection)
        .await?)
}

/// Who said these quotes, where somebody is known to have.
pub async fn speakers_of(
    mut connection: &Connection,
    quotes: &[QuoteId],
) -> Result<Vec<(QuoteId, PersonReferenceRow)>> {
    Ok(quotes::table
        .inner_join(people::table)
        .select((quotes::id, PersonReferenceRow::as_select()))
        .filter(is_one_of("quotes.id", quotes).condition())
        .filter(people::deleted_at.is_null())
        .load(&mut connection)
        .await?)
}

/// The printing with this id, as the audience may see it; one that left its article too.
pub async fn find_occurrence(
    mut connection: &Connection,
    id: OccurrenceId,
    audience: Audience,
) -> Result<Option<LinkedOccurrence>> {
    let query = linked_occurrences!()
        .filter(occurrences::id.eq(id))
        .filter(audience.sees("occurrences.public_from").condition());
    let row: Option<LinkedRow> = query.first(&mut connection).await.optional()?;
    Ok(row.map(linked))
}

/// Every printing in these articles that the audience may see, in text order, pull quotes first.
pub async fn occurrences_in(
    mut connection: &Connection,
    articles: &[ArticleId],
    audience: Audience,
) -> Result<Vec<LinkedOccurrence>> {
    let query = linked_occurrences!()
        .filter(is_one_of("occurrences.article_id", articles).condition())
        .filter(audience.sees("occurrences.public_from").condition())
        .filter(occurrences::position.is_not_null())
        .order((occurrences::article_id, occurrences::position));
    let rows = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(linked).collect())
}

/// Every printing of these quotes that the audience may see, the earliest first.
pub async fn occurrences_of(
    mut connection: &Connection,
    quotes: &[QuoteId],
    audience: Audience,
) -> Result<Vec<LinkedOccurrence>> {
    let query = linked_occurrences!()
        .filter(is_one_of("occurrences.quote_id", quotes).condition())
        .filter(audience.sees("occurrences.public_from").condition())
        .filter(occurrences::position.is_not_null())
        .order((occurrences::quote_id, occurrences::public_from, occurrences::article_id, occurrences::position));
    let rows = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(linked).collect())
}

/// The segments of printings, in order.
pub async fn segments_of(
    mut connection: &Connection,
    occurrences: &[OccurrenceId],
) -> Result<Vec<(OccurrenceId, Segment)>> {
    let rows: Vec<(OccurrenceId, i32, i32, String, String, String)> = segments::table
        .select((
            segments::occurrence_id,
            segments::starts_at,
            segments::ends_at,
            segments::exact,
            segments::prefix,
            segments::suffix,
        ))
        .filter(is_one_of("segments.occurrence_id", occurrences).condition())
        .order((segments::occurrence_id, segments::position))
        .load(&mut connection)
        .await?;
    let segment = |(id, starts_at, ends_at, exact, prefix, suffix): (OccurrenceId, i32, i32, _, _, _)| {
        let [start, end] = [starts_at, ends_at].map(i32::unsigned_abs);
        (id, Segment { start, end, exact, prefix, suffix })
    };
    Ok(rows.into_iter().map(segment).collect())
}

/// A printing of an article as it stands, with all that an edit of the article needs to know.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = occurrences)]
pub struct PrintedRow {
    pub id: OccurrenceId,
    pub quote_id: QuoteId,
    pub kind: OccurrenceKind,
    pub quotation: Quotation,
    pub text: String,
    pub attribution: Option<String>,
    pub role: Option<String>,
    pub organization_id: Option<PersonId>,
    pub anchor: Option<AnchorState>,
    pub fidelity: Option<Fidelity>,
    pub confidence: f32,
    pub rule: String,
    pub is_corrected: bool,
    pub is_quote_settled: bool,
    pub provenance: Option<serde_json::Value>,
}

/// Every printing of an article with the speaker of its quote, orphans last.
pub async fn printed_in(
    mut connection: &Connection,
    article: ArticleId,
) -> Result<Vec<(PrintedRow, Option<PersonId>)>> {
    Ok(occurrences::table
        .inner_join(quotes::table)
        .select((PrintedRow::as_select(), quotes::speaker_id))
        .filter(occurrences::article_id.eq(article))
        .order((occurrences::position, occurrences::id))
        .load(&mut connection)
        .await?)
}

/// Removes every printing of an article, with its segments.
pub async fn delete_printings(mut connection: &Connection, article: ArticleId) -> Result<()> {
    diesel::delete(occurrences::table.filter(occurrences::article_id.eq(article))).execute(&mut connection).await?;
    Ok(())
}

/// What other systems call quotes: `(source, id)`.
pub async fn external_ids_of(mut connection: &Connection, ids: &[QuoteId]) -> Result<Vec<(QuoteId, (String, String))>> {
    Ok(quote_external_ids::table
        .select((quote_external_ids::quote_id, (quote_external_ids::source, quote_external_ids::external_id)))
        .filter(is_one_of("quote_external_ids.quote_id", ids).condition())
        .order((quote_external_ids::source, quote_external_ids::external_id))
        .load(&mut connection)
        .await?)
}

diesel::alias!(people as named_organizations: NamedOrganizations);

type LinkedRow = (
    OccurrenceRow,
    ArticleReferenceRow,
    (i32, Option<String>),
    Option<PersonReferenceRow>,
    Option<(PersonId, String, String)>,
);

/// The query for printings that are shown: those of quotes and articles that are not withdrawn. A macro, since the type of
/// the query has no name worth writing.
macro_rules! linked_occurrences {
    () => {
        occurrences::table
            .inner_join(articles::table)
            .inner_join(quotes::table)
            .left_join(people::table.on(people::id.nullable().eq(quotes::speaker_id).and(people::deleted_at.is_null())))
            .left_join(
                named_organizations.on(named_organizations
                    .field(people::id)
                    .nullable()
                    .eq(occurrences::organization_id)
                    .and(named_organizations.field(people::deleted_at).is_null())),
            )
            .select((
                OccurrenceRow::as_select(),
                ArticleReferenceRow::as_select(),
                (articles::version, articles::canonical_url),
                Option::<PersonReferenceRow>::as_select(),
                named_organizations.fields((people::id, people::slug, people::name)).nullable(),
            ))
            .filter(articles::deleted_at.is_null())
            .filter(quotes::deleted_at.is_null())
    };
}
use linked_occurrences;

fn linked(
    (occurrence, article, (article_version, article_page), speaker, organization): LinkedRow,
) -> LinkedOccurrence {
    let organization = organization.map(|(id, slug, name)| PersonReferenceRow { id, slug, name });
    LinkedOccurrence { occurrence, article, article_version, article_page, speaker, organization }
}

/// Who said these quotes, and whether each is withdrawn.
pub async fn speakers_of_quotes(
    mut connection: &Connection,
    ids: &[QuoteId],
) -> Result<HashMap<QuoteId, (Option<PersonId>, bool)>> {
    let rows: Vec<(QuoteId, Option<PersonId>, bool)> = quotes::table
        .select((quotes::id, quotes::speaker_id, quotes::deleted_at.is_not_null()))
        .filter(is_one_of("quotes.id", ids).condition())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|(id, speaker, is_deleted)| (id, (speaker, is_deleted))).collect())
}

/// A quote to be made.
#[derive(Debug, Clone)]
pub struct NewQuote {
    pub id: QuoteId,
    pub speaker_id: Option<PersonId>,
    pub text: String,
    pub public_from: PublicFrom,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A printing to be made.
#[derive(Debug, Clone)]
pub struct NewOccurrence {
    pub id: OccurrenceId,
    pub article_id: ArticleId,
    pub quote_id: QuoteId,
    /// Its place among the printings of the article; `None` of an orphan.
    pub position: Option<i32>,
    pub public_from: PublicFrom,
    pub kind: OccurrenceKind,
    pub quotation: Quotation,
    pub text: String,
    pub identity_digest: Vec<u8>,
    pub word_count: i32,
    pub attribution: Option<String>,
    pub role: Option<String>,
    pub organization_id: Option<PersonId>,
    pub anchor: Option<AnchorState>,
    pub fidelity: Option<Fidelity>,
    pub confidence: f32,
    pub rule: String,
    pub is_corrected: bool,
    pub is_quote_settled: bool,
    pub provenance: Option<serde_json::Value>,
}

/// A quote that is already there, as far as deciding identity needs it.
#[derive(Debug, Clone)]
pub struct KnownQuote {
    pub id: QuoteId,
    pub speaker_id: PersonId,
    pub identity_digest: Vec<u8>,
    pub text: String,
}

/// The attributed quotes of which one printing has the same words as one of `digests` and at least `least_words`.
/// Quotes that an editor joined or split are left out.
pub async fn known_quotes(
    mut connection: &Connection,
    digests: &[Vec<u8>],
    least_words: i32,
) -> Result<Vec<KnownQuote>> {
    let rows: Vec<(QuoteId, Option<PersonId>, Vec<u8>, String)> = occurrences::table
        .inner_join(quotes::table)
        .select((quotes::id, quotes::speaker_id, occurrences::identity_digest, quotes::text))
        .filter(occurrences::identity_digest.eq_any(digests))
        .filter(occurrences::word_count.ge(least_words))
        // What is right for the tables as an import begins is ruinous once they are full.
        .filter(sql("true").planned_each_time().condition())
        .filter(occurrences::is_quote_settled.eq(false))
        .filter(quotes::speaker_id.is_not_null())
        .filter(quotes::deleted_at.is_null())
        .order((quotes::created_at, quotes::id))
        .load(&mut connection)
        .await?;
    let known = |(id, speaker_id, identity_digest, text): (_, Option<PersonId>, _, _)| {
        Some(KnownQuote { id, speaker_id: speaker_id?, identity_digest, text })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// The quotes of these speakers that were made by a write of their own and that nothing prints yet, the oldest first: id,
/// speaker and text.
pub async fn unprinted_quotes(
    mut connection: &Connection,
    speakers: &[PersonId],
) -> Result<Vec<(QuoteId, PersonId, String)>> {
    let is_printed = diesel::dsl::exists(occurrences::table.filter(occurrences::quote_id.eq(quotes::id)));
    Ok(quotes::table
        .select((quotes::id, quotes::speaker_id.assume_not_null(), quotes::text))
        .filter(is_one_of("quotes.speaker_id", speakers).condition())
        .filter(sql("true").planned_each_time().condition())
        .filter(quotes::is_independent)
        .filter(quotes::deleted_at.is_null())
        .filter(diesel::dsl::not(is_printed))
        .order((quotes::created_at, quotes::id))
        .load(&mut connection)
        .await?)
}

/// Makes quotes.
pub async fn insert_quotes(connection: &Connection, new: &[NewQuote]) -> Result<()> {
    insert_into(quotes::table, new)
        .set(quotes::id, |row| row.id)
        .set(quotes::speaker_id, |row| row.speaker_id)
        .set(quotes::text, |row| &row.text)
        .set(quotes::public_from, |row| row.public_from)
        .set(quotes::created_at, |row| row.created_at)
        .set(quotes::updated_at, |row| row.updated_at)
        .execute(connection)
        .await
}

/// Makes printings, each with its segments.
pub async fn insert_occurrences(connection: &Connection, new: &[&(NewOccurrence, Vec<Segment>)]) -> Result<()> {
    insert_into(occurrences::table, new)
        .set(occurrences::id, |(row, _)| row.id)
        .set(occurrences::article_id, |(row, _)| row.article_id)
        .set(occurrences::quote_id, |(row, _)| row.quote_id)
        .set(occurrences::position, |(row, _)| row.position)
        .set(occurrences::public_from, |(row, _)| row.public_from)
        .set(occurrences::kind, |(row, _)| row.kind)
        .set(occurrences::quotation, |(row, _)| row.quotation)
        .set(occurrences::text, |(row, _)| &row.text)
        .set(occurrences::identity_digest, |(row, _)| &row.identity_digest)
        .set(occurrences::word_count, |(row, _)| row.word_count)
        .set(occurrences::attribution, |(row, _)| row.attribution.as_deref())
        .set(occurrences::role, |(row, _)| row.role.as_deref())
        .set(occurrences::organization_id, |(row, _)| row.organization_id)
        .set(occurrences::anchor, |(row, _)| row.anchor)
        .set(occurrences::fidelity, |(row, _)| row.fidelity)
        .set(occurrences::confidence, |(row, _)| row.confidence)
        .set(occurrences::rule, |(row, _)| &row.rule)
        .set(occurrences::is_corrected, |(row, _)| row.is_corrected)
        .set(occurrences::is_quote_settled, |(row, _)| row.is_quote_settled)
        .set(occurrences::provenance, |(row, _)| row.provenance.as_ref())
        .execute(connection)
        .await?;
    let with_segments = new.iter().flat_map(|(occurrence, its_segments)| {
        (1_i32..).zip(its_segments).map(move |(position, segment)| (occurrence.id, position, segment))
    });
    let with_segments: Vec<(OccurrenceId, i32, &Segment)> = with_segments.collect();
    insert_into(segments::table, &with_segments)
        .set(segments::occurrence_id, |(occurrence, ..)| *occurrence)
        .set(segments::position, |(_, position, _)| *position)
        .set(segments::starts_at, |(.., segment)| segment.start.cast_signed())
        .set(segments::ends_at, |(.., segment)| segment.end.cast_signed())
        .set(segments::exact, |(.., segment)| &segment.exact)
        .set(segments::prefix, |(.., segment)| &segment.prefix)
        .set(segments::suffix, |(.., segment)| &segment.suffix)
        .execute(connection)
        .await
}
