//! The filter by article that several lists share: references in, ids out.

use chrono::{DateTime, Utc};

use super::db;
use crate::db::Connection;
use crate::http::error::ApiError;
use crate::http::parameters::CommaList;
use crate::http::problem::Fault;
use crate::http::reference::ids_named;
use crate::values::id::ArticleId;

/// The articles that one parameter names; `None` where it was not given. What it names in vain is added to `faults`.
pub async fn articles_named(
    connection: &Connection,
    parameter: &str,
    names: Option<CommaList<String>>,
    now: DateTime<Utc>,
    faults: &mut Vec<Fault>,
) -> Result<Option<Vec<ArticleId>>, ApiError> {
    let Some(CommaList(names)) = names else { return Ok(None) };
    let found = db::articles_named(connection, &names, now).await?;
    let similar = async |name: &str| db::similar_slugs(connection, name, now).await;
    ids_named(parameter, "article", &names, &found, similar, faults).await.map(Some)
}
