//! Reading as of one instant, whatever is written meanwhile.

use std::future::Future;
use std::ops::Deref;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use diesel_async::SimpleAsyncConnection;

use super::{Connection, PooledConnection, Result};

/// A connection on which every statement sees the same state of the database: that of the first one. An article is never
/// read with quotes, labels or offsets of another version of it. Nothing can be written on it.
pub struct Snapshot(PooledConnection);

impl Snapshot {
    /// Begins one on a connection.
    pub fn begin(connection: PooledConnection) -> Result<Self> {
        send(&connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        Ok(Self(connection))
    }
}

impl Deref for Snapshot {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // A connection that is lost, the pool gives up by itself.
        let _ = send(&self.0, "ROLLBACK");
    }
}

/// Sends a statement ahead of those that come next on the connection, and does not wait for its answer, so that neither
/// the beginning nor the end of a snapshot costs a way there and back. Fails where it cannot be sent.
fn send(mut connection: &Connection, statement: &str) -> Result<()> {
    // The first poll sends it.
    match pin!(connection.batch_execute(statement)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(error)) => Err(error.into()),
        Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
    }
}
