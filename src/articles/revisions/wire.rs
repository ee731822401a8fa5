//! Revisions as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::RevisedArticle;
use super::db::RevisionRow;
use crate::changes::Action;
use crate::http::page::Versioned;
use crate::http::reference::Urls;
use crate::values::id::ArticleId;

/// An article at one of its versions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Revision {
    /// Which version of the article it is.
    #[schema(example = 1)]
    pub version: i32,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/articles/art_01jdb2q9x3e2tbvq6d9m4y8k1s/revisions/1")]
    pub url: String,
    /// What was done to the article; null where the record does not tell.
    #[schema(required = true)]
    pub action: Option<Action>,
    /// When it was done.
    pub created_at: DateTime<Utc>,
    /// Who did it: the id of a key, `import`, or `schedule` where a scheduled article appeared; null where the record does
    /// not tell.
    #[schema(required = true, example = "key_01jdb2q9x6h0vcn4t8w3r5k7zd")]
    pub actor: Option<String>,
    /// The request that did it; null where it was none.
    #[schema(required = true)]
    pub request_id: Option<String>,
    /// The whole article as it was. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<RevisedArticle>,
}

impl Versioned for Revision {
    /// A revision never changes: it has no versions of its own.
    fn version(&self) -> Option<i32> {
        None
    }
}

/// A row as a revision.
pub fn revision(article: ArticleId, row: RevisionRow, content: Option<RevisedArticle>, urls: &Urls) -> Revision {
    let RevisionRow { version, created_at, action, actor, request_id } = row;
    let url = format!("{}/revisions/{version}", urls.resource("articles", &article));
    Revision { version, url, action, created_at, actor, request_id, content }
}
