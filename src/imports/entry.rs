//! What every format yields: the articles of a file, one after another, as their source tells them. Without I/O of its
//! own, and without a look at what is stored.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::archive::Record;
use super::format::Format;
use super::plain_text::{Paragraph, PullQuote};
use crate::articles::ArticleStatus;
use crate::values::body::BodyFormat;

/// So many labels and authors are listed; it is more than an article may have.
const MOST_LISTED: usize = 300;

/// The things of a file in their order; memory does not grow with their number.
pub type Items<'a> = Box<dyn Iterator<Item = Item> + Send + 'a>;

/// One thing of a file.
#[derive(Debug, Clone)]
pub enum Item {
    /// An article.
    Article(Box<Entry>),
    /// Something that is meant to stay out, such as a comment.
    LeftOut(LeftOut),
    /// A line of Verbatim's own export.
    Record(Place, Box<Record>),
    /// An article that cannot be read, or the end of a file that cannot be read on.
    Refused(Refusal),
}

/// Where something stands in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Which thing of the file it is, from 1.
    pub number: u64,
    /// The line it begins in, from 1.
    pub line: u64,
    /// The byte it begins at, from 0; of a file in another encoding, in its UTF-8 form.
    pub byte: u64,
}

/// Why something cannot be read as an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Where the fault is, or the thing that has it.
    pub place: Place,
    /// What the thing is called, where that much can be read.
    pub title: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// Something of a file that is no article, or is not to be one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Where it stands.
    pub place: Place,
    /// What it is, such as `comment` or `attachment`; equal words can be counted.
    pub what: String,
    /// What it is called, if anything.
    pub title: Option<String>,
}

/// An article as its source tells it. What the source does not say is `None`, and whoever stores it decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it stands in the file.
    pub place: Place,
    /// The format it was read from.
    pub format: Format,
    /// What its source calls it; `None` where a file is one article, which is then known by the name of the file.
    pub id: Option<SourceId>,
    /// The title as plain text; `None` where there is none, so that one is made.
    pub title: Option<String>,
    /// The words of its address. Not yet a slug of ours: it may hold anything.
    pub slug: Option<String>,
    /// Earlier addresses, likewise, the latest first.
    pub former_slugs: Vec<String>,
    /// Where it is in its life. `None` means published.
    pub status: Option<ArticleStatus>,
    /// When it was or is to be published.
    pub published_at: Option<DateTime<Utc>>,
    /// Its language, a BCP 47 tag.
    pub language: Option<String>,
    /// A few sentences that stand for it, plain text.
    pub summary: Option<String>,
    /// Its address on the site it comes from.
    pub canonical_url: Option<String>,
    /// Who wrote it, in order.
    pub authors: Vec<Author>,
    /// Its labels, in order, each once.
    pub labels: Vec<Label>,
    /// What the body is written in.
    pub body_format: BodyFormat,
    /// The body alone, without pull quotes.
    pub body_source: String,
    /// Of a plain text, where the paragraphs of the body stand in `source`.
    pub paragraphs: Vec<Paragraph>,
    /// Quotations set apart from the body, in order.
    pub pulls: Vec<PullQuote>,
    /// The bytes it was read from.
    pub source: Vec<u8>,
    /// Where its parts were found and by which rule, and what has no place here.
    pub provenance: Map<String, Value>,
    /// What could not be taken as it is, in words for the report.
    pub notes: Vec<String>,
}

/// What another system calls something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceId {
    /// The system, such as `wordpress`.
    pub source: &'static str,
    /// Its id there.
    pub id: String,
}

/// Who wrote an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Author {
    /// The name as it is displayed.
    pub name: String,
    /// The words of the author's address on the source's site, if known.
    pub slug: Option<String>,
}

/// A label of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The name as it is displayed.
    pub name: String,
    /// The words of its address on the source's site, if known.
    pub slug: Option<String>,
    /// The wider label it belongs to, which has one in turn.
    pub parent: Option<Box<Label>>,
}

impl Entry {
    /// An entry of which nothing is known yet but its bytes and where they stand.
    pub(super) fn at(place: Place, format: Format, source: Vec<u8>) -> Self {
        Self {
            place,
            format,
            id: None,
            title: None,
            slug: None,
            former_slugs: Vec::new(),
            status: None,
            published_at: None,
            language: None,
            summary: None,
            canonical_url: None,
            authors: Vec::new(),
            labels: Vec::new(),
            body_format: BodyFormat::Html,
            body_source: String::new(),
            paragraphs: Vec::new(),
            pulls: Vec::new(),
            source,
            provenance: Map::new(),
            notes: Vec::new(),
        }
    }

    /// A digest of everything that makes an article of it: equal digests need no second look. What its source keeps
    /// beside the article, such as counts of views, does not change it.
    pub fn digest(&self) -> [u8; 32] {
        let Self {
            place: _,
            format,
            id,
            title,
            slug,
            former_slugs,
            status,
            published_at,
            language,
            summary,
            canonical_url,
            authors,
            labels,
            body_format,
            body_source,
            paragraphs: _,
            pulls,
            source: _,
            provenance: _,
            notes: _,
        } = self;
        let pulls: Vec<_> = pulls.iter().map(|pull| (&pull.text, &pull.attribution)).collect();
        let told = serde_json::json!([
            format.as_str(),
            id,
            title,
            slug,
            former_slugs,
            status,
            published_at,
            language,
            summary,
            canonical_url,
            authors,
            labels,
            body_format,
            pulls,
            body_source,
        ]);
        Sha256::digest(told.to_string()).into()
    }

    /// Adds a label unless it is there already, or empty.
    pub(super) fn add_label(&mut self, label: Label) {
        let name = crate::values::name::normalise(&label.name);
        let is_known = |known: &Label| crate::values::name::normalise(&known.name) == name;
        if !name.is_empty() && self.labels.len() < MOST_LISTED && !self.labels.iter().any(is_known) {
            self.labels.push(label);
        }
    }

    /// Adds an author unless there already, or without a name.
    pub(super) fn add_author(&mut self, author: Author) {
        let name = crate::values::name::normalise(&author.name);
        let is_known = |known: &Author| crate::values::name::normalise(&known.name) == name;
        if !name.is_empty() && self.authors.len() < MOST_LISTED && !self.authors.iter().any(is_known) {
            self.authors.push(author);
        }
    }

    /// Why it is refused, now that it is read.
    pub(super) fn refusal(&self, reason: impl Into<String>) -> Refusal {
        Refusal { place: self.place, title: self.title.clone(), reason: reason.into() }
    }
}

impl Label {
    /// A label of which only the name is known.
    pub(super) fn named(name: &str) -> Self {
        Self { name: one_line(name), slug: None, parent: None }
    }

    /// The label, its parent, and so on up.
    pub fn line_of_descent(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |label| label.parent.as_deref())
    }
}

impl Author {
    /// An author of whom only the name is known.
    pub(super) fn named(name: &str) -> Self {
        Self { name: one_line(name), slug: None }
    }
}

impl Refusal {
    /// The refusal of something that nothing is known of.
    pub(super) fn at(place: Place, reason: impl Into<String>) -> Self {
        Self { place, title: None, reason: reason.into() }
    }
}

/// A text on one line: runs of white space are one blank, and control characters are gone.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
