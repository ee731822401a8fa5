//! The answers in memory.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::answer::Answer;
use super::db;
use super::recent_changes::RecentChanges;
use super::rules::Dependence;
use crate::changes::ResourceType;
use crate::changes::listener::{Listener, Notification};
use crate::clock::Clock;
use crate::db::{DatabaseError, Pool};

/// An answer that takes more than this share of the whole is not kept.
const LARGEST_SHARE: usize = 8;

/// How often a request waits for another one that asks for the same, before it does the work itself.
const WAITS: usize = 2;

/// How answers are kept.
#[derive(Debug, Clone, Copy)]
pub struct CacheSettings {
    /// How many bytes they take at most; with 0 none is kept.
    pub bytes: usize,
    /// For how long after a proof that changes of other instances are heard answers are served from memory.
    pub lease: Duration,
    /// Whether answers name what they depend on.
    pub has_surrogate_keys: bool,
}

/// The answers in memory. There is one of these in a process.
pub struct Cache {
    answers: Option<moka::sync::Cache<Arc<str>, Arc<Answer>>>,
    settings: CacheSettings,
    listener: Option<Arc<Listener>>,
    changes: Arc<RecentChanges>,
    clock: Clock,
    articles: Dependence,
    horizon: Mutex<Option<Horizon>>,
    flights: Mutex<HashMap<Arc<str>, Flight>>,
}

/// When the next article becomes public.
#[derive(Debug, Clone, Copy)]
struct Horizon {
    /// True while no article changed after the change of this number.
    since: u64,
    /// `None` where none is to become public.
    next: Option<DateTime<Utc>>,
}

/// The work on one answer, for which others that ask for the same can wait.
#[derive(Clone)]
struct Flight {
    /// The number of the last change that was known when it began.
    began: u64,
    landing: watch::Receiver<Option<Landed>>,
}

/// What came of the work on an answer.
#[derive(Clone)]
enum Landed {
    /// An answer.
    Answer(Arc<Answer>),
    /// Nothing that another request can be answered with.
    Nothing,
}

/// The one request that does the work for all. When it is given up, others are woken.
struct Pilot<'c> {
    cache: &'c Cache,
    key: Arc<str>,
    landing: watch::Sender<Option<Landed>>,
}

/// The place of a request among those that ask for the same.
enum Place<'c> {
    First(Pilot<'c>),
    Behind(Flight),
}

/// Notes changes when it goes out of scope: a commit may have been done whatever became of it.
pub struct ChangesUnderWay<'c> {
    cache: &'c Cache,
    changed: Vec<(ResourceType, Uuid)>,
}

impl Drop for ChangesUnderWay<'_> {
    fn drop(&mut self) {
        self.cache.changes.add(&self.changed);
    }
}

impl Cache {
    /// A cache that learns of the changes of others from `listener`; without one it is never current.
    pub fn new(settings: CacheSettings, clock: Clock, listener: Option<Arc<Listener>>) -> Self {
        let changes = Arc::new(RecentChanges::default());
        if let Some(listener) = &listener {
            let changes = Arc::clone(&changes);
            listener.on_notification(Box::new(move |notification| match notification {
                Notification::Changed(changed) => changes.add(changed),
                Notification::Anything => changes.add_anything(),
            }));
        }
        let answers = (settings.bytes > 0).then(|| {
            moka::sync::Cache::builder()
                .max_capacity(settings.bytes as u64)
                .weigher(|key: &Arc<str>, answer: &Arc<Answer>| {
                    u32::try_from(key.len() + answer.size()).unwrap_or(u32::MAX)
                })
                .build()
        });
        let (horizon, flights) = (Mutex::default(), Mutex::default());
        Self { answers, settings, listener, changes, clock, articles: Dependence::on_articles(), horizon, flights }
    }

    /// Whether answers name what they depend on.
    pub fn has_surrogate_keys(&self) -> bool {
        self.settings.has_surrogate_keys
    }

    /// Whether anything is to be done with answers: keeping them, or telling networks what they depend on.
    pub(super) fn has_use(&self) -> bool {
        self.answers.is_some() || self.settings.has_surrogate_keys
    }

    /// Announces a commit that changes these resources for the public. What depends on them is no longer served once what
    /// is returned goes out of scope, which must be after the commit and before it is told to anybody.
    pub fn before_commit(&self, changed: Vec<(ResourceType, Uuid)>) -> ChangesUnderWay<'_> {
        ChangesUnderWay { cache: self, changed }
    }

    /// Whether it may serve: everything that others committed longer ago than the lease is known.
    pub fn is_current(&self) -> bool {
        let proven_at =
            self.listener.as_ref().filter(|_| self.answers.is_some()).and_then(|listener| listener.proven_at());
        proven_at.is_some_and(|instant| Instant::now().saturating_duration_since(instant) < self.settings.lease)
    }

    /// About how many bytes the answers take, and how many there are.
    pub fn filling(&self) -> (u64, u64) {
        self.answers.as_ref().map_or((0, 0), |answers| (answers.weighted_size(), answers.entry_count()))
    }

    /// How long ago it was proven that changes of others are heard; `None` where it never was.
    pub fn hearing_age(&self) -> Option<Duration> {
        let proven_at = self.listener.as_ref().and_then(|listener| listener.proven_at())?;
        Some(Instant::now().saturating_duration_since(proven_at))
    }

    /// The number of the last change.
    pub(super) fn last_change(&self) -> u64 {
        self.changes.last()
    }

    /// The answer under a key, where it is not out of date.
    pub(super) fn look_up(&self, key: &str) -> Option<Arc<Answer>> {
        let answers = self.answers.as_ref()?;
        let answer = answers.get(key)?;
        if self.is_good(&answer) {
            return Some(answer);
        }
        answers.invalidate(key);
        None
    }

    /// Keeps an answer under a key, unless it is out of date already.
    pub(super) fn keep(&self, key: &str, answer: &Arc<Answer>) {
        let Some(answers) = &self.answers else { return };
        if answer.size() <= self.settings.bytes / LARGEST_SHARE && self.is_good(answer) {
            answers.insert(key.into(), Arc::clone(answer));
        }
    }

    /// Whether nothing that matters to an answer has changed since the work on it began.
    fn is_good(&self, answer: &Answer) -> bool {
        if answer.until.is_some_and(|until| self.clock.now() >= until) {
            return false;
        }
        let unchanged = self.changes.unchanged(&answer.dependence, answer.checked.load(Ordering::Relaxed));
        if let Some(last) = unchanged {
            answer.checked.fetch_max(last, Ordering::Relaxed);
        }
        unchanged.is_some()
    }

    /// When the next article becomes public, as far as is known at the last change.
    pub(super) async fn next_publication(&self, pool: &Pool) -> Result<Option<DateTime<Utc>>, DatabaseError> {
        let now = self.clock.now();
        let known = *lock(&self.horizon);
        if let Some(Horizon { since, next }) = known
            && next.is_none_or(|next| now < next)
            && let Some(since) = self.changes.unchanged(&self.articles, since)
        {
            *lock(&self.horizon) = Some(Horizon { since, next });
            return Ok(next);
        }
        let since = self.last_change();
        let next = db::next_publication(&*pool.get().await?, now).await?;
        *lock(&self.horizon) = Some(Horizon { since, next });
        Ok(next)
    }

    /// The answer under a key: the one that is kept, one that another request is about to get, or what `work` gives, which
    /// is to keep it. `arrived` is the number of the last change when the request came: it is told of nothing older.
    pub(super) async fn share(
        &self,
        key: &str,
        arrived: u64,
        work: impl AsyncFnOnce() -> Option<Arc<Answer>>,
    ) -> Option<Arc<Answer>> {
        for _ in 0..WAITS {
            if let Some(kept) = self.look_up(key) {
                return Some(kept);
            }
            let flight = match self.join(key) {
                Place::Behind(flight) => flight,
                Place::First(pilot) => {
                    // It may have been kept between the look and the start.
                    let answer = match self.look_up(key) {
                        Some(kept) => Some(kept),
                        None => work().await,
                    };
                    pilot.land(answer.clone());
                    return answer;
                }
            };
            match flight.landed().await {
                Some(Landed::Answer(answer)) if flight.began >= arrived || self.is_good(&answer) => {
                    return Some(answer);
                }
                Some(Landed::Nothing) => break,
                _ => {}
            }
        }
        work().await
    }

    fn join(&self, key: &str) -> Place<'_> {
        let mut flights = lock(&self.flights);
        if let Some(flight) = flights.get(key) {
            return Place::Behind(flight.clone());
        }
        let (sender, landing) = watch::channel(None);
        let key: Arc<str> = key.into();
        flights.insert(Arc::clone(&key), Flight { began: self.last_change(), landing });
        Place::First(Pilot { cache: self, key, landing: sender })
    }
}

impl Flight {
    /// What came of it; `None` where it was given up.
    async fn landed(&self) -> Option<Landed> {
        let mut landing = self.landing.clone();
        landing.wait_for(Option::is_some).await.ok().and_then(|landed| landed.clone())
    }
}

impl Pilot<'_> {
    fn land(self, answer: Option<Arc<Answer>>) {
        self.landing.send_replace(Some(answer.map_or(Landed::Nothing, Landed::Answer)));
    }
}

impl Drop for Pilot<'_> {
    fn drop(&mut self) {
        lock(&self.cache.flights).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderMap;
    use serde_json::Value;

    use super::*;
    use crate::delivery::answer::Origin;
    use crate::delivery::rules::{Route, Rules};
    use crate::http::entity_tag::EntityTag;

    const KEY: &str = "identity /v1/articles?";

    fn cache() -> Cache {
        let settings = CacheSettings { bytes: 1 << 20, lease: Duration::from_secs(1), has_surrogate_keys: false };
        Cache::new(settings, Clock::System, None)
    }

    /// A list of articles, made from now on.
    fn list(cache: &Cache, body: &'static str) -> Arc<Answer> {
        list_until(cache, body, None)
    }

    fn list_until(cache: &Cache, body: &'static str, until: Option<DateTime<Utc>>) -> Arc<Answer> {
        let rules = Rules::from_document(&Value::Null);
        let dependence = rules.of_path("/v1/articles").unwrap().dependence("", body.as_bytes());
        let route = Route { number: 0, template: "/v1/articles" };
        let origin = Origin { route, dependence, began: cache.last_change(), until };
        let tag = EntityTag::of(body.as_bytes(), None, true);
        Arc::new(Answer::new(body.into(), &HeaderMap::new(), tag, None, origin).unwrap())
    }

    fn write(cache: &Cache) {
        drop(cache.before_commit(vec![(ResourceType::Article, Uuid::now_v7())]));
    }

    #[test]
    fn an_answer_that_was_begun_before_a_write_is_not_kept_after_it() {
        let cache = cache();
        let old = list(&cache, "old");
        write(&cache);
        cache.keep(KEY, &old);
        assert!(cache.look_up(KEY).is_none());
        cache.keep(KEY, &list(&cache, "new"));
        assert_eq!(cache.look_up(KEY).unwrap().length(), 3);
        write(&cache);
        assert!(cache.look_up(KEY).is_none());
    }

    #[test]
    fn nothing_is_served_from_the_instant_on_at_which_something_else_is_public() {
        let timed = |until| {
            let cache = cache();
            cache.keep(KEY, &list_until(&cache, "timed", Some(until)));
            cache.look_up(KEY).is_some()
        };
        assert!(timed(Clock::System.now() + Duration::from_secs(60)));
        assert!(!timed(Clock::System.now()));
    }

    #[tokio::test]
    async fn who_comes_after_a_write_is_not_given_what_was_begun_before_it() {
        let cache = cache();
        let begun = Arc::new(tokio::sync::Notify::new());
        let finish = tokio::sync::Notify::new();
        let slow = cache.share(KEY, cache.last_change(), async || {
            let old = list(&cache, "old");
            begun.notify_one();
            finish.notified().await;
            cache.keep(KEY, &old);
            Some(old)
        });
        let later = async {
            begun.notified().await;
            write(&cache);
            let reader = cache.share(KEY, cache.last_change(), async || Some(list(&cache, "newer")));
            let release = async {
                tokio::task::yield_now().await;
                finish.notify_one();
            };
            tokio::join!(reader, release).0
        };
        let (first, second) = tokio::join!(slow, later);
        assert_eq!((first.unwrap().length(), second.unwrap().length()), (3, 5));
    }

    #[tokio::test]
    async fn when_the_one_who_does_the_work_goes_another_takes_it_over() {
        let cache = cache();
        {
            let mut given_up = Box::pin(cache.share(KEY, 0, async || std::future::pending().await));
            assert!(futures_util::poll!(&mut given_up).is_pending());
            let mut waiting = Box::pin(cache.share(KEY, 0, async || Some(list(&cache, "mine"))));
            assert!(futures_util::poll!(&mut waiting).is_pending());
            drop(given_up);
            assert_eq!(waiting.await.unwrap().length(), 4);
        }
        assert!(lock(&cache.flights).is_empty());
    }
}
