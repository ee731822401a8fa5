//! Working copies: an article as it is to become, while what is served stays as it is.
//!
//! A working copy is one document in a table of its own, in the form in which an article is written. Nothing that it
//! names is made before it is published, so nothing of it can show anywhere else.

pub mod api;
pub mod db;
pub mod wire;
