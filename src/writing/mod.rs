//! Writing: what every change of content goes through, whoever asks for it.
//!
//! - `writable`: what a type of resource says of itself, and `operations`: what all of them have in common
//! - `request`: a write over HTTP: one transaction, its preconditions, its record, its answer
//! - `names`: labels and people by what an article calls them, found or made
//! - `printings`: the printings of an article, and which quotes they are printings of
//! - `publication`: from when on labels, people and quotes are public, and what quotes say
//! - `patch`: JSON Merge Patch
//! - `resource`: what the resources have in common: references, slugs, other systems' ids, withdrawal
//! - `stored`: answers kept for requests that are sent again

mod names;
pub mod operations;
pub mod patch;
mod printings;
mod publication;
pub mod request;
pub mod resource;
mod stored;
pub mod writable;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::changes::db::{self as changes_db, NewChange};
use crate::changes::{Action, ResourceType};
use crate::db::{Connection, Result};
use crate::http::error::ApiError;
use crate::http::problem::{Fault, ProblemCode};
use crate::values::id::{LabelId, PersonId, QuoteId};

pub use names::{Attributed, WantedAuthor, WantedLabel};
pub use printings::{ArticlePrintings, Earlier, PrintedIn, PrintedRows, Printing};

/// Who changes something, for the record.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who: `import`, `schedule`, or the id of a key.
    pub actor: String,
    /// The request that did it, where it was one.
    pub request_id: Option<String>,
}

/// Writes inside one open transaction that keeps other writers out, and keeps the record of what it changes.
pub struct Writer<'c> {
    connection: &'c Connection,
    now: DateTime<Utc>,
    origin: Origin,
    changes: Vec<Change>,
    touched: Touched,
    /// What a batch made so far, by the names that it gave. Only while there is a batch.
    local_ids: Option<HashMap<String, (ResourceType, Uuid)>>,
}

struct Change {
    resource_type: ResourceType,
    resource_id: Uuid,
    action: Action,
    versions: (Option<i32>, Option<i32>),
}

/// Resources of which a write may change since when they are public.
#[derive(Debug, Default)]
struct Touched {
    labels: BTreeSet<LabelId>,
    people: BTreeSet<PersonId>,
    quotes: BTreeSet<QuoteId>,
}

impl<'c> Writer<'c> {
    /// A writer in the open transaction of `connection`, which must hold the lock of
    /// [`exclude_other_writers`](crate::db::exclude_other_writers).
    pub fn new(connection: &'c Connection, now: DateTime<Utc>, origin: Origin) -> Self {
        let (changes, touched) = (Vec::new(), Touched::default());
        Self { connection, now, origin, changes, touched, local_ids: None }
    }

    /// The connection whose transaction it is.
    pub fn connection(&self) -> &'c Connection {
        self.connection
    }

    /// The instant of everything that is written.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Who it writes for: `import`, or the id of a key.
    pub fn actor(&self) -> &str {
        &self.origin.actor
    }

    /// The request that it writes for, where it is one.
    pub fn request_id(&self) -> Option<&str> {
        self.origin.request_id.as_deref()
    }

    /// Notes that a resource was made, at its first version.
    pub fn created(&mut self, resource_type: ResourceType, resource_id: Uuid) {
        let versions = (None, Some(1));
        self.changes.push(Change { resource_type, resource_id, action: Action::Created, versions });
    }

    /// Notes that a resource is here again as it was elsewhere, at this version.
    pub fn restored(&mut self, resource_type: ResourceType, resource_id: Uuid, version: i32) {
        let versions = (None, Some(version));
        self.changes.push(Change { resource_type, resource_id, action: Action::Created, versions });
    }

    /// Notes that something was done to a resource that raised it to `version`.
    pub fn changed(&mut self, resource_type: ResourceType, resource_id: Uuid, action: Action, version: i32) {
        let versions = (Some(version - 1), Some(version));
        self.changes.push(Change { resource_type, resource_id, action, versions });
    }

    /// Notes that a resource is gone for good; `version` was its last.
    pub fn purged(&mut self, resource_type: ResourceType, resource_id: Uuid, version: i32) {
        let versions = (Some(version), None);
        self.changes.push(Change { resource_type, resource_id, action: Action::Purged, versions });
    }

    /// Whether this writer made the resource.
    pub fn has_made(&self, resource_id: Uuid) -> bool {
        self.changes.iter().any(|change| change.resource_id == resource_id && change.action == Action::Created)
    }

    /// Everything that this writer made.
    fn made_here(&self) -> HashSet<Uuid> {
        let is_made = |change: &&Change| change.action == Action::Created;
        self.changes.iter().filter(is_made).map(|change| change.resource_id).collect()
    }

    /// Has it found out at the end since when these labels are public.
    pub fn touch_labels(&mut self, ids: impl IntoIterator<Item = LabelId>) {
        self.touched.labels.extend(ids);
    }

    /// Has it found out at the end since when these people are public.
    pub fn touch_people(&mut self, ids: impl IntoIterator<Item = PersonId>) {
        self.touched.people.extend(ids);
    }

    /// Has it found out at the end since when these quotes are public, and what they say.
    pub fn touch_quotes(&mut self, ids: impl IntoIterator<Item = QuoteId>) {
        self.touched.quotes.extend(ids);
    }

    /// Begins a batch: from now on a text such as `@ferry` is what an earlier operation called a resource.
    pub fn begin_batch(&mut self) {
        self.local_ids = Some(HashMap::new());
    }

    /// Remembers what a batch calls a resource it made.
    pub fn remember(&mut self, local_id: String, resource_type: ResourceType, id: Uuid) {
        self.local_ids.get_or_insert_default().insert(local_id, (resource_type, id));
    }

    /// The resource of this type that a batch calls so. `None` where the text is no local id; one that no earlier operation
    /// gave to such a resource is a fault of what stands at `pointer`.
    pub fn remembered(
        &self,
        resource_type: ResourceType,
        pointer: &str,
        text: &str,
    ) -> std::result::Result<Option<Uuid>, ApiError> {
        let Some(local_ids) = self.local_ids.as_ref().filter(|_| is_local_id(text)) else { return Ok(None) };
        let wanted = resource_type.as_str();
        let detail = match local_ids.get(text) {
            Some((found, id)) if *found == resource_type => return Ok(Some(*id)),
            Some((found, _)) => format!("{text} is of type {}, where one of type {wanted} belongs", found.as_str()),
            None => {
                format!("no earlier operation has the local_id {text}; a {wanted} of that name goes by its id or slug")
            }
        };
        Err(ApiError::body_faults(vec![Fault::in_body(ProblemCode::InvalidValue, pointer, detail)]))
    }

    /// Brings up to date what hangs on the changes, so that it can be shown.
    pub async fn settle(&mut self) -> Result<()> {
        let touched = std::mem::take(&mut self.touched);
        publication::refresh(self, touched).await
    }

    /// Settles, writes the record and announces what changed. To be called last. Gives what changed of what the public sees.
    pub async fn finish(mut self) -> Result<Vec<(ResourceType, Uuid)>> {
        self.settle().await?;
        let Self { connection, now, origin: Origin { actor, request_id }, changes, .. } = self;
        let rows: Vec<NewChange<'_>> = changes
            .into_iter()
            .map(|Change { resource_type, resource_id, action, versions: (version_before, version_after) }| NewChange {
                occurred_at: now,
                resource_type,
                resource_id,
                action,
                version_before,
                version_after,
                actor: &actor,
                request_id: request_id.as_deref(),
            })
            .collect();
        changes_db::append(connection, &rows).await?;
        changes_db::announce(connection, now).await
    }
}

/// Whether a text is what a batch may call a resource: `@` and letters, digits, `_` or `-` of ASCII.
fn is_local_id(text: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    text.strip_prefix('@').is_some_and(|name| !name.is_empty() && name.bytes().all(is_of_name))
}
