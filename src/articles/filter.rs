//! The filter by article that several lists share: references in, ids out.

use super::db;
use crate::db::{Audience, Connection};
use crate::http::error::ApiError;
use crate::http::explain::Reading;
use crate::http::parameters::CommaList;
use crate::http::reference::ids_named;
use crate::values::id::ArticleId;

/// The articles that one parameter names; `None` where it was not given. What it names in vain is a fault.
pub async fn articles_named(
    connection: &Connection,
    parameter: &str,
    names: Option<CommaList<String>>,
    audience: Audience,
    reading: &mut Reading,
) -> Result<Option<Vec<ArticleId>>, ApiError> {
    let Some(CommaList(names)) = names else { return Ok(None) };
    let found = db::articles_named(connection, &names, audience).await?;
    let similar = async |name: &str| db::similar_slugs(connection, name, audience).await;
    ids_named(parameter, ("article", "articles"), &names, &found, similar, reading).await.map(Some)
}
