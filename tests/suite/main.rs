//! The behaviour of Verbatim, seen from outside: real HTTP against running servers on a real PostgreSQL.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test binary, which nothing imports")]

mod support;

mod access;
mod annotations;
mod articles;
mod articles_writing;
mod batch;
mod bodies;
mod document;
mod drafts;
mod errors;
mod explain;
mod fields;
mod filters;
mod formats;
mod generated;
mod import;
mod labels;
mod layers;
mod leaks;
mod merges;
mod migrations;
mod moved;
mod people;
mod people_writing;
mod plans;
mod program;
mod queries;
mod quotes;
mod quotes_writing;
mod resilience;
mod revisions;
mod sample;
mod schedule;
mod search;
mod service;
mod validators;
mod voices;
mod walks;
mod working_copies;
mod writing;
