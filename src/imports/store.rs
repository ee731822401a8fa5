//! One draft into the database, in one transaction, never twice.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use sha2::{Digest, Sha256};

use super::draft::DraftArticle;
use super::files::Entry;
use super::report::Outcome;
use crate::articles::ArticleStatus;
use crate::articles::db::{self as articles_db, NewArticle, NewArticleSource};
use crate::articles::write::keep_revision;
use crate::changes::ResourceType;
use crate::db::slugs::{SlugTable, choose_slugs};
use crate::db::{Connection, DatabaseError, PublicFrom, Result, exclude_other_writers};
use crate::values::body::TEXT_RULE;
use crate::values::id::ArticleId;
use crate::values::slug::slugify;
use crate::writing::{Origin, PrintedIn, Writer};

/// Who the change log says made the changes.
const ACTOR: &str = "import";

/// Stores a draft, unless it is there already.
pub(super) async fn store(
    connection: &mut Connection,
    entry: &Entry,
    draft: &DraftArticle,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let content = entry.content.as_deref().unwrap_or_default();
    connection
        .transaction::<_, DatabaseError, _>(async |connection| {
            exclude_other_writers(connection).await?;
            let digest = Sha256::digest(content);
            if let Some(outcome) = already_there(connection, entry, &digest).await? {
                return Ok(outcome);
            }
            write(connection, now, entry, content, &digest, draft).await
        })
        .await
}

async fn already_there(connection: &Connection, entry: &Entry, digest: &[u8]) -> Result<Option<Outcome>> {
    if let Some(slug) = articles_db::article_with_source(connection, digest).await? {
        return Ok(Some(Outcome::Unchanged { slug }));
    }
    let slug = articles_db::article_with_external_id(connection, entry.source, &entry.id).await?;
    Ok(slug.map(|slug| {
        let reason = format!(
            "an earlier text of the name {:?} is the article {slug}; a changed text is not taken over",
            entry.id
        );
        Outcome::Refused { line: 1, reason }
    }))
}

/// Writes one draft inside an open transaction.
async fn write(
    connection: &Connection,
    now: DateTime<Utc>,
    entry: &Entry,
    content: &[u8],
    digest: &[u8],
    draft: &DraftArticle,
) -> Result<Outcome> {
    let mut writer = Writer::new(connection, now, Origin { actor: ACTOR.to_owned(), request_id: None });
    let article = insert_article(&mut writer, draft).await?;
    let public_from = PublicFrom(Some(article.published_at));
    let names: Vec<String> = draft.labels.iter().map(|label| label.name.clone()).collect();
    let labels = writer.labels_called(&names, public_from).await?;
    articles_db::insert_article_labels(connection, article.id, public_from, &labels).await?;
    let speakers: Vec<_> = draft.printings.iter().map(|printing| (printing.speaker.as_ref(), printing.kind)).collect();
    let attributed = writer.speakers_of(&speakers, public_from).await?;
    let printed_in = PrintedIn { article: article.id, public_from };
    let occurrences = writer.write_printings(printed_in, &draft.printings, &attributed).await?;
    articles_db::insert_external_id(connection, article.id, entry.source, &entry.id).await?;
    let source =
        NewArticleSource { article_id: article.id, format: draft.format.as_str(), content, digest, imported_at: now };
    articles_db::insert_source(connection, &source).await?;
    keep_revision(&writer, article.id, 1).await?;
    writer.finish().await?;
    Ok(Outcome::Created {
        slug: article.slug,
        quotes: occurrences.len(),
        attributed: attributed.iter().filter(|attributed| attributed.speaker.is_some()).count(),
    })
}

async fn insert_article(writer: &mut Writer<'_>, draft: &DraftArticle) -> Result<NewArticle> {
    let now = writer.now();
    let slugs = choose_slugs(writer.connection(), SlugTable::Articles, &[slugify(&draft.title, "article")]).await?;
    let published_at = draft.published_at.unwrap_or(now);
    let article = NewArticle {
        id: ArticleId::generate(),
        slug: slugs.concat(),
        title: draft.title.clone(),
        language: draft.language.clone(),
        status: if published_at > now { ArticleStatus::Scheduled } else { ArticleStatus::Published },
        published_at,
        body_format: draft.body_format,
        body_source: draft.body_source.clone(),
        body_html: draft.body.html.clone(),
        body_text: draft.body.text.clone(),
        text_rule: TEXT_RULE,
        provenance: draft.provenance.clone(),
        created_at: now,
        updated_at: now,
    };
    articles_db::insert_article(writer.connection(), &article).await?;
    writer.created(ResourceType::Article, article.id.0);
    Ok(article)
}
