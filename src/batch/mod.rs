//! Batches: many writes in one request and one transaction, all or nothing.

pub mod api;
pub mod wire;
pub mod write;
