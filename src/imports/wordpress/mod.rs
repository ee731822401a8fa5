//! WordPress's export (WXR 1.0 to 1.2): an RSS feed of a whole site, with authors and categories before the items.

mod paragraphs;
mod shortcodes;

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::bodies;
use super::dates;
use super::entry::{Author, Entry, Item, Items, Label, LeftOut, Place, Refusal, SourceId};
use super::format::Format;
use super::patterns::pattern;
use super::texts::{line_of_html, line_of_text, percent_decoded, text_of_html};
use super::xml::{Element, Piece, Pieces, Shape};
use crate::articles::ArticleStatus;

/// The system, as external ids name it.
const SOURCE: &str = "wordpress";

const SHAPE: Shape = Shape { containers: &["rss", "channel"], entry: "item" };

/// The most categories, and authors, that are kept in mind.
const MAX_TERMS: usize = 100_000;
/// How far up the parents of a category are followed.
const MAX_ANCESTORS: usize = 10;

/// The category of everything that has none.
const NO_CATEGORY: &str = "uncategorized";

/// Taxonomies that group nothing readers know of.
const NO_LABELS: [&str; 6] =
    ["post_format", "nav_menu", "link_category", "wp_theme", "wp_template_part_area", "wp_pattern_category"];

/// The things of an export.
pub(super) fn open<'a>(reader: impl Read + Send + 'a) -> Items<'a> {
    match Pieces::open(reader, SHAPE) {
        Ok(pieces) => Box::new(Export { pieces, site: Site::default() }),
        Err(refusal) => Box::new(std::iter::once(Item::Refused(refusal))),
    }
}

struct Export<'a> {
    pieces: Pieces<'a>,
    site: Site,
}

/// What is told of the site before its items.
#[derive(Default)]
struct Site {
    address: Option<String>,
    language: Option<String>,
    /// Names by login.
    authors: HashMap<String, Author>,
    /// By taxonomy and slug, which is unique in it.
    terms: HashMap<(String, String), Term>,
}

struct Term {
    name: String,
    /// The slug of the wider one.
    parent: Option<String>,
}

impl Iterator for Export<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            let Piece { place, name, content } = match self.pieces.next()? {
                Ok(piece) => piece,
                Err(refusal) => return Some(Item::Refused(refusal)),
            };
            let source = match content {
                Ok(source) => source,
                Err(refusal) => return Some(Item::Refused(refusal)),
            };
            let read = Element::read(&source, self.pieces.names()).map_err(|fault| malformed(place, &source, &fault));
            let item = match read {
                Err(refusal) => Item::Refused(refusal),
                Ok(element) if name == SHAPE.entry => self.site.item(place, &source, &element),
                Ok(element) => match self.site.learn(&name, &element) {
                    Ok(()) => continue,
                    Err(reason) => Item::Refused(Refusal::at(place, reason)),
                },
            };
            return Some(item);
        }
    }
}

/// The refusal of an element that is no XML.
pub(super) fn malformed(place: Place, source: &str, (at, reason): &(usize, String)) -> Refusal {
    let before = source.get(..*at).unwrap_or(source);
    let line = place.line + before.matches('\n').count() as u64;
    Refusal::at(place, format!("broken XML in line {line}: {reason}"))
}

impl Site {
    /// Takes note of what stands before the items.
    fn learn(&mut self, name: &str, element: &Element) -> Result<(), String> {
        let text = |name: &str| element.text_of(name).map(str::to_owned);
        match name {
            "wp:base_blog_url" => self.address = Some(element.text.trim().to_owned()),
            "link" | "wp:base_site_url" => {
                self.address.get_or_insert_with(|| element.text.trim().to_owned());
            }
            "language" => self.language = Some(element.text.trim().to_owned()),
            "wp:author" => {
                let full_name = [text("wp:author_first_name"), text("wp:author_last_name")];
                let full_name = full_name.into_iter().flatten().collect::<Vec<_>>().join(" ");
                if let Some(login) = text("wp:author_login") {
                    let name = text("wp:author_display_name").filter(|name| !name.is_empty());
                    let name = name.or(Some(full_name)).filter(|name| !name.is_empty());
                    let name = line_of_text(&name.unwrap_or_else(|| login.clone())).unwrap_or_else(|| login.clone());
                    self.authors.insert(login.clone(), Author { name, slug: Some(login) });
                }
            }
            "wp:category" => {
                self.add_term(
                    "category",
                    text("wp:category_nicename"),
                    text("wp:cat_name"),
                    text("wp:category_parent"),
                );
            }
            "wp:term" => {
                let taxonomy = text("wp:term_taxonomy").unwrap_or_default();
                self.add_term(&taxonomy, text("wp:term_slug"), text("wp:term_name"), text("wp:term_parent"));
            }
            _ => {}
        }
        if self.terms.len() > MAX_TERMS || self.authors.len() > MAX_TERMS {
            return Err(format!("more than {MAX_TERMS} categories or authors: the rest has no parents or names"));
        }
        Ok(())
    }

    fn add_term(&mut self, taxonomy: &str, slug: Option<String>, name: Option<String>, parent: Option<String>) {
        if let (Some(slug), Some(name)) = (slug, name)
            && self.terms.len() <= MAX_TERMS
        {
            let name = line_of_html(&name).unwrap_or(name);
            self.terms.insert((taxonomy.to_owned(), slug), Term { name, parent });
        }
    }

    fn item(&self, place: Place, source: &str, item: &Element) -> Item {
        let title = item.child("title").and_then(|title| line_of_html(&title.text));
        let kind = item.text_of("wp:post_type").unwrap_or("post");
        let status = item.text_of("wp:status").unwrap_or("publish");
        let left_out = match (kind, status) {
            (_, "trash") => Some("in the trash"),
            (_, "auto-draft") => Some("an empty draft made by the editor"),
            ("post" | "page", _) => None,
            ("nav_menu_item", _) => Some("a menu item"),
            (other, _) => Some(other),
        };
        if let Some(what) = left_out {
            return Item::LeftOut(LeftOut { place, what: what.to_owned(), title });
        }
        let mut entry = Entry::at(place, Format::Wordpress, without_comments(source, item));
        entry.title = title;
        match self.fill(&mut entry, item, status) {
            Ok(()) => Item::Article(Box::new(entry)),
            Err(reason) => Item::Refused(entry.refusal(reason)),
        }
    }

    fn fill(&self, entry: &mut Entry, item: &Element, status: &str) -> Result<(), String> {
        entry.id = Some(self.id(item)?);
        entry.status = Some(read_status(entry, item, status));
        entry.slug = item.text_of("wp:post_name").map(percent_decoded);
        entry.former_slugs = item
            .all("wp:postmeta")
            .filter(|meta| meta.text_of("wp:meta_key") == Some("_wp_old_slug"))
            .filter_map(|meta| meta.text_of("wp:meta_value").map(percent_decoded))
            .collect();
        entry.former_slugs.reverse();
        read_date(entry, item);
        entry.language.clone_from(&self.language);
        entry.summary = item.text_of("excerpt:encoded").and_then(text_of_html);
        // A draft has no address yet, only one to look at it.
        let address = item.text_of("link").filter(|address| !address.contains("?p=") && !address.contains("?page_id="));
        entry.canonical_url = address.map(str::to_owned);
        if let Some(login) = item.text_of("dc:creator") {
            entry.add_author(self.authors.get(login).cloned().unwrap_or_else(|| Author::named(login)));
        }
        for label in self.labels(item) {
            entry.add_label(label);
        }
        let content = item.child("content:encoded").map_or("", |content| content.text.as_str());
        let html = body(content, &mut entry.notes);
        bodies::set(entry, html);
        entry.provenance.insert("source".to_owned(), told_besides(item, status));
        Ok(())
    }

    /// WordPress calls an item by its `guid`, which stays when a site moves.
    fn id(&self, item: &Element) -> Result<SourceId, String> {
        let made = || {
            let number = item.text_of("wp:post_id")?;
            Some(format!("{}?p={number}", self.address.as_deref().unwrap_or_default()))
        };
        let id = item.text_of("guid").map(str::to_owned).or_else(made);
        id.map(|id| SourceId { source: SOURCE, id }).ok_or_else(|| "it has neither a guid nor a wp:post_id".to_owned())
    }

    /// Categories, then tags, then terms of other taxonomies.
    fn labels(&self, item: &Element) -> Vec<Label> {
        let mut labels: Vec<(u8, Label)> = Vec::new();
        for category in item.all("category") {
            let taxonomy = match category.attribute("domain") {
                Some("tag") => "post_tag",
                Some(domain) => domain,
                None => "category",
            };
            let slug = category.attribute("nicename").map(percent_decoded);
            let is_none = taxonomy == "category" && slug.as_deref() == Some(NO_CATEGORY);
            let Some(name) = line_of_html(&category.text) else { continue };
            if NO_LABELS.contains(&taxonomy) || is_none {
                continue;
            }
            let raw_slug = category.attribute("nicename");
            let rank = match (taxonomy, &slug) {
                ("category", Some(_)) => 0,
                ("post_tag", Some(_)) => 1,
                (_, Some(_)) => 2,
                // WXR 1.0 names each category once more without its slug.
                (_, None) => 3,
            };
            labels.push((rank, Label { name, slug: slug.clone(), parent: self.parent(taxonomy, raw_slug, 0) }));
        }
        labels.sort_by_key(|(rank, _)| *rank);
        let is_no_category = |label: &Label| label.slug.is_none() && label.name.eq_ignore_ascii_case(NO_CATEGORY);
        labels.into_iter().map(|(_, label)| label).filter(|label| !is_no_category(label)).collect()
    }

    fn parent(&self, taxonomy: &str, slug: Option<&str>, depth: usize) -> Option<Box<Label>> {
        let term = self.terms.get(&(taxonomy.to_owned(), slug?.to_owned()))?;
        let slug = term.parent.as_deref().filter(|_| depth < MAX_ANCESTORS)?;
        let parent = self.terms.get(&(taxonomy.to_owned(), slug.to_owned()))?;
        Some(Box::new(Label {
            name: parent.name.clone(),
            slug: Some(percent_decoded(slug)),
            parent: self.parent(taxonomy, Some(slug), depth + 1),
        }))
    }
}

/// What is not for everybody is not published: what is private or behind a password is archived.
fn read_status(entry: &mut Entry, item: &Element, status: &str) -> ArticleStatus {
    let status = match status {
        "publish" => ArticleStatus::Published,
        "future" => ArticleStatus::Scheduled,
        "private" => ArticleStatus::Archived,
        "draft" | "pending" => ArticleStatus::Draft,
        other => {
            entry.notes.push(format!("the status {other:?} is not known: taken as a draft"));
            ArticleStatus::Draft
        }
    };
    let has_password = item.text_of("wp:post_password").is_some();
    if has_password && matches!(status, ArticleStatus::Published | ArticleStatus::Scheduled) {
        entry.notes.push("it was behind a password: it is archived, not published".to_owned());
        return ArticleStatus::Archived;
    }
    status
}

/// The date in UTC, else the one that readers were told, else the one of the site's own clock.
fn read_date(entry: &mut Entry, item: &Element) {
    // What a draft has as its date is when it was last saved.
    if entry.status == Some(ArticleStatus::Draft) {
        return;
    }
    for name in ["wp:post_date_gmt", "pubDate", "wp:post_date"] {
        match dates::read(item.text_of(name).unwrap_or_default()) {
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

/// A body as pages show it. The block editor writes its HTML whole; the classic one leaves paragraphs to blank lines.
fn body(content: &str, notes: &mut Vec<String>) -> String {
    static LONE_ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?m)^[ \t]*(https?://[^\s<>"]+)[ \t]*\r?$"#));
    let html = shortcodes::replaced(content, notes);
    // An address on a line of its own is embedded.
    let html = LONE_ADDRESS.replace_all(&html, "<a href=\"$1\">$1</a>");
    if html.contains("<!-- wp:") { html.into_owned() } else { paragraphs::with_paragraphs(&html) }
}

/// What has no place in an article here.
fn told_besides(item: &Element, status: &str) -> Value {
    let text = |name: &str| item.text_of(name);
    json!({
        "post_id": text("wp:post_id"),
        "post_type": text("wp:post_type"),
        "status": status,
        "modified": text("wp:post_modified_gmt"),
        "parent": text("wp:post_parent").filter(|parent| *parent != "0"),
        "comments": item.all("wp:comment").count(),
    })
}

/// The item as it came, but for its comments: those are not the publication's, and name people with their addresses.
fn without_comments(source: &str, item: &Element) -> Vec<u8> {
    let mut kept = Vec::with_capacity(source.len());
    let mut at = 0;
    for comment in item.all("wp:comment") {
        kept.extend(source.as_bytes().get(at..comment.outer.start).unwrap_or_default());
        at = comment.outer.end;
    }
    kept.extend(source.as_bytes().get(at..).unwrap_or_default());
    kept
}
