//! What is there already, and changed since at its source.
//!
//! Field by field: what the source changed is taken over, what an editor changed stays, and what both changed stays and is
//! told. What an editor decided once is the editor's for good. Quotes are anchored again in the new text.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::draft::Draft;
use super::report::Outcome;
use super::store::{life, new_source};
use crate::articles::ArticleStatus;
use crate::articles::db::{self as articles_db, ArticleContent, ImportedArticle};
use crate::articles::printings::{SaidBy, printings_after_import};
use crate::articles::revisions::{RevisedArticle, db as revisions_db};
use crate::articles::write::{keep_revision, standing, touch_printed};
use crate::db::slugs::reserve_free;
use crate::db::{DatabaseError, PublicFrom, Result};
use crate::quotes::db as quotes_db;
use crate::values::body::TEXT_RULE;
use crate::values::id::{ArticleId, LabelId, PersonId};
use crate::writing::resource::ARTICLES;
use crate::writing::{PrintedIn, Writer};

/// Brings an article up to date with what its source says now.
pub(super) async fn update(writer: &mut Writer<'_>, article: &ImportedArticle, draft: &Draft) -> Result<Outcome> {
    let slug = article.slug.clone();
    if article.deleted_at.is_some() {
        return Ok(Outcome::Conflict { slug, fields: vec!["withdrawn".to_owned()] });
    }
    let connection = writer.connection();
    let id = article.id;
    let before = articles_db::article_content(connection, id).await?;
    let (labels, authors) = articles_db::links_of(connection, id).await?;
    let mut merge = Merge::of(writer, article, draft, &before, (&labels, &authors)).await?;
    let after = content(writer, id, draft, &before, &mut merge).await?;
    let new_labels = match merge.takes("labels") {
        true => writer.labels_of(&[(&draft.labels, PublicFrom(None))]).await?.concat(),
        false => labels.clone(),
    };
    let new_authors = match merge.takes("authors") {
        true => writer.authors_of(&[(&draft.authors, PublicFrom(None))]).await?.concat(),
        false => authors.clone(),
    };
    let takes_body = merge.takes("body");
    let is_changed = takes_body || after != before || new_labels != labels || new_authors != authors;
    if !is_changed && !merge.conflicts.is_empty() {
        return Ok(Outcome::Conflict { slug, fields: merge.conflicts });
    }
    let mut version = article.version;
    if is_changed {
        let public_from = articles_db::write_content(connection, id, &after).await?;
        articles_db::replace_links(connection, id, public_from, &new_labels, &new_authors).await?;
        writer.touch_labels(labels.into_iter().chain(new_labels));
        writer.touch_people(authors.into_iter().chain(new_authors));
        touch_printed(writer, id).await?;
        if takes_body {
            articles_db::set_provenance(connection, id, &draft.provenance).await?;
            print(writer, id, public_from, &before.body_text, draft).await?;
        }
        let former: Vec<(String, ArticleId)> = draft.former_slugs.iter().map(|slug| (slug.clone(), id)).collect();
        reserve_free(connection, &former).await?;
        version = writer.raise_version(ARTICLES, id.0).await?;
        keep_revision(writer, id, version).await?;
    }
    let mut source = new_source(id, version, draft, writer.now());
    source.fields = json!({ "told": draft.told, "kept": merge.kept });
    articles_db::replace_source(connection, &source).await?;
    if !is_changed {
        return Ok(Outcome::Unchanged { slug });
    }
    let quotes = quotes_db::printed_in(connection, id).await?.len();
    Ok(Outcome::Updated { slug: after.slug, quotes, kept: merge.conflicts })
}

/// What is to be taken over of the fields of an article.
struct Merge {
    taken: BTreeSet<String>,
    /// What an editor decides.
    kept: BTreeSet<String>,
    /// What both changed.
    conflicts: Vec<String>,
}

impl Merge {
    async fn of(
        writer: &Writer<'_>,
        article: &ImportedArticle,
        draft: &Draft,
        now: &ArticleContent,
        links: (&[LabelId], &[PersonId]),
    ) -> Result<Self> {
        let fields = article.fields.clone().unwrap_or_else(|| json!({}));
        let kept = fields["kept"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut merge = Self { taken: BTreeSet::new(), kept: kept.map(str::to_owned).collect(), conflicts: Vec::new() };
        let imported = match article.imported_version {
            Some(version) if version != article.version => {
                let revision = revisions_db::find_content(writer.connection(), article.id, version).await?;
                revision.map(|revision| Editable::of_revision(revision, writer.now()))
            }
            _ => None,
        };
        let is_as_imported = article.imported_version == Some(article.version);
        let present = Editable::of_article(now, links);
        for (name, told) in &draft.told {
            let is_edited = match &imported {
                _ if merge.kept.contains(name) => true,
                Some(imported) => imported.value(name) != present.value(name),
                None => !is_as_imported,
            };
            // Once an editor's, always: the next import finds the revision that this one makes.
            if is_edited {
                merge.kept.insert(name.clone());
            }
            if fields["told"].get(name) == Some(told) {
                continue;
            }
            match is_edited {
                true if is_equal(name, draft, now) => {}
                true => merge.conflicts.push(name.clone()),
                false => {
                    merge.taken.insert(name.clone());
                }
            }
        }
        Ok(merge)
    }

    fn takes(&self, field: &str) -> bool {
        self.taken.contains(field)
    }
}

/// Whether an editor made of a field what its source makes of it too.
fn is_equal(field: &str, draft: &Draft, now: &ArticleContent) -> bool {
    match field {
        "title" => draft.title == now.title,
        "slug" => is_slug_of(&draft.slug, &now.slug),
        "language" => draft.language == now.language,
        "summary" => draft.summary == now.summary,
        "canonical_url" => draft.canonical_url == now.canonical_url,
        "status" => draft.status == now.status,
        "published_at" => draft.published_at == now.published_at,
        "body" => draft.body_format == now.body_format && draft.body_source == now.body_source,
        _ => false,
    }
}

/// Whether a slug is the wanted one, or the wanted one with a number.
fn is_slug_of(wanted: &str, slug: &str) -> bool {
    let number = |rest: &str| rest.strip_prefix('-').is_some_and(|n| n.bytes().all(|byte| byte.is_ascii_digit()));
    slug.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || number(rest))
}

/// The fields of an article that an import and an editor may both change.
struct Editable(Value);

impl Editable {
    fn of_revision(mut revision: RevisedArticle, now: DateTime<Utc>) -> Self {
        // What appeared on time was not edited.
        if revision.status == ArticleStatus::Scheduled && revision.published_at.is_some_and(|instant| instant <= now) {
            revision.status = ArticleStatus::Published;
        }
        let RevisedArticle { title, slug, summary, language, status, published_at, canonical_url, .. } = &revision;
        Self(json!({
            "title": title, "slug": slug, "summary": summary, "language": language, "status": status,
            "published_at": published_at, "canonical_url": canonical_url, "authors": revision.authors,
            "labels": revision.labels, "body": [json!(revision.body_format), json!(revision.body_source)],
        }))
    }

    fn of_article(content: &ArticleContent, (labels, authors): (&[LabelId], &[PersonId])) -> Self {
        let ArticleContent { title, slug, summary, language, status, published_at, canonical_url, .. } = content;
        Self(json!({
            "title": title, "slug": slug, "summary": summary, "language": language, "status": status,
            "published_at": published_at, "canonical_url": canonical_url, "authors": authors,
            "labels": labels, "body": [json!(content.body_format), json!(content.body_source)],
        }))
    }

    fn value(&self, field: &str) -> &Value {
        &self.0[field]
    }
}

/// The row of an article with what is taken over.
async fn content(
    writer: &mut Writer<'_>,
    id: ArticleId,
    draft: &Draft,
    before: &ArticleContent,
    merge: &mut Merge,
) -> Result<ArticleContent> {
    let mut after = before.clone();
    if merge.takes("title") {
        after.title.clone_from(&draft.title);
    }
    if merge.takes("summary") {
        after.summary.clone_from(&draft.summary);
    }
    if merge.takes("language") {
        after.language.clone_from(&draft.language);
    }
    if merge.takes("canonical_url") {
        after.canonical_url.clone_from(&draft.canonical_url);
    }
    if merge.takes("slug") && !is_slug_of(&draft.slug, &before.slug) {
        let slug = writer.slug_for(ARTICLES, Some(id.0), &draft.slug).await?;
        writer.reserve_slug(ARTICLES, id.0, &slug).await?;
        after.slug = slug;
    }
    if merge.takes("status") || merge.takes("published_at") {
        let status = if merge.takes("status") { draft.status } else { before.status };
        let published_at = if merge.takes("published_at") { draft.published_at } else { before.published_at };
        // A source that does not say leaves the instant as it is.
        (after.status, after.published_at) = life(status, published_at.or(before.published_at), writer.now());
    }
    if merge.takes("body") {
        after.body_format = draft.body_format;
        after.body_source.clone_from(&draft.body_source);
        after.body_html.clone_from(&draft.body.html);
        after.body_text.clone_from(&draft.body.text);
        after.text_rule = TEXT_RULE;
    }
    Ok(after)
}

/// Writes what the article prints now.
async fn print(
    writer: &mut Writer<'_>,
    id: ArticleId,
    public_from: PublicFrom,
    old_text: &str,
    draft: &Draft,
) -> std::result::Result<(), DatabaseError> {
    let standing = standing(writer, id).await?;
    let printed = printings_after_import(old_text, &draft.body.text, standing, draft.printings.clone());
    let found: Vec<_> = printed
        .iter()
        .map(|printed| {
            let speaker = printed.printing.speaker.as_ref().filter(|_| printed.said_by == SaidBy::Found);
            (speaker, printed.printing.kind)
        })
        .collect();
    let mut attributed = writer.speakers_of(&found, public_from).await?;
    for (printed, attributed) in printed.iter().zip(&mut attributed) {
        if let SaidBy::Known(known) = &printed.said_by {
            attributed.clone_from(known);
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
