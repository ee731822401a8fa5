//! Revisions: every version of an article, kept whole.

pub mod api;
pub mod db;
pub mod difference;
mod document;
pub mod wire;

use super::write::{self as article_write, Articles};
use crate::http::error::ApiError;
use crate::labels::db as labels_db;
use crate::people::db as people_db;
use crate::values::id::{ArticleId, PersonId};
use crate::writing::Writer;
use crate::writing::writable::Writable;

pub use document::{RevisedArticle, RevisedPrinting};

/// Gives an article the content of one of its revisions, as a new version. Its place in its life, `status` and
/// `published_at`, stays what it is: to look back at a text neither withdraws nor publishes it. Labels and people that
/// were merged since are their survivors; those that are gone for good are left out; one that is deleted is a fault, and
/// told by name.
pub(super) async fn restore(writer: &mut Writer<'_>, id: ArticleId, revision: RevisedArticle) -> Result<(), ApiError> {
    let current = Articles::draft(writer, id).await?;
    let given = article_write::given_printings(writer, id).await?;
    let mut draft = without_what_is_gone(writer, revision).await?.into_draft();
    draft.status = current.status;
    draft.published_at = current.published_at;
    // Quotes that are the same keep their ids.
    draft.quotes = draft.quotes.filter(|quotes| *quotes != given);
    Articles::replace(writer, id, draft).await
}

/// A revision without the labels and people that were purged since.
async fn without_what_is_gone(writer: &Writer<'_>, mut revision: RevisedArticle) -> Result<RevisedArticle, ApiError> {
    let labels = labels_db::labels_with_ids(writer.connection(), &revision.labels).await?;
    revision.labels.retain(|id| labels.iter().any(|row| row.id == *id));
    let named = |person: &Option<String>| person.as_ref().and_then(|id| id.parse::<PersonId>().ok());
    let in_quotes = revision.quotes.iter().flat_map(|quote| [named(&quote.speaker), named(&quote.organization)]);
    let people: Vec<PersonId> = revision.authors.iter().copied().chain(in_quotes.flatten()).collect();
    let people = people_db::people_with_ids(writer.connection(), &people).await?;
    let is_there = |id: PersonId| people.iter().any(|row| row.id == id);
    revision.authors.retain(|id| is_there(*id));
    for quote in &mut revision.quotes {
        for person in [&mut quote.speaker, &mut quote.organization] {
            if named(person).is_some_and(|id| !is_there(id)) {
                *person = None;
            }
        }
    }
    Ok(revision)
}
