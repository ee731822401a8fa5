//! Voices in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::{Interval, VoiceKind};
use crate::db::filter::InstantRange;
use crate::db::sql::{Sql, all, sql};
use crate::db::{Audience, Connection, Result};
use crate::labels::db::{LabelFilter, LabelReferenceRow};
use crate::people::db::PersonReferenceRow;
use crate::values::id::{LabelId, PersonId};

/// Which quotes are counted, and whose they are.
#[derive(Debug, Clone)]
pub struct VoiceFilter {
    /// Those printed in an article that bears these labels; only such printings are considered.
    pub labels: LabelFilter,
    /// When their first printing became public.
    pub published_at: InstantRange,
    /// What a voice is.
    pub kind: VoiceKind,
}

/// How much was counted in all.
#[derive(Debug, Clone, Copy)]
pub struct VoiceTotals {
    pub quotes: i64,
    pub attributed_quotes: i64,
    pub voices: i64,
}

/// A speaker or an organization with what it said.
#[derive(Debug, Clone)]
pub struct VoiceRow {
    pub voice: PersonReferenceRow,
    pub count: i64,
    pub words: i64,
    pub first_published_at: DateTime<Utc>,
    pub last_published_at: DateTime<Utc>,
    /// Periods and the quotes in each, in order of time; empty where no interval was asked for.
    pub series: Vec<(String, i64)>,
}

type TotalsSql = (BigInt, BigInt, BigInt);
type VoiceSql = (Uuid, Text, Text, BigInt, BigInt, Timestamptz, Timestamptz, Array<Text>, Array<BigInt>);
type VoiceTuple = (PersonId, String, String, i64, i64, DateTime<Utc>, DateTime<Utc>, Vec<String>, Vec<i64>);

/// The `limit` voices with the most public quotes that pass `filter`, the largest first, and how much there is in all.
pub async fn voices(
    mut connection: &Connection,
    filter: &VoiceFilter,
    interval: Option<Interval>,
    limit: u32,
    audience: Audience,
) -> Result<(VoiceTotals, Vec<VoiceRow>)> {
    // Of speakers each quote has one: its rows need not be told apart, which would sort them all.
    let quotes = match filter.kind {
        VoiceKind::Speaker => "count(*)",
        VoiceKind::Affiliation => "count(DISTINCT considered.quote_id)",
    };
    let statement = sql("WITH considered AS MATERIALIZED (")
        .append(considered(filter, audience))
        .text(
            "), voices AS (SELECT people.id, people.slug, people.name, said.quotes, said.words, said.first_published_at, \
             said.last_published_at FROM (SELECT considered.voice_id, count(*) AS quotes, \
             sum(considered.words)::bigint AS words, min(considered.published_at) AS first_published_at, \
             max(considered.published_at) AS last_published_at FROM considered \
             WHERE considered.voice_id IS NOT NULL GROUP BY considered.voice_id) AS said \
             JOIN people ON people.id = said.voice_id AND people.deleted_at IS NULL), \
             largest AS (SELECT * FROM voices ORDER BY voices.quotes DESC, voices.name, voices.id LIMIT ",
        )
        .bind(limit)
        .text("), series AS (")
        .append(series(interval))
        .text("), totals AS (SELECT ")
        .text(quotes)
        .text(
            " AS quotes, ",
        )
        .text(quotes)
        .text(
            " FILTER (WHERE considered.voice_id IN (SELECT voices.id FROM voices)) AS attributed_quotes, \
             (SELECT count(*) FROM voices) AS voices FROM considered) \
             SELECT totals.quotes, totals.attributed_quotes, totals.voices, largest.id, largest.slug, largest.name, \
             largest.quotes, largest.words, largest.first_published_at, largest.last_published_at, \
             coalesce(series.periods, '{}'), coalesce(series.counts, '{}') \
             FROM totals LEFT JOIN largest ON true LEFT JOIN series ON series.voice_id = largest.id \
             ORDER BY largest.quotes DESC, largest.name, largest.id",
        )
        .statement::<(TotalsSql, Nullable<VoiceSql>)>();
    let rows: Vec<((i64, i64, i64), Option<VoiceTuple>)> = statement.load(&mut connection).await?;
    let (quotes, attributed_quotes, voices) = rows.as_slice().first().map(|(totals, _)| *totals).unwrap_or_default();
    let totals = VoiceTotals { quotes, attributed_quotes, voices };
    Ok((totals, rows.into_iter().filter_map(|(_, voice)| voice).map(voice_row).collect()))
}

fn voice_row(tuple: VoiceTuple) -> VoiceRow {
    let (id, slug, name, count, words, first_published_at, last_published_at, periods, counts) = tuple;
    let series = periods.into_iter().zip(counts).collect();
    VoiceRow {
        voice: PersonReferenceRow { id, slug, name },
        count,
        words,
        first_published_at,
        last_published_at,
        series,
    }
}

/// Each quote once for each of its voices: `quote_id`, `voice_id`, `published_at` and the words of its longest printing.
fn considered(filter: &VoiceFilter, audience: Audience) -> Sql {
    let VoiceFilter { labels, published_at, kind } = filter;
    let mut conditions = vec![
        audience.sees("quotes.public_from"),
        sql("quotes.deleted_at IS NULL"),
        audience.sees("occurrences.public_from"),
        sql("occurrences.position IS NOT NULL"),
    ];
    conditions.extend(published_at.conditions("quotes.public_from"));
    conditions.extend(labels.conditions("occurrences.article_id"));
    let voice = match kind {
        VoiceKind::Speaker => "quotes.speaker_id",
        VoiceKind::Affiliation => "occurrences.organization_id",
    };
    sql("SELECT quotes.id AS quote_id, ")
        .text(voice)
        .text(
            " AS voice_id, quotes.public_from AS published_at, max(occurrences.word_count) AS words \
             FROM quotes JOIN occurrences ON occurrences.quote_id = quotes.id WHERE ",
        )
        .append(all(conditions))
        .text(" GROUP BY quotes.id, ")
        .text(voice)
}

/// The periods of the largest voices: `voice_id`, `periods` and `counts`.
fn series(interval: Option<Interval>) -> Sql {
    let format = match interval {
        Some(Interval::Month) => "'YYYY-MM'",
        Some(Interval::Year) => "'YYYY'",
        None => {
            return sql("SELECT NULL::uuid AS voice_id, NULL::text[] AS periods, NULL::bigint[] AS counts WHERE false");
        }
    };
    sql("SELECT counted.voice_id, array_agg(counted.period ORDER BY counted.period) AS periods, \
         array_agg(counted.quotes ORDER BY counted.period) AS counts FROM (SELECT considered.voice_id, \
         to_char(considered.published_at AT TIME ZONE 'UTC', ")
    .text(format)
    .text(
        ") AS period, count(*) AS quotes FROM considered JOIN largest ON largest.id = considered.voice_id GROUP BY 1, 2) \
         AS counted GROUP BY counted.voice_id",
    )
}

/// The people quoted most often in public articles that quote `person` as well, each with how many articles that are.
pub async fn co_quoted(
    mut connection: &Connection,
    person: PersonId,
    limit: u32,
    audience: Audience,
) -> Result<Vec<(PersonReferenceRow, i64)>> {
    let statement =
        sql("SELECT people.id, people.slug, people.name, together.articles FROM (SELECT quotes.speaker_id, \
         count(DISTINCT occurrences.article_id) AS articles FROM occurrences \
         JOIN quotes ON quotes.id = occurrences.quote_id \
         WHERE occurrences.position IS NOT NULL AND quotes.deleted_at IS NULL AND quotes.speaker_id <> ")
        .bind(person.0)
        .text(
            " AND occurrences.article_id IN (SELECT own.article_id FROM occurrences AS own \
         JOIN quotes AS said ON said.id = own.quote_id \
         WHERE own.position IS NOT NULL AND said.deleted_at IS NULL AND ",
        )
        .append(audience.sees("own.public_from"))
        .text(" AND said.speaker_id = ")
        .bind(person.0)
        .text(
            ") GROUP BY quotes.speaker_id) AS together JOIN people ON people.id = together.speaker_id \
         AND people.deleted_at IS NULL \
         ORDER BY together.articles DESC, people.name, people.id LIMIT ",
        )
        .bind(limit)
        .statement::<(Uuid, Text, Text, BigInt)>();
    let rows: Vec<(PersonId, String, String, i64)> = statement.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(id, slug, name, articles)| (PersonReferenceRow { id, slug, name }, articles)).collect())
}

/// A label that stands on the same public articles as another.
#[derive(Debug, Clone)]
pub struct RelatedRow {
    pub label: LabelReferenceRow,
    /// How many public articles bear both.
    pub articles: i64,
    /// How many public articles bear the other label.
    pub of_articles: i64,
}

/// The labels that stand most often on the public articles that bear `label`.
pub async fn related_labels(
    mut connection: &Connection,
    label: LabelId,
    limit: u32,
    audience: Audience,
) -> Result<Vec<RelatedRow>> {
    let statement = sql("WITH own AS MATERIALIZED (SELECT article_labels.article_id FROM article_labels \
         WHERE article_labels.label_id = ")
    .bind(label.0)
    .text(" AND ")
.append(audience.sees("article_labels.public_from"))
    .text(
        ") SELECT labels.id, labels.slug, labels.name, together.articles, (SELECT count(*) FROM own) \
         FROM (SELECT article_labels.label_id, count(*) AS articles FROM own \
         JOIN article_labels ON article_labels.article_id = own.article_id GROUP BY article_labels.label_id) AS together \
         JOIN labels ON labels.id = together.label_id \
         WHERE labels.deleted_at IS NULL AND labels.merged_into_id IS NULL AND labels.id <> ",
    )
    .bind(label.0)
    .text(" ORDER BY together.articles DESC, labels.name, labels.id LIMIT ")
    .bind(limit)
    .statement::<(Uuid, Text, Text, BigInt, BigInt)>();
    let rows: Vec<(LabelId, String, String, i64, i64)> = statement.load(&mut connection).await?;
    let row = |(id, slug, name, articles, of_articles)| RelatedRow {
        label: LabelReferenceRow { id, slug, name },
        articles,
        of_articles,
    };
    Ok(rows.into_iter().map(row).collect())
}
