//! Getting content in: files and their formats, the draft articles they all become, and storing those.
//!
//! - `plain_text`: one text as a blog prints it, taken apart (pure)
//! - `draft`: an article ready to be stored, its quotes found and anchored (pure)
//! - `store`: one draft into the database, in one transaction, never twice
//! - `files`: paths on the command line
//! - `sample`: the sample content
//! - `report`: what an import did

mod draft;
mod files;
pub mod plain_text;
mod report;
mod sample;
mod store;

pub use files::{Entry, PathError, entries};
pub use report::{Outcome, Report, ReportedEntry};
pub use sample::sample_entries;

use crate::clock::Clock;
use crate::db::{Connection, DatabaseError};

/// Imports entries one after another, each in a transaction of its own. A bad entry is reported and the rest goes in;
/// only a failing database ends it. `on_entry` hears of each as it is done.
pub async fn import(
    connection: &mut Connection,
    entries: Vec<Entry>,
    clock: Clock,
    mut on_entry: impl FnMut(&ReportedEntry),
) -> Result<Report, DatabaseError> {
    let mut report = Report::default();
    for entry in entries {
        let outcome = import_entry(connection, &entry, clock).await?;
        let reported = ReportedEntry { entry: entry.shown, outcome };
        on_entry(&reported);
        report.entries.push(reported);
    }
    Ok(report)
}

async fn import_entry(connection: &mut Connection, entry: &Entry, clock: Clock) -> Result<Outcome, DatabaseError> {
    let draft = entry.content.as_ref().map_err(Clone::clone).and_then(|bytes| draft::from_plain_text(bytes));
    match draft {
        Ok(draft) => match store::store(connection, entry, &draft, clock.now()).await {
            Err(DatabaseError::Constraint(rule)) => {
                let reason = format!("something in it is larger than the database takes (rule {rule})");
                Ok(Outcome::Refused { line: 1, reason })
            }
            outcome => outcome,
        },
        Err(refusal) => Ok(Outcome::Refused { line: refusal.line, reason: refusal.reason }),
    }
}
