//! People: anyone who speaks or writes, a person, an organization or a group, with what they were and when.

pub mod api;
pub mod db;
pub mod wire;

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
