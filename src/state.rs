//! What handlers share: the pool, the clock and the addresses. Holds nothing that a request changes.

use crate::clock::Clock;
use crate::db::{DatabaseError, Pool, PooledConnection};
use crate::http::reference::Urls;

/// The state of the running server.
#[derive(Clone)]
pub struct State {
    /// Connections to PostgreSQL.
    pub pool: Pool,
    /// The time.
    pub clock: Clock,
    /// Addresses of resources.
    pub urls: Urls,
}

impl State {
    /// A connection to PostgreSQL, on loan.
    pub async fn connection(&self) -> Result<PooledConnection, DatabaseError> {
        self.pool.get().await
    }
}
