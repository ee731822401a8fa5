//! Labels: named groups of articles, with aliases and an optional parent.

pub mod api;
pub mod db;
pub mod filter;
pub mod wire;
