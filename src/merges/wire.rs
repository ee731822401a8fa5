//! Merges as JSON.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::try_join;
use utoipa::ToSchema;
use uuid::Uuid;

use super::MergedType;
use super::db::{self, MergeRow};
use crate::changes::ResourceType;
use crate::db::{Connection, Result};
use crate::http::page::Versioned;
use crate::http::reference::Urls;
use crate::values::id::{LabelId, MergeId, PersonId};

/// A person or a label that became part of another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Merge {
    /// Its id.
    pub id: MergeId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/merges/mer_01jdb2q9x7c5sm2w8k4t9e6hvf")]
    pub url: String,
    /// What sort of resource the two are.
    pub resource_type: MergedType,
    /// What became part of the other. Its id and slugs lead to that one while the merge stands.
    pub merged: MergeParty,
    /// What it became part of.
    pub survivor: MergeParty,
    /// How many rows the merge touched.
    pub touched: MergeTouched,
    /// 1, and 2 once it is undone.
    #[schema(example = 1)]
    pub version: i32,
    /// When it was done.
    pub merged_at: DateTime<Utc>,
    /// Who did it: the id of a key.
    #[schema(example = "key_01jdb2q9x6h0vcn4t8w3r5k7zd")]
    pub merged_by: String,
    /// When it was undone; null while it stands.
    #[schema(required = true)]
    pub undone_at: Option<DateTime<Utc>>,
    /// Who undid it; null while it stands.
    #[schema(required = true, example = "key_01jdb2q9x6h0vcn4t8w3r5k7zd")]
    pub undone_by: Option<String>,
}

impl Versioned for Merge {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// One of the two that a merge is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MergeParty {
    /// Its id.
    #[schema(example = "lab_01jdb2q9wye9prh3x6d1z8m5fc")]
    pub id: String,
    /// Its slug.
    #[schema(example = "ferry-line")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Ferry Line")]
    pub name: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/labels/ferry-line")]
    pub url: String,
}

/// How many rows of each sort a merge touched: those that name the survivor now, and those that went because one that
/// says the same was there already.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct MergeTouched {
    /// Articles that bore the merged label.
    #[schema(example = 12)]
    pub article_labels: i64,
    /// Labels that changed the wider label they belong to.
    #[schema(example = 1)]
    pub child_labels: i64,
    /// Names that were the merged one's.
    #[schema(example = 2)]
    pub names: i64,
    /// Quotes that the merged person said.
    #[schema(example = 0)]
    pub quotes: i64,
    /// Articles that the merged person wrote.
    #[schema(example = 0)]
    pub article_authors: i64,
    /// What the merged person was, and when.
    #[schema(example = 0)]
    pub affiliations: i64,
    /// What others were at the merged organization.
    #[schema(example = 0)]
    pub members: i64,
    /// Printings that name the merged organization as the speaker's.
    #[schema(example = 0)]
    pub occurrences: i64,
}

/// Which person another one becomes part of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonMerge {
    /// The person who stays: an id, a slug, or a full name or alias that one person alone bears.
    #[schema(min_length = 1, max_length = 300, example = "joost-van-der-moor")]
    pub into: String,
}

/// Which label another one becomes part of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelMerge {
    /// The label that stays: an id, a slug, a name or an alias.
    #[schema(min_length = 1, max_length = 300, example = "harbour")]
    pub into: String,
}

/// Rows as merges, in the same order, at the cost of two queries.
pub async fn merges(connection: &Connection, rows: Vec<MergeRow>, urls: &Urls) -> Result<Vec<Merge>> {
    let ids: Vec<MergeId> = rows.iter().map(|row| row.id).collect();
    let party_ids: Vec<Uuid> = rows.iter().flat_map(|row| [row.merged_id, row.survivor_id]).collect();
    let (parties, mut touched) = try_join!(db::parties(connection, &party_ids), db::touched_rows(connection, &ids))?;
    let parties: HashMap<Uuid, (String, String)> =
        parties.into_iter().map(|(id, slug, name)| (id, (slug, name))).collect();
    let merge = |row: MergeRow| {
        let version = row.version();
        let MergeRow {
            id,
            resource_type,
            merged_id,
            survivor_id,
            survivor_version: _,
            was_survivor_independent: _,
            merged_at,
            merged_by,
            undone_at,
            undone_by,
        } = row;
        let resource_type = if resource_type == ResourceType::Person { MergedType::Person } else { MergedType::Label };
        let party = |id: Uuid| {
            let (slug, name) = parties.get(&id).cloned().unwrap_or_default();
            let (id, collection) = match resource_type {
                MergedType::Person => (PersonId(id).to_string(), "people"),
                MergedType::Label => (LabelId(id).to_string(), "labels"),
            };
            MergeParty { id, url: urls.resource(collection, &slug), slug, name }
        };
        Merge {
            id,
            url: urls.resource("merges", &id),
            resource_type,
            merged: party(merged_id),
            survivor: party(survivor_id),
            touched: counted(touched.remove(&id).unwrap_or_default()),
            version,
            merged_at,
            merged_by,
            undone_at,
            undone_by,
        }
    };
    Ok(rows.into_iter().map(merge).collect())
}

fn counted(parts: Vec<(String, i64)>) -> MergeTouched {
    let mut touched = MergeTouched::default();
    for (part, count) in parts {
        match part.as_str() {
            "article_label" => touched.article_labels = count,
            "child" => touched.child_labels = count,
            "name" => touched.names = count,
            "quote" => touched.quotes = count,
            "article_author" => touched.article_authors = count,
            "affiliation" => touched.affiliations = count,
            "member" => touched.members = count,
            _ => touched.occurrences = count,
        }
    }
    touched
}
