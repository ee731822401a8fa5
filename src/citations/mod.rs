//! Quotes and articles as others show them: citations in several styles, and embeds.

pub mod api;
mod citation;
pub mod db;
mod embed;
mod styles;

use crate::values::text_enum::text_enum;

text_enum! {
    /// How a citation is written.
    pub enum CitationStyle {
        /// One line of plain text, or several where the words have several.
        Text = "text",
        /// A `figure` with a `blockquote` and its caption.
        Html = "html",
        /// A block quote and its source.
        Markdown = "markdown",
        /// The article as reference managers take it (CSL-JSON), with the words as its note.
        CslJson = "csl-json",
        /// The article as BibTeX, with the words as its note.
        Bibtex = "bibtex",
    }
}
