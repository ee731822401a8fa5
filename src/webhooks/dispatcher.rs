//! Which message is sent when: announcements become messages, once for each webhook, and messages are tried until they
//! are taken or given up, by whichever instance is first.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::db::{self, Claimed, NewDelivery};
use super::reach::Reach;
use super::secret::{BYTES, SigningSecret};
use super::sender::{Message, Reply, Sender};
use super::{DeliveryStatus, EventType};
use crate::changes::{db as changes_db, wire};
use crate::clock::Clock;
use crate::db::{Connection, DatabaseError, Pool, Result};
use crate::http::reference::Urls;
use crate::values::id::{MessageId, WebhookId};

/// How often a message is tried.
pub(super) const TRIES: i32 = 10;

/// How many messages to one webhook are under way at once.
const AT_ONCE: i64 = 4;

/// How many announcements become messages in one transaction, for each webhook.
const ROWS: i64 = 500;

/// How often it looks for what it has not heard of, such as a message that is to be sent again.
const PATROL: Duration = Duration::from_secs(1);

/// How much longer than a try takes at most other instances leave it alone.
const LEASE: TimeDelta = TimeDelta::seconds(30);

/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// How many tries of a message are kept.
const KEPT_ATTEMPTS: usize = 20;

/// How long messages are kept that are done with, and how often older ones are looked for.
const KEPT: TimeDelta = TimeDelta::days(30);
const CLEANING: Duration = Duration::from_secs(60 * 60);

/// How messages are sent.
#[derive(Debug, Clone, Copy)]
pub struct DispatchSettings {
    /// Where to.
    pub reach: Reach,
    /// How long a receiver may take.
    pub timeout: Duration,
    /// The pause after the first try that failed; each further one is four times as long, give or take half.
    pub first_pause: Duration,
}

/// The sending of messages by this process. It ends when this is dropped; what was under way another instance takes over.
pub struct Dispatcher(AbortHandle);

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Clone)]
struct Dispatch {
    pool: Pool,
    clock: Clock,
    urls: Urls,
    sender: Sender,
    settings: DispatchSettings,
}

impl Dispatcher {
    /// Sends messages from now on, on the present runtime. `heard` is marked as changed when there may be something to
    /// tell. Fails where this system can do no TLS.
    pub fn start(
        pool: Pool,
        clock: Clock,
        urls: Urls,
        heard: watch::Receiver<()>,
        settings: DispatchSettings,
    ) -> std::result::Result<Self, rustls::Error> {
        let sender = Sender::new(settings.reach, settings.timeout)?;
        let dispatch = Dispatch { pool, clock, urls, sender, settings };
        Ok(Self(tokio::spawn(dispatch.run(heard)).abort_handle()))
    }
}

impl Dispatch {
    async fn run(self, mut heard: watch::Receiver<()>) -> Infallible {
        let mut busy = HashSet::new();
        let mut tasks: JoinSet<WebhookId> = JoinSet::new();
        let mut cleaned_at: Option<Instant> = None;
        loop {
            heard.borrow_and_update();
            let wait = match self.round(&mut busy, &mut tasks).await {
                Ok(next) => next.and_then(|next| (next - self.clock.now()).to_std().ok()),
                Err(error) => {
                    tracing::warn!(%error, "webhooks are not told of changes at the moment");
                    None
                }
            };
            if cleaned_at.is_none_or(|at| at.elapsed() > CLEANING) && self.clean().await.is_ok() {
                cleaned_at = Some(Instant::now());
            }
            tokio::select! {
                () = changed(&mut heard) => {}
                Some(done) = tasks.join_next() => match done {
                    Ok(webhook) => {
                        busy.remove(&webhook);
                    }
                    Err(_) => busy.clear(),
                },
                () = tokio::time::sleep(wait.unwrap_or(PATROL).min(PATROL)) => {}
            }
        }
    }

    /// Makes messages, and starts a task for each webhook with some that are due; tells when the next one is.
    async fn round(
        &self,
        busy: &mut HashSet<WebhookId>,
        tasks: &mut JoinSet<WebhookId>,
    ) -> Result<Option<DateTime<Utc>>> {
        let mut connection = self.pool.get().await?;
        while self.make_messages(&mut connection).await? {}
        let now = self.clock.now();
        let due = db::due_webhooks(&connection).await?;
        for (webhook, _) in due.iter().filter(|(_, due_at)| *due_at <= now) {
            if busy.insert(*webhook) {
                let (dispatch, webhook) = (self.clone(), *webhook);
                tasks.spawn(async move {
                    if let Err(error) = dispatch.send_due(webhook).await {
                        tracing::warn!(%error, %webhook, "a webhook is not told of changes at the moment");
                    }
                    webhook
                });
            }
        }
        Ok(due.into_iter().map(|(_, due_at)| due_at).filter(|due_at| *due_at > now).min())
    }

    /// Makes messages of what was announced, some for each webhook; tells whether there may be more.
    async fn make_messages(&self, connection: &mut Connection) -> Result<bool> {
        let now = self.clock.now();
        connection
            .transaction::<_, DatabaseError, _>(async |connection| {
                let mut is_more = false;
                for behind in db::lock_behind(connection).await? {
                    let range = (behind.position, i64::MAX);
                    let rows = changes_db::announcements_between(connection, behind.told, range, &[], ROWS).await?;
                    is_more |= rows.len() as i64 == ROWS;
                    let position = rows.last().map_or(behind.position, |last| last.position);
                    let wanted = |event: EventType| behind.events.is_empty() || behind.events.contains(&event);
                    let messages: Vec<NewDelivery> = rows
                        .into_iter()
                        .map(|row| (EventType::of(row.resource_type, row.action), row))
                        .filter(|(event, _)| wanted(*event))
                        .map(|(event, row)| {
                            let position = row.position;
                            let change = wire::change(behind.told, row, &self.urls);
                            let body = json!({ "type": event, "timestamp": change.changed_at, "data": change });
                            NewDelivery {
                                id: MessageId::generate(),
                                webhook_id: behind.id,
                                position,
                                event,
                                body: body.to_string(),
                                status: DeliveryStatus::Pending,
                                tries_left: TRIES,
                                due_at: now,
                                created_at: now,
                            }
                        })
                        .collect();
                    db::enqueue(connection, behind.id, position, &messages).await?;
                }
                Ok(is_more)
            })
            .await
    }

    /// Sends the messages of a webhook that are due, until none is.
    async fn send_due(&self, webhook: WebhookId) -> Result<()> {
        loop {
            let now = self.clock.now();
            let timeout = TimeDelta::from_std(self.settings.timeout).unwrap_or(TimeDelta::MAX);
            let lease = now + timeout + LEASE;
            let claimed = db::claim(&*self.pool.get().await?, webhook, now, lease, AT_ONCE).await?;
            if claimed.is_empty() {
                return Ok(());
            }
            let mut tries = JoinSet::new();
            for message in claimed {
                let dispatch = self.clone();
                tries.spawn(async move { dispatch.try_to_send(webhook, message).await });
            }
            while let Some(tried) = tries.join_next().await {
                tried.map_err(|error| DatabaseError::Unavailable(error.to_string()))??;
            }
        }
    }

    /// Tries to send a message once, and keeps how that went.
    async fn try_to_send(&self, webhook: WebhookId, claimed: Claimed) -> Result<()> {
        let Claimed { id, body, tries, tries_left, mut attempts, url, secret, former_secret, former_secret_until } =
            claimed;
        let sent_at = self.clock.now();
        let former = former_secret.filter(|_| former_secret_until.is_some_and(|until| sent_at < until));
        let timestamp = sent_at.timestamp();
        let signatures: Vec<String> = [Some(secret), former]
            .into_iter()
            .flatten()
            .filter_map(|secret| <[u8; BYTES]>::try_from(secret).ok())
            .map(|secret| SigningSecret(secret).sign(&id.to_string(), timestamp, &body))
            .collect();
        let begun = Instant::now();
        let message = Message { url, id: id.to_string(), timestamp, signatures: signatures.join(" "), body };
        let outcome = self.sender.send(message).await;
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        note(&mut attempts, sent_at, milliseconds, &outcome);

        let status = outcome.as_ref().ok().map(|reply| reply.status);
        let connection = self.pool.get().await?;
        let now = self.clock.now();
        let (conclusion, due_at) = match status {
            Some(200..=299) => (DeliveryStatus::Delivered, now),
            Some(410) => (DeliveryStatus::Failed, now),
            _ if tries_left == 0 => (DeliveryStatus::Failed, now),
            _ => {
                let done = u32::try_from(TRIES - 1 - tries_left).unwrap_or_default();
                let pause = TimeDelta::from_std(pause(self.settings.first_pause, done, jitter(id)));
                (DeliveryStatus::Pending, now + pause.unwrap_or(TimeDelta::zero()))
            }
        };
        db::conclude(&connection, (id, tries), conclusion, due_at, &attempts).await?;
        if status == Some(410) {
            db::unsubscribe(&connection, webhook, "the receiver answered 410 Gone", now).await?;
        }
        Ok(())
    }

    async fn clean(&self) -> Result<()> {
        db::forget_deliveries(&*self.pool.get().await?, self.clock.now() - KEPT).await
    }
}

/// Returns when there may be something to tell; never, where nobody is left to say so.
async fn changed(heard: &mut watch::Receiver<()>) {
    if heard.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Adds a try to those of a message.
fn note(attempts: &mut Value, at: DateTime<Utc>, milliseconds: u64, outcome: &std::result::Result<Reply, String>) {
    let (status, answer, error) = match outcome {
        Ok(Reply { status, excerpt }) => (Some(status), Some(excerpt), None),
        Err(error) => (None, None, Some(error)),
    };
    let attempt = json!({ "at": at, "milliseconds": milliseconds, "status": status, "answer": answer, "error": error });
    if let Some(attempts) = attempts.as_array_mut() {
        attempts.push(attempt);
        attempts.drain(..attempts.len().saturating_sub(KEPT_ATTEMPTS));
    }
}

/// The pause after so many earlier tries: four times as long each time, of which `jitter` (0 to 1) takes half or leaves
/// all, so that what failed together does not come back together.
fn pause(first: Duration, earlier: u32, jitter: f64) -> Duration {
    let whole = first.saturating_mul(4_u32.saturating_pow(earlier)).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + jitter / 2.0)
}

/// A number from 0 to 1: random, or what the id's random bits say where there is no random one.
fn jitter(id: MessageId) -> f64 {
    let random = getrandom::u32().unwrap_or((id.0.as_u128() & u128::from(u32::MAX)) as u32);
    f64::from(random) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_fourfold_and_end_at_a_day() {
        let first = Duration::from_secs(5);
        let whole: Vec<u64> = (0..9).map(|earlier| pause(first, earlier, 1.0).as_secs()).collect();
        assert_eq!(whole, [5, 20, 80, 320, 1280, 5120, 20_480, 81_920, 86_400]);
        assert_eq!(pause(first, 1, 0.0).as_secs(), 10);
        assert_eq!(pause(first, u32::MAX, 1.0), LONGEST_PAUSE);
    }
}
