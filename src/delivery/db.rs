//! What delivery asks PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::articles;
use crate::db::{Connection, PublicFrom, Result};

/// When the next article becomes public after `now`; `None` where none is to.
pub(super) async fn next_publication(mut connection: &Connection, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let next: Option<PublicFrom> = articles::table
        .select(articles::public_from)
        .filter(articles::public_from.gt(now))
        .order(articles::public_from)
        .first(&mut connection)
        .await
        .optional()?;
    Ok(next.and_then(|PublicFrom(instant)| instant))
}
