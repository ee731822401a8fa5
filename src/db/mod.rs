//! Everything about reaching PostgreSQL that is not a query: addresses, connections, the pool, migrations, errors.

mod address;
mod audience;
pub mod candidates;
mod connection;
mod error;
pub mod facets;
pub mod filter;
mod insert;
pub mod keyset;
mod migrations;
pub mod moved;
pub mod private_postgres;
#[rustfmt::skip]
pub mod schema;
pub mod slugs;
mod snapshot;
pub mod sql;
mod transaction;
mod turns;

use std::collections::HashMap;
use std::hash::Hash;

use diesel_async::RunQueryDsl;

pub use address::{Address, AddressError};
pub use audience::{Audience, PublicFrom};
pub use connection::{Pool, PoolSettings, PoolStatus, PooledConnection, connect, connect_hearing, open_pool};
pub use error::DatabaseError;
pub use insert::insert_into;
pub use migrations::{MIGRATIONS, migrate, pending_migrations};
pub use snapshot::Snapshot;
pub use transaction::Transaction;
pub use turns::{WriteName, WriteTurn, WriteTurns};

/// How many rows one statement inserts at most: PostgreSQL takes 65,535 values in a statement.
pub const ROWS_AT_ONCE: usize = 1000;

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

/// Makes each of these rows of a table public from an instant on, where it was not before. Of a row that stands several
/// times the earliest instant counts.
pub async fn publish(
    mut connection: &Connection,
    table: &'static str,
    shown: &[(uuid::Uuid, PublicFrom)],
) -> Result<()> {
    let known = shown.iter().filter_map(|(id, from)| Some((*id, from.0?)));
    let (ids, instants): (Vec<_>, Vec<_>) = known.unzip();
    if ids.is_empty() {
        return Ok(());
    }
    sql::sql("UPDATE ")
        .text(table)
        .text(" SET public_from = shown.public_from FROM (SELECT id, min(public_from) AS public_from FROM unnest(")
        .bind(ids)
        .text(", ")
        .bind(instants)
        .text(") AS given (id, public_from) GROUP BY id) AS shown WHERE ")
        .text(table)
        .text(".id = shown.id AND ")
        .text(table)
        .text(".public_from > shown.public_from")
        .planned_each_time()
        .statement::<diesel::sql_types::Bool>()
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// A planner's estimate below this is replaced by a count, which is as fast then.
const COUNTED_BELOW: i64 = 10_000;

/// How many rows of a table meet conditions, as the planner estimates; `None` where counting is as cheap.
pub async fn estimate(connection: &Connection, table: &'static str, conditions: Vec<sql::Sql>) -> Result<Option<i64>> {
    let rows = planned_rows(connection, table, conditions).await?;
    Ok(Some(rows).filter(|rows| *rows >= COUNTED_BELOW))
}

/// How many rows of a table meet conditions, as the planner estimates.
pub async fn planned_rows(mut connection: &Connection, table: &'static str, conditions: Vec<sql::Sql>) -> Result<i64> {
    let explained =
        sql::sql("EXPLAIN (FORMAT JSON) SELECT FROM ").text(table).text(" WHERE ").append(sql::all(conditions));
    let plan: serde_json::Value = explained.statement::<diesel::sql_types::Json>().get_result(&mut connection).await?;
    let rows = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_f64).unwrap_or_default();
    // A planner's estimate is far below the largest whole number.
    #[allow(clippy::cast_possible_truncation, reason = "see above")]
    let rows = rows as i64;
    Ok(rows)
}

/// How many rows of a table meet each of several filters, by name; none is counted beyond `most`.
pub async fn count_up_to(
    mut connection: &Connection,
    table: &'static str,
    filters: Vec<(&'static str, Vec<sql::Sql>)>,
    most: i64,
) -> Result<Vec<(&'static str, i64)>> {
    let mut counted = Vec::with_capacity(filters.len());
    for (name, conditions) in filters {
        let count = sql::sql("SELECT count(*) FROM (SELECT FROM ")
            .text(table)
            .text(" WHERE ")
            .append(sql::all(conditions))
            .text(" LIMIT ")
            .bind(most)
            .text(") AS counted")
            .statement::<diesel::sql_types::BigInt>();
        counted.push((name, count.get_result::<i64>(&mut connection).await?));
    }
    Ok(counted)
}

/// Sorts rows under the row they belong to, keeping their order.
pub fn group<Key: Eq + Hash, Row>(rows: impl IntoIterator<Item = (Key, Row)>) -> HashMap<Key, Vec<Row>> {
    let mut groups: HashMap<Key, Vec<Row>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}
