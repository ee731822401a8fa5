//! Working copies as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::db::WorkingCopyRow;
use crate::articles::wire::ArticleDraft;
use crate::http::error::ApiError;
use crate::http::page::Versioned;
use crate::http::reference::Urls;

/// An article as it is to become.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkingCopy {
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/articles/art_01jdb2q9x3e2tbvq6d9m4y8k1s/working-copy")]
    pub url: String,
    /// Raised by each change of the working copy; what `If-Match` names.
    #[schema(example = 1)]
    pub version: i32,
    /// The version of the article that it was begun from.
    #[schema(example = 3)]
    pub based_on: i32,
    /// Whether the article has changed since.
    pub is_outdated: bool,
    /// Who changed it last: the id of a key.
    #[schema(example = "key_01jdb2q9x6h0vcn4t8w3r5k7zd")]
    pub updated_by: String,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// The whole article as it is to become. Where it has no `quotes`, those that are given stay as they are.
    pub content: ArticleDraft,
}

impl Versioned for WorkingCopy {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// A row as a working copy of an article that is at `article_version`.
pub fn working_copy(row: WorkingCopyRow, article_version: i32, urls: &Urls) -> Result<WorkingCopy, ApiError> {
    let WorkingCopyRow { article_id, version, based_on, document, actor, created_at, updated_at } = row;
    Ok(WorkingCopy {
        url: format!("{}/working-copy", urls.resource("articles", &article_id)),
        version,
        based_on,
        is_outdated: based_on != article_version,
        updated_by: actor,
        created_at,
        updated_at,
        content: serde_json::from_value(document).map_err(ApiError::internal)?,
    })
}
