//! People: anyone who speaks or writes, a person, an organization or a group, with what they were and when.

mod affiliations;
pub mod api;
pub mod db;
pub mod filter;
mod purge;
pub mod wire;
pub mod write;

use crate::db::keyset::sort_keys;
use crate::values::text_enum::text_enum;

text_enum! {
    /// What sort of speaker or writer it is.
    pub enum PersonKind {
        /// One human being.
        Person = "person",
        /// A company, an institution, a party and the like.
        Organization = "organization",
        /// Several people who speak together, such as "Residents of Alder Street".
        Group = "group",
    }
}

sort_keys! {
    /// What people can be sorted by.
    pub enum PersonSort / PersonSortTerm {
        PublishedAt = "published_at" => "people.public_from" as Instant,
        UpdatedAt = "updated_at" => "people.updated_at" as Instant,
        Name = "name" => "people.name" as Text,
    }
}
