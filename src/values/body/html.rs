//! Bodies written in HTML: made safe, and laid out so that the text nodes hold what a browser shows.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::RenderedBody;
use super::balance::balance;
use super::elements::{self, is_block};
use super::markup::{self, Part};
use super::text::text_of;

/// Renders HTML: bounded, sanitised, laid out.
pub(super) fn render_html(source: &str) -> RenderedBody {
    let parts = lay_out(without_leftovers(sanitised(balance(markup::read(source)))));
    RenderedBody { html: markup::write(&parts), text: text_of(&parts).text }
}

/// Sanitises tags. The texts wait outside meanwhile: they need it not, since they are escaped, and the library's writer
/// is slow on a long text with much to escape.
fn sanitised(mut parts: Vec<Part>) -> Vec<Part> {
    let mut texts = Vec::new();
    for part in &mut parts {
        if let Part::Text(text) = part {
            texts.push(std::mem::replace(text, "x".to_owned()));
        }
    }
    let safe = SANITIZER.clean(&markup::write(&parts)).to_string();
    let mut texts = texts.into_iter();
    let mut parts = markup::read(&safe);
    for part in &mut parts {
        if let Part::Text(text) = part {
            *text = texts.next().unwrap_or_default();
        }
    }
    parts
}

/// What a body may have, as the rules of the library that sees to it.
static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let tags: HashSet<&str> = elements::ALLOWED.iter().map(|(name, ..)| *name).collect();
    let attributes: HashMap<&str, HashSet<&str>> =
        elements::ALLOWED.iter().map(|(name, _, attributes)| (*name, attributes.iter().copied().collect())).collect();
    let mut sanitizer = Builder::empty();
    sanitizer
        .tags(tags)
        .tag_attributes(attributes)
        .generic_attributes(elements::ALLOWED_EVERYWHERE.iter().copied().collect())
        .clean_content_tags(elements::REMOVED_WHOLE.iter().copied().collect())
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::Custom(Box::new(beyond_the_text)))
        .link_rel(Some("noopener"));
    sanitizer
});

/// Relative addresses stay, for the front end to resolve; those within the text lead nowhere, since ids are not kept.
fn beyond_the_text(url: &str) -> Option<Cow<'_, str>> {
    (!url.trim().starts_with('#')).then_some(Cow::Borrowed(url))
}

/// Without links and images whose address was not safe.
fn without_leftovers(parts: Vec<Part>) -> Vec<Part> {
    let mut is_dead_link = false;
    let has = |attributes: &[(String, String)], wanted: &str| attributes.iter().any(|(name, _)| name == wanted);
    parts
        .into_iter()
        .filter(|part| match part {
            Part::Start(name, attributes) if name == "a" => {
                is_dead_link = !has(attributes, "href");
                !is_dead_link
            }
            Part::End(name) if name == "a" => !is_dead_link,
            Part::Start(name, attributes) => name != "img" || has(attributes, "src"),
            _ => true,
        })
        .collect()
}

/// Collapses white space as CSS does (Text Module §4.1): a run of it is one blank, none at the ends of a line. Content of
/// `pre` stays. Blocks at the top stand on lines of their own.
fn lay_out(parts: Vec<Part>) -> Vec<Part> {
    let mut page = Page::default();
    for part in parts {
        match part {
            Part::Start(name, attributes) => page.start(name, attributes),
            Part::End(name) => page.end(name),
            Part::Text(text) if page.preformatted > 0 => page.preformatted_text(&text),
            Part::Text(text) => page.text(&text),
        }
    }
    page.end_line();
    page.parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    page.parts
}

#[derive(Default)]
struct Page {
    parts: Vec<Part>,
    /// How many elements are open, and how many `pre`.
    depth: usize,
    preformatted: usize,
    /// Whether something stands on the line.
    is_begun: bool,
    /// The texts that hold the white space at the end of the line.
    blanks: Vec<usize>,
}

impl Page {
    fn start(&mut self, name: String, attributes: Vec<(String, String)>) {
        self.part_line(&name);
        if self.depth == 0 && is_block(&name) && !self.parts.is_empty() {
            self.parts.push(Part::Text("\n".to_owned()));
        }
        if name == "img" {
            self.is_begun = true;
            self.blanks.clear();
        }
        self.preformatted += usize::from(name == "pre");
        self.depth += usize::from(!elements::is_void(&name));
        self.parts.push(Part::Start(name, attributes));
    }

    fn end(&mut self, name: String) {
        self.part_line(&name);
        self.preformatted -= usize::from(name == "pre" && self.preformatted > 0);
        self.depth = self.depth.saturating_sub(1);
        self.parts.push(Part::End(name));
    }

    fn text(&mut self, text: &str) {
        let mut collapsed = String::new();
        for character in text.chars() {
            if !character.is_ascii_whitespace() {
                self.is_begun = true;
                self.blanks.clear();
                collapsed.push(character);
            } else if self.is_begun && self.blanks.is_empty() {
                self.blanks.push(self.parts.len());
                collapsed.push(' ');
            }
        }
        self.push_text(collapsed);
    }

    fn preformatted_text(&mut self, text: &str) {
        let text = text.replace('\r', "\n");
        let text = if self.is_begun { &text } else { text.trim_start_matches('\n') };
        if !text.trim_ascii().is_empty() {
            self.blanks.clear();
        }
        if text.ends_with(|last: char| last.is_ascii_whitespace()) {
            self.blanks.push(self.parts.len());
        }
        self.is_begun |= !text.is_empty();
        self.push_text(text.to_owned());
    }

    fn push_text(&mut self, text: String) {
        if !text.is_empty() {
            self.parts.push(Part::Text(text));
        }
    }

    fn part_line(&mut self, name: &str) {
        if name == "br" || is_block(name) {
            self.end_line();
        }
    }

    /// Takes the white space from the end of the line, in whatever elements it stands.
    fn end_line(&mut self) {
        for index in self.blanks.drain(..) {
            if let Some(Part::Text(text)) = self.parts.get_mut(index) {
                text.truncate(text.trim_ascii_end().len());
            }
        }
        self.is_begun = false;
    }
}
