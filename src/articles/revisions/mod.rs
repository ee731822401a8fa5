//! Revisions: every version of an article, kept whole.

pub mod api;
pub mod db;
pub mod difference;
mod document;
pub mod wire;

use super::write::{self as article_write, Articles};
use crate::http::error::ApiError;
use crate::values::id::ArticleId;
use crate::writing::Writer;
use crate::writing::writable::Writable;

pub use document::{RevisedArticle, RevisedPrinting};

/// Gives an article the content of one of its revisions, as a new version. Its place in its life, `status` and
/// `published_at`, stays what it is: to look back at a text neither withdraws nor publishes it.
pub(super) async fn restore(writer: &mut Writer<'_>, id: ArticleId, revision: RevisedArticle) -> Result<(), ApiError> {
    let current = Articles::draft(writer, id).await?;
    let given = article_write::given_printings(writer, id).await?;
    let mut draft = revision.into_draft();
    draft.status = current.status;
    draft.published_at = current.published_at;
    // Quotes that are the same keep their ids.
    draft.quotes = draft.quotes.filter(|quotes| *quotes != given);
    Articles::replace(writer, id, draft).await
}
