//! The filters by person that several lists share: references in, ids out.

use chrono::{DateTime, Utc};

use super::db;
use crate::db::Connection;
use crate::http::error::ApiError;
use crate::http::explain::Reading;
use crate::http::parameters::CommaList;
use crate::http::reference::ids_named;
use crate::values::id::PersonId;

/// The people that one parameter names; `None` where it was not given. What it names in vain is a fault.
pub async fn people_named(
    connection: &Connection,
    parameter: &str,
    names: Option<CommaList<String>>,
    now: DateTime<Utc>,
    reading: &mut Reading,
) -> Result<Option<Vec<PersonId>>, ApiError> {
    let Some(CommaList(names)) = names else { return Ok(None) };
    let found = db::people_named(connection, &names, now).await?;
    let similar = async |name: &str| db::similar_slugs(connection, name, now).await;
    ids_named(parameter, ("person", "people"), &names, &found, similar, reading).await.map(Some)
}
