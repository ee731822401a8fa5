//! The `label` filter that several lists share: references in, ids out.

use chrono::{DateTime, Utc};

use super::db;
use crate::db::Connection;
use crate::http::error::ApiError;
use crate::http::parameters::CommaList;
use crate::http::problem::{Fault, ProblemCode};
use crate::values::id::LabelId;
use crate::values::reference::Reference;

/// The labels that a parameter names, none where it was not given. Every name that means nothing is a fault.
pub async fn labels_named(
    connection: &Connection,
    parameter: &str,
    names: Option<CommaList<String>>,
    now: DateTime<Utc>,
) -> Result<Option<Vec<LabelId>>, ApiError> {
    let Some(CommaList(names)) = names else { return Ok(None) };
    let references: Vec<Reference<LabelId>> = names.iter().map(|name| Reference::parse(name)).collect();
    let rows = db::find_labels(connection, &references, now).await?;
    let mut ids = Vec::with_capacity(references.len());
    let mut faults = Vec::new();
    for (reference, name) in references.iter().zip(&names) {
        let found = rows.iter().find(|row| match reference {
            Reference::Id(id) => row.id == *id,
            Reference::Slug(slug) => row.slug == *slug,
        });
        match found {
            Some(row) => ids.push(row.id),
            None => {
                let near = db::similar_slugs(connection, name, now).await?;
                let detail = format!("{parameter}: there is no public label {name:?}");
                faults.push(Fault::new(ProblemCode::UnknownReference, parameter, detail).did_you_mean(near));
            }
        }
    }
    if faults.is_empty() { Ok(Some(ids)) } else { Err(ApiError::faults(faults)) }
}
