//! Markdown with front matter, as static site generators keep it: one file, one article.

use std::io::Read;

use serde_json::{Map, Value, json};

use super::dates;
use super::entry::{Author, Entry, Items, Label, Place, Refusal, one_line};
use super::file::one_article;
use super::format::Format;
use super::texts::line_of_html;
use crate::articles::ArticleStatus;
use crate::values::body::{BodyFormat, render};

/// What front matter may call each thing; the first that is there counts.
const TITLE: &[&str] = &["title"];
const DATE: &[&str] =
    &["date", "published_at", "publishDate", "publishdate", "pubDate", "pubdate", "published_on", "datePublished"];
const SLUG: &[&str] = &["slug", "permalink", "url"];
const FORMER: &[&str] = &["aliases", "redirect_from", "former_slugs"];
const SUMMARY: &[&str] = &["summary", "description", "excerpt"];
const LANGUAGE: &[&str] = &["language", "lang", "locale"];
const CANONICAL: &[&str] = &["canonical_url", "canonicalUrl", "canonicalURL", "canonical"];
const AUTHORS: &[&str] = &["authors", "author"];
const LABELS: &[&str] = &["labels", "categories", "category", "tags", "keywords"];

/// The longest front matter, in bytes.
const MAX_FRONT_MATTER: usize = 256 * 1024;

/// A file that holds one article. Where nothing else tells, its name gives the slug, and the date as in
/// `2019-03-04-the-pier.md`.
pub(super) fn open<'a>(reader: impl Read + Send + 'a, file_name: Option<&str>) -> Items<'a> {
    let file_name = file_name.map(str::to_owned);
    one_article(reader, Format::Markdown, move |entry| self::entry(entry, file_name.as_deref()))
}

fn entry(mut entry: Entry, file_name: Option<&str>) -> Result<Entry, Refusal> {
    let source = String::from_utf8_lossy(&entry.source).into_owned();
    let text = source.trim_start_matches('\u{feff}');
    let (front, body) = match split(text) {
        Some((fence, front, body)) => (Some(told(fence, front).map_err(|fault| refused(&entry, &fault))?), body),
        None => (None, text),
    };
    let mut front = front.unwrap_or_default();
    entry.body_format = BodyFormat::Markdown;
    entry.title = take(&mut front, TITLE).and_then(|title| text_of(&title)).map(|title| one_line(&title));
    entry.title = entry.title.take().filter(|title| !title.is_empty());
    let body = if entry.title.is_some() { body } else { with_heading_as_title(&mut entry, body) };
    entry.body_source = body.trim_start_matches(['\n', '\r']).to_owned();
    read_date(&mut entry, &mut front, file_name);
    entry.status = read_status(&mut entry, &mut front);
    read_addresses(&mut entry, &mut front, file_name);
    entry.summary = take(&mut front, SUMMARY).and_then(|text| text_of(&text)).map(|text| text.trim().to_owned());
    entry.summary = entry.summary.take().filter(|text| !text.is_empty());
    entry.language = take(&mut front, LANGUAGE).and_then(|text| text_of(&text));
    for author in take(&mut front, AUTHORS).iter().flat_map(|authors| names(authors, false)) {
        entry.add_author(Author::named(&author));
    }
    // Zola has its labels in a table of their own.
    let mut taxonomies = match front.remove("taxonomies") {
        Some(Value::Object(taxonomies)) => taxonomies,
        _ => Map::new(),
    };
    for key in LABELS {
        let labels = front.remove(*key).or_else(|| taxonomies.remove(*key));
        labels.iter().flat_map(|labels| names(labels, true)).for_each(|label| entry.add_label(Label::named(&label)));
    }
    // A canonical address may stand under `canonical`, and anything else has no place here.
    if !front.is_empty() {
        entry.provenance.insert("source".to_owned(), Value::Object(front));
    }
    Ok(entry)
}

/// A fault in the front matter, at its line there.
fn refused(entry: &Entry, (line, reason): &(u64, String)) -> Refusal {
    Refusal { place: Place { line: *line, ..entry.place }, title: None, reason: format!("its front matter: {reason}") }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fence {
    Yaml,
    Toml,
}

/// Parts the front matter from the body.
fn split(text: &str) -> Option<(Fence, &str, &str)> {
    let first = text.split_inclusive('\n').next()?;
    let fence = match first.trim_end() {
        "---" => Fence::Yaml,
        "+++" => Fence::Toml,
        _ => return None,
    };
    let start = first.len();
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let is_end = match fence {
            Fence::Yaml => matches!(line.trim_end(), "---" | "..."),
            Fence::Toml => line.trim_end() == "+++",
        };
        if is_end {
            return Some((fence, &text[start..at], &text[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// What front matter says, or the line of the file and what is wrong there.
fn told(fence: Fence, front: &str) -> Result<Map<String, Value>, (u64, String)> {
    if front.len() > MAX_FRONT_MATTER {
        return Err((1, format!("{} bytes long: it may have {MAX_FRONT_MATTER}", front.len())));
    }
    if front.trim().is_empty() {
        return Ok(Map::new());
    }
    let value: Value = match fence {
        Fence::Yaml => serde_saphyr::from_str(front).map_err(|error| {
            let line = error.location().map_or(1, |location| location.line() + 1);
            (line, error.without_snippet().to_string())
        })?,
        Fence::Toml => toml::from_str::<toml::Value>(front).map(json_of).map_err(|error| {
            let line = error.span().map_or(0, |span| front[..span.start.min(front.len())].matches('\n').count());
            (line as u64 + 2, error.message().to_owned())
        })?,
    };
    match value {
        Value::Object(told) => Ok(told),
        Value::Null => Ok(Map::new()),
        _ => Err((2, "it is no list of names and values".to_owned())),
    }
}

fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(instant) => Value::String(instant.to_string()),
        toml::Value::Array(values) => values.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(name, value)| (name, json_of(value))).collect(),
    }
}

fn take(front: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().find_map(|name| front.remove(*name).filter(|value| !value.is_null()))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Names in a list, in a text, or in objects that have a `name`. A text of labels may hold several, parted by commas.
fn names(value: &Value, is_parted: bool) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(|value| names(value, false)).collect(),
        Value::Object(members) => members.get("name").and_then(text_of).into_iter().collect(),
        Value::String(text) if is_parted => text.split(',').map(str::trim).map(str::to_owned).collect(),
        other => text_of(other).into_iter().collect(),
    }
}

/// A first line `# Title` is the title, if nothing else is.
fn with_heading_as_title<'b>(entry: &mut Entry, body: &'b str) -> &'b str {
    let start = body.trim_start_matches(['\n', '\r']);
    let (first, rest) = start.split_once('\n').unwrap_or((start, ""));
    let Some(heading) = first.strip_prefix("# ") else { return body };
    entry.title = line_of_html(&render(BodyFormat::Markdown, heading.trim_end().trim_end_matches('#')).html);
    if entry.title.is_none() {
        return body;
    }
    entry.provenance.insert("title".to_owned(), json!({ "rule": "first_heading" }));
    rest
}

fn read_date(entry: &mut Entry, front: &mut Map<String, Value>, file_name: Option<&str>) {
    let told = take(front, DATE).and_then(|date| text_of(&date));
    let of_file = file_name.and_then(dated).map(|(date, _)| date.to_owned());
    for (text, rule) in [(told, "front_matter"), (of_file, "file_name")] {
        match dates::read(text.as_deref().unwrap_or_default()) {
            Ok(None) => {}
            Ok(Some(instant)) => {
                entry.published_at = Some(instant);
                entry.provenance.insert("date".to_owned(), json!({ "rule": rule }));
                return;
            }
            Err(note) => entry.notes.push(note),
        }
    }
}

/// The date and the slug in a name such as `2019-03-04-the-pier.md`.
fn dated(file_name: &str) -> Option<(&str, &str)> {
    let stem = stem(file_name);
    let date = stem.get(..10).filter(|date| dates::read(date).is_ok() && date.matches('-').count() == 2)?;
    Some((date, stem[10..].strip_prefix('-')?))
}

fn stem(file_name: &str) -> &str {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// `draft: true`, `private: true`, `published: false` or `status: …`.
fn read_status(entry: &mut Entry, front: &mut Map<String, Value>) -> Option<ArticleStatus> {
    let mut is = |name: &str, wanted: bool| front.remove(name).is_some_and(|value| truth(&value) == Some(wanted));
    let hidden = [is("draft", true), is("private", true), is("published", false), is("publish", false)];
    let is_draft = hidden.contains(&true);
    let told = front.remove("status").and_then(|status| text_of(&status));
    match told.as_deref().map(str::parse) {
        _ if is_draft => Some(ArticleStatus::Draft),
        None => None,
        Some(Ok(status)) => Some(status),
        Some(Err(_)) => {
            entry.notes.push(format!("the status {:?} is not known: taken as a draft", told.unwrap_or_default()));
            Some(ArticleStatus::Draft)
        }
    }
}

/// Whether a value says yes or no, in the words of any version of YAML.
fn truth(value: &Value) -> Option<bool> {
    match text_of(value)?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// The slug, from whatever address is told or from the name of the file.
fn read_addresses(entry: &mut Entry, front: &mut Map<String, Value>, file_name: Option<&str>) {
    entry.canonical_url = take(front, CANONICAL).and_then(|address| text_of(&address));
    let told = take(front, SLUG).and_then(|slug| text_of(&slug)).and_then(|path| last_segment(&path));
    let of_file = || {
        let name = file_name?;
        let stem = dated(name).map_or_else(|| stem(name), |(_, slug)| slug);
        (!matches!(stem, "index" | "_index" | "")).then(|| stem.to_owned())
    };
    entry.slug = told.or_else(of_file);
    let former = take(front, FORMER);
    entry.former_slugs =
        former.iter().flat_map(|former| names(former, false)).filter_map(|path| last_segment(&path)).collect();
}

/// The slug at the end of a path; patterns such as `/:year/:title` are none.
fn last_segment(path: &str) -> Option<String> {
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let last = last.strip_suffix(".html").unwrap_or(last);
    (!last.is_empty() && !last.contains([':', '{', '*'])).then(|| last.to_owned())
}
