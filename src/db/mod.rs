//! Everything about reaching PostgreSQL that is not a query: addresses, connections, the pool, migrations, errors.

mod address;
mod connection;
mod error;
pub mod keyset;
mod migrations;
pub mod private_postgres;
#[rustfmt::skip]
pub mod schema;
pub mod slugs;

use std::collections::HashMap;
use std::hash::Hash;

use diesel_async::RunQueryDsl;

pub use address::{Address, AddressError};
pub use connection::{Pool, PoolSettings, PooledConnection, connect, open_pool};
pub use error::DatabaseError;
pub use migrations::{MIGRATIONS, migrate, pending_migrations};

/// One connection.
pub type Connection = diesel_async::AsyncPgConnection;

/// What a query gives.
pub type Result<T> = std::result::Result<T, DatabaseError>;

/// The advisory lock that content is written under: "content" in ASCII.
const WRITER_LOCK: i64 = 0x0063_6f6e_7465_6e74;

/// Makes other writers of content wait until the present transaction ends, so that what is looked up (names, slugs,
/// equal quotes) is still so when it is written.
pub async fn exclude_other_writers(mut connection: &Connection) -> Result<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(WRITER_LOCK)
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Sorts rows under the row they belong to, keeping their order.
pub fn group<Key: Eq + Hash, Row>(rows: impl IntoIterator<Item = (Key, Row)>) -> HashMap<Key, Vec<Row>> {
    let mut groups: HashMap<Key, Vec<Row>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}
