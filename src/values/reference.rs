//! `{ref}`: what a path or a filter names a resource by, its id or a slug.

use std::str::FromStr;

/// A resource as a client names it. A slug never contains `_` and an id always does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference<Id> {
    /// By its id.
    Id(Id),
    /// By a slug, current or former.
    Slug(String),
}

impl<Id: FromStr> Reference<Id> {
    /// Reads a reference. A text that is neither an id nor a possible slug names nothing, and is kept as a slug
    /// that nothing bears.
    pub fn parse(text: &str) -> Self {
        match text.parse() {
            Ok(id) => Reference::Id(id),
            Err(_) => Reference::Slug(text.to_owned()),
        }
    }
}
