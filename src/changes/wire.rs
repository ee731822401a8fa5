//! Changes as JSON, and as events.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cursor::Cursor;
use super::db::AnnouncementRow;
use super::{ChangeAction, RemovalReason, ResourceType, Told};
use crate::http::reference::Urls;
use crate::values::id::{ArticleId, LabelId, PersonId, QuoteId};

/// One change, as whoever follows is told of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Change {
    /// The place after this change: go on from here with `since`, or with `Last-Event-ID`.
    #[schema(example = "AQAAAAAAAAAABwAGJ2pWvJoA")]
    pub cursor: String,
    /// What sort of resource changed.
    #[serde(rename = "type")]
    pub resource_type: ResourceType,
    /// Its id.
    #[schema(example = "art_01jdb2q9wxf8n8k5r0c3v7m2ha")]
    pub id: String,
    /// What happened: it was `added` to what can be seen, it was `updated`, or it was `removed` from what can be seen.
    pub action: ChangeAction,
    /// Its version; of what was removed the last that was told. An update without a new version tells of something that the
    /// resource shows of others, such as a label of an article that was merged into another.
    #[schema(example = 3)]
    pub version: i32,
    /// Its slug, null of a quote; of what was deleted or merged the last that was told. What is hidden or purged is known by
    /// its id alone, in earlier changes too.
    #[schema(required = true, example = "the-ferry-bell-comes-home")]
    pub slug: Option<String>,
    /// Where to fetch it as it is now.
    #[schema(format = UriReference, example = "/v1/articles/art_01jdb2q9wxf8n8k5r0c3v7m2ha")]
    pub url: String,
    /// When it changed.
    pub changed_at: DateTime<Utc>,
    /// Why it was removed. Only then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<RemovalReason>,
    /// Why it was deleted, as its editors told. Only where they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "It named the wrong ferry.")]
    pub detail: Option<String>,
    /// What stands in its place: replace what you hold of the one by the other. Only of what became part of another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub successor: Option<Successor>,
}

/// What stands in the place of what became part of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Successor {
    /// Its id.
    #[schema(example = "lab_01jdb2q9wye9prh3x6d1z8m5fc")]
    pub id: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/labels/lab_01jdb2q9wye9prh3x6d1z8m5fc")]
    pub url: String,
}

/// An announcement as a change.
pub fn change(told: Told, row: AnnouncementRow, urls: &Urls) -> Change {
    let AnnouncementRow {
        position,
        announced_at,
        resource_type,
        resource_id,
        action,
        version,
        slug,
        reason,
        detail,
        successor_id,
    } = row;
    let (id, url) = named(resource_type, resource_id, urls);
    let successor = successor_id.map(|successor| {
        let (id, url) = named(resource_type, successor, urls);
        Successor { id, url }
    });
    let cursor = Cursor::new(told, position, announced_at).to_string();
    Change {
        cursor,
        resource_type,
        id,
        action,
        version,
        slug,
        url,
        changed_at: announced_at,
        reason,
        detail,
        successor,
    }
}

/// The id of a resource and its address.
fn named(resource_type: ResourceType, id: Uuid, urls: &Urls) -> (String, String) {
    let (collection, id) = match resource_type {
        ResourceType::Article => ("articles", ArticleId(id).to_string()),
        ResourceType::Person => ("people", PersonId(id).to_string()),
        ResourceType::Quote => ("quotes", QuoteId(id).to_string()),
        ResourceType::Label => ("labels", LabelId(id).to_string()),
    };
    let url = urls.resource(collection, &id);
    (id, url)
}
