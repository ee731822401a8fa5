//! Getting content in: files and their formats, the draft articles they all become, and storing those.
//!
//! - `format`: which format a file has, and how it is opened
//! - `entry`: what every format yields: articles as their source tells them
//! - `plain_text`, `markdown`, `html`: files that are one article; `file`: what those have in common
//! - `blogger`, `wordpress`, `ghost`: exports of whole sites, one article in memory at a time
//! - `xml`, `window`: such files cut into pieces, so that a fault in one does not reach the next
//! - `bodies`, `texts`, `dates`, `title`, `patterns`: what formats need to read their parts
//! - `draft`: an article ready to be stored, its quotes found and anchored (pure)
//! - `store`: one draft into the database, in one transaction, never twice
//! - `files`: paths on the command line
//! - `sample`: the sample content
//! - `report`: what an import did

mod blogger;
mod bodies;
mod dates;
pub mod draft;
pub mod entry;
mod file;
mod files;
pub mod format;
mod ghost;
mod html;
mod markdown;
mod patterns;
pub mod plain_text;
mod report;
mod sample;
mod store;
mod texts;
mod title;
mod window;
mod wordpress;
mod xml;

pub use files::{Entry, PathError, entries};
pub use report::{Outcome, Report, ReportedEntry};
pub use sample::sample_entries;

use self::draft::DraftArticle;
use self::entry::{Item, Refusal};
use self::format::Format;
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
    match read(entry) {
        Ok(draft) => match store::store(connection, entry, &draft, clock.now()).await {
            Err(DatabaseError::Constraint(rule)) => {
                let reason = format!("something in it is larger than the database takes (rule {rule})");
                Ok(Outcome::Refused { line: 1, reason })
            }
            outcome => outcome,
        },
        Err((line, reason)) => Ok(Outcome::Refused { line, reason }),
    }
}

/// The article that an entry holds, or the line and the reason why there is none.
fn read(entry: &Entry) -> Result<DraftArticle, (usize, String)> {
    let bytes = entry.content.as_ref().map_err(|refusal| (refusal.line, refusal.reason.clone()))?;
    let format = Format::recognise(bytes, Some(&entry.id)).map_err(|reason| (1, reason))?;
    let refused = |refusal: Refusal| (usize::try_from(refusal.place.line).unwrap_or(usize::MAX), refusal.reason);
    let mut items = format::open(format, std::io::Cursor::new(bytes), Some(&entry.id));
    match items.next() {
        Some(Item::Article(entry)) => DraftArticle::of(*entry).map_err(refused),
        Some(Item::Refused(refusal)) => Err(refused(refusal)),
        Some(Item::LeftOut(_)) | None => Err((1, "no article".to_owned())),
    }
}
