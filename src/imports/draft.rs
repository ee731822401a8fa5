//! An article ready to be stored: its body rendered, its quotes found, attributed and anchored. Without I/O.

use std::ops::Range;

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Value, json};

use super::plain_text::{self, Paragraph, PlainText, PullQuote, Refusal};
use crate::attribution::{self, Finding, Passages, Speaker};
use crate::quotes::{Fidelity, OccurrenceKind, Quotation};
use crate::values::anchor::{AnchorState, AnchoredText};
use crate::values::body::{BodyFormat, RenderedBody, render_plain};
use crate::writing::Printing;

/// The language of a text that does not say.
const DEFAULT_LANGUAGE: &str = "en";

/// The importer that reads plain text, as provenance and the stored bytes name it.
const PLAIN_TEXT: &str = "plain_text";

/// What a blank line between paragraphs is in a body.
const PARAGRAPH_BREAK: &str = "\n\n";

/// The longest of each, in characters, as the database bounds them.
const MAX_TITLE: usize = 500;
const MAX_LABEL: usize = 300;
const MAX_LABELS: usize = 200;

/// An article ready to be stored.
#[derive(Debug, Clone)]
pub(super) struct DraftArticle {
    pub title: String,
    pub language: &'static str,
    pub published_at: Option<DateTime<Utc>>,
    pub body_format: BodyFormat,
    pub body_source: String,
    pub body: RenderedBody,
    pub labels: Vec<String>,
    /// Pull quotes first, then in text order.
    pub printings: Vec<Printing>,
    /// The importer that read it.
    pub format: &'static str,
    pub provenance: Value,
}

/// Reads the bytes of a plain text.
pub(super) fn from_plain_text(bytes: &[u8]) -> Result<DraftArticle, Refusal> {
    let source = readable(bytes)?;
    let parsed = plain_text::parse(source)?;
    check_bounds(source, &parsed)?;
    let paragraphs: Vec<&str> = parsed.paragraphs.iter().map(|paragraph| paragraph.text.as_str()).collect();
    let body_source = paragraphs.join(PARAGRAPH_BREAK);
    let body = render_plain(&body_source);
    let speakers: Vec<Speaker> = parsed.pulls.iter().filter_map(|pull| pull.speaker.clone()).collect();
    let findings = attribution::find_quotations(&body.text, &speakers);
    let provenance = provenance(&parsed);
    let printings = printings(source, &parsed, &body.text, &findings);
    Ok(DraftArticle {
        title: parsed.title,
        language: DEFAULT_LANGUAGE,
        published_at: parsed.date.map(|date| date.and_time(NaiveTime::MIN).and_utc()),
        body_format: BodyFormat::Plain,
        body_source,
        body,
        labels: parsed.labels,
        printings,
        format: PLAIN_TEXT,
        provenance,
    })
}

fn readable(bytes: &[u8]) -> Result<&str, Refusal> {
    let source = std::str::from_utf8(bytes).map_err(|error| Refusal {
        line: bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1,
        reason: "not UTF-8 text".to_owned(),
    })?;
    let start = source.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).get(..9).unwrap_or_default();
    let is_markup = ["<!doctype", "<?xml", "<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)));
    if is_markup {
        return Err(Refusal { line: 1, reason: "HTML or XML, not plain text".to_owned() });
    }
    Ok(source)
}

fn check_bounds(source: &str, parsed: &PlainText) -> Result<(), Refusal> {
    let line_of = |span: &Range<usize>| source[..span.start].matches('\n').count() + 1;
    if parsed.title.chars().count() > MAX_TITLE {
        let reason = format!("the title is longer than {MAX_TITLE} characters");
        return Err(Refusal { line: line_of(&parsed.title_span), reason });
    }
    let is_too_long = |label: &String| label.chars().count() > MAX_LABEL;
    if parsed.labels.len() > MAX_LABELS || parsed.labels.iter().any(is_too_long) {
        let reason = format!("more than {MAX_LABELS} labels, or one longer than {MAX_LABEL} characters");
        return Err(Refusal { line: parsed.labels_span.as_ref().map_or(1, line_of), reason });
    }
    Ok(())
}

/// What was found where in the imported bytes.
fn provenance(parsed: &PlainText) -> Value {
    let ignored: Vec<Value> =
        parsed.ignored.iter().map(|(range, reason)| json!({ "bytes": bytes(range), "reason": reason })).collect();
    json!({
        "importer": PLAIN_TEXT,
        "title": {
            "bytes": bytes(&parsed.title_span),
            "rule": if parsed.title_is_made { "made_from_first_words" } else { "first_line" },
        },
        "date": parsed.date_span.as_ref().map(|span| json!({ "bytes": bytes(span), "rule": "date_line" })),
        "labels": parsed.labels_span.as_ref().map(|span| json!({ "bytes": bytes(span), "rule": "label_line" })),
        "ignored": ignored,
    })
}

fn bytes(range: &Range<usize>) -> [usize; 2] {
    [range.start, range.end]
}

fn printings(source: &str, parsed: &PlainText, body: &str, findings: &[Finding]) -> Vec<Printing> {
    let passages = Passages::of(body);
    let text = AnchoredText::new(body);
    let origin = Origin::new(source, &parsed.paragraphs);
    let pulls = parsed.pulls.iter().map(|pull| pull_printing(pull, &passages, findings, parsed.pulls.len()));
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
