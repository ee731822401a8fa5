//! A file of JSON Lines, one after another.

use std::io::{BufRead, BufReader, Read};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::entry::{Author, Entry, Item, Items, Label, Place, Refusal, SourceId};
use super::super::format::Format;
use super::Record;
use crate::articles::ArticleStatus;
use crate::values::body::BodyFormat;

/// The longest line, in bytes.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The system that articles written by hand come from, as an external id names it.
const SOURCE: &str = "ndjson";

/// The things of a file of JSON Lines.
pub fn open<'a>(reader: impl Read + Send + 'a) -> Items<'a> {
    Box::new(Lines { reader: BufReader::new(reader), place: Place { number: 0, line: 0, byte: 0 }, is_ended: false })
}

struct Lines<R> {
    reader: BufReader<R>,
    place: Place,
    is_ended: bool,
}

impl<R: Read> Lines<R> {
    /// The next line, and where it begins.
    fn line(&mut self) -> std::io::Result<Option<(Place, Vec<u8>)>> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes)? as u64;
        let place = Place { line: self.place.line + 1, ..self.place };
        self.place = Place { byte: place.byte + read, ..place };
        Ok((read > 0).then_some((place, bytes)))
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        while !self.is_ended {
            let (place, bytes) = match self.line() {
                Ok(None) => return None,
                Ok(Some(line)) => line,
                Err(error) => {
                    self.is_ended = true;
                    return Some(Item::Refused(Refusal::at(self.place, format!("cannot be read: {error}"))));
                }
            };
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.place.number += 1;
            let place = Place { number: self.place.number, ..place };
            if bytes.len() as u64 > MAX_LINE {
                self.is_ended = true;
                let reason = format!("a line of more than {MAX_LINE} bytes: nothing is read from there on");
                return Some(Item::Refused(Refusal::at(place, reason)));
            }
            return Some(item(place, &bytes).unwrap_or_else(Item::Refused));
        }
        None
    }
}

fn item(place: Place, bytes: &[u8]) -> Result<Item, Refusal> {
    let refused = |reason: String| Refusal::at(place, reason);
    let text = std::str::from_utf8(bytes).map_err(|_| refused("not UTF-8 text".to_owned()))?;
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| refused(format!("not JSON: {error}")))?;
    if text.contains("\\u0000") && has_null(&value) {
        return Err(refused("the character U+0000 has no place in a text".to_owned()));
    }
    let title = value["title"].as_str().map(str::to_owned);
    let unreadable = |error: serde_json::Error| Refusal { place, title: title.clone(), reason: error.to_string() };
    if value.get("type").is_some() {
        let record: Record = serde_json::from_value(value).map_err(unreadable)?;
        return Ok(Item::Record(place, Box::new(record)));
    }
    let written: WrittenArticle = serde_json::from_value(value).map_err(unreadable)?;
    Ok(Item::Article(Box::new(written.entry(place, text.trim_end().as_bytes()))))
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_null(value)),
        _ => false,
    }
}

/// An article as people write it by hand. What is absent is as in a `POST`, but for the status: `published`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenArticle {
    /// What its source calls it; without, a digest of the line.
    id: Option<String>,
    title: Option<String>,
    slug: Option<String>,
    #[serde(default)]
    former_slugs: Vec<String>,
    summary: Option<String>,
    language: Option<String>,
    status: Option<ArticleStatus>,
    published_at: Option<DateTime<Utc>>,
    canonical_url: Option<String>,
    body_format: Option<BodyFormat>,
    body_source: String,
    #[serde(default)]
    authors: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
}

impl WrittenArticle {
    fn entry(self, place: Place, line: &[u8]) -> Entry {
        let digest = || Sha256::digest(line)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let mut entry = Entry::at(place, Format::Ndjson, line.to_vec());
        entry.id = Some(SourceId { source: SOURCE, id: self.id.unwrap_or_else(digest) });
        if self.title.is_some() {
            entry.provenance.insert("title".to_owned(), json!({ "rule": "title" }));
        }
        entry.title = self.title;
        entry.slug = self.slug;
        entry.former_slugs = self.former_slugs;
        entry.summary = self.summary;
        entry.language = self.language;
        entry.status = self.status;
        entry.published_at = self.published_at;
        entry.canonical_url = self.canonical_url;
        entry.body_format = self.body_format.unwrap_or(BodyFormat::Plain);
        entry.body_source = self.body_source;
        for name in &self.authors {
            entry.add_author(Author::named(name));
        }
        for name in &self.labels {
            entry.add_label(Label::named(name));
        }
        entry
    }
}
