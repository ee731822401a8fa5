//! Webhooks: messages to other systems of what changed, as Standard Webhooks has it.
//!
//! - `reach`: which addresses messages may be sent to
//! - `secret`: what messages are signed with
//! - `sender`: one message to one address
//! - `dispatcher`: which message when, and how it went

pub mod api;
pub mod db;
pub mod dispatcher;
pub mod reach;
pub mod secret;
mod sender;
pub mod wire;

use crate::changes::{ChangeAction, ResourceType};
use crate::values::text_enum::text_enum;

text_enum! {
    /// What a webhook can be told of.
    pub enum EventType {
        /// An article can be seen.
        ArticleAdded = "article.added",
        /// An article changed.
        ArticleUpdated = "article.updated",
        /// An article can be seen no more.
        ArticleRemoved = "article.removed",
        /// A person can be seen.
        PersonAdded = "person.added",
        /// A person changed.
        PersonUpdated = "person.updated",
        /// A person can be seen no more.
        PersonRemoved = "person.removed",
        /// A quote can be seen.
        QuoteAdded = "quote.added",
        /// A quote changed.
        QuoteUpdated = "quote.updated",
        /// A quote can be seen no more.
        QuoteRemoved = "quote.removed",
        /// A label can be seen.
        LabelAdded = "label.added",
        /// A label changed.
        LabelUpdated = "label.updated",
        /// A label can be seen no more.
        LabelRemoved = "label.removed",
    }
}

impl EventType {
    /// The event of a change.
    pub fn of(resource_type: ResourceType, action: ChangeAction) -> Self {
        use ChangeAction::{Added, Removed, Updated};
        match (resource_type, action) {
            (ResourceType::Article, Added) => Self::ArticleAdded,
            (ResourceType::Article, Updated) => Self::ArticleUpdated,
            (ResourceType::Article, Removed) => Self::ArticleRemoved,
            (ResourceType::Person, Added) => Self::PersonAdded,
            (ResourceType::Person, Updated) => Self::PersonUpdated,
            (ResourceType::Person, Removed) => Self::PersonRemoved,
            (ResourceType::Quote, Added) => Self::QuoteAdded,
            (ResourceType::Quote, Updated) => Self::QuoteUpdated,
            (ResourceType::Quote, Removed) => Self::QuoteRemoved,
            (ResourceType::Label, Added) => Self::LabelAdded,
            (ResourceType::Label, Updated) => Self::LabelUpdated,
            (ResourceType::Label, Removed) => Self::LabelRemoved,
        }
    }
}

text_enum! {
    /// How it went with a message.
    pub enum DeliveryStatus {
        /// It is to be tried, again or for the first time.
        Pending = "pending",
        /// It was taken.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
}
