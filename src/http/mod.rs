//! What every endpoint shares. Knows HTTP and the API document, and no resource.

pub mod body;
pub mod document;
pub mod entity_tag;
pub mod error;
pub mod explain;
pub mod extract;
pub mod facets;
pub mod fallback;
pub mod fields;
pub mod middleware;
pub mod moved;
pub mod page;
pub mod parameters;
pub mod precondition;
pub mod problem;
pub mod publication;
pub mod reference;
pub mod request_log;
pub mod schema;
pub mod validators;
