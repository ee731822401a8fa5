//! Webhooks and their messages as JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::db::{DeliveryRow, WebhookRow};
use super::secret::SigningSecret;
use super::{DeliveryStatus, EventType};
use crate::http::page::Versioned;
use crate::http::reference::Urls;
use crate::values::id::{MessageId, WebhookId};

/// A webhook: where messages go when something changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/webhooks/hook_01jdb2q9x8k3tcv5r0w7n2m4ha")]
    pub url: String,
    /// What it is for.
    #[schema(example = "The search index")]
    pub name: String,
    /// Where messages are sent, with POST.
    #[schema(example = "https://search.example.org/hooks/verbatim")]
    pub endpoint: String,
    /// What it is told of; everything where it is empty.
    #[schema(example = json!(["article.added", "article.removed"]))]
    pub events: Vec<EventType>,
    /// Whether it is told of what is not public too, such as drafts.
    #[schema(example = false)]
    pub has_drafts: bool,
    /// Whether it is told anything.
    #[schema(example = true)]
    pub is_enabled: bool,
    /// Why it is not, where the receiver wanted it so.
    #[schema(required = true, example = "the receiver answered 410 Gone")]
    pub disabled_reason: Option<String>,
    /// What messages are signed with. Only in the answers that made it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show_secret")]
    #[schema(value_type = Option<String>, nullable = false, example = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")]
    pub secret: Option<SigningSecret>,
    /// Until when messages are signed with the former secret too; null where there is none.
    #[schema(required = true)]
    pub former_secret_until: Option<DateTime<Utc>>,
    /// Raised by each change.
    #[schema(example = 1)]
    pub version: i32,
    /// Who made it: the id of a key.
    #[schema(example = "key_01jdb2q9x6h0vcn4t8w3r5k7zd")]
    pub created_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Versioned for Webhook {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookDraft {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "The search index")]
    pub name: String,
    /// Where to send messages, with POST: an address of the public internet, unless the server is set up otherwise.
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = "^https?://",
        example = "https://search.example.org/hooks/verbatim"
    )]
    pub endpoint: String,
    /// What to tell it of; everything where this is empty or absent.
    #[serde(default)]
    #[schema(required = false, max_items = 12, example = json!(["article.added", "article.removed"]))]
    pub events: Vec<EventType>,
    /// Whether to tell it of what is not public too, such as drafts.
    #[serde(default)]
    #[schema(required = false, default = false, example = false)]
    pub has_drafts: bool,
}

/// What to change of a webhook (RFC 7396): what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    /// What it is for.
    #[schema(nullable = false, min_length = 1, max_length = 100, pattern = r"\S", example = "The search index")]
    pub name: Option<String>,
    /// Where to send messages, with POST.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 2000,
        pattern = "^https?://",
        example = "https://search.example.org/hooks/verbatim"
    )]
    pub endpoint: Option<String>,
    /// What to tell it of; everything where this is empty.
    #[schema(nullable = false, max_items = 12, example = json!(["article.added", "article.removed"]))]
    pub events: Option<Vec<EventType>>,
    /// Whether to tell it of what is not public too. When this changes, it is told what happens from then on.
    #[schema(nullable = false, example = false)]
    pub has_drafts: Option<bool>,
    /// Whether to tell it anything. When it is enabled again, it is told what happens from then on.
    #[schema(nullable = false, example = true)]
    pub is_enabled: Option<bool>,
}

/// A message to a webhook, and how it went.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Delivery {
    /// Its id, the `webhook-id` of each try: a receiver that has seen it already can pass it over.
    pub id: MessageId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/deliveries/msg_01jdb2q9x9n4vdw6s1x8p3n5jb")]
    pub url: String,
    /// Where to fetch the webhook.
    #[schema(format = UriReference, example = "/v1/webhooks/hook_01jdb2q9x8k3tcv5r0w7n2m4ha")]
    pub webhook: String,
    /// What it tells of.
    pub event: EventType,
    /// How it went.
    pub status: DeliveryStatus,
    /// How often it was tried.
    #[schema(example = 1)]
    pub tries: i32,
    /// When it is tried next; null where it is not.
    #[schema(required = true)]
    pub due_at: Option<DateTime<Utc>>,
    /// The latest tries, the oldest first.
    pub attempts: Vec<Attempt>,
    /// What is sent.
    #[schema(value_type = Object)]
    pub message: Value,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Versioned for Delivery {
    fn version(&self) -> Option<i32> {
        None
    }
}

/// One try to send a message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// When.
    pub at: DateTime<Utc>,
    /// How long it took.
    #[schema(example = 87)]
    pub milliseconds: u64,
    /// The HTTP status of the answer; null where there was none.
    #[schema(required = true, example = 204)]
    pub status: Option<u16>,
    /// The beginning of the answer; null where there was none.
    #[schema(required = true, example = "")]
    pub answer: Option<String>,
    /// Why there was no answer; null where there was one.
    #[schema(required = true, example = "no answer within 10 seconds")]
    pub error: Option<String>,
}

/// A row as a webhook. `secret` is there when it was just made.
pub fn webhook(row: WebhookRow, secret: Option<SigningSecret>, urls: &Urls) -> Webhook {
    let WebhookRow {
        id,
        name,
        url: endpoint,
        events,
        has_drafts,
        former_secret_until,
        is_enabled,
        disabled_reason,
        version,
        created_by,
        created_at,
        updated_at,
    } = row;
    let url = urls.resource("webhooks", &id);
    Webhook {
        id,
        url,
        name,
        endpoint,
        events,
        has_drafts,
        is_enabled,
        disabled_reason,
        secret,
        former_secret_until,
        version,
        created_by,
        created_at,
        updated_at,
    }
}

/// A row as a message.
pub fn delivery(row: DeliveryRow, urls: &Urls) -> Delivery {
    let DeliveryRow { id, webhook_id, event, body, status, tries, due_at, attempts, created_at } = row;
    Delivery {
        id,
        url: urls.resource("deliveries", &id),
        webhook: urls.resource("webhooks", &webhook_id),
        event,
        status,
        tries,
        due_at: Some(due_at).filter(|_| status == DeliveryStatus::Pending),
        // Both were written by this program.
        attempts: serde_json::from_value(attempts).unwrap_or_default(),
        message: serde_json::from_str(&body).unwrap_or_default(),
        created_at,
    }
}

#[allow(clippy::ref_option, reason = "serde hands a field over so")]
fn show_secret<S: serde::Serializer>(secret: &Option<SigningSecret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(SigningSecret::expose).serialize(serializer)
}
