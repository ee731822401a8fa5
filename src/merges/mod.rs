//! Merges: a person or a label that becomes part of another, and back.
//!
//! What named the one names the other afterwards: rows are moved, each with a note, and the merged one stays behind as
//! a sign that leads on. An undo moves back what is still where the merge put it.

pub mod api;
pub mod db;
mod rows;
pub mod wire;
pub mod write;

use crate::values::text_enum::text_enum;

text_enum! {
    /// What sort of resource was merged.
    pub enum MergedType {
        /// A person, an organization or a group.
        Person = "person",
        /// A label.
        Label = "label",
    }
}
