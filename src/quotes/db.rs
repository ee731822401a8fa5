//! Quotes and their occurrences in PostgreSQL.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Fidelity, OccurrenceKind, Quotation};
use crate::articles::db::ArticleReferenceRow;
use crate::db::keyset::{Position, Window, comes_after};
use crate::db::schema::{article_labels, articles, occurrences, people, quote_external_ids, quotes, segments};
use crate::db::{Connection, Result};
use crate::people::db::PersonReferenceRow;
use crate::values::anchor::{AnchorState, Segment};
use crate::values::date::DatePrecision;
use crate::values::id::{ArticleId, LabelId, OccurrenceId, PersonId, QuoteId};

/// A quote as it is served.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = quotes)]
pub struct QuoteRow {
    pub id: QuoteId,
    pub speaker_id: Option<PersonId>,
    pub text: String,
    pub said_on: Option<NaiveDate>,
    pub said_on_precision: Option<DatePrecision>,
    pub public_from: DateTime<Utc>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl QuoteRow {
    /// Where the quote stands in a list.
    pub fn position(&self) -> Position {
        Position { public_from: self.public_from, id: self.id.0 }
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
    pub speaker: Option<PersonReferenceRow>,
    pub organization: Option<PersonReferenceRow>,
}

/// Which quotes a list shows.
#[derive(Debug, Clone, Default)]
pub struct QuoteFilter {
    /// Those printed in an article that bears one of these labels.
    pub labels: Option<Vec<LabelId>>,
    /// Those of this speaker.
    pub speaker: Option<PersonId>,
    /// Those printed in this article.
    pub article: Option<ArticleId>,
}

/// The public quotes that pass `filter`, newest first.
pub async fn list_quotes(mut connection: &Connection, filter: &QuoteFilter, window: &Window) -> Result<Vec<QuoteRow>> {
    let mut query = quotes::table
        .select(QuoteRow::as_select())
        .filter(quotes::public_from.le(window.now))
        .filter(quotes::deleted_at.is_null())
        .order((quotes::public_from.desc(), quotes::id.desc()))
        .limit(window.rows)
        .into_boxed();
    if let Some(position) = window.after {
        query = query.filter(comes_after("quotes.public_from, quotes.id", position));
    }
    if let Some(speaker) = filter.speaker {
        query = query.filter(quotes::speaker_id.eq(speaker));
    }
    if let Some(article) = filter.article {
        let printed = occurrences::table
            .select(occurrences::quote_id)
            .filter(occurrences::article_id.eq(article))
            .filter(occurrences::position.is_not_null());
        query = query.filter(quotes::id.eq_any(printed));
    }
    if let Some(labels) = &filter.labels {
        let printed = occurrences::table
            .inner_join(article_labels::table.on(article_labels::article_id.eq(occurrences::article_id)))
            .select(occurrences::quote_id)
            .filter(article_labels::label_id.eq_any(labels.clone()))
            .filter(occurrences::public_from.le(window.now))
            .filter(occurrences::position.is_not_null());
        query = query.filter(quotes::id.eq_any(printed));
    }
    Ok(query.load(&mut connection).await?)
}

/// The quote with this id, when public.
pub async fn find_quote(mut connection: &Connection, id: QuoteId, now: DateTime<Utc>) -> Result<Option<QuoteRow>> {
    Ok(quotes::table
        .select(QuoteRow::as_select())
        .filter(quotes::id.eq(id))
        .filter(quotes::public_from.le(now))
        .filter(quotes::deleted_at.is_null())
        .first(&mut connection)
        .await
        .optional()?)
}

/// Every public printing in these articles, in text order, pull quotes first.
pub async fn occurrences_in(
    mut connection: &Connection,
    articles: &[ArticleId],
    now: DateTime<Utc>,
) -> Result<Vec<LinkedOccurrence>> {
    let query = linked_occurrences!()
        .filter(occurrences::article_id.eq_any(articles))
        .filter(occurrences::public_from.le(now))
        .filter(occurrences::position.is_not_null())
        .order((occurrences::article_id, occurrences::position));
    let rows = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(linked).collect())
}

/// Every public printing of these quotes, the earliest first.
pub async fn occurrences_of(
    mut connection: &Connection,
    quotes: &[QuoteId],
    now: DateTime<Utc>,
) -> Result<Vec<LinkedOccurrence>> {
    let query = linked_occurrences!()
        .filter(occurrences::quote_id.eq_any(quotes))
        .filter(occurrences::public_from.le(now))
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
        .filter(segments::occurrence_id.eq_any(occurrences))
        .order((segments::occurrence_id, segments::position))
        .load(&mut connection)
        .await?;
    let segment = |(id, starts_at, ends_at, exact, prefix, suffix): (OccurrenceId, i32, i32, _, _, _)| {
        let [start, end] = [starts_at, ends_at].map(i32::unsigned_abs);
        (id, Segment { start, end, exact, prefix, suffix })
    };
    Ok(rows.into_iter().map(segment).collect())
}

/// What other systems call quotes: `(source, id)`.
pub async fn external_ids_of(mut connection: &Connection, ids: &[QuoteId]) -> Result<Vec<(QuoteId, (String, String))>> {
    Ok(quote_external_ids::table
        .select((quote_external_ids::quote_id, (quote_external_ids::source, quote_external_ids::external_id)))
        .filter(quote_external_ids::quote_id.eq_any(ids))
        .order((quote_external_ids::source, quote_external_ids::external_id))
        .load(&mut connection)
        .await?)
}

diesel::alias!(people as organizations: Organizations);

type LinkedRow = (OccurrenceRow, ArticleReferenceRow, Option<PersonReferenceRow>, Option<(PersonId, String, String)>);

/// The query both lists of printings share. A macro, since the type of the query has no name worth writing.
macro_rules! linked_occurrences {
    () => {
        occurrences::table
            .inner_join(articles::table)
            .inner_join(quotes::table)
            .left_join(people::table.on(people::id.nullable().eq(quotes::speaker_id)))
            .left_join(organizations.on(organizations.field(people::id).nullable().eq(occurrences::organization_id)))
            .select((
                OccurrenceRow::as_select(),
                ArticleReferenceRow::as_select(),
                Option::<PersonReferenceRow>::as_select(),
                organizations.fields((people::id, people::slug, people::name)).nullable(),
            ))
    };
}
use linked_occurrences;

fn linked((occurrence, article, speaker, organization): LinkedRow) -> LinkedOccurrence {
    let organization = organization.map(|(id, slug, name)| PersonReferenceRow { id, slug, name });
    LinkedOccurrence { occurrence, article, speaker, organization }
}

/// A quote to be made.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = quotes)]
pub struct NewQuote {
    pub id: QuoteId,
    pub speaker_id: Option<PersonId>,
    pub text: String,
    pub public_from: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A printing to be made.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = occurrences)]
pub struct NewOccurrence {
    pub id: OccurrenceId,
    pub article_id: ArticleId,
    pub quote_id: QuoteId,
    pub position: i32,
    pub public_from: DateTime<Utc>,
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
    pub provenance: serde_json::Value,
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

/// Makes quotes.
pub async fn insert_quotes(mut connection: &Connection, new: &[NewQuote]) -> Result<()> {
    diesel::insert_into(quotes::table).values(new).execute(&mut connection).await?;
    Ok(())
}

/// Makes printings, each with its segments.
pub async fn insert_occurrences(mut connection: &Connection, new: &[(NewOccurrence, Vec<Segment>)]) -> Result<()> {
    let occurrence_rows: Vec<&NewOccurrence> = new.iter().map(|(occurrence, _)| occurrence).collect();
    let mut segment_rows = Vec::new();
    for (occurrence, its_segments) in new {
        for (position, segment) in (1_i32..).zip(its_segments) {
            segment_rows.push((
                segments::occurrence_id.eq(occurrence.id),
                segments::position.eq(position),
                segments::starts_at.eq(segment.start.cast_signed()),
                segments::ends_at.eq(segment.end.cast_signed()),
                segments::exact.eq(&segment.exact),
                segments::prefix.eq(&segment.prefix),
                segments::suffix.eq(&segment.suffix),
            ));
        }
    }
    diesel::insert_into(occurrences::table).values(occurrence_rows).execute(&mut connection).await?;
    diesel::insert_into(segments::table).values(segment_rows).execute(&mut connection).await?;
    Ok(())
}

/// Makes quotes public from `instant` on, where they were not before.
pub async fn publish_quotes(mut connection: &Connection, ids: &[QuoteId], instant: DateTime<Utc>) -> Result<()> {
    diesel::update(quotes::table.filter(quotes::id.eq_any(ids)).filter(quotes::public_from.gt(instant)))
        .set(quotes::public_from.eq(instant))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Replaces the text of a quote by a longer printing of it; returns the new version.
pub async fn lengthen_quote(mut connection: &Connection, id: QuoteId, text: &str, now: DateTime<Utc>) -> Result<i32> {
    Ok(diesel::update(quotes::table.filter(quotes::id.eq(id)))
        .set((quotes::text.eq(text), quotes::version.eq(quotes::version + 1), quotes::updated_at.eq(now)))
        .returning(quotes::version)
        .get_result(&mut connection)
        .await?)
}
