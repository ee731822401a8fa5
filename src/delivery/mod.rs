//! Delivery: finished answers kept in memory, and never served out of date.
//!
//! - `rules`: which operations are kept, and which changes each answer depends on: the one place that says so
//! - `recent_changes`: what changed lately, against which every answer is checked
//! - `cache`: the answers, one computation for simultaneous misses, the lease
//! - `answer`: a finished answer: its headers, its body in one encoding, the 304 in its place
//! - `encoding`: compression, once for each answer and encoding
//! - `request`: a request in its normal form
//! - `middleware`: where requests meet the cache
//! - `db`: when something becomes public by the passing of time
//!
//! **Never stale.** An answer is numbered with the last change that was known when the work on it began. It may be served
//! as long as no later change touches what it depends on. That is the whole rule: it decides whether an answer is stored,
//! whether a stored one is served, and whether one that is awaited by several requests is good for each of them. This
//! process notes its own writes before it answers them; those of others come from the one connection that listens
//! (`changes::listener`), and while that has not proven for longer than the lease that it hears, nothing is served from
//! memory. Answers that depend on which articles are public also end at the instant at which the next one becomes so.

mod answer;
pub mod cache;
mod db;
mod encoding;
pub mod middleware;
mod recent_changes;
mod request;
pub mod rules;

pub use cache::{Cache, CacheSettings};
