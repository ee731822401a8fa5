//! Search: articles and quotes by their words, people and labels by their names.

pub mod api;
pub mod db;
pub mod filter;
pub mod wire;
