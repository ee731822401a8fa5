//! The body of an article: what it is written in, and the two forms it is served in.
//!
//! `body_html` is safe, well-formed HTML. `body_text` is its text by text rule 1, which `docs/text-rule.md` spells out.
//! One rule reads the text of all formats out of the HTML, and finds the place in the HTML for an offset in the text.

mod annotate;
mod balance;
mod elements;
mod html;
mod markdown;
pub(crate) mod markup;
mod plain;
mod text;

pub use annotate::{Annotation, annotate};
pub use markup::escape;
pub use plain::render_plain;

use super::text_enum::text_enum;

/// Version of the rule that makes `body_text`; kept with each article, since another rule would move every anchor.
pub const TEXT_RULE: i16 = 1;

text_enum! {
    /// What an article's body is written in.
    pub enum BodyFormat {
        /// HTML.
        Html = "html",
        /// Markdown.
        Markdown = "markdown",
        /// Plain text: paragraphs parted by blank lines.
        Plain = "plain",
    }
}

/// A body in the two forms it is served in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedBody {
    /// Safe HTML.
    pub html: String,
    /// The text of that HTML by the text rule.
    pub text: String,
}

/// Renders a body. Takes time in proportion to its length, whatever it holds.
pub fn render(format: BodyFormat, source: &str) -> RenderedBody {
    match format {
        BodyFormat::Html => html::render_html(source),
        BodyFormat::Markdown => markdown::render_markdown(source),
        BodyFormat::Plain => render_plain(source),
    }
}

#[cfg(test)]
mod tests;
