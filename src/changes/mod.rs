//! Changes: who changed what, written in the transaction of the change itself, and what followers are told of it.
//!
//! - the record (`changes`): who did what to which version
//! - announcements: what an audience is told, in the order of the commits, made by the database itself (see the migration)
//! - `cursor`: a place in what an audience is told
//! - `follower`: reads announcements once for all event streams of the process
//! - `listener`: hears that there is something new

pub mod api;
pub mod cursor;
pub mod db;
pub mod follower;
pub mod listener;
pub mod wire;

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

text_enum! {
    /// Who is told.
    pub enum Told {
        /// Everybody, of what is public.
        Public = "public",
        /// Those who may read drafts, of these too.
        Editors = "editors",
    }
}

text_enum! {
    /// What a change is to whoever follows.
    pub enum ChangeAction {
        /// It can be seen from now on.
        Added = "added",
        /// It shows something else than before.
        Updated = "updated",
        /// It can be seen no more.
        Removed = "removed",
    }
}

text_enum! {
    /// Why something can be seen no more.
    pub enum RemovalReason {
        /// It is not public any more, or nothing public shows it any more.
        Hidden = "hidden",
        /// It was deleted.
        Deleted = "deleted",
        /// It became part of another.
        Merged = "merged",
        /// It is gone for good.
        Purged = "purged",
    }
}
