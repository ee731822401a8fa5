//! Whose turn it is to write, among the requests of this process.
//!
//! Content is written by one at a time, see [`exclude_other_writers`](super::exclude_other_writers). Who waits for that
//! here holds no connection meanwhile, so that readers keep theirs; and no more wait than can be served in good time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{DatabaseError, Result};

/// How many writes wait in line at most, the one under way among them.
const LONGEST_LINE: usize = 100;

/// The line of those who want to write. Clones are one and the same line.
#[derive(Debug, Clone)]
pub struct WriteTurns {
    line: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    names: Arc<Mutex<HashSet<String>>>,
}

/// The turn to write, until it is dropped.
#[derive(Debug)]
pub struct WriteTurn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// A name that nobody else in the line has, until it is dropped.
#[derive(Debug)]
pub struct WriteName {
    names: Arc<Mutex<HashSet<String>>>,
    name: String,
}

impl Default for WriteTurns {
    fn default() -> Self {
        Self { line: Arc::new(Semaphore::new(LONGEST_LINE)), turn: Arc::new(Semaphore::new(1)), names: Arc::default() }
    }
}

impl WriteTurns {
    /// Waits for the turn to write; fails at once where too many wait already.
    pub async fn wait(&self) -> Result<WriteTurn> {
        let place = Arc::clone(&self.line).try_acquire_owned().map_err(|_| DatabaseError::Busy)?;
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|_| DatabaseError::Busy)?;
        Ok(WriteTurn { _turn: turn, _place: place })
    }

    /// Takes a name; `None` where somebody has it who waits or writes.
    pub fn take_name(&self, name: String) -> Option<WriteName> {
        // A set of names is sound whoever panicked over it.
        let is_free = self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        is_free.then(|| WriteName { names: Arc::clone(&self.names), name })
    }
}

impl Drop for WriteName {
    fn drop(&mut self) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_writes_some_wait_and_more_are_sent_away() {
        let turns = WriteTurns::default();
        let first = turns.wait().await.unwrap();
        let waiting: Vec<_> = (1..LONGEST_LINE)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.wait().await.map(drop) })
            })
            .collect();
        while turns.line.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(turns.wait().await, Err(DatabaseError::Busy)));
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()), "one at a time");
        drop(first);
        for waiting in waiting {
            assert!(waiting.await.unwrap().is_ok());
        }
        assert!(turns.wait().await.is_ok(), "the line is empty again");
    }

    #[test]
    fn a_name_is_one_requests_until_that_ends() {
        let turns = WriteTurns::default();
        let held = turns.take_name("a".to_owned());
        assert!(
            held.is_some() && turns.take_name("a".to_owned()).is_none() && turns.take_name("b".to_owned()).is_some()
        );
        drop(held);
        assert!(turns.take_name("a".to_owned()).is_some());
    }
}
