//! The change log: who changed what, written in the transaction of the change itself.

pub mod db;
pub mod listener;

use crate::values::text_enum::text_enum;

text_enum! {
    /// What sort of resource was changed.
    pub enum ResourceType {
        /// An article.
        Article = "article",
        /// A person, an organization or a group.
        Person = "person",
        /// A quote.
        Quote = "quote",
        /// A label.
        Label = "label",
    }
}

text_enum! {
    /// What was done to it.
    pub enum Action {
        /// It was made.
        Created = "created",
        /// Its content changed.
        Updated = "updated",
        /// It was withdrawn.
        Deleted = "deleted",
        /// Its withdrawal was taken back.
        Restored = "restored",
        /// It became part of another.
        Merged = "merged",
        /// It is gone for good.
        Purged = "purged",
    }
}
