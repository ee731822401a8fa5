//! The records of what is in the database.

use std::collections::HashMap;
use std::hash::Hash;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    AffiliationRecord, ArticleRecord, LabelRecord, OtherId, PersonRecord, PrintingRecord, QuoteRecord, SourceRecord,
};
use crate::articles::ArticleStatus;
use crate::db::schema::{
    affiliations, article_authors, article_external_ids, article_labels, article_slugs, article_sources, articles,
    label_external_ids, label_names, label_slugs, labels, occurrences, people, person_aliases, person_external_ids,
    person_slugs, quote_external_ids, quotes,
};
use crate::db::{Connection, PublicFrom, Result, group};
use crate::people::PersonKind;
use crate::quotes::db::{PrintedRow, segments_of};
use crate::values::body::BodyFormat;
use crate::values::date::{DatePrecision, PartialDate};
use crate::values::id::{AffiliationId, ArticleId, LabelId, OccurrenceId, PersonId, QuoteId};

type ExternalIds<Id> = Vec<(Id, (String, String))>;

#[derive(Queryable, Selectable)]
#[diesel(table_name = labels)]
struct LabelRow {
    id: LabelId,
    slug: String,
    name: String,
    normalised_name: String,
    parent_id: Option<LabelId>,
    is_independent: bool,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    deletion_reason: Option<String>,
    merged_into_id: Option<LabelId>,
}

/// The labels with these ids, those that are there, in this order.
pub async fn label_records(mut connection: &Connection, ids: &[LabelId]) -> Result<Vec<LabelRecord>> {
    let rows: Vec<LabelRow> =
        labels::table.select(LabelRow::as_select()).filter(labels::id.eq_any(ids)).load(&mut connection).await?;
    let slugs: Vec<(LabelId, String)> = label_slugs::table
        .select((label_slugs::label_id, label_slugs::slug))
        .filter(label_slugs::label_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let names: Vec<(LabelId, (String, String))> = label_names::table
        .select((label_names::label_id, (label_names::normalised_name, label_names::name)))
        .filter(label_names::label_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let external_ids: ExternalIds<LabelId> = label_external_ids::table
        .select((label_external_ids::label_id, (label_external_ids::source, label_external_ids::external_id)))
        .filter(label_external_ids::label_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let (mut slugs, mut names, mut external_ids) = (group(slugs), group(names), group(external_ids));
    let record = |row: LabelRow| {
        let names = names.remove(&row.id).unwrap_or_default();
        let aliases = names.into_iter().filter(|(normalised, _)| *normalised != row.normalised_name);
        LabelRecord {
            id: row.id,
            former_slugs: former(slugs.remove(&row.id), &row.slug),
            slug: row.slug,
            name: row.name,
            aliases: sorted(aliases.map(|(_, name)| name).collect()),
            parent: row.parent_id,
            is_independent: row.is_independent,
            external_ids: other_ids(external_ids.remove(&row.id)),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            deleted_at: row.deleted_at,
            deletion_reason: row.deletion_reason,
            merged_into: row.merged_into_id,
        }
    };
    Ok(in_order(ids, rows.into_iter().map(record), |record| record.id))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = people)]
struct PersonRow {
    id: PersonId,
    slug: String,
    kind: PersonKind,
    name: String,
    is_independent: bool,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    deletion_reason: Option<String>,
    merged_into_id: Option<PersonId>,
}

/// The people with these ids, those who are there, in this order.
pub async fn person_records(mut connection: &Connection, ids: &[PersonId]) -> Result<Vec<PersonRecord>> {
    let rows: Vec<PersonRow> =
        people::table.select(PersonRow::as_select()).filter(people::id.eq_any(ids)).load(&mut connection).await?;
    let slugs: Vec<(PersonId, String)> = person_slugs::table
        .select((person_slugs::person_id, person_slugs::slug))
        .filter(person_slugs::person_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let aliases: Vec<(PersonId, String)> = person_aliases::table
        .select((person_aliases::person_id, person_aliases::name))
        .filter(person_aliases::person_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let external_ids: ExternalIds<PersonId> = person_external_ids::table
        .select((person_external_ids::person_id, (person_external_ids::source, person_external_ids::external_id)))
        .filter(person_external_ids::person_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let (mut slugs, mut aliases, mut external_ids) = (group(slugs), group(aliases), group(external_ids));
    let record = |row: PersonRow| PersonRecord {
        id: row.id,
        former_slugs: former(slugs.remove(&row.id), &row.slug),
        slug: row.slug,
        kind: row.kind,
        name: row.name,
        aliases: sorted(aliases.remove(&row.id).unwrap_or_default()),
        is_independent: row.is_independent,
        external_ids: other_ids(external_ids.remove(&row.id)),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
        deletion_reason: row.deletion_reason,
        merged_into: row.merged_into_id,
    };
    Ok(in_order(ids, rows.into_iter().map(record), |record| record.id))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = affiliations)]
struct AffiliationRow {
    id: AffiliationId,
    person_id: PersonId,
    role: Option<String>,
    organization_id: Option<PersonId>,
    starts_on: Option<NaiveDate>,
    starts_on_precision: Option<DatePrecision>,
    ends_on: Option<NaiveDate>,
    ends_on_precision: Option<DatePrecision>,
    is_independent: bool,
    public_from: PublicFrom,
}

/// The affiliations with these ids, those that are there, in this order.
pub async fn affiliation_records(mut connection: &Connection, ids: &[AffiliationId]) -> Result<Vec<AffiliationRecord>> {
    let rows: Vec<AffiliationRow> = affiliations::table
        .select(AffiliationRow::as_select())
        .filter(affiliations::id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let record = |row: AffiliationRow| AffiliationRecord {
        id: row.id,
        person: row.person_id,
        role: row.role,
        organization: row.organization_id,
        starts_on: PartialDate::from_columns(row.starts_on, row.starts_on_precision),
        ends_on: PartialDate::from_columns(row.ends_on, row.ends_on_precision),
        is_independent: row.is_independent,
        public_from: row.public_from.0,
    };
    Ok(in_order(ids, rows.into_iter().map(record), |record| record.id))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = quotes)]
struct QuoteRow {
    id: QuoteId,
    speaker_id: Option<PersonId>,
    text: String,
    said_on: Option<NaiveDate>,
    said_on_precision: Option<DatePrecision>,
    is_independent: bool,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    deletion_reason: Option<String>,
    successor_id: Option<QuoteId>,
}

/// The quotes with these ids, those that are there, in this order.
pub async fn quote_records(mut connection: &Connection, ids: &[QuoteId]) -> Result<Vec<QuoteRecord>> {
    let rows: Vec<QuoteRow> =
        quotes::table.select(QuoteRow::as_select()).filter(quotes::id.eq_any(ids)).load(&mut connection).await?;
    let external_ids: ExternalIds<QuoteId> = quote_external_ids::table
        .select((quote_external_ids::quote_id, (quote_external_ids::source, quote_external_ids::external_id)))
        .filter(quote_external_ids::quote_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let mut external_ids = group(external_ids);
    let record = |row: QuoteRow| QuoteRecord {
        id: row.id,
        speaker: row.speaker_id,
        text: row.text,
        said_on: PartialDate::from_columns(row.said_on, row.said_on_precision),
        is_independent: row.is_independent,
        external_ids: other_ids(external_ids.remove(&row.id)),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
        deletion_reason: row.deletion_reason,
        successor: row.successor_id,
    };
    Ok(in_order(ids, rows.into_iter().map(record), |record| record.id))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = articles)]
struct ArticleRow {
    id: ArticleId,
    slug: String,
    title: String,
    summary: Option<String>,
    language: String,
    status: ArticleStatus,
    published_at: Option<DateTime<Utc>>,
    canonical_url: Option<String>,
    body_format: BodyFormat,
    body_source: String,
    body_text: String,
    text_rule: i16,
    provenance: Option<serde_json::Value>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    deletion_reason: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = article_sources)]
struct SourceRow {
    article_id: ArticleId,
    format: String,
    content: Vec<u8>,
    digest: Vec<u8>,
    imported_at: DateTime<Utc>,
    version: i32,
    fields: serde_json::Value,
}

impl SourceRow {
    fn record(self) -> SourceRecord {
        let (text, base64) = match String::from_utf8(self.content) {
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(STANDARD.encode(error.into_bytes()))),
        };
        SourceRecord {
            format: self.format,
            text,
            base64,
            digest: self.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            imported_at: self.imported_at,
            version: self.version,
            fields: self.fields,
        }
    }
}

/// The articles with these ids, those that are there, in this order.
pub async fn article_records(mut connection: &Connection, ids: &[ArticleId]) -> Result<Vec<ArticleRecord>> {
    let rows: Vec<ArticleRow> =
        articles::table.select(ArticleRow::as_select()).filter(articles::id.eq_any(ids)).load(&mut connection).await?;
    let slugs: Vec<(ArticleId, String)> = article_slugs::table
        .select((article_slugs::article_id, article_slugs::slug))
        .filter(article_slugs::article_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let external_ids: ExternalIds<ArticleId> = article_external_ids::table
        .select((article_external_ids::article_id, (article_external_ids::source, article_external_ids::external_id)))
        .filter(article_external_ids::article_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let authors: Vec<(ArticleId, PersonId)> = article_authors::table
        .select((article_authors::article_id, article_authors::person_id))
        .filter(article_authors::article_id.eq_any(ids))
        .order((article_authors::article_id, article_authors::position))
        .load(&mut connection)
        .await?;
    let its_labels: Vec<(ArticleId, LabelId)> = article_labels::table
        .select((article_labels::article_id, article_labels::label_id))
        .filter(article_labels::article_id.eq_any(ids))
        .order((article_labels::article_id, article_labels::position))
        .load(&mut connection)
        .await?;
    let sources: Vec<SourceRow> = article_sources::table
        .select(SourceRow::as_select())
        .filter(article_sources::article_id.eq_any(ids))
        .load(&mut connection)
        .await?;
    let mut sources: HashMap<ArticleId, SourceRow> = sources.into_iter().map(|row| (row.article_id, row)).collect();
    let (mut slugs, mut external_ids) = (group(slugs), group(external_ids));
    let (mut authors, mut its_labels) = (group(authors), group(its_labels));
    let mut printings = printing_records(connection, ids).await?;
    let record = |row: ArticleRow| ArticleRecord {
        id: row.id,
        former_slugs: former(slugs.remove(&row.id), &row.slug),
        slug: row.slug,
        title: row.title,
        summary: row.summary,
        language: row.language,
        status: row.status,
        published_at: row.published_at,
        canonical_url: row.canonical_url,
        body_format: row.body_format,
        body_source: row.body_source,
        body_text: row.body_text,
        text_rule: row.text_rule,
        provenance: row.provenance,
        authors: authors.remove(&row.id).unwrap_or_default(),
        labels: its_labels.remove(&row.id).unwrap_or_default(),
        external_ids: other_ids(external_ids.remove(&row.id)),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
        deletion_reason: row.deletion_reason,
        printings: printings.remove(&row.id).unwrap_or_default(),
        source: sources.remove(&row.id).map(SourceRow::record),
    };
    Ok(in_order(ids, rows.into_iter().map(record), |record| record.id))
}

/// What articles print: pull quotes first, then in text order, orphans last.
async fn printing_records(
    mut connection: &Connection,
    articles: &[ArticleId],
) -> Result<HashMap<ArticleId, Vec<PrintingRecord>>> {
    let rows: Vec<(ArticleId, PrintedRow)> = occurrences::table
        .select((occurrences::article_id, PrintedRow::as_select()))
        .filter(occurrences::article_id.eq_any(articles))
        .order((occurrences::article_id, occurrences::position, occurrences::id))
        .load(&mut connection)
        .await?;
    let ids: Vec<OccurrenceId> = rows.iter().map(|(_, row)| row.id).collect();
    let mut segments = group(segments_of(connection, &ids).await?);
    let record = |(article, row): (ArticleId, PrintedRow)| {
        let record = PrintingRecord {
            id: row.id,
            quote: row.quote_id,
            kind: row.kind,
            quotation: row.quotation,
            text: row.text,
            attribution: row.attribution,
            role: row.role,
            organization: row.organization_id,
            anchor: row.anchor,
            fidelity: row.fidelity,
            confidence: row.confidence,
            rule: row.rule,
            is_corrected: row.is_corrected,
            is_quote_settled: row.is_quote_settled,
            provenance: row.provenance,
            segments: segments.remove(&row.id).unwrap_or_default(),
        };
        (article, record)
    };
    Ok(group(rows.into_iter().map(record).collect::<Vec<_>>()))
}

fn former(slugs: Option<Vec<String>>, current: &str) -> Vec<String> {
    sorted(slugs.unwrap_or_default().into_iter().filter(|slug| slug != current).collect())
}

fn other_ids(ids: Option<Vec<(String, String)>>) -> Vec<OtherId> {
    let ids = sorted(ids.unwrap_or_default());
    ids.into_iter().map(|(source, id)| OtherId { source, id }).collect()
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

fn in_order<Id: Eq + Hash + Copy, Row>(
    ids: &[Id],
    records: impl Iterator<Item = Row>,
    id: impl Fn(&Row) -> Id,
) -> Vec<Row> {
    let mut records: HashMap<Id, Row> = records.map(|record| (id(&record), record)).collect();
    ids.iter().filter_map(|id| records.remove(id)).collect()
}
