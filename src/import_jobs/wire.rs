//! Imports as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::ImportState;
use super::db::ImportRow;
use crate::http::page::Versioned;
use crate::http::reference::Urls;
use crate::values::id::ImportId;

/// A file that was sent to be imported.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/imports/imp_01jdb2q9x8e4tw6h2k9r5c7msz")]
    pub url: String,
    /// How far it is.
    pub state: ImportState,
    /// Whether it only tells what it would do.
    #[schema(example = false)]
    pub is_dry_run: bool,
    /// What the file is called.
    #[schema(example = "blog.xml")]
    pub file_name: String,
    /// How many bytes the file has.
    #[schema(example = 1_048_576)]
    pub size: i64,
    /// How many of them were read.
    #[schema(example = 524_288)]
    pub bytes_read: i64,
    /// What became of the entries so far.
    pub entries: ImportedEntries,
    /// Why it could not go on; null unless it failed.
    #[schema(required = true)]
    pub problem: Option<String>,
    /// Who sent it: the id of a key.
    #[schema(example = "key_01jdb2q9x6h0vcn4t8w3r5k7zd")]
    pub actor: String,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it was taken up; null while it waits.
    #[schema(required = true)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended; null before.
    #[schema(required = true)]
    pub finished_at: Option<DateTime<Utc>>,
}

/// How many entries of a file became what.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportedEntries {
    /// All that were looked at.
    #[schema(example = 120)]
    pub total: i64,
    /// Those that became articles, or other resources of an export.
    #[schema(example = 117)]
    pub created: i64,
    /// Those that changed an article.
    #[schema(example = 0)]
    pub updated: i64,
    /// Those that were there already.
    #[schema(example = 0)]
    pub unchanged: i64,
    /// Those that were not taken over, since an editor changed the article too.
    #[schema(example = 0)]
    pub conflicts: i64,
    /// Those that are no articles, such as comments.
    #[schema(example = 2)]
    pub left_out: i64,
    /// Those that could not be taken.
    #[schema(example = 1)]
    pub refused: i64,
}

impl Versioned for Import {
    /// Nobody writes it: it has no versions.
    fn version(&self) -> Option<i32> {
        None
    }
}

/// What became of one entry of a file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportEntry {
    /// Which entry of the file it is, from 1.
    #[schema(example = 1)]
    pub position: i64,
    /// What became of it, in `outcome` (`created`, `updated`, `unchanged`, `conflict`, `restored`, `left_out` or `refused`), its `place` in the file,
    /// its `title`, the `reason` of a refusal, the `fields` of a conflict and, in a dry run, what was `found` in it and by
    /// which rules.
    #[schema(value_type = Object, example = json!({ "entry": "blog.xml", "outcome": "refused", "reason": "the title is longer than 500 characters", "place": { "number": 1, "line": 40, "byte": 2048 }, "title": null }))]
    pub report: Value,
}

impl Versioned for ImportEntry {
    /// It never changes.
    fn version(&self) -> Option<i32> {
        None
    }
}

/// A row as an import.
pub fn import(row: ImportRow, urls: &Urls) -> Import {
    let ImportRow {
        id,
        state,
        is_dry_run,
        file_name,
        size,
        actor,
        bytes_read,
        batches: _,
        entries,
        created,
        updated,
        unchanged,
        conflicts,
        left_out,
        refused,
        problem,
        is_cancelled: _,
        created_at,
        started_at,
        heard_at: _,
        finished_at,
    } = row;
    Import {
        id,
        url: urls.resource("imports", &id),
        state,
        is_dry_run,
        file_name,
        size,
        bytes_read: if finished_at.is_some() && state == ImportState::Finished { size } else { bytes_read },
        entries: ImportedEntries { total: entries, created, updated, unchanged, conflicts, left_out, refused },
        problem,
        actor,
        created_at,
        started_at,
        finished_at,
    }
}
