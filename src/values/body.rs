//! The body of an article: what it is written in, and the two forms it is served in.
//!
//! `body_text` follows text rule 1, which `docs/text-rule.md` spells out: text nodes in order, blocks parted by one
//! blank line, a line break as one newline.

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
    /// The text nodes of that HTML.
    pub text: String,
}

/// Renders plain text: a blank line parts paragraphs, a single line break stays one.
pub fn render_plain(source: &str) -> RenderedBody {
    let blocks = plain_blocks(source);
    let html: Vec<String> = blocks
        .iter()
        .map(|lines| {
            let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
            format!("<p>{}</p>", lines.join("<br>"))
        })
        .collect();
    let text: Vec<String> = blocks.iter().map(|lines| lines.join("\n")).collect();
    RenderedBody { html: html.join("\n"), text: text.join("\n\n") }
}

/// The lines of each paragraph, without white space at their ends.
fn plain_blocks(source: &str) -> Vec<Vec<&str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let mut is_open = false;
    for line in source.lines().map(str::trim) {
        if line.is_empty() {
            is_open = false;
        } else if let (true, Some(block)) = (is_open, blocks.last_mut()) {
            block.push(line);
        } else {
            blocks.push(vec![line]);
            is_open = true;
        }
    }
    blocks
}

/// Text as HTML, for the content of an element.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blank_lines_part_paragraphs_and_line_breaks_stay() {
        let body = render_plain("One & only\r\nline two  \n\n \nNext <b>paragraph</b>\n");
        assert_eq!(body.text, "One & only\nline two\n\nNext <b>paragraph</b>");
        assert_eq!(body.html, "<p>One &amp; only<br>line two</p>\n<p>Next &lt;b&gt;paragraph&lt;/b&gt;</p>");
    }

    proptest! {
        #[test]
        fn rendering_the_text_of_a_body_again_changes_nothing(source in any::<String>()) {
            let body = render_plain(&source);
            prop_assert_eq!(render_plain(&body.text), body);
        }
    }
}
