//! Quotes: what somebody said, and every printing of it.

pub mod api;
pub mod db;
mod edit;
mod occurrence;
pub mod offsets;
mod sample;
pub mod wire;
pub mod write;

use crate::db::keyset::sort_keys;
use crate::values::text_enum::text_enum;

text_enum! {
    /// Where in an article a printing stands.
    pub enum OccurrenceKind {
        /// In the running text.
        Inline = "inline",
        /// Set apart from the text.
        Pull = "pull",
    }
}

text_enum! {
    /// How the words are quoted.
    pub enum Quotation {
        /// Whole sentences between marks.
        Direct = "direct",
        /// A fragment inside the writer's own sentence.
        Mixed = "mixed",
    }
}

text_enum! {
    /// How a pull quote compares with the body of its article.
    pub enum Fidelity {
        /// The body prints the same words.
        Verbatim = "verbatim",
        /// The body prints more; words were left out.
        Trimmed = "trimmed",
        /// The body prints it with other words.
        Edited = "edited",
        /// The body does not print it.
        NotInBody = "not_in_body",
    }
}

text_enum! {
    /// What the quotes of a list can be counted by.
    pub enum QuoteFacet {
        /// The labels of the articles that print them.
        Label = "label",
        /// Who said them.
        Speaker = "speaker",
        /// The organization the speaker was at then, as printed.
        Affiliation = "affiliation",
        /// In the running text, or set apart.
        Kind = "kind",
        /// The year their first printing became public in, in UTC.
        Year = "year",
        /// The month their first printing became public in, in UTC.
        Month = "month",
    }
}

sort_keys! {
    /// What quotes can be sorted by.
    pub enum QuoteSort / QuoteSortTerm {
        PublishedAt = "published_at" => "quotes.public_from" as Instant,
        UpdatedAt = "updated_at" => "quotes.updated_at" as Instant,
        CreatedAt = "created_at" => "quotes.created_at" as Instant,
        // Only where quotes are looked for by words; the smaller, the better.
        Relevance = "relevance" => "quotes.distance" as Integer,
    }
}
