//! Writing articles.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::ArticleStatus;
use super::db::{self, ArticleContent};
use super::printings::{EDITOR, Edit, SaidBy, Standing, printings_after};
use super::revisions::{RevisedArticle, RevisedPrinting, db as revisions_db};
use super::wire::{self, Article, ArticleDraft, ArticlePatch, ArticleView, LabelOrName, PersonOrName, PrintingDraft};
use crate::changes::ResourceType;
use crate::db::{Audience, Connection, DatabaseError, PublicFrom, group};
use crate::http::error::ApiError;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::{ExternalId, Urls};
use crate::labels::write as label_write;
use crate::people::PersonKind;
use crate::people::write as people_write;
use crate::quotes::OccurrenceKind;
use crate::quotes::db as quotes_db;
use crate::values::anchor::Segment;
use crate::values::body::{TEXT_RULE, render};
use crate::values::id::{ArticleId, LabelId, OccurrenceId, PersonId};
use crate::values::reference::Reference;
use crate::values::slug::slugify;
use crate::writing::patch::patched;
use crate::writing::resource::{ARTICLES, Tables};
use crate::writing::writable::Writable;
use crate::writing::{Attributed, PrintedIn, PrintedRows, Writer};

/// Articles, as something that is written.
pub struct Articles;

impl Writable for Articles {
    type Id = ArticleId;
    type Draft = ArticleDraft;
    type Patch = ArticlePatch;
    type Shown = Article;
    const TABLES: Tables = ARTICLES;

    /// Makes an article.
    async fn create(writer: &mut Writer<'_>, draft: ArticleDraft) -> Result<ArticleId, ApiError> {
        let id = ArticleId::generate();
        let base = draft.slug.clone().unwrap_or_else(|| slugify(&draft.title, "article"));
        let slug = writer.slug_for(ARTICLES, None, &base).await?;
        let content = content(&draft, slug, None, writer.now())?;
        let public_from = db::insert_content(writer.connection(), id, &content, writer.now()).await?;
        writer.created(ResourceType::Article, id.0);
        link(writer, id, public_from, &draft).await?;
        let edit =
            Edit { old_text: None, new_text: &content.body_text, standing: Vec::new(), given: draft.quotes.as_deref() };
        print(writer, id, public_from, edit).await?;
        keep_revision(writer, id, 1).await?;
        Ok(id)
    }

    /// Gives an article this content; its version rises where that changes anything.
    async fn replace(writer: &mut Writer<'_>, id: ArticleId, draft: ArticleDraft) -> Result<(), ApiError> {
        let current = Self::draft(writer, id).await?;
        let draft = ArticleDraft { slug: draft.slug.or_else(|| current.slug.clone()), ..draft };
        if draft == current {
            return Ok(());
        }
        let before = db::article_content(writer.connection(), id).await?;
        let mut slug = before.slug.clone();
        if let Some(wanted) = draft.slug.as_ref().filter(|wanted| **wanted != slug) {
            slug = writer.slug_for(ARTICLES, Some(id.0), wanted).await?;
            writer.reserve_slug(ARTICLES, id.0, &slug).await?;
        }
        let after = content(&draft, slug, Some(&before), writer.now())?;
        let public_from = db::write_content(writer.connection(), id, &after).await?;
        link(writer, id, public_from, &draft).await?;
        touch_printed(writer, id).await?;
        let given = draft.quotes.as_deref();
        if before.body_text != after.body_text || given.is_some() {
            let standing = standing(writer, id).await?;
            let edit = Edit { old_text: Some(&before.body_text), new_text: &after.body_text, standing, given };
            print(writer, id, public_from, edit).await?;
        }
        let version = writer.raise_version(ARTICLES, id.0).await?;
        Ok(keep_revision(writer, id, version).await?)
    }

    /// Merges a patch, which must fit its schema, into an article.
    async fn change(writer: &mut Writer<'_>, id: ArticleId, patch: Value) -> Result<(), ApiError> {
        let draft = patched_draft(&Self::draft(writer, id).await?, patch)?;
        Self::replace(writer, id, draft).await
    }

    /// What is written of an article, as a draft that would change nothing.
    async fn draft(writer: &Writer<'_>, id: ArticleId) -> Result<ArticleDraft, ApiError> {
        let connection = writer.connection();
        let content = db::article_content(connection, id).await?;
        let (label_ids, author_ids) = db::links_of(connection, id).await?;
        let external_ids = db::external_ids_of(connection, &[id]).await?;
        let is_due = content.published_at.is_some_and(|instant| instant <= writer.now());
        Ok(ArticleDraft {
            title: content.title,
            slug: Some(content.slug),
            summary: content.summary,
            language: content.language,
            status: match content.status {
                ArticleStatus::Scheduled if is_due => ArticleStatus::Published,
                other => other,
            },
            published_at: content.published_at,
            canonical_url: content.canonical_url,
            body_format: content.body_format,
            body_source: content.body_source,
            authors: author_ids.iter().map(|id| PersonOrName::Name(id.to_string())).collect(),
            labels: label_ids.iter().map(|id| LabelOrName::Name(id.to_string())).collect(),
            quotes: None,
            external_ids: external_ids.into_iter().map(|(_, (source, id))| ExternalId { source, id }).collect(),
        })
    }

    /// Withdraws an article: what only it showed is public no more.
    async fn withdraw(writer: &mut Writer<'_>, id: ArticleId, reason: Option<&str>) -> Result<(), ApiError> {
        touch(writer, id).await?;
        let version = writer.withdraw(ARTICLES, id.0, reason).await?;
        Ok(keep_revision(writer, id, version).await?)
    }

    /// Takes the withdrawal of an article back.
    async fn restore(writer: &mut Writer<'_>, id: ArticleId) -> Result<(), ApiError> {
        touch(writer, id).await?;
        let version = writer.restore(ARTICLES, id.0).await?;
        Ok(keep_revision(writer, id, version).await?)
    }

    /// With its slugs, its printings and its revisions.
    async fn purge(writer: &mut Writer<'_>, id: ArticleId) -> Result<(), ApiError> {
        touch(writer, id).await?;
        let version = db::purge_article(writer.connection(), id).await?;
        writer.purged(ResourceType::Article, id.0, version);
        Ok(())
    }

    fn external_ids(draft: &mut ArticleDraft) -> &mut Vec<ExternalId> {
        &mut draft.external_ids
    }

    fn whole(mut draft: ArticleDraft) -> ArticleDraft {
        draft.quotes.get_or_insert_default();
        draft
    }

    async fn find(
        connection: &Connection,
        id: ArticleId,
        urls: &Urls,
        audience: Audience,
    ) -> Result<Option<Article>, ApiError> {
        find(connection, id, ArticleView::default(), urls, audience).await
    }
}

/// A draft with a patch merged into it.
pub fn patched_draft(draft: &ArticleDraft, patch: serde_json::Value) -> Result<ArticleDraft, ApiError> {
    let takes_quotes_away = patch.get("quotes").is_some_and(serde_json::Value::is_null);
    let mut draft: ArticleDraft = patched(draft, patch)?;
    if takes_quotes_away {
        draft.quotes = Some(Vec::new());
    }
    Ok(draft)
}

/// The article as it is now, with its body, as one who may read drafts gets it.
pub async fn shown(
    writer: &mut Writer<'_>,
    id: ArticleId,
    view: ArticleView,
    urls: &Urls,
) -> Result<Article, ApiError> {
    writer.settle().await?;
    let audience = Audience::Editors { now: writer.now() };
    let article = find(writer.connection(), id, view, urls, audience).await?;
    article.ok_or_else(|| ApiError::internal("an article that was written is gone"))
}

/// An article with its body, where this audience sees it.
async fn find(
    connection: &Connection,
    id: ArticleId,
    view: ArticleView,
    urls: &Urls,
    audience: Audience,
) -> Result<Option<Article>, ApiError> {
    let found = db::find_article(connection, &Reference::Id(id), audience).await?;
    let rows = found.map(|(row, body)| (row, Some(body))).into_iter().collect();
    Ok(wire::articles(connection, rows, view, urls, audience).await?.pop())
}

/// Makes a scheduled article whose time has come a published one. It has been public since then by itself.
pub async fn appear(writer: &mut Writer<'_>, id: ArticleId) -> Result<(), DatabaseError> {
    touch(writer, id).await?;
    db::set_status(writer.connection(), id, ArticleStatus::Published).await?;
    let version = writer.raise_version(ARTICLES, id.0).await?;
    keep_revision(writer, id, version).await
}

/// Raises the versions of articles that lost people or labels for good, whose ids are `gone`, and keeps those versions.
pub async fn lose(writer: &mut Writer<'_>, articles: &[Uuid], gone: &[String]) -> Result<(), DatabaseError> {
    writer.raise_versions(ARTICLES, articles).await?;
    revisions_db::insert_revisions_without(writer.connection(), articles, gone, writer.now()).await
}

/// The row of an article with this draft. `before` is what it was.
fn content(
    draft: &ArticleDraft,
    slug: String,
    before: Option<&ArticleContent>,
    now: DateTime<Utc>,
) -> Result<ArticleContent, ApiError> {
    let published_at = publication(draft, now)?;
    let is_same_body =
        before.is_some_and(|before| before.body_format == draft.body_format && before.body_source == draft.body_source);
    let (body_html, body_text, text_rule) = match before.filter(|_| is_same_body) {
        Some(before) => (before.body_html.clone(), before.body_text.clone(), before.text_rule),
        None => {
            let body = render(draft.body_format, &draft.body_source);
            (body.html, body.text, TEXT_RULE)
        }
    };
    Ok(ArticleContent {
        slug,
        title: draft.title.clone(),
        summary: draft.summary.clone(),
        language: draft.language.clone(),
        status: draft.status,
        published_at,
        canonical_url: draft.canonical_url.clone(),
        body_format: draft.body_format,
        body_source: draft.body_source.clone(),
        body_html,
        body_text,
        text_rule,
    })
}

/// When an article is published, given where it is in its life.
fn publication(draft: &ArticleDraft, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, ApiError> {
    let fault = |detail: &str| {
        Err(ApiError::body_faults(vec![Fault::in_body(ProblemCode::InvalidValue, "/published_at", detail)]))
    };
    match (draft.status, draft.published_at) {
        (ArticleStatus::Published, None) => Ok(Some(now)),
        (ArticleStatus::Published, Some(instant)) if instant > now => {
            fault("/published_at lies in the future: an article that is to appear then has the status scheduled")
        }
        (ArticleStatus::Scheduled, None) => fault("/published_at must say when the article is to appear"),
        (ArticleStatus::Scheduled, Some(instant)) if instant <= now => {
            fault("/published_at must lie in the future: an article that has appeared has the status published")
        }
        (_, instant) => Ok(instant),
    }
}

/// Puts labels, authors and other systems' ids on an article, in place of those it had.
async fn link(
    writer: &mut Writer<'_>,
    id: ArticleId,
    public_from: PublicFrom,
    draft: &ArticleDraft,
) -> Result<(), ApiError> {
    let (labels_before, authors_before) = db::links_of(writer.connection(), id).await?;
    let labels = labels(writer, &draft.labels, &labels_before).await?;
    let authors = authors(writer, &draft.authors, &authors_before).await?;
    db::replace_links(writer.connection(), id, public_from, &labels, &authors).await?;
    writer.touch_labels(labels_before.into_iter().chain(labels));
    writer.touch_people(authors_before.into_iter().chain(authors));
    let external_ids: Vec<(String, String)> =
        draft.external_ids.iter().map(|known| (known.source.clone(), known.id.clone())).collect();
    ApiError::refuse_in_body(writer.replace_external_ids(ARTICLES, id.0, &external_ids).await?)
}

/// The labels that a draft names or brings, each once. Those that the article has already may have been withdrawn.
async fn labels(writer: &mut Writer<'_>, wanted: &[LabelOrName], before: &[LabelId]) -> Result<Vec<LabelId>, ApiError> {
    let mut ids = Vec::with_capacity(wanted.len());
    for (index, label) in wanted.iter().enumerate() {
        let pointer = format!("/labels/{index}");
        let id = match label {
            LabelOrName::Name(name) => match before.iter().find(|id| id.to_string() == *name) {
                Some(known) => *known,
                None => label_write::named(writer, &pointer, name).await?,
            },
            LabelOrName::New(draft) => {
                let made = label_write::create_for_article(writer, (**draft).clone()).await;
                made.map_err(|error| error.below(&pointer))?
            }
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// The people that a draft names or brings as authors, each once. Those who were authors already may have been withdrawn.
async fn authors(
    writer: &mut Writer<'_>,
    wanted: &[PersonOrName],
    before: &[PersonId],
) -> Result<Vec<PersonId>, ApiError> {
    let mut ids = Vec::with_capacity(wanted.len());
    for (index, author) in wanted.iter().enumerate() {
        let pointer = format!("/authors/{index}");
        let id = match author {
            PersonOrName::Name(name) => match before.iter().find(|id| id.to_string() == *name) {
                Some(known) => *known,
                None => people_write::named(writer, &pointer, name, PersonKind::Person).await?,
            },
            PersonOrName::New(draft) => {
                let made = people_write::known_or_created_for_article(writer, (**draft).clone()).await;
                made.map_err(|error| error.below(&pointer))?
            }
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// What stands in an article at present.
pub(crate) async fn standing(writer: &Writer<'_>, id: ArticleId) -> Result<Vec<Standing>, DatabaseError> {
    let rows = quotes_db::printed_in(writer.connection(), id).await?;
    let ids: Vec<OccurrenceId> = rows.iter().map(|(row, _)| row.id).collect();
    let mut segments = group(quotes_db::segments_of(writer.connection(), &ids).await?);
    let standing = |(row, speaker): (quotes_db::PrintedRow, Option<PersonId>)| Standing {
        segments: segments.remove(&row.id).unwrap_or_default(),
        row,
        speaker,
    };
    Ok(rows.into_iter().map(standing).collect())
}

/// Writes what an article prints after an edit.
async fn print(
    writer: &mut Writer<'_>,
    id: ArticleId,
    public_from: PublicFrom,
    edit: Edit<'_>,
) -> Result<(), ApiError> {
    let given = edit.given.unwrap_or_default();
    let printed = printings_after(edit).map_err(|wrong| {
        let fault = |wrong: &super::printings::NotOnce| {
            let detail = match wrong.times {
                0 => "the words do not stand in the body",
                _ => "the words stand in the body more than once: give more of them",
            };
            Fault::in_body(ProblemCode::InvalidValue, format!("/quotes/{}/text", wrong.index), detail)
        };
        ApiError::body_faults(wrong.iter().map(fault).collect())
    })?;
    let found: Vec<_> = printed
        .iter()
        .map(|printed| {
            let speaker = printed.printing.speaker.as_ref().filter(|_| printed.said_by == SaidBy::Found);
            (speaker, printed.printing.kind)
        })
        .collect();
    let mut attributed = writer.speakers_of(&found, public_from).await?;
    for (printed, attributed) in printed.iter().zip(&mut attributed) {
        match &printed.said_by {
            SaidBy::Found => {}
            SaidBy::Known(known) => attributed.clone_from(known),
            SaidBy::Given(index) => *attributed = self::given(writer, *index, &given[*index]).await?,
        }
    }
    writer.note_affiliations(&attributed, public_from).await?;
    writer
        .touch_people(attributed.iter().flat_map(|attributed| [attributed.speaker, attributed.organization]).flatten());
    quotes_db::delete_printings(writer.connection(), id).await?;
    let printings: Vec<_> = printed.into_iter().map(|printed| printed.printing).collect();
    writer.write_printings(PrintedIn { article: id, public_from }, &printings, &attributed).await?;
    Ok(())
}

/// Whom an editor names.
async fn given(writer: &mut Writer<'_>, index: usize, draft: &PrintingDraft) -> Result<Attributed, ApiError> {
    let pointer = |member: &str| format!("/quotes/{index}/{member}");
    let speaker = match &draft.speaker {
        Some(name) => Some(people_write::named(writer, &pointer("speaker"), name, PersonKind::Person).await?),
        None => None,
    };
    let organization = match &draft.organization {
        Some(name) => {
            Some(people_write::named(writer, &pointer("organization"), name, PersonKind::Organization).await?)
        }
        None => None,
    };
    Ok(Attributed { speaker, role: draft.role.clone(), organization })
}

/// Has everything that an article shows find out since when it is public.
async fn touch(writer: &mut Writer<'_>, id: ArticleId) -> Result<(), DatabaseError> {
    let (label_ids, author_ids) = db::links_of(writer.connection(), id).await?;
    writer.touch_labels(label_ids);
    writer.touch_people(author_ids);
    touch_printed(writer, id).await
}

/// The same for what it prints.
pub(crate) async fn touch_printed(writer: &mut Writer<'_>, id: ArticleId) -> Result<(), DatabaseError> {
    let rows = quotes_db::printed_in(writer.connection(), id).await?;
    writer.touch_quotes(rows.iter().map(|(row, _)| row.quote_id));
    writer.touch_people(rows.iter().flat_map(|(row, speaker)| [*speaker, row.organization_id]).flatten());
    Ok(())
}

/// Keeps the article as it is now as a revision: its draft, with what it prints.
pub async fn keep_revision(writer: &Writer<'_>, id: ArticleId, version: i32) -> Result<(), DatabaseError> {
    let connection = writer.connection();
    let content = db::article_content(connection, id).await?;
    let (labels, authors) = db::links_of(connection, id).await?;
    let external_ids = db::external_ids_of(connection, &[id]).await?;
    let standing = standing(writer, id).await?;
    let document = RevisedArticle {
        title: content.title,
        slug: content.slug,
        summary: content.summary,
        language: content.language,
        status: content.status,
        published_at: content.published_at,
        canonical_url: content.canonical_url,
        body_format: content.body_format,
        body_source: content.body_source,
        text_rule: content.text_rule,
        authors,
        labels,
        quotes: standing.iter().filter_map(as_given).collect(),
        external_ids: external_ids.into_iter().map(|(_, (source, id))| ExternalId { source, id }).collect(),
        printings: standing.into_iter().map(revised_printing).collect(),
    };
    revisions_db::insert_revision(connection, id, version, &document, writer.now()).await
}

/// The pull quotes of an article, and what an editor attributed by hand, as drafts of them.
pub async fn given_printings(writer: &Writer<'_>, id: ArticleId) -> Result<Vec<PrintingDraft>, DatabaseError> {
    Ok(standing(writer, id).await?.iter().filter_map(as_given).collect())
}

/// A printing that an editor gave, as a draft of it.
fn as_given(standing: &Standing) -> Option<PrintingDraft> {
    let Standing { row, speaker, .. } = standing;
    (row.kind == OccurrenceKind::Pull || row.rule == EDITOR).then(|| PrintingDraft {
        kind: row.kind,
        text: row.text.clone(),
        speaker: speaker.map(|id| id.to_string()),
        role: row.role.clone(),
        organization: row.organization_id.map(|id| id.to_string()),
        attribution: row.attribution.clone(),
    })
}

/// The first revision of an imported article. `printed` is what it prints, each with its speaker.
pub(crate) fn first_revision(
    row: &db::NewArticle<'_>,
    labels: Vec<LabelId>,
    authors: Vec<PersonId>,
    external_ids: &[(String, String)],
    printed: &[(PrintedRows, Option<PersonId>)],
) -> RevisedArticle {
    let standing: Vec<Standing> =
        printed.iter().map(|((row, segments), speaker)| made(row, segments, *speaker)).collect();
    let external_id = |(source, id): &(String, String)| ExternalId { source: source.clone(), id: id.clone() };
    RevisedArticle {
        title: row.title.to_owned(),
        slug: row.slug.to_owned(),
        summary: row.summary.map(str::to_owned),
        language: row.language.to_owned(),
        status: row.status,
        published_at: row.published_at,
        canonical_url: row.canonical_url.map(str::to_owned),
        body_format: row.body_format,
        body_source: row.body_source.to_owned(),
        text_rule: row.text_rule,
        authors,
        labels,
        quotes: standing.iter().filter_map(as_given).collect(),
        external_ids: external_ids.iter().map(external_id).collect(),
        printings: standing.into_iter().map(revised_printing).collect(),
    }
}

/// A printing that was just made, as it stands.
fn made(row: &quotes_db::NewOccurrence, segments: &[Segment], speaker: Option<PersonId>) -> Standing {
    let row = quotes_db::PrintedRow {
        id: row.id,
        quote_id: row.quote_id,
        kind: row.kind,
        quotation: row.quotation,
        text: row.text.clone(),
        attribution: row.attribution.clone(),
        role: row.role.clone(),
        organization_id: row.organization_id,
        anchor: row.anchor,
        fidelity: row.fidelity,
        confidence: row.confidence,
        rule: row.rule.clone(),
        is_corrected: row.is_corrected,
        is_quote_settled: row.is_quote_settled,
        provenance: row.provenance.clone(),
    };
    Standing { row, speaker, segments: segments.to_vec() }
}

fn revised_printing(standing: Standing) -> RevisedPrinting {
    let Standing { row, speaker, segments } = standing;
    RevisedPrinting {
        id: row.id,
        quote: row.quote_id,
        speaker,
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
        segments,
    }
}
