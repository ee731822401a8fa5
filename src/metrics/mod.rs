//! Metrics: what is counted of the requests to this process, and how it is at the moment, for Prometheus.
//!
//! What is counted at every request are a few atomic numbers. An answer from memory finds them by the number of its route:
//! nothing is looked up, locked or allocated for it.

pub mod api;

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::db::{Pool, PoolStatus};
use crate::webhooks::db::Queue;

/// The bounds of the durations that are told apart, in seconds: answers from memory take microseconds, others milliseconds.
const BOUNDS: &[f64] =
    &[0.000_025, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// How many routes may have answers in memory: more than there are.
const ROUTES: usize = 64;

/// Where answers come from.
const FROM_MEMORY: &str = "memory";
const FROM_HANDLER: &str = "handler";

/// What a request is told by that is for no route.
const NO_ROUTE: &str = "none";

/// The metrics of this process.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    misses: IntCounter,
    from_memory: [OnceLock<FromMemory>; ROUTES],
    pools: Mutex<Vec<Pool>>,
    now: Now,
}

/// What is counted of the answers of one route that come from memory.
struct FromMemory {
    whole: IntCounter,
    unmodified: IntCounter,
    durations: Histogram,
}

/// How it is at the moment of a look.
struct Now {
    cache_bytes: IntGauge,
    cache_answers: IntGauge,
    cache_is_current: IntGauge,
    hearing_age: Gauge,
    connections: IntGaugeVec,
    connections_limit: IntGauge,
    connections_wanted: IntGauge,
    database_is_up: IntGauge,
    webhook_messages: IntGauge,
    webhook_delay: Gauge,
}

/// What the process knows of itself.
pub(crate) struct Condition {
    /// The bytes and the number of the answers in memory.
    pub cache: (u64, u64),
    /// Whether answers are given from memory.
    pub is_current: bool,
    /// How long ago it was proven that changes are heard; `None` where it never was.
    pub hearing_age: Option<Duration>,
    /// What waits for webhooks; `None` where the database does not say.
    pub queue: Option<Queue>,
}

impl Metrics {
    /// Metrics that have counted nothing yet.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new_custom(Some("verbatim".to_owned()), None)?;
        let counted = ["method", "route", "source", "status"];
        let requests = Opts::new("http_requests_total", "Requests that were answered, and whether from memory.");
        let requests = registered(&registry, IntCounterVec::new(requests, &counted)?)?;
        let durations = HistogramOpts::new("http_request_duration_seconds", "How long the answers took.");
        let durations = HistogramVec::new(durations.buckets(BOUNDS.to_vec()), &counted[..3])?;
        let durations = registered(&registry, durations)?;
        let misses =
            IntCounter::new("cache_misses_total", "Answers that were made since none that holds was in memory.")?;
        let misses = registered(&registry, misses)?;
        let build = Opts::new("build_info", "The version that runs.").const_label("version", env!("CARGO_PKG_VERSION"));
        registered(&registry, IntGauge::with_opts(build)?)?.set(1);
        let now = Now::new(&registry)?;
        let (from_memory, pools) = ([const { OnceLock::new() }; ROUTES], Mutex::default());
        Ok(Self { registry, requests, durations, misses, from_memory, pools, now })
    }

    /// Tells of the connections of this pool too.
    pub fn watch(&self, pool: Pool) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).push(pool);
    }

    /// Counts an answer to a GET, or to a HEAD, that came from memory. `number` is the place of the route among those that are kept.
    pub fn answered_from_memory(&self, (number, route): (usize, &'static str), is_whole: bool, took: Duration) {
        let Some(place) = self.from_memory.get(number) else { return };
        let counted = place.get_or_init(|| {
            let of_status = |status| self.requests.with_label_values(&["GET", route, FROM_MEMORY, status]);
            let durations = self.durations.with_label_values(&["GET", route, FROM_MEMORY]);
            FromMemory { whole: of_status("200"), unmodified: of_status("304"), durations }
        });
        if is_whole {
            counted.whole.inc()
        } else {
            counted.unmodified.inc()
        }
        counted.durations.observe(took.as_secs_f64());
    }

    /// Counts an answer that did not come from memory.
    pub fn answered(&self, method: &str, route: Option<&str>, status: &str, took: Duration) {
        let route = route.unwrap_or(NO_ROUTE);
        // Whatever a client may call a method.
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = if known.contains(&method) { method } else { "other" };
        self.requests.with_label_values(&[method, route, FROM_HANDLER, status]).inc();
        self.durations.with_label_values(&[method, route, FROM_HANDLER]).observe(took.as_secs_f64());
    }

    /// Counts a request that could have been answered from memory, had there been an answer that holds.
    pub fn missed(&self) {
        self.misses.inc();
    }

    /// All of it in the text format of Prometheus.
    pub(crate) fn tell(&self, condition: &Condition) -> prometheus::Result<String> {
        self.now.set(condition, &self.pools.lock().unwrap_or_else(PoisonError::into_inner));
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

fn registered<C: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    metric: C,
) -> prometheus::Result<C> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

impl Now {
    fn new(registry: &Registry) -> prometheus::Result<Self> {
        let whole = |name: &str, help: &str| registered(registry, IntGauge::new(name, help)?);
        let seconds = |name: &str, help: &str| registered(registry, Gauge::new(name, help)?);
        let connections = Opts::new("database_connections", "Connections to the database, by what they do.");
        Ok(Self {
            cache_bytes: whole("cache_bytes", "About how many bytes the answers in memory take.")?,
            cache_answers: whole("cache_answers", "About how many answers are in memory.")?,
            cache_is_current: whole(
                "cache_is_current",
                "1 while answers are given from memory, 0 while the lease is over.",
            )?,
            hearing_age: seconds(
                "hearing_age_seconds",
                "How long ago it was proven that changes of other instances are heard.",
            )?,
            connections: registered(registry, IntGaugeVec::new(connections, &["state"])?)?,
            connections_limit: whole("database_connections_limit", "How many connections there may be for requests.")?,
            connections_wanted: whole("database_connections_wanted", "How many requests wait for a connection.")?,
            database_is_up: whole("database_is_up", "1 when the database answers, else 0.")?,
            webhook_messages: whole(
                "webhook_messages_pending",
                "Messages to webhooks that wait, for their first or another try.",
            )?,
            webhook_delay: seconds(
                "webhook_delay_seconds",
                "How long the message that waits longest past its time has done so.",
            )?,
        })
    }

    fn set(&self, condition: &Condition, pools: &[Pool]) {
        let Condition { cache: (bytes, answers), is_current, hearing_age, queue } = condition;
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.cache_bytes.set(whole(*bytes));
        self.cache_answers.set(whole(*answers));
        self.cache_is_current.set(i64::from(*is_current));
        self.hearing_age.set(hearing_age.map_or(f64::INFINITY, |age| age.as_secs_f64()));
        let PoolStatus { limit, idle, busy, wanted } = pools.iter().map(Pool::status).sum();
        self.connections.with_label_values(&["idle"]).set(whole(idle));
        self.connections.with_label_values(&["busy"]).set(whole(busy));
        self.connections_limit.set(whole(limit));
        self.connections_wanted.set(whole(wanted));
        self.database_is_up.set(i64::from(queue.is_some()));
        // While nobody knows, they stay as they were.
        if let Some(Queue { messages, delay }) = queue {
            self.webhook_messages.set(*messages);
            self.webhook_delay.set(delay.as_secs_f64());
        }
    }
}
