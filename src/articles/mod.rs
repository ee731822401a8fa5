//! Articles: titled texts with a life cycle, authors, labels and the quotes they print.

pub mod api;
pub mod db;
pub mod wire;

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
