//! An article ready to be stored: its body rendered, its quotes found, attributed and anchored. Without I/O.

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::entry::{Author, Entry, Label, Place, Refusal, SourceId, one_line};
use super::format::Format;
use super::plain_text::{Paragraph, PullQuote};
use super::title::{MADE_TITLE, made_of};
use crate::articles::ArticleStatus;
use crate::attribution::{self, Finding, Passages, Speaker};
use crate::quotes::{Fidelity, OccurrenceKind, Quotation};
use crate::values::anchor::{AnchorState, AnchoredText};
use crate::values::body::{BodyFormat, RenderedBody, render};
use crate::values::slug::slugify;
use crate::writing::Printing;

/// The language of a text that does not say.
const DEFAULT_LANGUAGE: &str = "en";

/// What a blank line between paragraphs is in a body.
const PARAGRAPH_BREAK: &str = "\n\n";

/// The longest of each, in characters, and the most, as the database and the API bound them.
const MAX_TITLE: usize = 500;
const MAX_SUMMARY: usize = 5_000;
const MAX_BODY: usize = 5_000_000;
const MAX_NAME: usize = 300;
const MAX_LABELS: usize = 200;
const MAX_AUTHORS: usize = 100;
const MAX_SLUG: usize = 120;
const MAX_ID: usize = 500;

/// An article ready to be stored.
#[derive(Debug, Clone)]
pub struct DraftArticle {
    /// Where it stands in the file.
    pub place: Place,
    /// The importer that read it.
    pub format: Format,
    /// What its source calls it; `None` where the name of the file is its id.
    pub id: Option<SourceId>,
    /// Never empty: made of the first words where there was none.
    pub title: String,
    /// The slug it had at its source, or the one nearest to that which is one here; it may be taken.
    pub slug: Option<String>,
    /// Slugs it had before, likewise, the latest first.
    pub former_slugs: Vec<String>,
    /// Where it is in its life; see `publication`.
    pub status: Option<ArticleStatus>,
    /// When it was or is to be published.
    pub published_at: Option<DateTime<Utc>>,
    /// Its language, a BCP 47 tag.
    pub language: String,
    /// A few sentences that stand for it.
    pub summary: Option<String>,
    /// Its address on the site it comes from.
    pub canonical_url: Option<String>,
    /// Who wrote it.
    pub authors: Vec<Author>,
    /// Its labels.
    pub labels: Vec<Label>,
    /// What the body is written in.
    pub body_format: BodyFormat,
    /// The body, without pull quotes.
    pub body_source: String,
    /// The body as it is served.
    pub body: RenderedBody,
    /// Pull quotes first, then in text order.
    pub printings: Vec<Printing>,
    /// The bytes it was read from.
    pub source: Vec<u8>,
    /// A digest of what makes an article of it: equal digests are the same article unchanged.
    pub digest: [u8; 32],
    /// Where its parts come from and by which rule.
    pub provenance: Value,
    /// What could not be taken as it is, in words for the report.
    pub notes: Vec<String>,
}

impl DraftArticle {
    /// The article that an entry becomes.
    pub fn of(mut entry: Entry) -> Result<Self, Refusal> {
        check_bounds(&entry)?;
        let digest = entry.digest();
        let body = render(entry.body_format, &entry.body_source);
        let speakers: Vec<Speaker> = entry.pulls.iter().filter_map(|pull| pull.speaker.clone()).collect();
        let findings = attribution::find_quotations(&body.text, &speakers);
        let printings = printings(&entry, &body.text, &findings);
        let title = title(&mut entry, &body.text)?;
        let slug = entry.slug.take().and_then(|slug| wanted_slug(&slug, &mut entry.notes));
        let former_slugs = entry.former_slugs.iter().filter_map(|slug| wanted_slug(slug, &mut Vec::new())).collect();
        let language = language(&mut entry);
        let canonical_url = canonical_url(&mut entry);
        let provenance = provenance(&entry);
        Ok(Self {
            place: entry.place,
            format: entry.format,
            id: entry.id,
            title,
            slug,
            former_slugs,
            status: entry.status,
            published_at: entry.published_at,
            language,
            summary: entry.summary,
            canonical_url,
            authors: entry.authors,
            labels: entry.labels,
            body_format: entry.body_format,
            body_source: entry.body_source,
            body,
            printings,
            source: entry.source,
            digest,
            provenance,
            notes: entry.notes,
        })
    }

    /// Where the article is in its life, and when it was or will be published. An import that does not say is published;
    /// what was to appear by now has appeared, and a date to come makes it wait.
    pub fn publication(&self, now: DateTime<Utc>) -> (ArticleStatus, Option<DateTime<Utc>>) {
        match (self.status.unwrap_or(ArticleStatus::Published), self.published_at) {
            (ArticleStatus::Published | ArticleStatus::Scheduled, Some(instant)) if instant > now => {
                (ArticleStatus::Scheduled, Some(instant))
            }
            (ArticleStatus::Published | ArticleStatus::Scheduled, Some(instant)) => {
                (ArticleStatus::Published, Some(instant))
            }
            (ArticleStatus::Published, None) => (ArticleStatus::Published, Some(now)),
            // Without a date it cannot be known when to show it.
            (ArticleStatus::Scheduled, None) => (ArticleStatus::Draft, None),
            (status @ (ArticleStatus::Draft | ArticleStatus::Archived), instant) => (status, instant),
        }
    }
}

fn check_bounds(entry: &Entry) -> Result<(), Refusal> {
    let length = |text: &str| text.chars().count();
    let is_long = |text: Option<&String>, most: usize| text.is_some_and(|text| length(text) > most);
    let fault = if is_long(entry.title.as_ref(), MAX_TITLE) {
        format!("the title is longer than {MAX_TITLE} characters")
    } else if is_long(entry.summary.as_ref(), MAX_SUMMARY) {
        format!("the summary is longer than {MAX_SUMMARY} characters")
    } else if is_long(entry.id.as_ref().map(|id| &id.id), MAX_ID) {
        format!("its id is longer than {MAX_ID} characters")
    } else if entry.labels.len() > MAX_LABELS || entry.labels.iter().any(|label| length(&label.name) > MAX_NAME) {
        format!("more than {MAX_LABELS} labels, or one longer than {MAX_NAME} characters")
    } else if entry.authors.len() > MAX_AUTHORS || entry.authors.iter().any(|author| length(&author.name) > MAX_NAME) {
        format!("more than {MAX_AUTHORS} authors, or one whose name is longer than {MAX_NAME} characters")
    } else if entry.body_source.len() > MAX_BODY && length(&entry.body_source) > MAX_BODY {
        format!("the body is {} characters long: it may have {MAX_BODY}", length(&entry.body_source))
    } else {
        return Ok(());
    };
    let title = entry.title.as_ref().map(|title| title.chars().take(MAX_TITLE).collect());
    Err(Refusal { title, ..entry.refusal(fault) })
}

/// The title, made of the first words of the body or of a pull quote where there is none.
fn title(entry: &mut Entry, text: &str) -> Result<String, Refusal> {
    if let Some(title) = entry.title.take().filter(|title| !title.is_empty()) {
        return Ok(title);
    }
    let first_block = text.split(PARAGRAPH_BREAK).next().unwrap_or_default();
    let first_words =
        if text.is_empty() { entry.pulls.first().map(|pull| pull.text.as_str()) } else { Some(first_block) };
    let made = made_of(&one_line(first_words.unwrap_or_default()));
    if made.is_empty() {
        return Err(entry.refusal("neither a title nor a text"));
    }
    entry.provenance.entry("title").or_insert_with(|| json!({ "rule": MADE_TITLE }));
    Ok(made)
}

/// The slug that one from elsewhere becomes; `None` where it holds no letter or digit.
fn wanted_slug(told: &str, notes: &mut Vec<String>) -> Option<String> {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if told.len() <= MAX_SLUG && told.split('-').all(is_word) {
        return Some(told.to_owned());
    }
    let made = slugify(told, "");
    if made.is_empty() {
        return None;
    }
    notes.push(format!("the slug {told:?} cannot be kept as it is: it becomes {made}"));
    Some(made)
}

fn language(entry: &mut Entry) -> String {
    let Some(told) = entry.language.take() else { return DEFAULT_LANGUAGE.to_owned() };
    // `en_GB` is how some systems write `en-GB`.
    let tag = told.trim().replace('_', "-");
    let (first, rest) = tag.split_once('-').map_or((tag.as_str(), ""), |(first, rest)| (first, rest));
    let first = first.to_ascii_lowercase();
    let is_language = matches!(first.len(), 2 | 3) && first.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_subtag = |part: &str| matches!(part.len(), 2..=8) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_language || tag.len() > 35 || !(rest.is_empty() || rest.split('-').all(is_subtag)) {
        entry.notes.push(format!("the language {told:?} is no BCP 47 tag: taken as {DEFAULT_LANGUAGE}"));
        return DEFAULT_LANGUAGE.to_owned();
    }
    if rest.is_empty() { first } else { format!("{first}-{rest}") }
}

/// The address, if it is one that leads to a page.
fn canonical_url(entry: &mut Entry) -> Option<String> {
    const LONGEST: usize = 2_000;
    let told = entry.canonical_url.take().filter(|told| !told.trim().is_empty())?;
    let parsed = url::Url::parse(told.trim()).ok();
    let is_page =
        |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty();
    let address = parsed.filter(is_page).map(|mut url| {
        url.set_fragment(None);
        url.to_string()
    });
    let address = address.filter(|address| address.len() <= LONGEST && address.bytes().all(is_plain));
    if address.is_none() {
        entry.notes.push(format!("the address {told:?} is left out: it leads to no page of a site"));
    }
    address
}

/// Whether a byte of an address is one that a canonical URL may have.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._~:/?@!$&'()*+,;=-%".contains(&byte)
}

/// What is told of where an article comes from.
fn provenance(entry: &Entry) -> Value {
    let mut told = entry.provenance.clone();
    told.insert("importer".to_owned(), json!(entry.format));
    told.insert("place".to_owned(), json!(entry.place));
    if !entry.notes.is_empty() {
        told.insert("notes".to_owned(), json!(entry.notes));
    }
    Value::Object(told)
}

fn bytes(range: &Range<usize>) -> [usize; 2] {
    [range.start, range.end]
}

fn printings(entry: &Entry, body: &str, findings: &[Finding]) -> Vec<Printing> {
    let passages = Passages::of(body);
    let text = AnchoredText::new(body);
    let origin = Origin::new(std::str::from_utf8(&entry.source).unwrap_or_default(), &entry.paragraphs);
    let pulls = entry.pulls.iter().map(|pull| pull_printing(pull, &passages, findings, entry.pulls.len()));
    let inline = findings.iter().map(|finding| inline_printing(finding, &origin, body, &text));
    pulls.chain(inline).collect()
}

fn pull_printing(pull: &PullQuote, passages: &Passages<'_>, findings: &[Finding], pulls: usize) -> Printing {
    let found = passages.find(&pull.text);
    let same = found.passage.and_then(|passage| {
        let overlaps = |segment: &Range<usize>| segment.start < passage.end && passage.start < segment.end;
        findings.iter().position(|finding| finding.segments.iter().any(overlaps))
    });
    Printing {
        kind: OccurrenceKind::Pull,
        quotation: Quotation::Direct,
        text: pull.text.clone(),
        segments: Vec::new(),
        anchor: None,
        fidelity: Some(match found.fidelity {
            attribution::Fidelity::Verbatim => Fidelity::Verbatim,
            attribution::Fidelity::Trimmed => Fidelity::Trimmed,
            attribution::Fidelity::Edited => Fidelity::Edited,
            attribution::Fidelity::NotInBody => Fidelity::NotInBody,
        }),
        attribution: pull.attribution.clone(),
        speaker: pull.speaker.clone(),
        confidence: pull.confidence,
        rule: pull.rule.to_owned(),
        same_quote_as: same.map(|finding| pulls + finding),
        provenance: Some(
            json!({ "bytes": [bytes(&pull.span)], "attribution": pull.attribution_span.as_ref().map(bytes) }),
        ),
        earlier: None,
    }
}

fn inline_printing(finding: &Finding, origin: &Origin<'_>, body: &str, text: &AnchoredText<'_>) -> Printing {
    let spans: Vec<[usize; 2]> = finding.segments.iter().map(|segment| bytes(&origin.of(segment))).collect();
    Printing {
        kind: OccurrenceKind::Inline,
        quotation: match finding.quotation {
            attribution::Quotation::Direct => Quotation::Direct,
            attribution::Quotation::Mixed => Quotation::Mixed,
        },
        text: attribution::joined(body, &finding.segments),
        segments: text.segments(&finding.segments),
        anchor: Some(AnchorState::Exact),
        fidelity: None,
        attribution: finding.attribution.as_ref().map(|range| body[range.clone()].to_owned()),
        speaker: finding.speaker.clone().filter(Speaker::is_somebody),
        confidence: finding.confidence,
        rule: finding.rule.to_owned(),
        same_quote_as: None,
        provenance: Some(json!({ "bytes": spans })),
        earlier: None,
    }
}

/// Where the paragraphs of a body stand in the imported bytes.
struct Origin<'s> {
    source: &'s str,
    paragraphs: &'s [Paragraph],
    /// Where each paragraph begins in the body.
    starts: Vec<usize>,
}

impl<'s> Origin<'s> {
    fn new(source: &'s str, paragraphs: &'s [Paragraph]) -> Self {
        let starts = paragraphs
            .iter()
            .scan(0, |next, paragraph| {
                let start = *next;
                *next += paragraph.text.len() + PARAGRAPH_BREAK.len();
                Some(start)
            })
            .collect();
        Self { source, paragraphs, starts }
    }

    /// The bytes that a range of the body comes from; of a paragraph whose lines were joined, all of its bytes.
    fn of(&self, range: &Range<usize>) -> Range<usize> {
        let index = self.starts.partition_point(|start| *start <= range.start).saturating_sub(1);
        let (Some(paragraph), Some(start)) = (self.paragraphs.get(index), self.starts.get(index)) else {
            return 0..self.source.len();
        };
        let is_as_printed = self.source[paragraph.span.clone()] == paragraph.text;
        if is_as_printed && range.end <= start + paragraph.text.len() {
            let shift = |offset: usize| paragraph.span.start + offset - start;
            shift(range.start)..shift(range.end)
        } else {
            paragraph.span.clone()
        }
    }
}
