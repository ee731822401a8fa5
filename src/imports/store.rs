//! A batch of drafts into the database, inside an open transaction, never twice.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::sql_query;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::archive;
use super::draft::Draft;
use super::report::Outcome;
use super::run::{Located, Prepared};
use super::update::update;
use crate::articles::ArticleStatus;
use crate::articles::db::{self as articles_db, ImportedArticle, NewArticle, NewArticleSource};
use crate::articles::revisions::{RevisedArticle, db as revisions_db};
use crate::articles::write::first_revision;
use crate::changes::ResourceType;
use crate::db::slugs::{SlugTable, choose_slugs, reserve_free};
use crate::db::{Connection, PublicFrom, Result};
use crate::values::body::TEXT_RULE;
use crate::values::id::{ArticleId, PersonId};
use crate::writing::{ArticlePrintings, Origin, PrintedIn, PrintedRows, WantedAuthor, WantedLabel, Writer};

/// The resources that a transaction changes.
pub type Changed = Vec<(ResourceType, Uuid)>;

/// Stores a batch, all of it or nothing; tells what became of each entry, in order, and what was changed.
pub(super) async fn store_together(
    connection: &Connection,
    now: DateTime<Utc>,
    origin: &Origin,
    batch: &[&Located],
) -> Result<(Vec<Outcome>, Changed)> {
    let mut writer = Writer::new(connection, now, origin.clone());
    let mut outcomes: Vec<Option<Outcome>> = batch.iter().map(|located| outcome_of(&located.what)).collect();
    let drafts: Vec<(usize, &Draft)> = drafts(batch).collect();
    let mut rest = drafts.as_slice();
    while !rest.is_empty() {
        // What stands twice is stored once, and then looked at again.
        let (round, later) = rest.split_at(until_repeated(rest));
        store_round(&mut writer, round, &mut outcomes).await?;
        rest = later;
    }
    let records = batch.iter().enumerate().filter_map(|(index, located)| match &located.what {
        Prepared::Record(record, html) => Some((index, record.as_ref(), html.as_str())),
        _ => None,
    });
    let records: Vec<_> = records.collect();
    archive::restore(&mut writer, &records, &mut outcomes).await?;
    let changed = writer.finish().await?;
    let missing = || Outcome::Refused { reason: "nothing became of it".to_owned() };
    Ok((outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect(), changed))
}

fn outcome_of(what: &Prepared) -> Option<Outcome> {
    match what {
        Prepared::Draft(_) | Prepared::Record(..) => None,
        Prepared::LeftOut(what) => Some(Outcome::LeftOut { what: what.clone() }),
        Prepared::Refused(reason) => Some(Outcome::Refused { reason: reason.clone() }),
    }
}

fn drafts<'b>(batch: &'b [&'b Located]) -> impl Iterator<Item = (usize, &'b Draft)> {
    batch.iter().enumerate().filter_map(|(index, located)| match &located.what {
        Prepared::Draft(draft) => Some((index, draft.as_ref())),
        _ => None,
    })
}

/// How many drafts there are until one is the same as one before it.
fn until_repeated(drafts: &[(usize, &Draft)]) -> usize {
    let (mut ids, mut digests) = (HashSet::new(), HashSet::new());
    let is_new = |(_, draft): &(usize, &Draft)| {
        let is_new_id = ids.insert((draft.source, draft.source_id.clone()));
        is_new_id && (!draft.is_known_by_digest || digests.insert(draft.digest))
    };
    drafts.iter().map(is_new).take_while(|is_new| *is_new).count().max(1)
}

/// Stores drafts of which no two are the same.
async fn store_round(
    writer: &mut Writer<'_>,
    round: &[(usize, &Draft)],
    outcomes: &mut [Option<Outcome>],
) -> Result<()> {
    let known = Known::of(writer.connection(), round).await?;
    let mut new = Vec::new();
    for (index, draft) in round {
        outcomes[*index] = match known.of_draft(draft) {
            None => {
                new.push((*index, *draft));
                None
            }
            Some(article) if article.digest.as_deref() == Some(&draft.digest[..]) => {
                Some(Outcome::Unchanged { slug: article.slug.clone() })
            }
            Some(article) => Some(update(writer, article, draft).await?),
        };
    }
    for ((index, _), outcome) in new.iter().zip(create(writer, &new).await?) {
        outcomes[*index] = Some(outcome);
    }
    Ok(())
}

/// The articles that drafts were imported as before.
struct Known {
    by_id: HashMap<(String, String), ImportedArticle>,
    by_digest: HashMap<Vec<u8>, ImportedArticle>,
}

impl Known {
    async fn of(connection: &Connection, drafts: &[(usize, &Draft)]) -> Result<Self> {
        let ids: Vec<(&str, &str)> = drafts.iter().map(|(_, draft)| (draft.source, draft.source_id.as_str())).collect();
        let files = drafts.iter().filter(|(_, draft)| draft.is_known_by_digest);
        let digests: Vec<Vec<u8>> = files.map(|(_, draft)| draft.digest.to_vec()).collect();
        Ok(Self {
            by_id: articles_db::imported_as(connection, &ids).await?.into_iter().collect(),
            by_digest: articles_db::imported_from(connection, &digests).await?.into_iter().collect(),
        })
    }

    fn of_draft(&self, draft: &Draft) -> Option<&ImportedArticle> {
        // What a file is called decides; a file of another name and the same content is the same article.
        self.by_id
            .get(&(draft.source.to_owned(), draft.source_id.clone()))
            .or_else(|| self.by_digest.get(&draft.digest[..]).filter(|_| draft.is_known_by_digest))
    }
}

/// An article to be made, with everything about it that is known by id.
struct Made<'d> {
    draft: &'d Draft,
    id: ArticleId,
    slug: String,
    status: ArticleStatus,
    published_at: Option<DateTime<Utc>>,
    public_from: PublicFrom,
}

/// Makes articles of drafts.
async fn create(writer: &mut Writer<'_>, drafts: &[(usize, &Draft)]) -> Result<Vec<Outcome>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let connection = writer.connection();
    let bases: Vec<String> = drafts.iter().map(|(_, draft)| draft.slug.clone()).collect();
    let slugs = choose_slugs(connection, SlugTable::Articles, &bases).await?;
    let now = writer.now();
    let made: Vec<Made<'_>> = drafts
        .iter()
        .zip(slugs)
        .map(|((_, draft), slug)| {
            let (status, published_at) = life(draft.status, draft.published_at, now);
            let public_from = public_from(status, published_at);
            Made { draft, id: ArticleId::generate(), slug, status, published_at, public_from }
        })
        .collect();
    let rows: Vec<NewArticle<'_>> = made.iter().map(|made| new_article(made, now)).collect();
    articles_db::insert_articles(connection, &rows).await?;
    let former: Vec<(String, ArticleId)> =
        made.iter().flat_map(|made| made.draft.former_slugs.iter().map(|slug| (slug.clone(), made.id))).collect();
    reserve_free(connection, &former).await?;
    for made in &made {
        writer.created(ResourceType::Article, made.id.0);
    }

    let wanted: Vec<(&[WantedLabel], PublicFrom)> =
        made.iter().map(|made| (made.draft.labels.as_slice(), made.public_from)).collect();
    let labels = writer.labels_of(&wanted).await?;
    let wanted: Vec<(&[WantedAuthor], PublicFrom)> =
        made.iter().map(|made| (made.draft.authors.as_slice(), made.public_from)).collect();
    let authors = writer.authors_of(&wanted).await?;
    let links: Vec<_> = made
        .iter()
        .zip(labels.iter().zip(&authors))
        .map(|(made, (labels, authors))| (made.id, made.public_from, labels.as_slice(), authors.as_slice()))
        .collect();
    articles_db::insert_links(connection, &links).await?;

    let printed = print(writer, &made).await?;
    let ids: Vec<(ArticleId, &str, &str)> =
        made.iter().map(|made| (made.id, made.draft.source, made.draft.source_id.as_str())).collect();
    articles_db::insert_external_ids(connection, &ids).await?;
    let sources: Vec<NewArticleSource<'_>> = made.iter().map(|made| new_source(made.id, 1, made.draft, now)).collect();
    articles_db::insert_sources(connection, &sources).await?;
    let revisions: Vec<(ArticleId, i32, RevisedArticle)> = made
        .iter()
        .zip(&printed)
        .zip(labels.into_iter().zip(authors))
        .map(|((made, printed), (labels, authors))| {
            let external_ids = [(made.draft.source.to_owned(), made.draft.source_id.clone())];
            let row = new_article(made, now);
            (made.id, 1, first_revision(&row, labels, authors, &external_ids, printed))
        })
        .collect();
    revisions_db::insert_revisions(connection, &revisions, now).await?;
    let outcome = |(made, printed): (&Made<'_>, &Vec<(PrintedRows, Option<PersonId>)>)| Outcome::Created {
        slug: made.slug.clone(),
        quotes: printed.len(),
        attributed: printed.iter().filter(|(_, speaker)| speaker.is_some()).count(),
    };
    Ok(made.iter().zip(&printed).map(outcome).collect())
}

/// Writes what articles print; gives each printing with its speaker.
async fn print(writer: &mut Writer<'_>, made: &[Made<'_>]) -> Result<Vec<Vec<(PrintedRows, Option<PersonId>)>>> {
    let speakers: Vec<_> = made
        .iter()
        .map(|made| {
            let printings = made.draft.printings.iter();
            let speakers = printings.map(|printing| (printing.speaker.as_ref(), printing.kind)).collect::<Vec<_>>();
            (speakers, made.public_from)
        })
        .collect();
    let attributed = writer.speakers_in(&speakers).await?;
    let printings: Vec<ArticlePrintings<'_>> = made
        .iter()
        .zip(&attributed)
        .map(|(made, attributed)| ArticlePrintings {
            printed_in: PrintedIn { article: made.id, public_from: made.public_from },
            printings: &made.draft.printings,
            attributed,
        })
        .collect();
    let rows = writer.write_all_printings(&printings).await?;
    let with_speakers = |(rows, attributed): (Vec<PrintedRows>, Vec<crate::writing::Attributed>)| {
        rows.into_iter().zip(attributed).map(|(row, attributed)| (row, attributed.speaker)).collect()
    };
    Ok(rows.into_iter().zip(attributed).map(with_speakers).collect())
}

/// Where an article is in its life, given what its source says.
pub(super) fn life(
    status: ArticleStatus,
    published_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> (ArticleStatus, Option<DateTime<Utc>>) {
    match (status, published_at) {
        (ArticleStatus::Published | ArticleStatus::Scheduled, Some(instant)) if instant > now => {
            (ArticleStatus::Scheduled, published_at)
        }
        (ArticleStatus::Published | ArticleStatus::Scheduled, Some(_)) => (ArticleStatus::Published, published_at),
        (ArticleStatus::Published, None) => (ArticleStatus::Published, Some(now)),
        // Nobody knows when it is to appear.
        (ArticleStatus::Scheduled, None) => (ArticleStatus::Draft, None),
        (status @ (ArticleStatus::Draft | ArticleStatus::Archived), _) => (status, published_at),
    }
}

/// Since when an article is public, as the database has it.
fn public_from(status: ArticleStatus, published_at: Option<DateTime<Utc>>) -> PublicFrom {
    let is_to_be = matches!(status, ArticleStatus::Published | ArticleStatus::Scheduled);
    PublicFrom(published_at.filter(|_| is_to_be))
}

fn new_article<'d>(made: &'d Made<'d>, now: DateTime<Utc>) -> NewArticle<'d> {
    let Made { draft, id, slug, status, published_at, public_from: _ } = made;
    NewArticle {
        id: *id,
        slug,
        title: &draft.title,
        summary: draft.summary.as_deref(),
        language: &draft.language,
        status: *status,
        published_at: *published_at,
        canonical_url: draft.canonical_url.as_deref(),
        body_format: draft.body_format,
        body_source: &draft.body_source,
        body_html: &draft.body.html,
        body_text: &draft.body.text,
        text_rule: TEXT_RULE,
        provenance: Some(&draft.provenance),
        version: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
        deletion_reason: None,
    }
}

/// The bytes that a draft was read from, as those of an article of this version.
pub(super) fn new_source(id: ArticleId, version: i32, draft: &Draft, now: DateTime<Utc>) -> NewArticleSource<'_> {
    NewArticleSource {
        article_id: id,
        format: draft.format.as_str(),
        content: &draft.content,
        digest: &draft.digest,
        imported_at: now,
        version,
        fields: serde_json::json!({ "told": draft.told, "kept": [] }),
    }
}

/// Sets a savepoint, or goes back to one.
pub(super) async fn savepoint(mut connection: &Connection, statement: &'static str) -> Result<()> {
    sql_query(statement).execute(&mut connection).await?;
    Ok(())
}
