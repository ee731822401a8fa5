//! Everything about reaching PostgreSQL that is not a query: addresses, connections, the pool, migrations, errors.

mod address;
mod connection;
mod error;
pub mod keyset;
mod migrations;
pub mod private_postgres;
#[rustfmt::skip]
pub mod schema;

use std::collections::HashMap;
use std::hash::Hash;

pub use address::{Address, AddressError};
pub use connection::{Pool, PoolSettings, PooledConnection, connect, open_pool};
pub use error::DatabaseError;
pub use migrations::{MIGRATIONS, migrate, pending_migrations};

/// One connection.
pub type Connection = diesel_async::AsyncPgConnection;

/// What a query gives.
pub type Result<T> = std::result::Result<T, DatabaseError>;

/// Sorts rows under the row they belong to, keeping their order.
pub fn group<Key: Eq + Hash, Row>(rows: impl IntoIterator<Item = (Key, Row)>) -> HashMap<Key, Vec<Row>> {
    let mut groups: HashMap<Key, Vec<Row>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}
