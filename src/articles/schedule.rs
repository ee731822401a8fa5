//! Scheduled articles whose time has come.
//!
//! They are public on time by themselves (`public_from`). What happens here happens once for each, however many servers
//! run on the database: it becomes a published article, with a new version, its revision and its row in the record, and
//! its quotes may say more than before.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;

use super::{db, write as article_write};
use crate::changes::db as changes_db;
use crate::clock::Clock;
use crate::db::{Connection, DatabaseError, Pool, Result, exclude_other_writers};
use crate::writing::{Origin, Writer};

/// Who the change log says did it.
pub const ACTOR: &str = "schedule";

/// How many articles one transaction publishes at most, so that other writers get their turn.
const AT_ONCE: i64 = 50;

/// The longest wait: an article that is scheduled meanwhile, or a database that is away, is noticed so late.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Publishes what is due, for as long as it is polled. A database that is away is asked again.
pub async fn run(pool: Pool, clock: Clock) -> Infallible {
    loop {
        let wait = match publish_all_due(&pool, clock.now()).await {
            Ok(next) => next.and_then(|next| (next - clock.now()).to_std().ok()),
            Err(error) => {
                tracing::warn!(%error, "scheduled articles are not looked after at the moment");
                None
            }
        };
        tokio::time::sleep(wait.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)).await;
    }
}

/// Publishes every article that is due; tells when the next one is.
async fn publish_all_due(pool: &Pool, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    while publish_due(pool, now).await? == AT_ONCE {}
    let connection = pool.get().await?;
    // Whatever else came by the time alone, or past the program.
    changes_db::announce(&connection, now).await?;
    db::next_due(&connection, now).await
}

/// Publishes articles that are due, some at a time; tells how many.
pub async fn publish_due(pool: &Pool, now: DateTime<Utc>) -> Result<i64> {
    let mut connection = pool.get().await?;
    // Without a lock first: mostly there is nothing to do.
    if !db::is_any_due(&connection, now).await? {
        return Ok(0);
    }
    let connection: &mut Connection = &mut connection;
    connection
        .transaction::<_, DatabaseError, _>(async |connection| {
            exclude_other_writers(connection).await?;
            let due = db::lock_due(connection, now, AT_ONCE).await?;
            let origin = Origin { actor: ACTOR.to_owned(), request_id: None };
            let mut writer = Writer::new(connection, now, origin);
            for id in &due {
                article_write::appear(&mut writer, *id).await?;
            }
            writer.finish().await?;
            Ok(i64::try_from(due.len()).unwrap_or(AT_ONCE))
        })
        .await
}
