//! Articles as other programs follow and read them: feeds, sitemaps, and linked data for pages.

pub mod api;
mod atom;
pub mod db;
mod feed;
mod json_feed;
pub mod json_ld;
mod rss;
mod sitemap;
pub(crate) mod xml;
