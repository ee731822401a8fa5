//! Articles: titled texts with a life cycle, authors, labels and the quotes they print.

pub mod api;
pub mod db;
pub mod filter;
pub mod listing;
pub mod printings;
pub mod revisions;
pub mod schedule;
mod source;
pub mod wire;
pub mod working_copies;
pub mod write;

use crate::db::keyset::sort_keys;
use crate::values::text_enum::text_enum;

text_enum! {
    /// Where an article is in its life.
    pub enum ArticleStatus {
        /// Being written.
        Draft = "draft",
        /// Becomes public at its `published_at`.
        Scheduled = "scheduled",
        /// Public.
        Published = "published",
        /// No longer public.
        Archived = "archived",
    }
}

text_enum! {
    /// What the articles of a list can be counted by.
    pub enum ArticleFacet {
        /// Their labels.
        Label = "label",
        /// Who is quoted in them.
        Speaker = "speaker",
        /// Who wrote them.
        Author = "author",
        /// Their language.
        Language = "language",
        /// The year they were published in, in UTC.
        Year = "year",
        /// The month they were published in, in UTC.
        Month = "month",
    }
}

sort_keys! {
    /// What articles can be sorted by.
    pub enum ArticleSort / ArticleSortTerm {
        PublishedAt = "published_at" => "articles.public_from" as Instant,
        UpdatedAt = "updated_at" => "articles.updated_at" as Instant,
        CreatedAt = "created_at" => "articles.created_at" as Instant,
        Title = "title" => "articles.title" as Text,
        // Only where articles are looked for by words; the smaller, the better.
        Relevance = "relevance" => "articles.distance" as Integer,
    }
}
