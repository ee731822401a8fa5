//! What event streams read from: one follower in the process reads each announcement once, makes it the bytes of an event
//! once, and keeps the latest ones. A stream takes from there at its own pace, so that a slow client costs nothing but its
//! place; what is not kept any more it reads from the database.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_web::web::Bytes;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::cursor::Cursor;
use super::db::{self, AnnouncementRow};
use super::wire;
use super::{ResourceType, Told};
use crate::db::{Pool, Result};
use crate::http::reference::Urls;

/// How many events are kept for each audience.
const KEPT: usize = 2048;

/// How many announcements are read at once.
const ROWS: i64 = 500;

/// How many events a stream takes at once.
const TAKEN: usize = 64;

/// How often it looks for announcements that it has not heard of.
const PATROL: Duration = Duration::from_secs(5);

/// The follower of this process. The task ends with the last copy of it.
#[derive(Clone)]
pub struct Follower {
    shared: Arc<Shared>,
    _task: Arc<Task>,
}

struct Shared {
    urls: Urls,
    public: RwLock<Window>,
    editors: RwLock<Window>,
    moved: watch::Sender<()>,
    is_stopping: watch::Sender<bool>,
}

struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The latest events of an audience, without gaps.
#[derive(Default)]
struct Window {
    events: VecDeque<Event>,
    /// The place after the last one; `None` while nothing was read yet.
    head: Option<Cursor>,
}

/// One announcement as an event.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// The place after it.
    pub cursor: Cursor,
    pub resource_type: ResourceType,
    /// As it is sent.
    pub bytes: Bytes,
}

/// What is kept after a place.
pub(super) enum Recent {
    /// Nothing: there is nothing after it.
    UpToDate,
    /// The next events.
    Events(Vec<Event>),
    /// Only the database knows.
    NotKept,
}

impl Follower {
    /// Follows from now on, on the present runtime. `heard` is marked as changed when there may be something new.
    pub fn start(pool: Pool, urls: Urls, heard: watch::Receiver<()>) -> Self {
        let shared = Arc::new(Shared {
            urls,
            public: RwLock::default(),
            editors: RwLock::default(),
            moved: watch::Sender::new(()),
            is_stopping: watch::Sender::new(false),
        });
        let task = tokio::spawn(run(Arc::clone(&shared), pool, heard)).abort_handle();
        Self { shared, _task: Arc::new(Task(task)) }
    }

    /// Ends every stream, so that the server can stop.
    pub fn stop(&self) {
        self.shared.is_stopping.send_replace(true);
    }

    /// Is true when streams are to end.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.shared.is_stopping.subscribe()
    }

    /// Is marked as changed when there are new events.
    pub(super) fn moved(&self) -> watch::Receiver<()> {
        self.shared.moved.subscribe()
    }

    /// The end of what an audience was told, as far as it was read.
    pub(super) fn head(&self, told: Told) -> Option<Cursor> {
        self.shared.window(told).read().unwrap_or_else(PoisonError::into_inner).head
    }

    /// Whether a place is the one after an event that is kept, or the end. Where it is not, the database may know it.
    pub(super) fn knows(&self, place: Cursor) -> bool {
        self.shared.window(place.told).read().unwrap_or_else(PoisonError::into_inner).knows(place)
    }

    /// What is kept after a place.
    pub(super) fn recent(&self, after: Cursor) -> Recent {
        self.shared.window(after.told).read().unwrap_or_else(PoisonError::into_inner).after(after)
    }
}

async fn run(shared: Arc<Shared>, pool: Pool, mut heard: watch::Receiver<()>) {
    loop {
        heard.borrow_and_update();
        if let Err(error) = shared.advance(&pool).await {
            tracing::warn!(%error, "changes are not followed at the moment");
        }
        // Where nobody is left to tell, there is the patrol.
        let is_told = async {
            if heard.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(PATROL, is_told).await;
    }
}

impl Shared {
    fn window(&self, told: Told) -> &RwLock<Window> {
        match told {
            Told::Public => &self.public,
            Told::Editors => &self.editors,
        }
    }

    /// Reads what is new.
    async fn advance(&self, pool: &Pool) -> Result<()> {
        let connection = pool.get().await?;
        for told in [Told::Public, Told::Editors] {
            let last = db::head(&connection, told).await?;
            let known = self.window(told).read().unwrap_or_else(PoisonError::into_inner).head;
            let mut known = match known {
                Some(known) if known.position <= last.position => known,
                // The beginning; or a database that was set back.
                _ => {
                    let mut window = self.window(told).write().unwrap_or_else(PoisonError::into_inner);
                    *window = Window { events: VecDeque::new(), head: Some(last) };
                    continue;
                }
            };
            while known.position < last.position {
                let range = (known.position, last.position);
                let rows = db::announcements_between(&connection, told, range, &[], ROWS).await?;
                let events: Vec<Event> = rows.into_iter().map(|row| event(told, row, &self.urls)).collect();
                let Some(newest) = events.last() else { break };
                known = newest.cursor;
                self.window(told).write().unwrap_or_else(PoisonError::into_inner).push(events);
            }
        }
        self.moved.send_replace(());
        Ok(())
    }
}

impl Window {
    fn push(&mut self, events: Vec<Event>) {
        self.head = events.last().map(|event| event.cursor).or(self.head);
        self.events.extend(events);
        self.events.drain(..self.events.len().saturating_sub(KEPT));
    }

    fn knows(&self, place: Cursor) -> bool {
        let found = self.events.binary_search_by_key(&place.position, |event| event.cursor.position);
        self.head == Some(place) || found.is_ok_and(|index| self.events[index].cursor == place)
    }

    fn after(&self, place: Cursor) -> Recent {
        let Some(head) = self.head else { return Recent::NotKept };
        if place.position >= head.position {
            return Recent::UpToDate;
        }
        let first = self.events.front().map(|event| event.cursor.position);
        match first.and_then(|first| usize::try_from(place.position + 1 - first).ok()) {
            Some(index) => Recent::Events(self.events.iter().skip(index).take(TAKEN).cloned().collect()),
            None => Recent::NotKept,
        }
    }
}

/// An announcement as an event (WHATWG HTML, "Server-sent events").
pub(super) fn event(told: Told, row: AnnouncementRow, urls: &Urls) -> Event {
    let cursor = Cursor::new(told, row.position, row.announced_at);
    let resource_type = row.resource_type;
    let json = serde_json::to_string(&wire::change(told, row, urls)).unwrap_or_default();
    Event { cursor, resource_type, bytes: format!("event: change\nid: {cursor}\ndata: {json}\n\n").into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn events(positions: std::ops::RangeInclusive<i64>) -> Vec<Event> {
        let event = |position| Event {
            cursor: Cursor::new(Told::Public, position, DateTime::UNIX_EPOCH),
            resource_type: ResourceType::Label,
            bytes: Bytes::new(),
        };
        positions.map(event).collect()
    }

    fn positions(window: &Window, after: i64) -> Option<Vec<i64>> {
        match window.after(Cursor::new(Told::Public, after, DateTime::UNIX_EPOCH)) {
            Recent::Events(events) => Some(events.iter().map(|event| event.cursor.position).collect()),
            Recent::UpToDate => Some(Vec::new()),
            Recent::NotKept => None,
        }
    }

    #[test]
    fn a_window_gives_what_comes_next_and_never_leaves_anything_out() {
        let mut window = Window::default();
        assert_eq!(positions(&window, 0), None, "nothing was read yet");
        window.head = events(5..=5).first().map(|event| event.cursor);
        assert_eq!(positions(&window, 4), None);
        assert_eq!(positions(&window, 5), Some(vec![]));
        window.push(events(6..=8));
        let known = (4..10).filter(|position| window.knows(Cursor::new(Told::Public, *position, DateTime::UNIX_EPOCH)));
        assert_eq!(known.collect::<Vec<_>>(), [6, 7, 8]);
        assert!(!window.knows(Cursor::new(Told::Public, 7, DateTime::<chrono::Utc>::MAX_UTC)), "of another database");
        assert_eq!(positions(&window, 4), None, "the fifth is not kept");
        assert_eq!(positions(&window, 5), Some(vec![6, 7, 8]));
        assert_eq!(positions(&window, 7), Some(vec![8]));
        assert_eq!(positions(&window, 9), Some(vec![]), "the database was read further already");
        window.push(events(9..=4000));
        assert_eq!(window.events.len(), KEPT);
        assert_eq!(positions(&window, 8), None);
        assert_eq!(positions(&window, 3000), Some((3001..=3064).collect()));
    }
}
