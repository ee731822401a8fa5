//! An article ready to be stored: its body rendered, its quotes found, attributed and anchored. Without I/O.

use std::ops::Range;

use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::entry::{Author, Entry, Label, Refusal};
use super::format::Format;
use super::plain_text::{Paragraph, PullQuote};
use super::title::{MADE_TITLE, made_of};
use crate::articles::ArticleStatus;
use crate::attribution::{self, Finding, Passages, PrintedBeside, Speaker};
use crate::quotes::{Fidelity, OccurrenceKind, Quotation};
use crate::values::anchor::{AnchorState, AnchoredText};
use crate::values::body::{BodyFormat, RenderedBody, render};
use crate::values::slug::slugify;
use crate::writing::{Printing, WantedAuthor, WantedLabel};

/// The language of a text that does not say.
const DEFAULT_LANGUAGE: &str = "en";

/// What a blank line between paragraphs is in a body.
const PARAGRAPH_BREAK: usize = "\n\n".len();

/// The longest of each, in characters, as the database bounds them.
const MAX_TITLE: usize = 500;
const MAX_NAME: usize = 300;
const MAX_LABELS: usize = 200;
const MAX_AUTHORS: usize = 100;
const MAX_SUMMARY: usize = 5_000;
const MAX_URL: usize = 2_000;
const MAX_SOURCE_ID: usize = 500;

/// How many labels stand above one another at most.
const MAX_DEPTH: usize = 20;

/// How many former addresses of an article are kept.
const MAX_FORMER_SLUGS: usize = 50;

/// How far words are looked for in marked-up bytes, from where others were found.
const LOOKED_THROUGH: usize = 256 * 1024;

/// An article ready to be stored.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// What its source calls it.
    pub source: &'static str,
    pub source_id: String,
    /// A digest of all that its source tells.
    pub digest: [u8; 32],
    /// Whether the digest alone shows that it is there already: it is a file, whatever its name.
    pub is_known_by_digest: bool,
    /// A digest of each field, as its source tells it.
    pub told: Map<String, Value>,
    pub title: String,
    /// What the slug is made of.
    pub slug: String,
    pub former_slugs: Vec<String>,
    pub summary: Option<String>,
    pub language: String,
    pub status: ArticleStatus,
    /// `None` where the source does not say.
    pub published_at: Option<DateTime<Utc>>,
    pub canonical_url: Option<String>,
    pub body_format: BodyFormat,
    pub body_source: String,
    pub body: RenderedBody,
    pub labels: Vec<WantedLabel>,
    pub authors: Vec<WantedAuthor>,
    /// Pull quotes first, then in text order.
    pub printings: Vec<Printing>,
    pub format: Format,
    /// The bytes it was read from.
    pub content: Vec<u8>,
    pub provenance: Value,
    pub notes: Vec<String>,
}

/// What an import finds in an entry, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The title.
    pub title: String,
    /// Where in the life of an article it is.
    pub status: ArticleStatus,
    /// When it was published, as far as its source says.
    pub published_at: Option<DateTime<Utc>>,
    /// The language.
    pub language: String,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Where its parts were found, and by which rule.
    pub provenance: Value,
    /// Its quotes: pull quotes first, then in text order.
    pub quotes: Vec<FoundQuote>,
}

/// A quote that an import finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundQuote {
    /// Set apart or in the running text.
    pub kind: OccurrenceKind,
    /// The words.
    pub text: String,
    /// Who says it, as the text names them.
    pub speaker: Option<String>,
    /// As what.
    pub role: Option<String>,
    /// Of what organization.
    pub organization: Option<String>,
    /// The rule that found it.
    pub rule: String,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
    /// The bytes that it comes from.
    pub provenance: Option<Value>,
}

/// Makes an article of an entry. `source` and `file_name` are what calls a file that is one article.
pub(super) fn draft_of(entry: Entry, source: &'static str, file_name: &str) -> Result<Draft, Refusal> {
    check_bounds(&entry)?;
    let mut notes = entry.notes.clone();
    let body = render(entry.body_format, &entry.body_source);
    let (title, is_made) = match &entry.title {
        Some(title) => (title.clone(), false),
        None => (made_of(&body.text), true),
    };
    if title.trim().is_empty() {
        return Err(entry.refusal("it has neither a title nor a text"));
    }
    let beside = |pull: &PullQuote| {
        let (words, speaker) = (pull.text.clone(), pull.speaker.clone()?);
        Some(PrintedBeside { words, speaker })
    };
    let beside: Vec<PrintedBeside> = entry.pulls.iter().filter_map(beside).collect();
    let findings = attribution::find_quotations(&body.text, &beside);
    let printings = printings(&entry, &body.text, &findings);
    let digest = entry.digest();
    let told = told(&entry);
    let (source, source_id) = match &entry.id {
        Some(id) => (id.source, id.id.clone()),
        None => (source, file_name.to_owned()),
    };
    if source_id.is_empty() || source_id.chars().count() > MAX_SOURCE_ID {
        let reason = format!("what its source calls it has more than {MAX_SOURCE_ID} characters");
        return Err(entry.refusal(reason));
    }
    let language = language(&entry, &mut notes);
    let canonical_url = canonical_url(&entry, &mut notes);
    let summary = summary(&entry, &mut notes);
    let wanted_slug = entry.slug.as_deref().map(|slug| slugify(slug, "")).filter(|slug| !slug.is_empty());
    let mut former_slugs: Vec<String> = entry.former_slugs.iter().map(|slug| slugify(slug, "")).collect();
    former_slugs.retain(|slug| !slug.is_empty());
    former_slugs.truncate(MAX_FORMER_SLUGS);
    let mut provenance = entry.provenance.clone();
    if is_made {
        provenance.insert("title".to_owned(), json!({ "rule": MADE_TITLE }));
    }
    provenance.insert("importer".to_owned(), json!(entry.format.as_str()));
    provenance.insert("place".to_owned(), json!(entry.place));
    let is_known_by_digest = entry.id.is_none();
    Ok(Draft {
        source,
        source_id,
        digest,
        is_known_by_digest,
        told,
        slug: wanted_slug.unwrap_or_else(|| slugify(&title, "article")),
        title,
        former_slugs,
        summary,
        language,
        status: entry.status.unwrap_or(ArticleStatus::Published),
        published_at: entry.published_at.map(|instant| instant.trunc_subsecs(6)),
        canonical_url,
        labels: entry.labels.iter().map(wanted_label).collect(),
        authors: entry.authors.iter().map(wanted_author).collect(),
        body_format: entry.body_format,
        body_source: entry.body_source,
        body,
        printings,
        format: entry.format,
        content: entry.source,
        provenance: Value::Object(provenance),
        notes,
    })
}

impl Draft {
    /// What was found, for the report of a dry run.
    pub(super) fn found(&self) -> Found {
        let quote = |printing: &Printing| FoundQuote {
            kind: printing.kind,
            text: printing.text.clone(),
            speaker: printing.speaker.as_ref().map(|speaker| speaker.name.clone()),
            role: printing.speaker.as_ref().and_then(|speaker| speaker.role.clone()),
            organization: printing.speaker.as_ref().and_then(|speaker| speaker.organization.clone()),
            rule: printing.rule.clone(),
            confidence: printing.confidence,
            provenance: printing.provenance.clone(),
        };
        Found {
            title: self.title.clone(),
            status: self.status,
            published_at: self.published_at,
            language: self.language.clone(),
            authors: self.authors.iter().map(|author| author.name.clone()).collect(),
            labels: self.labels.iter().map(|label| label.name.clone()).collect(),
            provenance: self.provenance.clone(),
            quotes: self.printings.iter().map(quote).collect(),
        }
    }
}

/// The fields that an editor can change too, each as its source tells it.
fn told(entry: &Entry) -> Map<String, Value> {
    use sha2::{Digest, Sha256};
    let pulls: Vec<_> = entry.pulls.iter().map(|pull| (&pull.text, &pull.attribution)).collect();
    let fields = [
        ("title", json!(entry.title)),
        ("slug", json!(entry.slug)),
        ("status", json!(entry.status)),
        ("published_at", json!(entry.published_at)),
        ("language", json!(entry.language)),
        ("summary", json!(entry.summary)),
        ("canonical_url", json!(entry.canonical_url)),
        ("authors", json!(entry.authors)),
        ("labels", json!(entry.labels)),
        ("body", json!([entry.body_format, entry.body_source, pulls])),
    ];
    let digest = |value: Value| {
        let digest = Sha256::digest(value.to_string());
        digest[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    fields.into_iter().map(|(name, value)| (name.to_owned(), json!(digest(value)))).collect()
}

fn check_bounds(entry: &Entry) -> Result<(), Refusal> {
    let line_of = |part: &str| {
        let start = entry.provenance.get(part).and_then(|part| part["bytes"][0].as_u64());
        let start = start.and_then(|start| usize::try_from(start).ok()).filter(|start| *start <= entry.source.len());
        start.map(|start| entry.source[..start].iter().filter(|byte| **byte == b'\n').count() as u64 + 1)
    };
    let refused = |part: &str, reason: String| {
        let mut refusal = entry.refusal(reason);
        if entry.id.is_none() {
            refusal.place.line = line_of(part).unwrap_or(refusal.place.line);
        }
        Err(refusal)
    };
    let is_too_long = |text: &str| text.chars().count() > MAX_NAME;
    if entry.title.as_ref().is_some_and(|title| title.chars().count() > MAX_TITLE) {
        return refused("title", format!("the title is longer than {MAX_TITLE} characters"));
    }
    if entry.labels.len() > MAX_LABELS || entry.labels.iter().any(|label| is_too_long(&label.name)) {
        let reason = format!("more than {MAX_LABELS} labels, or one longer than {MAX_NAME} characters");
        return refused("labels", reason);
    }
    if entry.authors.len() > MAX_AUTHORS || entry.authors.iter().any(|author| is_too_long(&author.name)) {
        let reason = format!("more than {MAX_AUTHORS} authors, or one of more than {MAX_NAME} characters");
        return refused("authors", reason);
    }
    Ok(())
}

fn language(entry: &Entry, notes: &mut Vec<String>) -> String {
    let Some(language) = &entry.language else { return DEFAULT_LANGUAGE.to_owned() };
    let mut parts = language.split(['-', '_']);
    let first = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_word = |part: &&str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let rest: Vec<&str> = parts.collect();
    let is_language = (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_language || !rest.iter().all(is_word) || language.len() > 35 {
        notes.push(format!("{language:?} is no language tag: taken for {DEFAULT_LANGUAGE}"));
        return DEFAULT_LANGUAGE.to_owned();
    }
    rest.iter().fold(first, |tag, part| tag + "-" + part)
}

fn canonical_url(entry: &Entry, notes: &mut Vec<String>) -> Option<String> {
    let given = entry.canonical_url.as_ref()?;
    let url = url::Url::parse(given).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.filter(|url| url.has_host() && url.username().is_empty() && url.password().is_none());
    let text = url.map(|mut url| {
        url.set_fragment(None);
        String::from(url)
    });
    let text = text.filter(|text| text.chars().count() <= MAX_URL);
    if text.is_none() {
        notes.push(format!("{given:?} is no address of a page: left out"));
    }
    text
}

fn summary(entry: &Entry, notes: &mut Vec<String>) -> Option<String> {
    let summary = entry.summary.as_ref().map(|summary| summary.trim()).filter(|summary| !summary.is_empty())?;
    if summary.chars().count() > MAX_SUMMARY {
        notes.push(format!("the summary is longer than {MAX_SUMMARY} characters: left out"));
        return None;
    }
    Some(summary.to_owned())
}

fn wanted_label(label: &Label) -> WantedLabel {
    // Those above are bounded, as a file may nest them as it likes.
    let mut above: Vec<&Label> = Vec::new();
    let mut next = label.parent.as_deref();
    while let Some(parent) = next.filter(|_| above.len() < MAX_DEPTH) {
        above.push(parent);
        next = parent.parent.as_deref();
    }
    let wanted = |label: &Label, parent: Option<WantedLabel>| WantedLabel {
        name: label.name.clone(),
        slug: slug(label.slug.as_deref()),
        parent: parent.map(Box::new),
    };
    let parent = above.into_iter().rev().fold(None, |parent, label| Some(wanted(label, parent)));
    wanted(label, parent)
}

fn wanted_author(author: &Author) -> WantedAuthor {
    WantedAuthor { name: author.name.clone(), slug: slug(author.slug.as_deref()) }
}

fn slug(words: Option<&str>) -> Option<String> {
    words.map(|words| slugify(words, "")).filter(|slug| !slug.is_empty())
}

fn bytes(range: &Range<usize>) -> [usize; 2] {
    [range.start, range.end]
}

fn printings(entry: &Entry, body: &str, findings: &[Finding]) -> Vec<Printing> {
    let text = AnchoredText::new(body);
    let mut origin = Origin::of(entry);
    let passages = if entry.pulls.is_empty() { None } else { Some(Passages::of(body)) };
    let pulls = entry.pulls.iter().filter_map(|pull| {
        passages.as_ref().map(|passages| pull_printing(pull, passages, findings, entry.pulls.len()))
    });
    let mut printings: Vec<Printing> = pulls.collect();
    printings.extend(findings.iter().map(|finding| inline_printing(finding, &mut origin, body, &text)));
    printings
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

fn inline_printing(finding: &Finding, origin: &mut Origin<'_>, body: &str, text: &AnchoredText<'_>) -> Printing {
    let spans: Vec<Option<[usize; 2]>> =
        finding.segments.iter().map(|segment| origin.place(body, segment).as_ref().map(bytes)).collect();
    let spans: Option<Vec<[usize; 2]>> = spans.into_iter().collect();
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

/// Where the words of a body stand in the imported bytes.
struct Origin<'s> {
    source: &'s str,
    paragraphs: &'s [Paragraph],
    /// Where each paragraph begins in the body.
    starts: Vec<usize>,
    /// How far the words of a marked-up text were found.
    found_to: usize,
}

impl<'s> Origin<'s> {
    fn of(entry: &'s Entry) -> Self {
        let starts = entry
            .paragraphs
            .iter()
            .scan(0, |next, paragraph| {
                let start = *next;
                *next += paragraph.text.len() + PARAGRAPH_BREAK;
                Some(start)
            })
            .collect();
        let source = std::str::from_utf8(&entry.source).unwrap_or_default();
        Self { source, paragraphs: &entry.paragraphs, starts, found_to: 0 }
    }

    /// The bytes that a range of the body comes from, where they can be told.
    fn place(&mut self, body: &str, range: &Range<usize>) -> Option<Range<usize>> {
        if self.paragraphs.is_empty() { self.in_markup(&body[range.clone()]) } else { Some(self.in_paragraphs(range)) }
    }

    /// Of a paragraph whose lines were joined, all of its bytes.
    fn in_paragraphs(&self, range: &Range<usize>) -> Range<usize> {
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

    /// Words that stand in marked-up bytes as they are printed; others, such as those with a link in them, are not looked
    /// for further.
    fn in_markup(&mut self, words: &str) -> Option<Range<usize>> {
        let end = self.source.floor_char_boundary(self.found_to.saturating_add(LOOKED_THROUGH));
        let start = self.found_to + self.source[self.found_to..end].find(words)?;
        self.found_to = start + words.len();
        Some(start..self.found_to)
    }
}
