//! Blogger's export: an Atom feed of a whole blog, in the form of the old feed and in that of Takeout.

use std::io::Read;

use serde_json::json;

use super::bodies;
use super::dates;
use super::entry::{Author, Entry, Item, Items, Label, LeftOut, Place, SourceId};
use super::format::Format;
use super::texts::{line_of_html, line_of_text, percent_decoded};
use super::wordpress::malformed;
use super::xml::{Element, Pieces, Shape};
use crate::articles::ArticleStatus;
use crate::values::body::escape;

/// The system, as external ids name it.
const SOURCE: &str = "blogger";

const SHAPE: Shape = Shape { containers: &["feed"], entry: "entry" };

/// Where the old feed says what an entry is, among its labels.
const KINDS: &str = "http://schemas.google.com/g/2005#kind";
const KIND: &str = "http://schemas.google.com/blogger/2008/kind#";

/// The things of an export.
pub(super) fn open<'a>(reader: impl Read + Send + 'a) -> Items<'a> {
    match Pieces::open(reader, SHAPE) {
        Ok(pieces) => Box::new(Export(pieces)),
        Err(refusal) => Box::new(std::iter::once(Item::Refused(refusal))),
    }
}

struct Export<'a>(Pieces<'a>);

impl Iterator for Export<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            let piece = match self.0.next()? {
                Ok(piece) => piece,
                Err(refusal) => return Some(Item::Refused(refusal)),
            };
            let source = match piece.content {
                Ok(source) => source,
                Err(refusal) => return Some(Item::Refused(refusal)),
            };
            if piece.name != SHAPE.entry {
                continue;
            }
            return Some(match Element::read(&source, self.0.names()) {
                Ok(element) => item(piece.place, source, &element),
                Err(fault) => Item::Refused(malformed(piece.place, &source, &fault)),
            });
        }
    }
}

fn item(place: Place, source: String, element: &Element) -> Item {
    let title = element.child("title").and_then(|element| title(element, &source));
    let kind = kind(element);
    let left_out = match kind.as_str() {
        _ if element.text_of("blogger:trashed").is_some() => Some("in the trash"),
        "post" | "page" => None,
        "template" | "settings" => Some("a setting of the blog"),
        other => Some(other),
    };
    if let Some(what) = left_out {
        return Item::LeftOut(LeftOut { place, what: what.to_owned(), title });
    }
    let html = element.child("content").map_or_else(String::new, |content| html(content, &source));
    let mut entry = Entry::at(place, Format::Blogger, source.into_bytes());
    entry.title = title;
    let Some(id) = element.text_of("id") else { return Item::Refused(entry.refusal("it has no id")) };
    entry.id = Some(SourceId { source: SOURCE, id: id.to_owned() });
    entry.status = Some(read_status(&mut entry, element));
    read_date(&mut entry, element);
    read_address(&mut entry, element);
    entry.summary = element.text_of("blogger:metaDescription").and_then(line_of_text);
    for author in element.all("author").filter_map(|author| author.text_of("name")) {
        entry.add_author(Author::named(author));
    }
    for label in labels(element) {
        entry.add_label(label);
    }
    bodies::set(&mut entry, html);
    entry.provenance.insert("source".to_owned(), json!({ "kind": kind, "updated": element.text_of("updated") }));
    Item::Article(Box::new(entry))
}

/// What an entry is: `post`, `page`, `comment`, `template`, `settings`. Takeout says it in an element, the old feed in a
/// category. A comment of an old feed may only show itself by what it answers.
fn kind(element: &Element) -> String {
    if let Some(kind) = element.text_of("blogger:type") {
        return kind.to_ascii_lowercase();
    }
    let kinds = element.all("category").filter(|category| category.attribute("scheme") == Some(KINDS));
    let kind = kinds.filter_map(|category| category.attribute("term")?.strip_prefix(KIND)).next();
    match kind {
        Some(kind) => kind.to_owned(),
        None if element.child("thr:in-reply-to").is_some() => "comment".to_owned(),
        None => "post".to_owned(),
    }
}

/// The labels, which stand among the kinds. Both forms name the scheme of labels differently, and neither is `KINDS`.
fn labels(element: &Element) -> Vec<Label> {
    let is_label = |category: &&Element| category.attribute("scheme") != Some(KINDS);
    let terms = element.all("category").filter(is_label).filter_map(|category| category.attribute("term"));
    terms.filter_map(line_of_text).map(|name| Label::named(&name)).collect()
}

fn title(title: &Element, source: &str) -> Option<String> {
    match title.attribute("type") {
        // Its text stands in elements of its own.
        Some("xhtml") => line_of_html(source.get(title.inner.clone()).unwrap_or_default()),
        Some("html") => line_of_html(&title.text),
        _ => line_of_text(&title.text),
    }
}

/// The content as HTML.
fn html(content: &Element, source: &str) -> String {
    match content.attribute("type") {
        Some("xhtml") => source.get(content.inner.clone()).unwrap_or_default().to_owned(),
        Some("text") => format!("<p>{}</p>", escape(&content.text).replace('\n', "<br>")),
        _ => content.text.clone(),
    }
}

fn read_status(entry: &mut Entry, element: &Element) -> ArticleStatus {
    let is_draft = element
        .child("app:control")
        .and_then(|control| control.text_of("app:draft"))
        .is_some_and(|draft| draft == "yes");
    match element.text_of("blogger:status").unwrap_or(if is_draft { "DRAFT" } else { "LIVE" }) {
        "LIVE" => ArticleStatus::Published,
        "SCHEDULED" => ArticleStatus::Scheduled,
        "DRAFT" => ArticleStatus::Draft,
        other => {
            entry.notes.push(format!("the status {other:?} is not known: taken as a draft"));
            ArticleStatus::Draft
        }
    }
}

fn read_date(entry: &mut Entry, element: &Element) {
    // What a draft has as its date is when it was begun.
    if entry.status == Some(ArticleStatus::Draft) {
        return;
    }
    for name in ["published", "blogger:created", "updated"] {
        match dates::read(element.text_of(name).unwrap_or_default()) {
            Ok(None) => {}
            Ok(Some(instant)) => {
                entry.published_at = Some(instant);
                entry.provenance.insert("date".to_owned(), json!({ "rule": name }));
                return;
            }
            Err(note) => entry.notes.push(note),
        }
    }
}

/// The address and, out of its last part, the slug: `/2019/03/the-pier.html`.
fn read_address(entry: &mut Entry, element: &Element) {
    let alternate = element.all("link").find(|link| link.attribute("rel") == Some("alternate"));
    let address = alternate.and_then(|link| link.attribute("href")).map(str::to_owned);
    let path = element.text_of("blogger:filename").or(address.as_deref());
    let last = path.and_then(|path| path.split(['?', '#']).next()).and_then(|path| path.rsplit('/').next());
    let slug = last.map(|last| last.trim_end_matches(".html").trim_end_matches(".htm")).filter(|last| !last.is_empty());
    entry.slug = slug.map(percent_decoded);
    entry.canonical_url = address;
}
