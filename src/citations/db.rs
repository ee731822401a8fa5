//! What citations ask PostgreSQL.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::articles;
use crate::db::{Audience, Connection, Result};
use crate::values::id::ArticleId;

/// The article whose own address this is, as the audience may see it; of several the newest.
pub async fn article_at(mut connection: &Connection, page: &str, audience: Audience) -> Result<Option<ArticleId>> {
    Ok(articles::table
        .select(articles::id)
        .filter(articles::canonical_url.eq(page))
        .filter(articles::deleted_at.is_null())
        .filter(audience.sees("articles.public_from").condition())
        .order((articles::public_from.desc(), articles::id.desc()))
        .first(&mut connection)
        .await
        .optional()?)
}
