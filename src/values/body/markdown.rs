//! Bodies written in Markdown.

use pulldown_cmark::{Options, Parser, html};

use super::RenderedBody;
use super::html::render_html;

/// Renders Markdown: CommonMark with tables, footnotes and strikethrough. HTML in it is treated as in an HTML body.
pub(super) fn render_markdown(source: &str) -> RenderedBody {
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    let mut unsafe_html = String::new();
    html::push_html(&mut unsafe_html, Parser::new_ext(source, options));
    render_html(&unsafe_html)
}
