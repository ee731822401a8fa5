//! Voices: who speaks on what, beside whom, and which labels go together.

pub mod api;
pub mod db;
pub mod wire;

use crate::values::text_enum::text_enum;

text_enum! {
    /// What a voice is.
    pub enum VoiceKind {
        /// Whoever said it.
        Speaker = "speaker",
        /// The organization that the article prints the speaker as being at.
        Affiliation = "affiliation",
    }
}

text_enum! {
    /// How long a period of a series is.
    pub enum Interval {
        /// A calendar month in UTC.
        Month = "month",
        /// A calendar year in UTC.
        Year = "year",
    }
}
