//! Getting content in: files and their formats, the draft articles they all become, and storing those.
//!
//! - `format`: which format a file has, and how it is opened
//! - `entry`: what every format yields: articles as their source tells them
//! - `plain_text`, `markdown`, `html`: files that are one article; `file`: what those have in common
//! - `blogger`, `wordpress`, `ghost`: exports of whole sites, one article in memory at a time
//! - `xml`, `window`: such files cut into pieces, so that a fault in one does not reach the next
//! - `bodies`, `texts`, `dates`, `title`, `patterns`: what formats need to read their parts
//! - `archive`: Verbatim's own export, line by line, and restoring what it tells
//! - `draft`: an article ready to be stored, its quotes found and anchored (pure)
//! - `run`: files read, prepared and stored, batch by batch
//! - `store`: a batch of drafts into the database, never twice
//! - `update`: what is there already and changed since
//! - `files`: paths on the command line
//! - `sample`: the sample content
//! - `report`: what an import did

pub mod archive;
mod blogger;
mod bodies;
mod dates;
mod draft;
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
mod run;
mod sample;
mod store;
mod texts;
mod title;
mod update;
mod window;
mod wordpress;
mod xml;

pub use draft::{Found, FoundQuote};
pub use files::{Content, PathError, Source, sources};
pub use report::{Outcome, ReportedEntry, Tally};
pub use run::{Batch, Options, Run};
pub use sample::sample_sources;
pub use store::Changed;

use crate::clock::Clock;
use crate::db::{Connection, DatabaseError};
use crate::writing::Origin;

/// Who the change log says made the changes of an import on the command line.
pub const ACTOR: &str = "import";

/// Imports files on the command line's behalf. `on_entry` hears of each entry as it is done.
pub async fn import(
    connection: &mut Connection,
    sources: Vec<Source>,
    clock: Clock,
    mut on_entry: impl FnMut(&ReportedEntry),
) -> Result<Tally, DatabaseError> {
    let origin = Origin { actor: ACTOR.to_owned(), request_id: None };
    let mut run = Run::start(sources, Options { is_dry_run: false, origin });
    let mut tally = Tally::default();
    while let Some(batch) = run.next().await {
        for entry in &run.store(connection, clock, batch, async |_, _| Ok(()), drop).await? {
            tally.add(&entry.outcome);
            on_entry(entry);
        }
    }
    Ok(tally)
}
