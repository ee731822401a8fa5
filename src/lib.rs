//! Verbatim: a headless content API for publications that quote people.
//!
//! The map, from the outside in; ARCHITECTURE.md says who may import whom.

pub mod access;
pub mod articles;
pub mod attribution;
pub mod batch;
pub mod changes;
pub mod citations;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod delivery;
pub mod exports;
pub mod feeds;
pub mod http;
pub mod import_jobs;
pub mod imports;
pub mod labels;
pub mod merges;
pub mod metrics;
pub mod pages;
pub mod people;
pub mod quotes;
pub mod search;
pub mod server;
pub mod state;
pub mod telemetry;
pub mod values;
pub mod voices;
pub mod webhooks;
pub mod writing;
