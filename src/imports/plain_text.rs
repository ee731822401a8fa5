//! Plain text as a blog prints it, taken apart: title, date, a block of pull quotes, paragraphs, labels, navigation.
//!
//! Every part keeps its bytes of the source, so that an import can say where each thing came from.

use std::collections::HashSet;
use std::io::Read;
use std::ops::Range;

use chrono::{NaiveDate, NaiveTime};
use serde_json::{Map, Value, json};

use super::entry::{Entry, Items, Label, Place, Refusal};
use super::file::one_article;
use super::format::Format;
use super::title::{MADE_TITLE, made_of};
use crate::attribution::{self, Speaker};
use crate::values::body::BodyFormat;

/// One text, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainText {
    pub title: String,
    /// Bytes of the source; of the words it was made from where the title is made.
    pub title_span: Range<usize>,
    pub title_is_made: bool,
    pub date: Option<NaiveDate>,
    pub date_span: Option<Range<usize>>,
    pub pulls: Vec<PullQuote>,
    pub paragraphs: Vec<Paragraph>,
    /// In printed order, each once.
    pub labels: Vec<String>,
    pub labels_span: Option<Range<usize>>,
    /// What is left out, with the reason.
    pub ignored: Vec<(Range<usize>, &'static str)>,
}

/// A quotation lifted out of the article, printed above it.
#[derive(Clone, Debug, PartialEq)]
pub struct PullQuote {
    /// Bytes of the words, without the marks.
    pub span: Range<usize>,
    pub text: String,
    pub attribution: Option<String>,
    pub attribution_span: Option<Range<usize>>,
    pub speaker: Option<Speaker>,
    pub rule: &'static str,
    pub confidence: f32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    pub text: String,
    pub span: Range<usize>,
}

/// Why a text cannot be read as an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Counted from 1.
    pub line: usize,
    pub reason: String,
}

/// The longest of each, in characters: here a line can be named that is too long.
const MAX_TITLE: usize = 500;
const MAX_LABEL: usize = 300;
const MAX_LABELS: usize = 200;

/// What a blank line between paragraphs is in a body.
const PARAGRAPH_BREAK: &str = "\n\n";

/// A file that holds one text.
pub(super) fn open<'a>(reader: impl Read + Send + 'a) -> Items<'a> {
    one_article(reader, Format::PlainText, entry)
}

fn entry(mut entry: Entry) -> Result<Entry, Refusal> {
    let source = String::from_utf8_lossy(&entry.source).into_owned();
    let refused = |unreadable: Unreadable| {
        let line = unreadable.line as u64;
        let byte = source.split_inclusive('\n').take(unreadable.line - 1).map(str::len).sum::<usize>() as u64;
        Refusal::at(Place { line, byte, ..entry.place }, unreadable.reason)
    };
    let text = parse(&source).and_then(|text| within_bounds(&source, text)).map_err(refused)?;
    entry.provenance = provenance(&text);
    entry.title = (!text.title_is_made).then_some(text.title);
    entry.published_at = text.date.map(|date| date.and_time(NaiveTime::MIN).and_utc());
    entry.labels = text.labels.iter().map(|name| Label::named(name)).collect();
    entry.body_format = BodyFormat::Plain;
    let paragraphs: Vec<&str> = text.paragraphs.iter().map(|paragraph| paragraph.text.as_str()).collect();
    entry.body_source = paragraphs.join(PARAGRAPH_BREAK);
    entry.paragraphs = text.paragraphs;
    entry.pulls = text.pulls;
    Ok(entry)
}

/// The text, unless its title or its labels are too long: those have lines to name.
fn within_bounds(source: &str, text: PlainText) -> Result<PlainText, Unreadable> {
    let line_of = |span: &Range<usize>| source[..span.start].matches('\n').count() + 1;
    let is_long = |text: &str, most: usize| text.chars().count() > most;
    if is_long(&text.title, MAX_TITLE) {
        let reason = format!("the title is longer than {MAX_TITLE} characters");
        return Err(Unreadable { line: line_of(&text.title_span), reason });
    }
    if text.labels.len() > MAX_LABELS || text.labels.iter().any(|label| is_long(label, MAX_LABEL)) {
        let reason = format!("more than {MAX_LABELS} labels, or one longer than {MAX_LABEL} characters");
        return Err(Unreadable { line: text.labels_span.as_ref().map_or(1, line_of), reason });
    }
    Ok(text)
}

/// What was found where in the imported bytes.
fn provenance(text: &PlainText) -> Map<String, Value> {
    let bytes = |range: &Range<usize>| json!([range.start, range.end]);
    let ignored: Vec<Value> =
        text.ignored.iter().map(|(range, reason)| json!({ "bytes": bytes(range), "reason": reason })).collect();
    let rule = if text.title_is_made { MADE_TITLE } else { "first_line" };
    let parts = [
        ("title", json!({ "bytes": bytes(&text.title_span), "rule": rule })),
        ("date", json!(text.date_span.as_ref().map(|span| json!({ "bytes": bytes(span), "rule": "date_line" })))),
        ("labels", json!(text.labels_span.as_ref().map(|span| json!({ "bytes": bytes(span), "rule": "label_line" })))),
        ("ignored", json!(ignored)),
    ];
    parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Takes a text apart.
pub fn parse(source: &str) -> Result<PlainText, Unreadable> {
    refuse_control_characters(source)?;
    let mut lines = lines_of(source);
    let ignored = take_navigation(&mut lines);
    let (labels, labels_span) = take_labels(&mut lines);
    if lines.iter().all(|line| line.text.is_empty()) {
        let reason = if ignored.is_empty() && labels.is_empty() {
            "the text is empty"
        } else {
            "the text holds nothing but labels and navigation"
        };
        return Err(Unreadable { line: 1, reason: reason.to_owned() });
    }
    let head = read_head(&lines);
    let pulls = head.pulls;
    let paragraphs = paragraphs_of(&lines, head.body_start);
    if paragraphs.is_empty() && pulls.is_empty() {
        return Err(Unreadable { line: 1, reason: "the text has a title but neither a body nor quotes".to_owned() });
    }
    let (title, title_span, title_is_made) = match head.title {
        Some(line) => (line.text.to_owned(), line.span.clone(), false),
        None => made_title(&paragraphs, &pulls),
    };
    let (date, date_span) = head.date.map_or((None, None), |(date, span)| (Some(date), Some(span)));
    Ok(PlainText { title, title_span, title_is_made, date, date_span, pulls, paragraphs, labels, labels_span, ignored })
}

fn refuse_control_characters(source: &str) -> Result<(), Unreadable> {
    let found = source
        .char_indices()
        .find(|(_, character)| character.is_control() && !matches!(character, '\n' | '\r' | '\t' | '\u{85}'));
    found.map_or(Ok(()), |(at, character)| {
        let line = source[..at].matches('\n').count() + 1;
        Err(Unreadable {
            line,
            reason: format!("the control character U+{:04X} has no place in a text", u32::from(character)),
        })
    })
}

/// A line without the blanks around it, and its bytes.
#[derive(Clone, Debug)]
struct Line<'a> {
    text: &'a str,
    span: Range<usize>,
}

fn lines_of(source: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut offset = 0;
    for raw in source.split_inclusive(['\n', '\r']) {
        let is_second_half_of_crlf = raw == "\n" && source[..offset].ends_with('\r');
        if !is_second_half_of_crlf {
            let is_blank = |character: char| character.is_whitespace() || character == '\u{FEFF}';
            let text = raw.trim_matches(is_blank);
            let start = offset + (raw.len() - raw.trim_start_matches(is_blank).len());
            lines.push(Line { text, span: start..start + text.len() });
        }
        offset += raw.len();
    }
    lines
}

/// Empties the lines that are left over from the page around the article. Bare words ("Home", "Share") count only below
/// its last line: elsewhere they may be a title or a heading.
fn take_navigation(lines: &mut [Line]) -> Vec<(Range<usize>, &'static str)> {
    let is_leftover = |line: &Line| {
        line.text.is_empty() || navigation_reason(line.text).is_some() || label_heading(line.text).is_some()
    };
    let foot = lines.iter().rposition(|line| !is_leftover(line)).map_or(0, |last| last + 1);
    let mut ignored = Vec::new();
    for (index, line) in lines.iter_mut().enumerate() {
        let is_sure = |reason: &&str| {
            index >= foot || *reason != "navigation" || line.text.contains(['<', '>', '\u{AB}', '\u{BB}'])
        };
        if let Some(reason) = navigation_reason(line.text).filter(is_sure) {
            ignored.push((line.span.clone(), reason));
            line.text = "";
        }
    }
    ignored
}

const NAVIGATION: [&str; 24] = [
    "home",
    "newer post",
    "older post",
    "newer posts",
    "older posts",
    "newer post older post home",
    "older post home",
    "newer post home",
    "share",
    "share this",
    "share this post",
    "post a comment",
    "no comments",
    "email this",
    "blogthis!",
    "email this blogthis! share to twitter share to facebook",
    "share to twitter",
    "share to facebook",
    "share to pinterest",
    "print",
    "read more",
    "links to this post",
    "create a link",
    "subscribe to: post comments (atom)",
];

/// Why a line is no part of an article, if so.
fn navigation_reason(line: &str) -> Option<&'static str> {
    const LONGEST: usize = 160;
    if line.is_empty() || line.len() > LONGEST {
        return None;
    }
    let lower = line.to_lowercase();
    let is_arrow = |character: char| {
        matches!(
            character,
            '<' | '>' | '\u{AB}' | '\u{BB}' | '\u{2190}' | '\u{2192}' | '\u{2039}' | '\u{203A}' | '|' | ':' | '.'
        ) || character.is_whitespace()
    };
    let bare = lower.trim_matches(is_arrow);
    if NAVIGATION.contains(&bare) || bare.is_empty() && line.contains(['<', '>']) {
        return Some("navigation");
    }
    let counts_comments = bare.strip_suffix(" comments").or_else(|| bare.strip_suffix(" comment"));
    if counts_comments.is_some_and(|count| count.chars().all(|character| character.is_ascii_digit())) {
        return Some("comments");
    }
    let is_signature = lower.starts_with("posted by ")
        && (lower.contains(" at ") || lower.contains('@'))
        && lower.chars().any(|character| character.is_ascii_digit());
    is_signature.then_some("signature")
}

const LABEL_HEADINGS: [&str; 5] = ["labels:", "label:", "tags:", "filed under:", "labels :"];

/// Empties the last label line (and the labels below it, where it is only a heading) and returns the labels.
fn take_labels(lines: &mut [Line]) -> (Vec<String>, Option<Range<usize>>) {
    let Some((index, heading)) = lines
        .iter()
        .enumerate()
        .rev()
        .find_map(|(index, line)| label_heading(line.text).map(|heading| (index, heading)))
    else {
        return (Vec::new(), None);
    };
    let mut end = index + 1;
    let mut listed = vec![&lines[index].text[heading..]];
    if listed[0].trim().is_empty() {
        while let Some(line) = lines.get(end).filter(|line| !line.text.is_empty() && is_label_list(line.text)) {
            listed.push(line.text);
            end += 1;
        }
    }
    let mut seen = HashSet::new();
    let labels = listed
        .iter()
        .flat_map(|line| line.split([',', ';']))
        .map(str::trim)
        .filter(|label| !label.is_empty() && seen.insert(label.to_lowercase()))
        .map(str::to_owned)
        .collect();
    let span = lines[index].span.start..lines[end - 1].span.end;
    for line in &mut lines[index..end] {
        line.text = "";
    }
    (labels, Some(span))
}

/// How many bytes of the line are its heading, if it is a label line.
fn label_heading(line: &str) -> Option<usize> {
    LABEL_HEADINGS
        .iter()
        .find_map(|heading| line.get(..heading.len()).filter(|start| start.eq_ignore_ascii_case(heading)).map(str::len))
}

fn is_label_list(line: &str) -> bool {
    !line.ends_with(['.', '!', '?']) && line.split(',').all(|label| label.split_whitespace().count() <= 6)
}

/// What stands before the body.
struct Head<'a> {
    title: Option<&'a Line<'a>>,
    date: Option<(NaiveDate, Range<usize>)>,
    pulls: Vec<PullQuote>,
    body_start: usize,
}

fn read_head<'a>(lines: &'a [Line<'a>]) -> Head<'a> {
    let mut date = None;
    let mut at = skip_date(lines, 0, &mut date);
    let (pulls, after_pulls) = read_pulls(lines, at);
    if !pulls.is_empty() {
        let body_start = skip_date(lines, after_pulls, &mut date);
        return Head { title: None, date, pulls, body_start };
    }
    let title =
        lines.get(at).filter(|line| is_title(line.text) && lines[at + 1..].iter().any(|line| !line.text.is_empty()));
    if title.is_some() {
        at = skip_date(lines, at + 1, &mut date);
    }
    let (pulls, after_pulls) = if title.is_some() { read_pulls(lines, at) } else { (Vec::new(), at) };
    let body_start = skip_date(lines, after_pulls, &mut date);
    Head { title, date, pulls, body_start }
}

/// Steps over empty lines and one line that is wholly a date.
fn skip_date(lines: &[Line], mut at: usize, date: &mut Option<(NaiveDate, Range<usize>)>) -> usize {
    while let Some(line) = lines.get(at) {
        match read_date(line.text).filter(|_| date.is_none()) {
            Some(found) => *date = Some((found, line.span.clone())),
            None if line.text.is_empty() => {}
            None => break,
        }
        at += 1;
    }
    at
}

/// Whether a first line is a heading rather than the beginning of the prose.
fn is_title(line: &str) -> bool {
    const LONGEST: usize = 250;
    const LONGEST_SENTENCE: usize = 8;
    let has_marks = line.chars().any(attribution::is_double_mark);
    let is_sentence = line.ends_with('.') && (has_marks || line.split_whitespace().count() > LONGEST_SENTENCE);
    let is_unclosed = attribution::opens_with_mark(line)
        && line.chars().filter(|character| attribution::is_double_mark(*character)).count() == 1;
    line.len() <= LONGEST && !is_sentence && !is_unclosed && !line.ends_with([':', ','])
}

/// Makes a title of the first words.
fn made_title(paragraphs: &[Paragraph], pulls: &[PullQuote]) -> (String, Range<usize>, bool) {
    let first = paragraphs
        .first()
        .map(|paragraph| (paragraph.text.as_str(), &paragraph.span))
        .or_else(|| pulls.first().map(|pull| (pull.text.as_str(), &pull.span)));
    match first {
        Some((text, span)) => (made_of(text), span.clone(), true),
        None => (String::new(), 0..0, true),
    }
}

/// The quotes at the head of the body, and the line after them. Only whole groups count: quotes and the attribution
/// that ends them, with nothing else on their lines.
fn read_pulls(lines: &[Line], start: usize) -> (Vec<PullQuote>, usize) {
    let mut pulls = Vec::new();
    let mut end = start;
    let mut at = start;
    let mut pending: Vec<PullQuote> = Vec::new();
    let mut complete: Vec<PullQuote> = Vec::new();
    while let Some(line) = lines.get(at) {
        at += 1;
        if line.text.is_empty() {
            continue;
        }
        let Some(pieces) = pull_pieces(line, !pending.is_empty()) else {
            break;
        };
        for piece in pieces {
            match piece {
                Piece::Quote(span) => pending.push(unattributed_pull(line, span)),
                Piece::Attribution(span) => complete.extend(attributed(line, &span, std::mem::take(&mut pending))),
            }
        }
        if pending.is_empty() {
            pulls.append(&mut complete);
            end = at;
        }
    }
    (pulls, end)
}

/// A part of a line, in bytes of the line.
enum Piece {
    Quote(Range<usize>),
    Attribution(Range<usize>),
}

/// The quotes and attributions that a line is made of; nothing where it is anything else.
fn pull_pieces(line: &Line, has_quotes_before: bool) -> Option<Vec<Piece>> {
    if read_date(line.text).is_some() {
        return None;
    }
    let marked = attribution::read_marks(line.text);
    let runs = marked.first().map(|paragraph| paragraph.runs.as_slice()).unwrap_or_default();
    if runs.is_empty() {
        let is_attribution = has_quotes_before && is_line_below_quotes(line.text);
        return is_attribution.then(|| vec![Piece::Attribution(dressed_off(line.text, 0..line.text.len()))]);
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    for run in runs {
        pieces.extend(between_quotes(line.text, at..run.outer.start, &pieces)?);
        let reads_as_speech = line.text[run.inner.clone()].ends_with(['.', '!', '?', '\u{2026}', ',', ']', ')']);
        if !run.is_closed || !reads_as_speech {
            return None;
        }
        pieces.push(Piece::Quote(run.inner.clone()));
        at = run.outer.end;
    }
    pieces.extend(between_quotes(line.text, at..line.text.len(), &pieces)?);
    Some(pieces)
}

/// An attribution below its quotes: led in by a dash, or more than a single word, which might be a heading.
fn is_line_below_quotes(line: &str) -> bool {
    let is_marked = attribution::begins_with_dash(line) || line.contains(',') || line.split_whitespace().count() >= 2;
    is_marked && attribution::is_attribution_line(line)
}

/// What stands between quotes: nothing, or an attribution of those before. The outer option refuses anything else.
fn between_quotes(line: &str, gap: Range<usize>, before: &[Piece]) -> Option<Option<Piece>> {
    let bare = dressed_off(line, gap);
    if bare.is_empty() {
        return Some(None);
    }
    let follows_quote = matches!(before.last(), Some(Piece::Quote(_)));
    (follows_quote && attribution::is_attribution_line(&line[bare.clone()])).then_some(Some(Piece::Attribution(bare)))
}

/// The bytes of an attribution without the dash before it.
fn dressed_off(line: &str, span: Range<usize>) -> Range<usize> {
    let raw = &line[span.clone()];
    let bare = attribution::without_dressing(raw);
    let start = span.start + raw.find(bare).unwrap_or(0);
    start..start + bare.len()
}

fn shifted(line: &Line, span: &Range<usize>) -> Range<usize> {
    line.span.start + span.start..line.span.start + span.end
}

fn unattributed_pull(line: &Line, span: Range<usize>) -> PullQuote {
    PullQuote {
        span: shifted(line, &span),
        text: line.text[span].to_owned(),
        attribution: None,
        attribution_span: None,
        speaker: None,
        rule: "unattributed",
        confidence: 0.5,
    }
}

/// Gives every quote of a group the attribution that ends it.
fn attributed(line: &Line, span: &Range<usize>, group: Vec<PullQuote>) -> Vec<PullQuote> {
    let printed = &line.text[span.clone()];
    let mut speaker = attribution::read_attribution_line(printed);
    let bytes = shifted(line, span);
    let name_end = bytes.start + printed.find(',').unwrap_or(printed.len());
    speaker.mention = Some(bytes.start..name_end);
    let finish = |pull: PullQuote| PullQuote {
        attribution: Some(printed.to_owned()),
        attribution_span: Some(bytes.clone()),
        speaker: Some(speaker.clone()),
        rule: "attribution_line",
        confidence: 0.95,
        ..pull
    };
    group.into_iter().map(finish).collect()
}

/// Every line is a paragraph, unless blank lines part blocks of hard-wrapped lines.
fn paragraphs_of(lines: &[Line], start: usize) -> Vec<Paragraph> {
    let body = &lines[start.min(lines.len())..];
    let blocks: Vec<&[Line]> = body.split(|line| line.text.is_empty()).filter(|block| !block.is_empty()).collect();
    let has_blank_lines = lines.iter().rev().skip_while(|line| line.text.is_empty()).any(|line| line.text.is_empty());
    if has_blank_lines && is_hard_wrapped(&blocks) {
        return blocks.iter().map(|block| paragraph_of(block)).collect();
    }
    blocks.iter().flat_map(|block| block.iter()).map(|line| paragraph_of(std::slice::from_ref(line))).collect()
}

fn paragraph_of(block: &[Line]) -> Paragraph {
    let text = block.iter().map(|line| line.text).collect::<Vec<_>>().join(" ");
    let span = block.first().map_or(0, |line| line.span.start)..block.last().map_or(0, |line| line.span.end);
    Paragraph { text, span }
}

/// Whether most blocks are several lines of about one width that break off in the middle of a sentence.
fn is_hard_wrapped(blocks: &[&[Line]]) -> bool {
    let wrapped = blocks.iter().filter(|block| is_wrapped(block)).count();
    wrapped * 2 > blocks.len()
}

fn is_wrapped(block: &[Line]) -> bool {
    let Some((last, full)) = block.split_last() else {
        return false;
    };
    let width = |line: &Line| line.text.chars().count();
    let breaks_off = full.iter().filter(|line| !line.text.ends_with(['.', '!', '?', '"', '\u{201D}'])).count();
    !full.is_empty()
        && full.iter().all(|line| (50..=100).contains(&width(line)))
        && width(last) <= 100
        && breaks_off * 2 > full.len()
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Reads a line that is wholly a date: `Sunday, December 27, 2020`, `27 December 2020`, `2020-12-27`.
pub(super) fn read_date(line: &str) -> Option<NaiveDate> {
    const LONGEST: usize = 40;
    if line.is_empty() || line.len() > LONGEST {
        return None;
    }
    if let Ok(date) = NaiveDate::parse_from_str(line, "%Y-%m-%d") {
        return Some(date);
    }
    let lower = line.to_lowercase();
    let mut parts: Vec<&str> = lower.split([' ', ',', '\t', '\u{A0}']).filter(|part| !part.is_empty()).collect();
    if parts.first().is_some_and(|first| is_day_name(first.trim_end_matches('.'))) {
        parts.remove(0);
    }
    let [first, second, year] = parts.as_slice() else {
        return None;
    };
    let (month, day) = match month_number(first) {
        Some(month) => (month, day_number(second)?),
        None => (month_number(second)?, day_number(first)?),
    };
    NaiveDate::from_ymd_opt(year.parse().ok().filter(|year| (1000..=9999).contains(year))?, month, day)
}

fn is_day_name(word: &str) -> bool {
    WEEKDAYS.iter().any(|day| *day == word || word.len() >= 3 && word.len() <= 5 && day.starts_with(word))
}

fn month_number(word: &str) -> Option<u32> {
    let word = word.trim_end_matches('.');
    let is_named = |month: &str| month == word || (word.len() == 3 || word == "sept") && month.starts_with(word);
    let index = MONTHS.iter().position(|month| is_named(month))?;
    u32::try_from(index + 1).ok()
}

fn day_number(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::SpeakerKind;

    const PAGE: &str = "The Pier at Vik\n\
        We saw it fall.\"\"Nobody was near [the pier].\"Fishermen in Vik\"They're right, it wasn't safe.\"\"At the end we left.\"Ada Kern, harbour pilot, University of Vik, Norland\n\
        The pier fell on Monday.\n\
        \"It was old,\" said Odd Holt. The mayor was absent.\n\
        Labels: Vik, Piers , Sea,vik\n\
        << Home";

    fn parsed(source: &str) -> PlainText {
        parse(source).expect("an article")
    }

    fn bodies(text: &PlainText) -> Vec<&str> {
        text.paragraphs.iter().map(|paragraph| paragraph.text.as_str()).collect()
    }

    fn pulls(text: &PlainText) -> Vec<(&str, Option<&str>)> {
        text.pulls
            .iter()
            .map(|pull| (pull.text.as_str(), pull.speaker.as_ref().map(|speaker| speaker.name.as_str())))
            .collect()
    }

    #[test]
    fn a_blog_page_is_taken_apart() {
        let text = parsed(PAGE);
        assert_eq!(text.title, "The Pier at Vik");
        assert_eq!(
            pulls(&text),
            [
                ("We saw it fall.", Some("Fishermen in Vik")),
                ("Nobody was near [the pier].", Some("Fishermen in Vik")),
                ("They're right, it wasn't safe.", Some("Ada Kern")),
                ("At the end we left.", Some("Ada Kern")),
            ]
        );
        assert_eq!(text.pulls[0].speaker.as_ref().map(|speaker| speaker.kind), Some(SpeakerKind::Group));
        assert_eq!(bodies(&text), ["The pier fell on Monday.", "\"It was old,\" said Odd Holt. The mayor was absent."]);
        assert_eq!(text.labels, ["Vik", "Piers", "Sea"]);
        assert_eq!(text.ignored.iter().map(|(span, _)| &PAGE[span.clone()]).collect::<Vec<_>>(), ["<< Home"]);
    }

    #[test]
    fn every_span_holds_what_was_read_from_it() {
        let source = PAGE.replace('\n', "\r\n");
        let source = format!("\u{FEFF}{source}\r\n");
        let text = parsed(&source);
        assert_eq!(&source[text.title_span.clone()], text.title);
        for pull in &text.pulls {
            assert_eq!(source[pull.span.clone()], pull.text);
            assert_eq!(pull.attribution_span.clone().map(|span| &source[span]), pull.attribution.as_deref());
        }
        for paragraph in &text.paragraphs {
            assert_eq!(source[paragraph.span.clone()], paragraph.text);
        }
        assert_eq!(text.labels_span.clone().map(|span| &source[span]), Some("Labels: Vik, Piers , Sea,vik"));
    }

    #[test]
    fn pull_quotes_may_stand_on_lines_of_their_own() {
        let text = parsed(
            "The Pier\n\u{201C}We left.\"\n\"We came back.\u{201D}\n\u{2014} Ada Kern, pilot\n\"It fell.\"\nMembers of the crew\nThe pier is old.\nIt fell.",
        );
        assert_eq!(
            pulls(&text),
            [
                ("We left.", Some("Ada Kern")),
                ("We came back.", Some("Ada Kern")),
                ("It fell.", Some("Members of the crew"))
            ]
        );
        assert_eq!(bodies(&text), ["The pier is old.", "It fell."]);
    }

    #[test]
    fn a_paragraph_that_opens_with_a_quotation_is_body() {
        for first in [
            "\"It was old,\" said Odd Holt. The mayor was absent.",
            "\"It was old,\" Holt said.",
            "\"It was old.\" He left.",
        ] {
            let text = parsed(&format!("The Pier\n{first}\nThe pier fell."));
            assert!(text.pulls.is_empty(), "{first}");
            assert_eq!(bodies(&text), [first, "The pier fell."]);
        }
    }

    #[test]
    fn quotes_without_an_attribution_stay_in_the_body() {
        let text = parsed("The Pier\n\"It was old.\"\nThe pier fell on Monday, and nobody was near it.");
        assert!(text.pulls.is_empty());
        assert_eq!(text.paragraphs.len(), 2);
    }

    #[test]
    fn a_date_line_beside_the_title_is_read() {
        let date = NaiveDate::from_ymd_opt(2020, 12, 27);
        for page in [
            "Sunday, December 27, 2020\nThe Pier\nIt fell.",
            "The Pier\n27 December 2020\nIt fell.",
            "The Pier\n\n2020-12-27\n\nIt fell.",
            "The Pier\n\"We left.\" - Ada Kern\nSun, Dec 27th, 2020\nIt fell.",
        ] {
            let text = parsed(page);
            assert_eq!(text.date, date, "{page}");
            assert_eq!((text.title.as_str(), bodies(&text)), ("The Pier", vec!["It fell."]), "{page}");
        }
        assert_eq!(parsed("The Pier\n31 February 2020\nIt fell.").date, None);
    }

    #[test]
    fn a_missing_title_is_made_of_the_first_words() {
        let text = parsed(
            "The pier at Vik fell on Monday morning, while the whole harbour watched from the quay.\nNobody was near it.",
        );
        assert!(text.title_is_made);
        assert_eq!(text.title, "The pier at Vik fell on Monday morning, while the\u{2026}");
        assert_eq!(text.paragraphs.len(), 2);
    }

    #[test]
    fn hard_wrapped_blocks_become_one_paragraph_each() {
        let wrapped = "The Pier\n\nThe pier at Vik fell on Monday morning, while the whole\nharbour watched from the quay and nobody knew what to\ndo.\n\nThe mayor was absent on that day, and so was the whole\nboard.";
        assert_eq!(
            bodies(&parsed(wrapped)),
            [
                "The pier at Vik fell on Monday morning, while the whole harbour watched from the quay and nobody knew what to do.",
                "The mayor was absent on that day, and so was the whole board.",
            ]
        );
    }

    #[test]
    fn labels_may_follow_their_heading_and_have_other_names() {
        assert_eq!(
            parsed("The Pier\nIt fell.\nLabels:\nVik, Sea\nPiers\n\nNewer Post").labels,
            ["Vik", "Sea", "Piers"]
        );
        assert_eq!(parsed("The Pier\nIt fell.\nfiled under: Vik").labels, ["Vik"]);
        assert!(parsed("The Pier\nIt fell.").labels.is_empty());
    }

    #[test]
    fn leftovers_of_the_page_are_named_and_left_out() {
        let text = parsed("The Pier\nIt fell.\nPosted by Ada at 8:57 PM\n3 comments:\nOlder Post");
        assert_eq!(
            text.ignored.iter().map(|(_, reason)| *reason).collect::<Vec<_>>(),
            ["signature", "comments", "navigation"]
        );
        assert_eq!(bodies(&text), ["It fell."]);
        assert_eq!(parsed("Home\nIt fell.\nShare").title, "Home");
    }

    #[test]
    fn what_is_no_article_is_refused_with_a_reason() {
        for (source, line) in
            [("", 1), (" \r\n\u{FEFF}", 1), ("<< Home\nNewer Post", 1), ("The Pier\nIt \u{0}fell.", 2)]
        {
            let refusal = parse(source).expect_err("no article");
            assert_eq!(refusal.line, line, "{source:?}: {}", refusal.reason);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_and_spans_are_sound(source in "([A-Za-z\u{e9}\"\u{201c}\u{201d}.,:\u{2014}\\- \r\n\u{feff}\u{1f6a2}]|\"We left.\"|Ada Kern, pilot|Labels:|<< Home|2020-12-27|\n){0,40}") {
            if let Ok(text) = parse(&source) {
                for pull in &text.pulls {
                    assert_eq!(source.get(pull.span.clone()), Some(pull.text.as_str()));
                }
                for paragraph in &text.paragraphs {
                    assert!(source.get(paragraph.span.clone()).is_some());
                }
                assert!(source.get(text.title_span.clone()).is_some());
                assert!(!text.title.is_empty());
            }
        }
    }
}
