//! Paragraphs of WordPress's classic editor, which writes none: blank lines part them, and newlines break lines.

use crate::values::body::markup::{self, Part};

/// Writes the paragraphs and line breaks that blank lines and newlines mean.
pub(super) fn with_paragraphs(html: &str) -> String {
    let mut page = Page::default();
    for part in markup::read(html) {
        match &part {
            _ if page.is_verbatim() => page.verbatim(part),
            Part::Start(name, _) if is_block(name) => page.start_block(part),
            Part::End(name) if is_block(name) => page.end_block(part),
            Part::Start(name, _) if name == "br" => page.line_break(part),
            Part::Start(..) | Part::End(_) => page.inline(part),
            Part::Text(text) => page.text(text),
        }
    }
    page.end_paragraph();
    markup::write(&page.parts)
}

/// How deep blocks are followed.
const DEEPEST: usize = 100;

/// What newlines mean inside an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// They part paragraphs.
    Flow,
    /// They break lines of the one paragraph that the element is.
    Line,
    /// They mean nothing, since no text stands there.
    Structure,
    /// They stay.
    Verbatim,
}

/// What newlines between two things ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Line,
    Paragraph,
}

struct Page {
    parts: Vec<Part>,
    open: Vec<(String, Inside)>,
    gap: Gap,
    /// Whether a paragraph of ours is open, and whether anything stands on its line.
    is_in_paragraph: bool,
    has_content: bool,
    follows_break: bool,
    /// How many inline elements are open: a paragraph does not end inside one.
    inline_depth: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            open: Vec::new(),
            gap: Gap::None,
            is_in_paragraph: false,
            has_content: false,
            follows_break: false,
            inline_depth: 0,
        }
    }
}

impl Page {
    fn inside(&self) -> Inside {
        self.open.last().map_or(Inside::Flow, |(_, inside)| *inside)
    }

    fn is_verbatim(&self) -> bool {
        self.inside() == Inside::Verbatim
    }

    fn verbatim(&mut self, part: Part) {
        if matches!((&part, self.open.last()), (Part::End(name), Some((open, _))) if name == open) {
            self.open.pop();
        }
        self.parts.push(part);
    }

    fn start_block(&mut self, part: Part) {
        self.end_paragraph();
        if let Part::Start(name, _) = &part
            && name != "hr"
            && self.open.len() < DEEPEST
        {
            self.open.push((name.clone(), inside(name)));
        }
        self.parts.push(part);
    }

    fn end_block(&mut self, part: Part) {
        self.end_paragraph();
        if let Part::End(name) = &part
            && let Some(found) = self.open.iter().rposition(|(open, _)| open == name)
        {
            self.open.truncate(found);
        }
        self.parts.push(part);
    }

    fn line_break(&mut self, part: Part) {
        self.content();
        self.parts.push(part);
        self.follows_break = true;
    }

    fn inline(&mut self, part: Part) {
        match &part {
            Part::End(_) => self.inline_depth = self.inline_depth.saturating_sub(1),
            Part::Start(name, _) => {
                self.content();
                self.inline_depth +=
                    usize::from(!matches!(name.as_str(), "img" | "input" | "wbr" | "embed" | "source"));
            }
            Part::Text(_) => {}
        }
        self.parts.push(part);
    }

    fn text(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            if !line.trim_ascii().is_empty() {
                self.content();
                self.push(line);
            } else if self.has_content && self.gap == Gap::None {
                self.push(line);
            }
            if lines.peek().is_some() {
                self.newline(line.trim_ascii().is_empty());
            }
        }
    }

    fn push(&mut self, text: &str) {
        if !text.is_empty() {
            self.parts.push(Part::Text(text.to_owned()));
        }
    }

    fn newline(&mut self, is_blank: bool) {
        self.gap = match self.gap {
            Gap::None => Gap::Line,
            Gap::Line if is_blank => Gap::Paragraph,
            gap => gap,
        };
    }

    /// Something that is seen comes next.
    fn content(&mut self) {
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        let breaks = match gap {
            _ if !self.has_content || self.inside() == Inside::Structure => 0,
            Gap::None => 0,
            Gap::Line => usize::from(!self.follows_break),
            Gap::Paragraph if self.is_in_paragraph && self.inline_depth == 0 => {
                self.end_paragraph();
                0
            }
            Gap::Paragraph => 2,
        };
        self.parts.extend(std::iter::repeat_n(Part::Start("br".to_owned(), Vec::new()), breaks));
        if self.inside() == Inside::Flow && !self.is_in_paragraph {
            self.parts.push(Part::Start("p".to_owned(), Vec::new()));
            self.is_in_paragraph = true;
            self.inline_depth = 0;
        }
        self.has_content = true;
        self.follows_break = false;
    }

    fn end_paragraph(&mut self) {
        if std::mem::take(&mut self.is_in_paragraph) {
            self.parts.push(Part::End("p".to_owned()));
        }
        self.gap = Gap::None;
        self.has_content = false;
        self.follows_break = false;
    }
}

fn inside(block: &str) -> Inside {
    match block {
        "pre" | "script" | "style" | "textarea" | "svg" | "math" => Inside::Verbatim,
        "table" | "thead" | "tbody" | "tfoot" | "tr" | "colgroup" | "ul" | "ol" | "dl" | "menu" | "select" => {
            Inside::Structure
        }
        "address" | "caption" | "dd" | "dt" | "figcaption" | "figure" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
        | "legend" | "li" | "p" | "summary" | "td" | "th" => Inside::Line,
        _ => Inside::Flow,
    }
}

fn is_block(name: &str) -> bool {
    inside(name) != Inside::Flow
        || matches!(
            name,
            "article"
                | "aside"
                | "blockquote"
                | "center"
                | "details"
                | "div"
                | "fieldset"
                | "footer"
                | "form"
                | "header"
                | "hgroup"
                | "hr"
                | "main"
                | "nav"
                | "section"
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::body::{BodyFormat, render};

    fn text(html: &str) -> String {
        render(BodyFormat::Html, &with_paragraphs(html)).text
    }

    #[test]
    fn blank_lines_part_paragraphs_and_newlines_break_lines() {
        let html = "The pier fell.\nNobody saw it.\r\n\r\nThe <em>mayor</em> was absent.\n \n\nIt was old.";
        assert_eq!(
            with_paragraphs(html),
            "<p>The pier fell.<br>Nobody saw it.</p><p>The <em>mayor</em> was absent.</p><p>It was old.</p>"
        );
    }

    #[test]
    fn blocks_keep_their_place_and_get_no_paragraph_around_them() {
        let html = "First.\n<h2>A heading</h2>\nSecond.\n<ul>\n<li>one</li>\n<li>two\nlines</li>\n</ul>\n\n<blockquote>It was old.\n\nVery old.</blockquote>\nThird.";
        assert_eq!(
            with_paragraphs(html),
            "<p>First.</p><h2>A heading</h2><p>Second.</p><ul><li>one</li><li>two<br>lines</li></ul>\
             <blockquote><p>It was old.</p><p>Very old.</p></blockquote><p>Third.</p>"
        );
    }

    #[test]
    fn what_has_paragraphs_keeps_them() {
        assert_eq!(with_paragraphs("<p>One.</p>\n\n<p>Two,<br />\nbroken.</p>\n"), "<p>One.</p><p>Two,<br>broken.</p>");
    }

    #[test]
    fn preformatted_text_stays_and_a_blank_line_in_bold_parts_no_paragraph() {
        assert_eq!(with_paragraphs("A\n\n<pre>x\n\n  y</pre>\n\nB"), "<p>A</p><pre>x\n\n  y</pre><p>B</p>");
        assert_eq!(text("<b>A\n\nB</b>\n\nC"), "A\n\nB\n\nC");
    }

    proptest::proptest! {
        #[test]
        fn no_word_is_lost_or_joined(html in "(word|\n|\n\n| |<em>|</em>|<p>|</p>|<div>|</div>|<li>|</blockquote>|<blockquote>|<br>|&amp;){0,30}") {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().concat();
            proptest::prop_assert_eq!(words(&text(&html)), words(&render(BodyFormat::Html, &html).text));
        }
    }
}
