//! Values that the whole program speaks in: plain data and plain functions, without I/O.

pub mod anchor;
pub mod body;
pub mod date;
pub mod id;
pub mod name;
pub mod reference;
pub mod slug;
pub(crate) mod text_enum;
pub mod text_fragment;
pub mod word_diff;
