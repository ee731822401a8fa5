//! Records into the database, as they are: with their ids, versions and instants.
//!
//! What is there already is compared: the same writes nothing, and what is different stays and is told.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::report::Outcome;
use super::{AffiliationRecord, ArticleRecord, LabelRecord, PersonRecord, QuoteRecord, Record, SourceRecord, present};
use crate::articles::db::{self as articles_db, NewArticle, NewArticleSource};
use crate::articles::revisions::db as revisions_db;
use crate::articles::write::first_revision;
use crate::attribution::{identity_key, word_count};
use crate::changes::ResourceType;
use crate::db::schema::{
    affiliations, article_slugs, label_external_ids, label_names, label_slugs, labels, people, person_aliases,
    person_external_ids, person_slugs, quote_external_ids, quotes,
};
use crate::db::{Connection, PublicFrom, Result, publish};
use crate::quotes::OccurrenceKind;
use crate::quotes::db::{NewOccurrence, insert_occurrences, speakers_of_quotes};
use crate::values::anchor::{AnchorState, anchor_again};
use crate::values::body::{TEXT_RULE, render};
use crate::values::id::{ArticleId, LabelId, PersonId, QuoteId};
use crate::values::name::normalise;
use crate::writing::{PrintedRows, Writer};

/// A record as it can be restored. What this program makes of the body is served; where that is not the text that
/// segments count in, they are found again.
pub(in crate::imports) fn checked(record: &mut Record) -> std::result::Result<String, String> {
    let Record::Article(record) = record else { return Ok(String::new()) };
    if let Some(source) = &record.source {
        content_of(source)?;
        digest_of(source)?;
    }
    let body = render(record.body_format, &record.body_source);
    let inline = record.printings.iter_mut().filter(|printing| printing.kind == OccurrenceKind::Inline);
    let mut inline: Vec<_> = inline.filter(|printing| printing.anchor != Some(AnchorState::Orphaned)).collect();
    let segments: Vec<_> = inline.iter().map(|printing| printing.segments.clone()).collect();
    let is_as_told = body.text == record.body_text && record.text_rule == TEXT_RULE;
    for (printing, anchoring) in inline.iter_mut().zip(anchor_again(&segments, Some(&record.body_text), &body.text)) {
        if is_as_told && anchoring.segments == printing.segments && anchoring.state == AnchorState::Exact {
            continue;
        }
        let holds = matches!(printing.anchor, Some(AnchorState::Exact | AnchorState::Moved));
        if is_as_told && holds {
            return Err(format!("the words of {} do not stand at the places it names", printing.id));
        }
        if !is_as_told {
            printing.anchor = Some(anchoring.state);
            printing.segments = anchoring.segments;
        }
    }
    // Orphans come last.
    record.printings.sort_by_key(|printing| printing.anchor == Some(AnchorState::Orphaned));
    record.body_text = body.text;
    record.text_rule = TEXT_RULE;
    Ok(body.html)
}

/// Restores records, each with the HTML of its body; what became of each goes to `outcomes`.
pub(in crate::imports) async fn restore(
    writer: &mut Writer<'_>,
    records: &[(usize, &Record, &str)],
    outcomes: &mut [Option<Outcome>],
) -> Result<()> {
    let known = present_like(writer.connection(), records.iter().map(|(_, record, _)| *record)).await?;
    let mut seen = HashSet::new();
    let mut new: Vec<(&Record, &str)> = Vec::new();
    for (index, record, html) in records {
        let id = record.id();
        outcomes[*index] = Some(match known.get(&id) {
            Some(there) if there == *record => Outcome::Unchanged { slug: slug_of(there) },
            Some(there) => Outcome::Conflict { slug: slug_of(there), fields: differences(there, record) },
            None if !seen.insert(id.clone()) => Outcome::Refused { reason: format!("{id} stands twice") },
            None => {
                new.push((record, html));
                Outcome::Restored { what: record.what(), id }
            }
        });
    }
    macro_rules! of_kind {
        ($kind:ident) => {
            new.iter().filter_map(|(record, _)| match record {
                Record::$kind(record) => Some(record),
                _ => None,
            })
        };
    }
    restore_labels(writer, &of_kind!(Label).collect::<Vec<_>>()).await?;
    restore_people(writer, &of_kind!(Person).collect::<Vec<_>>()).await?;
    restore_affiliations(writer.connection(), &of_kind!(Affiliation).collect::<Vec<_>>()).await?;
    restore_quotes(writer, &of_kind!(Quote).collect::<Vec<_>>()).await?;
    let articles = new.iter().filter_map(|(record, html)| match record {
        Record::Article(record) => Some((record.as_ref(), *html)),
        _ => None,
    });
    restore_articles(writer, &articles.collect::<Vec<_>>()).await
}

/// What is there under the ids of records.
async fn present_like<'r>(
    connection: &Connection,
    records: impl Iterator<Item = &'r Record>,
) -> Result<HashMap<String, Record>> {
    let (mut labels, mut people, mut quotes, mut articles, mut affiliations) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Label(record) => labels.push(record.id),
            Record::Person(record) => people.push(record.id),
            Record::Affiliation(record) => affiliations.push(record.id),
            Record::Quote(record) => quotes.push(record.id),
            Record::Article(record) => articles.push(record.id),
        }
    }
    let mut there: Vec<Record> = Vec::new();
    if !labels.is_empty() {
        there.extend(present::label_records(connection, &labels).await?.into_iter().map(Record::Label));
    }
    if !people.is_empty() {
        there.extend(present::person_records(connection, &people).await?.into_iter().map(Record::Person));
    }
    if !affiliations.is_empty() {
        let records = present::affiliation_records(connection, &affiliations).await?;
        there.extend(records.into_iter().map(Record::Affiliation));
    }
    if !quotes.is_empty() {
        there.extend(present::quote_records(connection, &quotes).await?.into_iter().map(Record::Quote));
    }
    if !articles.is_empty() {
        let records = present::article_records(connection, &articles).await?;
        there.extend(records.into_iter().map(|record| Record::Article(Box::new(record))));
    }
    Ok(there.into_iter().map(|record| (record.id(), record)).collect())
}

fn slug_of(record: &Record) -> String {
    match record {
        Record::Label(record) => record.slug.clone(),
        Record::Person(record) => record.slug.clone(),
        Record::Article(record) => record.slug.clone(),
        Record::Affiliation(_) | Record::Quote(_) => record.id(),
    }
}

/// The members in which two records of one thing differ.
fn differences(one: &Record, other: &Record) -> Vec<String> {
    let (one, other) = (serde_json::to_value(one).unwrap_or_default(), serde_json::to_value(other).unwrap_or_default());
    let members = one.as_object().into_iter().flatten();
    members.filter(|(name, value)| other.get(name) != Some(value)).map(|(name, _)| name.clone()).collect()
}

/// Since when something that stands by itself is public.
fn independent_since(is_independent: bool, created_at: chrono::DateTime<chrono::Utc>) -> PublicFrom {
    PublicFrom(is_independent.then_some(created_at))
}

async fn restore_labels(writer: &mut Writer<'_>, records: &[&LabelRecord]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let mut connection = writer.connection();
    let (mut rows, mut slugs, mut names, mut external_ids) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for record in records {
        rows.push((
            (
                labels::id.eq(record.id),
                labels::slug.eq(&record.slug),
                labels::name.eq(&record.name),
                labels::normalised_name.eq(normalise(&record.name)),
                labels::parent_id.eq(record.parent),
                labels::is_independent.eq(record.is_independent),
                labels::public_from.eq(independent_since(record.is_independent, record.created_at)),
            ),
            (
                labels::version.eq(record.version),
                labels::created_at.eq(record.created_at),
                labels::updated_at.eq(record.updated_at),
                labels::deleted_at.eq(record.deleted_at),
                labels::deletion_reason.eq(&record.deletion_reason),
                labels::merged_into_id.eq(record.merged_into),
            ),
        ));
        let all = record.former_slugs.iter().chain([&record.slug]);
        slugs.extend(all.map(|slug| (label_slugs::slug.eq(slug), label_slugs::label_id.eq(record.id))));
        // The names of a merged label are those of the one it became part of.
        let own = Some(&record.name).filter(|_| record.merged_into.is_none());
        names.extend(record.aliases.iter().chain(own).map(|name| {
            (
                label_names::normalised_name.eq(normalise(name)),
                label_names::label_id.eq(record.id),
                label_names::name.eq(name),
            )
        }));
        external_ids.extend(record.external_ids.iter().map(|known| {
            (
                label_external_ids::source.eq(&known.source),
                label_external_ids::external_id.eq(&known.id),
                label_external_ids::label_id.eq(record.id),
            )
        }));
    }
    diesel::insert_into(labels::table).values(rows).execute(&mut connection).await?;
    diesel::insert_into(label_slugs::table).values(slugs).execute(&mut connection).await?;
    diesel::insert_into(label_names::table).values(names).execute(&mut connection).await?;
    diesel::insert_into(label_external_ids::table).values(external_ids).execute(&mut connection).await?;
    for record in records {
        writer.restored(ResourceType::Label, record.id.0, record.version);
    }
    Ok(())
}

async fn restore_people(writer: &mut Writer<'_>, records: &[&PersonRecord]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let mut connection = writer.connection();
    let (mut rows, mut slugs, mut aliases, mut external_ids) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for record in records {
        rows.push((
            (
                people::id.eq(record.id),
                people::slug.eq(&record.slug),
                people::kind.eq(record.kind),
                people::name.eq(&record.name),
                people::normalised_name.eq(normalise(&record.name)),
                people::is_independent.eq(record.is_independent),
                people::public_from.eq(independent_since(record.is_independent, record.created_at)),
            ),
            (
                people::version.eq(record.version),
                people::created_at.eq(record.created_at),
                people::updated_at.eq(record.updated_at),
                people::deleted_at.eq(record.deleted_at),
                people::deletion_reason.eq(&record.deletion_reason),
                people::merged_into_id.eq(record.merged_into),
            ),
        ));
        let all = record.former_slugs.iter().chain([&record.slug]);
        slugs.extend(all.map(|slug| (person_slugs::slug.eq(slug), person_slugs::person_id.eq(record.id))));
        aliases.extend(record.aliases.iter().map(|name| {
            (
                person_aliases::person_id.eq(record.id),
                person_aliases::normalised_name.eq(normalise(name)),
                person_aliases::name.eq(name),
            )
        }));
        external_ids.extend(record.external_ids.iter().map(|known| {
            (
                person_external_ids::source.eq(&known.source),
                person_external_ids::external_id.eq(&known.id),
                person_external_ids::person_id.eq(record.id),
            )
        }));
    }
    diesel::insert_into(people::table).values(rows).execute(&mut connection).await?;
    diesel::insert_into(person_slugs::table).values(slugs).execute(&mut connection).await?;
    diesel::insert_into(person_aliases::table).values(aliases).execute(&mut connection).await?;
    diesel::insert_into(person_external_ids::table).values(external_ids).execute(&mut connection).await?;
    for record in records {
        writer.restored(ResourceType::Person, record.id.0, record.version);
    }
    Ok(())
}

async fn restore_affiliations(mut connection: &Connection, records: &[&AffiliationRecord]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = records
        .iter()
        .map(|record| {
            (
                affiliations::id.eq(record.id),
                affiliations::person_id.eq(record.person),
                affiliations::role.eq(&record.role),
                affiliations::organization_id.eq(record.organization),
                affiliations::starts_on.eq(record.starts_on.map(|date| date.first_day)),
                affiliations::starts_on_precision.eq(record.starts_on.map(|date| date.precision)),
                affiliations::ends_on.eq(record.ends_on.map(|date| date.first_day)),
                affiliations::ends_on_precision.eq(record.ends_on.map(|date| date.precision)),
                affiliations::is_independent.eq(record.is_independent),
                affiliations::public_from.eq(PublicFrom(record.public_from)),
            )
        })
        .collect();
    diesel::insert_into(affiliations::table).values(rows).execute(&mut connection).await?;
    let organizations: Vec<(Uuid, PublicFrom)> =
        records.iter().filter_map(|record| Some((record.organization?.0, PublicFrom(record.public_from)))).collect();
    publish(connection, "people", &organizations).await
}

async fn restore_quotes(writer: &mut Writer<'_>, records: &[&QuoteRecord]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let mut connection = writer.connection();
    let (mut rows, mut external_ids, mut speakers) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        let public_from = independent_since(record.is_independent, record.created_at);
        rows.push((
            (
                quotes::id.eq(record.id),
                quotes::speaker_id.eq(record.speaker),
                quotes::text.eq(&record.text),
                quotes::said_on.eq(record.said_on.map(|date| date.first_day)),
                quotes::said_on_precision.eq(record.said_on.map(|date| date.precision)),
                quotes::is_independent.eq(record.is_independent),
                quotes::public_from.eq(public_from),
            ),
            (
                quotes::version.eq(record.version),
                quotes::created_at.eq(record.created_at),
                quotes::updated_at.eq(record.updated_at),
                quotes::deleted_at.eq(record.deleted_at),
                quotes::deletion_reason.eq(&record.deletion_reason),
                quotes::successor_id.eq(record.successor),
            ),
        ));
        external_ids.extend(record.external_ids.iter().map(|known| {
            (
                quote_external_ids::source.eq(&known.source),
                quote_external_ids::external_id.eq(&known.id),
                quote_external_ids::quote_id.eq(record.id),
            )
        }));
        if let Some(speaker) = record.speaker.filter(|_| record.deleted_at.is_none()) {
            speakers.push((speaker.0, public_from));
        }
    }
    diesel::insert_into(quotes::table).values(rows).execute(&mut connection).await?;
    diesel::insert_into(quote_external_ids::table).values(external_ids).execute(&mut connection).await?;
    publish(connection, "people", &speakers).await?;
    for record in records {
        writer.restored(ResourceType::Quote, record.id.0, record.version);
    }
    Ok(())
}

async fn restore_articles(writer: &mut Writer<'_>, records: &[(&ArticleRecord, &str)]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let connection = writer.connection();
    let rows: Vec<NewArticle<'_>> = records.iter().map(|(record, html)| row(record, html)).collect();
    articles_db::insert_articles(connection, &rows).await?;
    let former: Vec<(&String, ArticleId)> =
        records.iter().flat_map(|(record, _)| record.former_slugs.iter().map(|slug| (slug, record.id))).collect();
    insert_slugs(connection, &former).await?;
    let links: Vec<_> = records
        .iter()
        .map(|(record, _)| (record.id, public_from(record), record.labels.as_slice(), record.authors.as_slice()))
        .collect();
    articles_db::insert_links(connection, &links).await?;
    let external_ids: Vec<(ArticleId, &str, &str)> = records
        .iter()
        .flat_map(|(record, _)| {
            record.external_ids.iter().map(|known| (record.id, known.source.as_str(), known.id.as_str()))
        })
        .collect();
    articles_db::insert_external_ids(connection, &external_ids).await?;
    restore_sources(connection, records).await?;
    let printed: Vec<Vec<PrintedRows>> = records.iter().map(|(record, _)| printed(record)).collect();
    insert_occurrences(connection, &printed.iter().flatten().collect::<Vec<_>>()).await?;
    let quote_ids: Vec<QuoteId> = printed.iter().flatten().map(|(row, _)| row.quote_id).collect();
    let speakers = speakers_of_quotes(connection, &quote_ids).await?;
    let revisions: Vec<_> = records
        .iter()
        .zip(&rows)
        .zip(&printed)
        .map(|(((record, _), row), printed)| {
            let speaker = |row: &NewOccurrence| speakers.get(&row.quote_id).and_then(|(speaker, _)| *speaker);
            let printed: Vec<_> = printed.iter().map(|rows| (rows.clone(), speaker(&rows.0))).collect();
            let ids: Vec<_> =
                record.external_ids.iter().map(|known| (known.source.clone(), known.id.clone())).collect();
            let revision = first_revision(row, record.labels.clone(), record.authors.clone(), &ids, &printed);
            (record.id, record.version, revision)
        })
        .collect();
    revisions_db::insert_revisions(connection, &revisions, writer.now()).await?;
    show(connection, records, &printed, &speakers).await?;
    for (record, _) in records {
        writer.restored(ResourceType::Article, record.id.0, record.version);
    }
    Ok(())
}

/// Makes public what articles show.
async fn show(
    connection: &Connection,
    records: &[(&ArticleRecord, &str)],
    printed: &[Vec<PrintedRows>],
    speakers: &HashMap<QuoteId, (Option<PersonId>, bool)>,
) -> Result<()> {
    let (mut labels, mut people, mut quotes) = (Vec::new(), Vec::new(), Vec::new());
    for ((record, _), printed) in records.iter().zip(printed) {
        let from = public_from(record);
        labels.extend(record.labels.iter().map(|LabelId(id)| (*id, from)));
        people.extend(record.authors.iter().map(|PersonId(id)| (*id, from)));
        for (row, _) in printed.iter().filter(|(row, _)| row.position.is_some()) {
            quotes.push((row.quote_id.0, from));
            if let Some((speaker, false)) = speakers.get(&row.quote_id) {
                people.extend(speaker.iter().chain(&row.organization_id).map(|PersonId(id)| (*id, from)));
            }
        }
    }
    publish(connection, "labels", &labels).await?;
    publish(connection, "quotes", &quotes).await?;
    publish(connection, "people", &people).await
}

fn row<'r>(record: &'r ArticleRecord, html: &'r str) -> NewArticle<'r> {
    NewArticle {
        id: record.id,
        slug: &record.slug,
        title: &record.title,
        summary: record.summary.as_deref(),
        language: &record.language,
        status: record.status,
        published_at: record.published_at,
        canonical_url: record.canonical_url.as_deref(),
        body_format: record.body_format,
        body_source: &record.body_source,
        body_html: html,
        body_text: &record.body_text,
        text_rule: record.text_rule,
        provenance: record.provenance.as_ref(),
        version: record.version,
        created_at: record.created_at,
        updated_at: record.updated_at,
        deleted_at: record.deleted_at,
        deletion_reason: record.deletion_reason.as_deref(),
    }
}

/// Since when an article is public, as the database has it.
fn public_from(record: &ArticleRecord) -> PublicFrom {
    use crate::articles::ArticleStatus::{Published, Scheduled};
    let is_to_be = record.deleted_at.is_none() && matches!(record.status, Published | Scheduled);
    PublicFrom(record.published_at.filter(|_| is_to_be))
}

fn printed(record: &ArticleRecord) -> Vec<PrintedRows> {
    let mut position = 0;
    let row = |printing: &super::PrintingRecord| {
        let is_orphaned = printing.anchor == Some(AnchorState::Orphaned);
        position += i32::from(!is_orphaned);
        let row = NewOccurrence {
            id: printing.id,
            article_id: record.id,
            quote_id: printing.quote,
            position: (!is_orphaned).then_some(position),
            public_from: public_from(record),
            kind: printing.kind,
            quotation: printing.quotation,
            text: printing.text.clone(),
            identity_digest: Sha256::digest(identity_key(&printing.text)).to_vec(),
            word_count: i32::try_from(word_count(&printing.text)).unwrap_or(i32::MAX),
            attribution: printing.attribution.clone(),
            role: printing.role.clone(),
            organization_id: printing.organization,
            anchor: printing.anchor,
            fidelity: printing.fidelity,
            confidence: printing.confidence,
            rule: printing.rule.clone(),
            is_corrected: printing.is_corrected,
            is_quote_settled: printing.is_quote_settled,
            provenance: printing.provenance.clone(),
        };
        (row, printing.segments.clone())
    };
    record.printings.iter().map(row).collect()
}

/// Former slugs, which must be free: an export has each once.
async fn insert_slugs(mut connection: &Connection, former: &[(&String, ArticleId)]) -> Result<()> {
    let rows: Vec<_> =
        former.iter().map(|(slug, id)| (article_slugs::slug.eq(*slug), article_slugs::article_id.eq(*id))).collect();
    diesel::insert_into(article_slugs::table).values(rows).execute(&mut connection).await?;
    Ok(())
}

async fn restore_sources(connection: &Connection, records: &[(&ArticleRecord, &str)]) -> Result<()> {
    let decoded: Vec<_> = records
        .iter()
        .filter_map(|(record, _)| {
            let source = record.source.as_ref()?;
            Some((record.id, source, content_of(source).ok()?, digest_of(source).ok()?))
        })
        .collect();
    let rows: Vec<NewArticleSource<'_>> = decoded
        .iter()
        .map(|(id, source, content, digest)| NewArticleSource {
            article_id: *id,
            format: &source.format,
            content,
            digest,
            imported_at: source.imported_at,
            version: source.version,
            fields: source.fields.clone(),
        })
        .collect();
    articles_db::insert_sources(connection, &rows).await
}

fn content_of(source: &SourceRecord) -> std::result::Result<Vec<u8>, String> {
    match (&source.text, &source.base64) {
        (Some(text), None) => Ok(text.clone().into_bytes()),
        (None, Some(base64)) => STANDARD.decode(base64).map_err(|error| format!("source.base64: {error}")),
        _ => Err("source: either text or base64 must be there".to_owned()),
    }
}

fn digest_of(source: &SourceRecord) -> std::result::Result<Vec<u8>, String> {
    let wrong = || "source.digest must be 64 hexadecimal digits".to_owned();
    if source.digest.len() != 64 || !source.digest.is_ascii() {
        return Err(wrong());
    }
    let byte = |at: usize| u8::from_str_radix(&source.digest[at..at + 2], 16).map_err(|_| wrong());
    (0..64).step_by(2).map(byte).collect()
}
