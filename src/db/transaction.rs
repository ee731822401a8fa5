//! Writing in one transaction, done by hand: the connection's own way wants work that may move between threads.

use std::ops::Deref;

use diesel_async::{AsyncConnection, TransactionManager};

use super::{Connection, PooledConnection, Result};

type Transactions = <Connection as AsyncConnection>::TransactionManager;

/// A transaction. Where whoever writes goes away half way, such as a request that took too long, its connection is closed:
/// PostgreSQL takes everything back at once, and the lock of writers is free.
pub struct Transaction(Option<PooledConnection>);

impl Transaction {
    /// Begins one on a connection.
    pub async fn begin(connection: PooledConnection) -> Result<Self> {
        let mut begun = Self(Some(connection));
        if let Some(connection) = &mut begun.0 {
            Transactions::begin_transaction(&mut **connection).await?;
        }
        Ok(begun)
    }

    /// Keeps everything.
    pub async fn commit(mut self) -> Result<()> {
        if let Some(connection) = &mut self.0 {
            Transactions::commit_transaction(&mut **connection).await?;
        }
        // Back to the pool.
        drop(self.0.take());
        Ok(())
    }

    /// Takes everything back.
    pub async fn roll_back(mut self) -> Result<()> {
        if let Some(connection) = &mut self.0 {
            Transactions::rollback_transaction(&mut **connection).await?;
        }
        drop(self.0.take());
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Connection;

    #[allow(clippy::expect_used, reason = "only what consumes a transaction takes its connection out")]
    fn deref(&self) -> &Connection {
        self.0.as_ref().expect("a transaction has its connection until it ends")
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(PooledConnection::take(connection));
        }
    }
}
