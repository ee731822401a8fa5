//! Hearing of changes: one connection of the process listens to what every writer of the database tells when it commits.
//!
//! PostgreSQL hands out notifications in the order of the commits, and never again: what is told while the connection is
//! down is lost. So a listener that (re)connects first tells its own listeners that anything may have changed. And a
//! connection that looks well may be dead: the listener proves that it hears by sending itself heartbeats through the same
//! queue. When one is back, everything that committed before it was sent has been heard.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio_postgres::{AsyncMessage, Client};
use uuid::Uuid;

use super::ResourceType;
use crate::db::{Address, DatabaseError, connect_hearing};

/// Where writers tell of changes.
const CHANGES: &str = "verbatim_changes";

/// What they tell where nothing changed that the public sees.
const NOTHING: &str = "-";

/// Where listeners send themselves heartbeats.
const HEARTBEAT: &str = "verbatim_heartbeat";

/// How long a heartbeat may be on its way before the connection is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The first and the longest pause before connecting again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// These resources changed, so that the public sees it. There may be none.
    Changed(Vec<(ResourceType, Uuid)>),
    /// Anything may have changed: more than a notification can say, or something while nobody heard.
    Anything,
}

/// The one connection of the process that listens. It is closed when this is dropped.
pub struct Listener {
    hearing: Arc<Hearing>,
    task: AbortHandle,
}

type Callback = Box<dyn Fn(&Notification) + Send + Sync>;

/// What the task and the connection's driver share.
struct Hearing {
    /// Instants are kept as microseconds since this one.
    start: Instant,
    /// When the last heartbeat that came back was sent; 0 where none has come back.
    proven_at: AtomicU64,
    /// The heartbeat under way: its payload, and when it was sent.
    awaited: Mutex<Option<(String, Instant)>>,
    is_back: Notify,
    callbacks: RwLock<Vec<Callback>>,
    heard: watch::Sender<()>,
}

impl Listener {
    /// Listens from now on, on the present runtime; a connection that is lost is opened again. A heartbeat is sent so
    /// often.
    pub fn start(address: Address, heartbeat: Duration) -> Self {
        let hearing = Arc::new(Hearing {
            start: Instant::now(),
            proven_at: AtomicU64::new(0),
            awaited: Mutex::new(None),
            is_back: Notify::new(),
            callbacks: RwLock::new(Vec::new()),
            heard: watch::Sender::new(()),
        });
        let task = tokio::spawn(run(Arc::clone(&hearing), address, heartbeat)).abort_handle();
        Self { hearing, task }
    }

    /// Everything that committed before this instant has been heard, and every callback has returned. `None` before the
    /// first proof.
    pub fn proven_at(&self) -> Option<Instant> {
        match self.hearing.proven_at.load(Ordering::Acquire) {
            0 => None,
            microseconds => Some(self.hearing.start + Duration::from_micros(microseconds)),
        }
    }

    /// Has this called with everything that is heard from now on, in order, before it counts as heard. It must not block.
    pub fn on_notification(&self, callback: Callback) {
        self.hearing.callbacks.write().unwrap_or_else(PoisonError::into_inner).push(callback);
    }

    /// Is marked as changed whenever something was heard.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.hearing.heard.subscribe()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ends the driver of a connection with whoever uses it.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(hearing: Arc<Hearing>, address: Address, heartbeat: Duration) {
    let (mut pause, longest) = PAUSES;
    loop {
        let proven = hearing.proven_at.load(Ordering::Acquire);
        let Err(error) = listen(&hearing, &address, heartbeat).await;
        tracing::warn!(%error, "changes are not heard at the moment");
        if hearing.proven_at.load(Ordering::Acquire) != proven {
            pause = PAUSES.0;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// Listens until the connection is lost.
async fn listen(hearing: &Arc<Hearing>, address: &Address, heartbeat: Duration) -> Result<Infallible, DatabaseError> {
    let hears = Arc::clone(hearing);
    let (client, driver) = connect_hearing(address, move |message| hears.take(message)).await?;
    let _driver = Driver(driver);
    in_time(client.batch_execute(&format!("LISTEN {CHANGES}; LISTEN {HEARTBEAT}"))).await?;
    // Before the first heartbeat, so that nothing counts as heard that was told meanwhile.
    hearing.tell(&Notification::Anything);
    let notify = in_time(client.prepare("SELECT pg_notify($1, $2)")).await?;
    let name = Uuid::now_v7().simple().to_string();
    let mut number = 0_u64;
    loop {
        let sent_at = Instant::now();
        beat(hearing, &client, &notify, format!("{name}:{number}"), sent_at).await?;
        tokio::time::sleep_until((sent_at + heartbeat).into()).await;
        number += 1;
    }
}

/// Sends one heartbeat and waits until it is back.
async fn beat(
    hearing: &Hearing,
    client: &Client,
    notify: &tokio_postgres::Statement,
    payload: String,
    sent_at: Instant,
) -> Result<(), DatabaseError> {
    *lock(&hearing.awaited) = Some((payload.clone(), sent_at));
    in_time(client.execute(notify, &[&HEARTBEAT, &payload])).await?;
    // A notification of this connection's own comes before the answer to its statement, or right after it.
    while lock(&hearing.awaited).is_some() {
        let back = tokio::time::timeout(PATIENCE, hearing.is_back.notified()).await;
        back.map_err(|_| DatabaseError::Unavailable("a heartbeat did not come back".to_owned()))?;
    }
    Ok(())
}

async fn in_time<T>(work: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, DatabaseError> {
    let unavailable = |reason: String| DatabaseError::Unavailable(reason);
    let done = tokio::time::timeout(PATIENCE, work).await.map_err(|_| unavailable("it does not answer".to_owned()))?;
    done.map_err(|error| unavailable(error.to_string()))
}

impl Hearing {
    /// Takes one message of the connection, in order.
    fn take(&self, message: AsyncMessage) {
        let AsyncMessage::Notification(message) = message else { return };
        match message.channel() {
            CHANGES => self.tell(&read(message.payload())),
            HEARTBEAT => self.take_heartbeat(message.payload()),
            _ => {}
        }
    }

    /// Another instance's heartbeats come here too.
    fn take_heartbeat(&self, payload: &str) {
        let mut awaited = lock(&self.awaited);
        if let Some((_, sent_at)) = awaited.take_if(|(own, _)| own == payload) {
            let microseconds = sent_at.duration_since(self.start).as_micros().max(1);
            self.proven_at.store(u64::try_from(microseconds).unwrap_or(u64::MAX), Ordering::Release);
            self.is_back.notify_one();
        }
    }

    fn tell(&self, notification: &Notification) {
        for callback in self.callbacks.read().unwrap_or_else(PoisonError::into_inner).iter() {
            callback(notification);
        }
        self.heard.send_replace(());
    }
}

/// Reads a payload such as `article:0192…,label:0192…`; what cannot be read may mean anything.
fn read(payload: &str) -> Notification {
    if payload == NOTHING {
        return Notification::Changed(Vec::new());
    }
    let one = |text: &str| {
        let (resource_type, id) = text.split_once(':')?;
        Some((resource_type.parse::<ResourceType>().ok()?, Uuid::parse_str(id).ok()?))
    };
    payload.split(',').map(one).collect::<Option<Vec<_>>>().map_or(Notification::Anything, Notification::Changed)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_payload_says_is_read_and_what_it_does_not_say_means_anything() {
        let id = Uuid::now_v7();
        let changed = Notification::Changed(vec![(ResourceType::Article, id), (ResourceType::Label, id)]);
        assert_eq!(read(&format!("article:{id},label:{id}")), changed);
        assert_eq!(read("-"), Notification::Changed(Vec::new()));
        for strange in ["*", "", "article", "article:1", "ship:0192d2d0-0000-7000-8000-000000000000"] {
            assert_eq!(read(strange), Notification::Anything, "{strange}");
        }
    }
}
