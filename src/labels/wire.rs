//! Labels as JSON.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::try_join;
use utoipa::ToSchema;

use super::db::{self, LabelReferenceRow, LabelRow};
use crate::db::{Connection, Result, group};
use crate::http::document::impl_whole_or_reference;
use crate::http::page::Versioned;
use crate::http::reference::{ExternalId, LabelReference, Urls, external_ids};
use crate::values::id::LabelId;

/// A named group of articles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Label {
    /// Its id.
    pub id: LabelId,
    /// Its slug.
    #[schema(example = "ferry-line")]
    pub slug: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/labels/ferry-line")]
    pub url: String,
    /// Its name.
    #[schema(example = "Night Ferries")]
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// The wider label it belongs to.
    #[schema(required = true)]
    pub parent: Option<LabelReference>,
    /// What other systems call it.
    pub external_ids: Vec<ExternalId>,
    /// Raised by each change of its own content.
    #[schema(example = 1)]
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its own content last changed.
    pub updated_at: DateTime<Utc>,
}

/// A label to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelDraft {
    /// Its name, which no other label may bear, nor have as an alias.
    #[schema(min_length = 1, max_length = 300, format = "wording", example = "Night Ferries")]
    pub name: String,
    /// Its slug; made from the name where none is given. One that is taken gets a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 120,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        example = "night-ferries"
    )]
    pub slug: Option<String>,
    /// Other names.
    #[serde(default)]
    #[schema(required = false, max_items = 100, value_type = Vec<LabelName>, example = json!(["Late Boats"]))]
    pub aliases: Vec<String>,
    /// The wider label it belongs to: an id, a slug, a name or an alias. A name that nothing bears yet is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 300, example = "harbour")]
    pub parent: Option<String>,
    /// What other systems call it.
    #[serde(default)]
    #[schema(required = false, max_items = 100, example = json!([{ "source": "cms", "id": "7" }]))]
    pub external_ids: Vec<ExternalId>,
}

/// Changes of a label, as a JSON Merge Patch (RFC 7396): what is absent stays, `null` takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "what the document says of a body that is merged as JSON")]
pub struct LabelPatch {
    /// Its name.
    #[schema(nullable = false, min_length = 1, max_length = 300, format = "wording", example = "Night Ferries")]
    name: Option<String>,
    /// Its slug. The former one stays reserved and leads to it.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 120,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        example = "night-ferries"
    )]
    slug: Option<String>,
    /// Other names, in place of the present ones.
    #[schema(max_items = 100, value_type = Option<Vec<LabelName>>, example = json!(["Late Boats"]))]
    aliases: Option<Vec<String>>,
    /// The wider label it belongs to.
    #[schema(min_length = 1, max_length = 300, example = "harbour")]
    parent: Option<String>,
    /// What other systems call it, in place of what they called it.
    #[schema(max_items = 100, example = json!([{ "source": "cms", "id": "7" }]))]
    external_ids: Option<Vec<ExternalId>>,
}

/// A name of a label.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 300, format = "wording", example = "Ferries")]
#[allow(dead_code, reason = "only described")]
pub struct LabelName(String);

impl Versioned for Label {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// A label related to a resource: a reference, or with `include` the whole.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum RelatedLabel {
    /// The whole label.
    Whole(Box<Label>),
    /// Only a reference.
    Reference(LabelReference),
}

impl_whole_or_reference!(RelatedLabel, Label, LabelReference);

/// A row as a reference.
pub fn label_reference(row: LabelReferenceRow, urls: &Urls) -> LabelReference {
    let LabelReferenceRow { id, slug, name } = row;
    LabelReference { id, url: urls.resource("labels", &slug), slug, name }
}

/// Rows as labels, in the same order, at the cost of three queries.
pub async fn labels(connection: &Connection, rows: Vec<LabelRow>, urls: &Urls) -> Result<Vec<Label>> {
    let ids: Vec<LabelId> = rows.iter().map(|row| row.id).collect();
    let parent_ids: Vec<LabelId> = rows.iter().filter_map(|row| row.parent_id).collect();
    let (parents, aliases, known_as) = try_join!(
        db::label_references(connection, &parent_ids),
        db::aliases_of(connection, &ids),
        db::external_ids_of(connection, &ids),
    )?;
    let parents: HashMap<LabelId, LabelReferenceRow> = parents.into_iter().map(|row| (row.id, row)).collect();
    let (mut aliases, mut known_as) = (group(aliases), group(known_as));
    let label = |row: LabelRow| {
        let LabelRow { id, slug, name, parent_id, public_from: _, version, created_at, updated_at } = row;
        let parent = parent_id.and_then(|id| parents.get(&id).cloned());
        Label {
            id,
            url: urls.resource("labels", &slug),
            slug,
            name,
            aliases: aliases.remove(&id).unwrap_or_default(),
            parent: parent.map(|row| label_reference(row, urls)),
            external_ids: external_ids(known_as.remove(&id).unwrap_or_default()),
            version,
            created_at,
            updated_at,
        }
    };
    Ok(rows.into_iter().map(label).collect())
}
