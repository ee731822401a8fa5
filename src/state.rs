//! What handlers share: the pool, the clock and the addresses. Holds nothing that a request changes.

use std::sync::Arc;

use actix_web::{HttpRequest, web};

use crate::clock::Clock;
use crate::db::{DatabaseError, Pool, PooledConnection, Snapshot};
use crate::delivery::Cache;
use crate::http::error::ApiError;
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
    /// Whether what is public can be read without a key.
    pub has_public_reads: bool,
    /// Answers in memory.
    pub cache: Arc<Cache>,
}

impl State {
    /// The state of the server that a request came to.
    pub fn of(request: &HttpRequest) -> Result<&Self, ApiError> {
        let state = request.app_data::<web::Data<Self>>().map(|state| state.as_ref());
        state.ok_or_else(|| ApiError::internal("the server has no state"))
    }

    /// A connection to read on, as of one instant, on loan.
    pub async fn connection(&self) -> Result<Snapshot, DatabaseError> {
        Snapshot::begin(self.pool.get().await?)
    }

    /// A connection to write on, or to ask one thing, on loan.
    pub async fn writing_connection(&self) -> Result<PooledConnection, DatabaseError> {
        self.pool.get().await
    }
}
