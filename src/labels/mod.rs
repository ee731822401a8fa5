//! Labels: named groups of articles, with aliases and an optional parent.

pub mod api;
pub mod db;
pub mod filter;
mod resolve;
pub mod wire;
pub mod write;

use crate::db::keyset::sort_keys;

sort_keys! {
    /// What labels can be sorted by.
    pub enum LabelSort / LabelSortTerm {
        PublishedAt = "published_at" => "labels.public_from" as Instant,
        UpdatedAt = "updated_at" => "labels.updated_at" as Instant,
        Name = "name" => "labels.name" as Text,
    }
}
