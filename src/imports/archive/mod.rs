//! Verbatim's own export: one JSON object on each line, and restoring what they tell.
//!
//! A line that has a `type` is a record of an export, with ids, versions and instants, and comes after those it names. A
//! line without is an article as people write it by hand.
//!
//! - `records`: what the lines are
//! - `lines`: a file, line by line
//! - `present`: the records of what is in the database
//! - `restore`: records into the database

mod lines;
pub mod present;
mod records;
mod restore;

pub use lines::open;
pub use records::{
    AffiliationRecord, ArticleRecord, LabelRecord, OtherId, PersonRecord, PrintingRecord, QuoteRecord, Record,
    SourceRecord,
};
pub(super) use restore::{checked, restore};
