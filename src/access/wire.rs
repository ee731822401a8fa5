//! Keys as JSON.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Scope;
use super::db::KeyRow;
use super::secret::Secret;
use crate::http::page::Versioned;
use crate::http::reference::Urls;
use crate::values::id::KeyId;

/// A key: what a caller shows to be let in, and what it lets them do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Key {
    /// Its id, which is no secret.
    pub id: KeyId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/keys/key_01jdb2q9x6h0vcn4t8w3r5k7zd")]
    pub url: String,
    /// What it is for.
    #[schema(example = "The newsroom's editor")]
    pub name: String,
    /// What it may do: `read` what is public, `drafts` too, `write` content, and as `admin` everything. Each includes
    /// those before it.
    #[schema(example = json!(["write"]))]
    pub scopes: Vec<Scope>,
    /// The key itself, for the `Authorization` header. Only in the answer that made it: it is stored nowhere.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show_secret")]
    #[schema(value_type = Option<String>, nullable = false, example = "vb_9bBqLZ0yP4mR7sT2uV5wX8yZ1aC3dE6fG9hJ2kM5nP8")]
    pub secret: Option<Secret>,
    /// Who made it: the id of a key, or `command-line`.
    #[schema(example = "command-line")]
    pub created_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused; null when it does not expire.
    #[schema(required = true)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked: it is refused since; null when it was not.
    #[schema(required = true)]
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who revoked it: the id of a key, or `command-line`; null when nobody did.
    #[schema(required = true, example = "command-line")]
    pub revoked_by: Option<String>,
    /// When it was last used, to about a minute; null when never.
    #[schema(required = true)]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Nobody edits a key: it is made and revoked.
impl Versioned for Key {
    fn version(&self) -> Option<i32> {
        None
    }
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyDraft {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "The newsroom's editor")]
    pub name: String,
    /// What it may do. Each scope includes those before it: `read`, `drafts`, `write`, `admin`.
    #[schema(min_items = 1, max_items = 4, example = json!(["write"]))]
    pub scopes: BTreeSet<Scope>,
    /// From when on it is refused, an instant in the future; it does not expire when this is null or absent.
    #[schema(example = "2100-01-01T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A row as a key. `secret` is there when the key was just made.
pub fn key(row: KeyRow, secret: Option<Secret>, urls: &Urls) -> Key {
    let KeyRow { id, name, scopes, created_at, created_by, expires_at, revoked_at, revoked_by, last_used_at } = row;
    let url = urls.resource("keys", &id);
    Key { id, url, name, scopes, secret, created_by, created_at, expires_at, revoked_at, revoked_by, last_used_at }
}

#[allow(clippy::ref_option, reason = "serde hands a field over so")]
fn show_secret<S: serde::Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}
