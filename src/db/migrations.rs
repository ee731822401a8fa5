//! The migrations, built into the program, and applying them.

use diesel_async::{AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Address, DatabaseError, connect};

/// Every migration, in order.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// The advisory lock that lets one instance migrate while others wait: "verbatim" in ASCII.
const MIGRATION_LOCK: i64 = 0x7665_7262_6174_696d;

/// Applies what is missing and returns its versions. Several instances may call this at once.
///
/// Blocks its thread while a migration runs, so it must be called on a multi-threaded runtime.
pub async fn migrate(address: &Address) -> Result<Vec<String>, DatabaseError> {
    let mut connection = connect(address).await?;
    // Held until this connection closes, that is until the end of this function.
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK)
        .execute(&mut connection)
        .await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let applied = harness.run_pending_migrations(MIGRATIONS).map_err(migration_failed)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// The versions that are not applied yet.
///
/// Blocks its thread, so it must be called on a multi-threaded runtime.
pub async fn pending_migrations(address: &Address) -> Result<Vec<String>, DatabaseError> {
    let mut harness = AsyncMigrationHarness::new(connect(address).await?);
    let pending = harness.pending_migrations(MIGRATIONS).map_err(migration_failed)?;
    Ok(pending.iter().map(|migration| migration.name().version().to_string()).collect())
}

fn migration_failed(error: Box<dyn std::error::Error + Send + Sync>) -> DatabaseError {
    DatabaseError::Unexpected(diesel::result::Error::QueryBuilderError(error))
}
