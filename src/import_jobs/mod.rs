//! Imports over HTTP: a file is sent, kept on disk, and imported by a worker; what becomes of it is a resource.

pub mod api;
pub mod db;
pub mod wire;
pub mod worker;

use std::path::PathBuf;

use crate::db::keyset::{Order, SortColumn, SortKind};
use crate::values::id::ImportId;
use crate::values::text_enum::text_enum;

text_enum! {
    /// How far an import is.
    pub enum ImportState {
        /// It waits for its turn.
        Queued = "queued",
        /// It is under way.
        Running = "running",
        /// It is through: every entry was looked at.
        Finished = "finished",
        /// It could not go on; `problem` says why.
        Failed = "failed",
        /// Somebody ended it. What was in by then stays in.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// What became of an entry.
    pub enum EntryOutcome {
        /// It is an article now.
        Created = "created",
        /// It changed an article.
        Updated = "updated",
        /// It was there already.
        Unchanged = "unchanged",
        /// It was not taken over, since an editor changed the article too.
        Conflict = "conflict",
        /// It is something of an export that is no article, and here now.
        Restored = "restored",
        /// It is no article.
        LeftOut = "left_out",
        /// It could not be taken.
        Refused = "refused",
    }
}

/// Where a server keeps what was sent, and how much that may be.
#[derive(Debug, Clone)]
pub struct Uploads {
    /// The directory.
    pub directory: PathBuf,
    /// The largest file, in bytes.
    pub max_size: u64,
}

impl Uploads {
    /// Where the file of an import stands.
    pub fn file_of(&self, id: ImportId) -> PathBuf {
        self.directory.join(id.to_string())
    }
}

/// The newest first.
fn newest_first() -> Order {
    let created_at = SortColumn { column: "imports.created_at", kind: SortKind::Instant, is_descending: true };
    Order { columns: vec![created_at], id_column: "imports.id" }
}

/// In the order of the file.
fn in_file_order() -> Order {
    let position = SortColumn { column: "import_entries.position", kind: SortKind::Integer, is_descending: false };
    Order { columns: vec![position], id_column: "import_entries.import_id" }
}
