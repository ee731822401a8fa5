//! What the server says of itself: the welcome page, the API document and its explorer, the problem catalogue, health.

pub mod api;
mod html;
