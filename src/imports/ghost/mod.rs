//! Ghost's export: one JSON document with the tables of a site.
//!
//! Posts stand before what belongs to them, so the file is read twice: first who wrote what and which tags there are,
//! which is little, then the posts.

mod documents;
mod rows;

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::rows::{Row, Rows};
use super::bodies;
use super::dates;
use super::entry::{Author, Entry, Item, Items, Label, LeftOut, Place, Refusal, SourceId, one_line};
use super::format::Format;
use crate::articles::ArticleStatus;

/// The system, as external ids name it.
const SOURCE: &str = "ghost";

const RELATED: &[&str] = &["tags", "users", "posts_tags", "posts_authors"];
const POSTS: &[&str] = &["posts"];

/// What stands in an export for the address of its site: addresses in it become relative.
const SITE_ADDRESS: &str = "__GHOST_URL__";

/// The most tags, authors, and links of posts to either, that are kept in mind.
const MAX_RELATED: usize = 5_000_000;

/// The things of an export.
pub(super) fn open<'a>(mut reader: impl Read + Seek + Send + 'a) -> Items<'a> {
    let mut site = Site::default();
    let mut faults = Vec::new();
    for row in Rows::of(&mut reader, RELATED) {
        // That the file breaks off is told once, at its end.
        let Ok(Row { table, place, content }) = row else { break };
        if let Err(refusal) = content.and_then(|row| site.learn(table, &row).map_err(|why| Refusal::at(place, why))) {
            faults.push(Item::Refused(refusal));
        }
        if site.count > MAX_RELATED || faults.len() > MAX_FAULTS {
            let reason = format!("more than {MAX_RELATED} tags, authors and their posts, or too many that are broken");
            return Box::new(std::iter::once(Item::Refused(Refusal::at(place, reason))));
        }
    }
    site.sort();
    if let Err(error) = reader.seek(SeekFrom::Start(0)) {
        let refusal = Refusal::at(Place::default(), format!("cannot be read twice: {error}"));
        return Box::new(std::iter::once(Item::Refused(refusal)));
    }
    let posts = Rows::of(reader, POSTS).map(move |row| match row {
        Ok(Row { place, content: Ok(source), .. }) => site.post(place, source),
        Ok(Row { content: Err(refusal), .. }) | Err(refusal) => Item::Refused(refusal),
    });
    Box::new(faults.into_iter().chain(posts))
}

/// So many broken rows of other tables are told before the file is given up.
const MAX_FAULTS: usize = 1_000;

/// What belongs to the posts.
#[derive(Default)]
struct Site {
    tags: HashMap<Key, Label>,
    users: HashMap<Key, Author>,
    post_tags: Vec<Link>,
    post_authors: Vec<Link>,
    count: usize,
}

/// An id of Ghost's in few bytes: of posts there are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key(u128);

/// A post, a place in its order, and what stands there.
type Link = (Key, i32, Key);

/// A row that ties a post to a tag or an author.
#[derive(Deserialize)]
struct LinkRow {
    post_id: Value,
    tag_id: Option<Value>,
    author_id: Option<Value>,
    sort_order: Option<i32>,
}

/// A tag or a user.
#[derive(Deserialize)]
struct NamedRow {
    id: Option<Value>,
    name: Option<String>,
    slug: Option<String>,
    visibility: Option<String>,
}

/// A post. Numbers and truth values are what the version of Ghost makes them.
#[derive(Deserialize)]
struct PostRow {
    id: Option<Value>,
    uuid: Option<String>,
    title: Option<String>,
    slug: Option<String>,
    html: Option<String>,
    lexical: Option<Value>,
    mobiledoc: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<String>,
    page: Option<Value>,
    status: Option<String>,
    visibility: Option<String>,
    locale: Option<String>,
    /// What `locale` was called before version 1.
    language: Option<String>,
    published_at: Option<Value>,
    updated_at: Option<Value>,
    custom_excerpt: Option<String>,
    canonical_url: Option<String>,
    feature_image: Option<String>,
    author_id: Option<Value>,
    #[serde(default)]
    tags: Vec<NamedRow>,
    #[serde(default)]
    authors: Vec<NamedRow>,
}

impl Key {
    fn of(id: &Value) -> Self {
        let text = match id {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if text.len() == 24
            && let Ok(number) = u128::from_str_radix(&text, 16)
        {
            return Self(number);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&Sha256::digest(text)[..16]);
        Self(u128::from_be_bytes(bytes))
    }
}

impl Site {
    fn learn(&mut self, table: &str, row: &str) -> Result<(), String> {
        let broken = |error: serde_json::Error| format!("a row of {table} cannot be read: {error}");
        self.count += 1;
        match table {
            "tags" | "users" => {
                let row: NamedRow = serde_json::from_str(row).map_err(broken)?;
                let Some(id) = row.id.as_ref().map(Key::of) else { return Err(format!("a row of {table} has no id")) };
                if table == "users" {
                    self.users.extend(author(row).map(|author| (id, author)));
                } else {
                    self.tags.extend(label(row).map(|label| (id, label)));
                }
            }
            _ => {
                let row: LinkRow = serde_json::from_str(row).map_err(broken)?;
                let post = Key::of(&row.post_id);
                let order = row.sort_order.unwrap_or_default();
                self.post_tags.extend(row.tag_id.map(|tag| (post, order, Key::of(&tag))));
                self.post_authors.extend(row.author_id.map(|author| (post, order, Key::of(&author))));
            }
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.post_tags.sort_by_key(|(post, order, _)| (*post, *order));
        self.post_authors.sort_by_key(|(post, order, _)| (*post, *order));
    }

    fn post(&self, place: Place, source: String) -> Item {
        let row: PostRow = match serde_json::from_str(&source) {
            Ok(row) => row,
            Err(error) => return Item::Refused(Refusal::at(place, format!("its row cannot be read: {error}"))),
        };
        let title = row.title.as_deref().map(one_line).filter(|title| !title.is_empty());
        let kind = kind(&row);
        if !matches!(kind, "post" | "page") {
            return Item::LeftOut(LeftOut { place, what: kind.to_owned(), title });
        }
        let mut entry = Entry::at(place, Format::Ghost, source.into_bytes());
        // Ghost has a title for what has none.
        entry.title = title.filter(|title| title != "(Untitled)" && title != "(untitled)");
        let Some(id) = row.uuid.clone().or_else(|| row.id.as_ref().map(id_text)) else {
            return Item::Refused(entry.refusal("it has neither a uuid nor an id"));
        };
        entry.id = Some(SourceId { source: SOURCE, id });
        entry.provenance.insert("source".to_owned(), told_besides(&row, kind));
        self.fill(&mut entry, row);
        let texts = [Some(&entry.body_source), entry.summary.as_ref(), entry.slug.as_ref()];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Item::Refused(entry.refusal("the character U+0000 has no place in a text"));
        }
        Item::Article(Box::new(entry))
    }

    fn fill(&self, entry: &mut Entry, row: PostRow) {
        entry.status = Some(read_status(entry, &row));
        read_date(entry, row.published_at.as_ref());
        entry.slug = row.slug;
        entry.summary = row.custom_excerpt.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        entry.language = row.locale.or(row.language).filter(|locale| !locale.is_empty());
        entry.canonical_url = row.canonical_url.filter(|address| !address.contains(SITE_ADDRESS));
        let post = row.id.as_ref().map(Key::of);
        for author in linked(&self.post_authors, post).filter_map(|key| self.users.get(&key)) {
            entry.add_author(author.clone());
        }
        if entry.authors.is_empty() {
            let writer = row.author_id.as_ref().and_then(|id| self.users.get(&Key::of(id)).cloned());
            for writer in writer.into_iter().chain(row.authors.into_iter().filter_map(author)) {
                entry.add_author(writer);
            }
        }
        for label in linked(&self.post_tags, post).filter_map(|key| self.tags.get(&key)) {
            entry.add_label(label.clone());
        }
        row.tags.into_iter().filter_map(label).for_each(|label| entry.add_label(label));
        let html = match row.html.filter(|html| !html.trim().is_empty()) {
            Some(html) => html,
            None => documents::html(row.lexical.as_ref(), row.mobiledoc.as_ref(), &mut entry.notes),
        };
        bodies::set(entry, html.replace(SITE_ADDRESS, ""));
    }
}

/// What is linked to a post, in order.
fn linked(links: &[Link], post: Option<Key>) -> impl Iterator<Item = Key> {
    let start = links.partition_point(|(key, ..)| Some(*key) < post);
    links[start..].iter().take_while(move |(key, ..)| Some(*key) == post).map(|(_, _, linked)| *linked)
}

fn author(row: NamedRow) -> Option<Author> {
    let name = one_line(&row.name.or_else(|| row.slug.clone())?);
    (!name.is_empty()).then_some(Author { name, slug: row.slug })
}

/// A tag as a label. Internal tags, which begin with `#`, are the site's own business.
fn label(row: NamedRow) -> Option<Label> {
    let name = one_line(&row.name?);
    let is_internal = name.starts_with('#') || row.visibility.as_deref() == Some("internal");
    (!name.is_empty() && !is_internal).then_some(Label { name, slug: row.slug, parent: None })
}

fn kind(row: &PostRow) -> &str {
    let is_page = match &row.page {
        Some(Value::Bool(is_page)) => *is_page,
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        _ => false,
    };
    row.kind.as_deref().unwrap_or(if is_page { "page" } else { "post" })
}

fn id_text(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What is not for everybody is not published: posts for members, and letters sent by mail alone, are archived.
fn read_status(entry: &mut Entry, row: &PostRow) -> ArticleStatus {
    let status = match row.status.as_deref().unwrap_or("published") {
        "published" => ArticleStatus::Published,
        "scheduled" => ArticleStatus::Scheduled,
        "draft" => ArticleStatus::Draft,
        "sent" => {
            entry.notes.push("it was sent by mail alone: it is archived, not published".to_owned());
            return ArticleStatus::Archived;
        }
        other => {
            entry.notes.push(format!("the status {other:?} is not known: taken as a draft"));
            return ArticleStatus::Draft;
        }
    };
    let visibility = row.visibility.as_deref().unwrap_or("public");
    if visibility != "public" && status != ArticleStatus::Draft {
        entry.notes.push(format!("only {visibility} could read it: it is archived, not published"));
        return ArticleStatus::Archived;
    }
    status
}

fn read_date(entry: &mut Entry, told: Option<&Value>) {
    let text = match told {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return,
    };
    match dates::read(&text) {
        Ok(instant) => {
            entry.published_at = instant;
            entry.provenance.insert("date".to_owned(), json!({ "rule": "published_at" }));
        }
        Err(note) => entry.notes.push(note),
    }
}

/// What has no place in an article here.
fn told_besides(row: &PostRow, kind: &str) -> Value {
    json!({
        "id": row.id,
        "type": kind,
        "status": row.status,
        "visibility": row.visibility,
        "updated_at": row.updated_at,
        "feature_image": row.feature_image,
    })
}
