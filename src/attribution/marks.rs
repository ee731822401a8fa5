//! First stage: which stretches of a text stand between quotation marks, whatever marks the writer used.
//!
//! One pass over the marks of a paragraph with a stack, so the time is linear in the text. A mark's direction is told
//! by its shape and by the characters beside it; what the writer lost at the edge of a paragraph is put back.

use std::ops::Range;

use super::paragraphs::paragraphs;
use super::words::{self, Trait};

/// A stretch between outer marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The words, without the marks and without blanks next to them.
    pub inner: Range<usize>,
    /// The words with their marks.
    pub outer: Range<usize>,
    /// False where the opening mark is missing and the paragraph's start stands in for it.
    pub is_opened: bool,
    /// False where the closing mark is missing and the paragraph's end stands in for it.
    pub is_closed: bool,
}

/// One paragraph and the runs in it, in text order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MarkedParagraph {
    pub span: Range<usize>,
    pub runs: Vec<Run>,
}

/// Parts a text into paragraphs and finds the quoted runs of each.
pub(crate) fn read_marks(text: &str) -> Vec<MarkedParagraph> {
    let spans = paragraphs(text);
    let marks: Vec<Marks> = spans.iter().map(|span| marks_of(text, span)).collect();
    let mut marked = Vec::with_capacity(spans.len());
    for (index, span) in spans.iter().enumerate() {
        let is_taken_up = spans.get(index + 1).is_some_and(|next| {
            opens_with_mark(&text[next.clone()])
                || marks[index + 1]
                    .double
                    .first()
                    .is_some_and(|mark| mark.shape != Shape::Left && !mark.is_before_word())
        });
        let runs = runs_of_paragraph(text, span, &marks[index], is_taken_up);
        marked.push(MarkedParagraph { span: span.clone(), runs });
    }
    marked
}

/// Whether a blank line stands between two words.
pub(super) fn parts_paragraphs(gap: &str) -> bool {
    let mut lines = gap.split('\n').skip(1).peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() && lines.peek().is_some() {
            return true;
        }
    }
    false
}

/// Whether a paragraph begins with a mark that may open a quotation.
pub(crate) fn opens_with_mark(paragraph: &str) -> bool {
    paragraph.chars().next().is_some_and(|first| matches!(first, '"' | '\u{201C}' | '\u{201E}' | '\u{AB}' | '\u{201F}'))
}

/// Whether the character is a quotation mark of any kind that is never an apostrophe.
pub(crate) fn is_double_mark(character: char) -> bool {
    matches!(character, '"' | '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{201F}' | '\u{AB}' | '\u{BB}' | '\u{FF02}')
}

fn is_single_mark(character: char) -> bool {
    matches!(character, '\'' | '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{2039}' | '\u{203A}')
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Straight,
    /// Shaped to open in English: `“`, `«`.
    Left,
    /// Shaped to close in English: `”`, `»`.
    Right,
    /// Opens in German and is closed by `“`.
    Low,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    at: usize,
    end: usize,
    character: char,
    shape: Shape,
    before: Option<char>,
    after: Option<char>,
}

impl Mark {
    fn end(&self) -> usize {
        self.end
    }

    /// Nothing that belongs to a word stands on its left: here a quotation may begin.
    fn is_after_gap(&self) -> bool {
        self.before.is_none_or(|before| {
            before.is_whitespace() || matches!(before, '(' | '[' | '{' | '\u{2014}' | '\u{2013}' | '/')
        })
    }

    fn is_before_word(&self) -> bool {
        self.after.is_some_and(|after| {
            !after.is_whitespace()
                && !matches!(after, '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '\u{2014}' | '\u{2013}' | '-')
                && !is_double_mark(after)
                || after == '.' && self.is_after_gap()
        })
    }

    fn can_only_close(&self) -> bool {
        !self.is_after_gap() && !self.is_before_word()
    }

    fn can_only_open(&self) -> bool {
        self.is_after_gap() && self.is_before_word()
    }

    fn follows_stop(&self) -> bool {
        self.before.is_some_and(|before| matches!(before, '.' | '!' | '?' | ',' | '\u{2026}'))
    }

    fn is_inch_mark(&self) -> bool {
        self.shape == Shape::Straight && self.before.is_some_and(char::is_numeric)
    }

    fn is_guillemet(&self) -> bool {
        matches!(self.character, '\u{AB}' | '\u{BB}')
    }
}

fn shape_of(character: char) -> Shape {
    match character {
        '\u{201C}' | '\u{201F}' | '\u{AB}' | '\u{2018}' | '\u{2039}' => Shape::Left,
        '\u{201D}' | '\u{BB}' | '\u{2019}' | '\u{203A}' => Shape::Right,
        '\u{201E}' | '\u{201A}' => Shape::Low,
        _ => Shape::Straight,
    }
}

/// The marks of a paragraph, in text order.
#[derive(Default)]
struct Marks {
    double: Vec<Mark>,
    single: Vec<Mark>,
}

fn marks_of(text: &str, span: &Range<usize>) -> Marks {
    let paragraph = &text[span.clone()];
    let mut marks = Marks::default();
    let mut from = 0;
    while let Some(found) = next_mark(&paragraph.as_bytes()[from..]) {
        let at = from + found;
        let mut rest = paragraph[at..].chars();
        let Some(first) = rest.next() else { break };
        let is_repeated = rest.next() == Some(first);
        let doubled = DOUBLED.iter().find(|(written, _)| is_repeated && written.starts_with(first));
        let (character, length) = doubled.map_or((first, first.len_utf8()), |(written, mark)| (*mark, written.len()));
        let is_double = is_double_mark(character);
        if is_double || is_single_mark(character) {
            let before = paragraph[..at].chars().next_back();
            let after = paragraph[at + length..].chars().next();
            let (start, end) = (span.start + at, span.start + at + length);
            let mark = Mark { at: start, end, character, shape: shape_of(character), before, after };
            if is_double { marks.double.push(mark) } else { marks.single.push(mark) }
        }
        from = at + length;
    }
    marks
}

/// Marks that are written as two characters, as on a typewriter and in TeX.
const DOUBLED: [(&str, char); 3] = [("``", '\u{201C}'), ("\u{2018}\u{2018}", '\u{201C}'), ("''", '\u{201D}')];

/// The next byte that can be the first of a quotation mark. Strides without one are passed over at once.
fn next_mark(bytes: &[u8]) -> Option<usize> {
    const STRIDE: usize = 16;
    let has_none = |stride: &&[u8; STRIDE]| !stride.iter().fold(false, |any, byte| any | begins_mark(byte));
    let passed = STRIDE * bytes.as_chunks().0.iter().take_while(has_none).count();
    bytes[passed..].iter().position(begins_mark).map(|found| passed + found)
}

/// Whether a byte can be the first of a quotation mark. Compared without branches, many at a time.
fn begins_mark(byte: &u8) -> bool {
    const FIRST: [u8; 6] = [b'"', b'\'', b'`', 0xC2, 0xE2, 0xEF];
    FIRST.iter().fold(false, |is_any, first| is_any | (byte == first))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Open,
    Close,
    CloseFromStart,
    /// The opening mark was lost behind the attribution of the run before.
    CloseFromSentence,
    Skip,
}

/// What a mark does where a quotation is open.
fn action_inside(mark: &Mark, next: Option<&Mark>, innermost: &Mark) -> Action {
    match mark.shape {
        Shape::Low => Action::Open,
        Shape::Left if innermost.shape == Shape::Low => Action::Close,
        Shape::Left if innermost.is_guillemet() && mark.is_guillemet() && innermost.shape == Shape::Right => {
            Action::Close
        }
        Shape::Left if mark.can_only_close() => Action::Close,
        Shape::Left => Action::Open,
        Shape::Right if mark.can_only_open() && !mark.is_guillemet() => Action::Open,
        Shape::Right => Action::Close,
        Shape::Straight if mark.can_only_open() => Action::Open,
        Shape::Straight
            if mark.is_inch_mark()
                && mark.after.is_some_and(char::is_whitespace)
                && next.is_some_and(Mark::can_only_close) =>
        {
            Action::Skip
        }
        Shape::Straight => Action::Close,
    }
}

/// What a mark does where no quotation is open.
fn action_outside(mark: &Mark, next: Option<&Mark>, is_first: bool, is_odd: bool) -> Action {
    if mark.is_inch_mark() {
        return Action::Skip;
    }
    if matches!(mark.shape, Shape::Left | Shape::Low) {
        return Action::Open;
    }
    if mark.is_before_word() {
        let lost_its_opening = is_first && mark.follows_stop() && (is_odd || mark.shape == Shape::Right);
        return if lost_its_opening { Action::CloseFromStart } else { Action::Open };
    }
    if mark.is_after_gap() {
        return if next.is_some() { Action::Open } else { Action::Skip };
    }
    let is_displaced =
        mark.before.is_some_and(|before| matches!(before, ',' | ':')) && next.is_some_and(Mark::can_only_close);
    let is_doubled = next.is_some_and(|next| next.at == mark.end());
    if is_displaced && !is_doubled && mark.shape == Shape::Straight {
        return Action::Open;
    }
    match is_first {
        true => Action::CloseFromStart,
        false if mark.follows_stop() => Action::CloseFromSentence,
        false => Action::Skip,
    }
}

/// The outermost runs of one paragraph.
fn runs_of_paragraph(text: &str, span: &Range<usize>, marks: &Marks, is_taken_up: bool) -> Vec<Run> {
    let single = &marks.single;
    let marks = &marks.double;
    let mut open: Vec<Mark> = Vec::new();
    let mut found: Vec<Run> = Vec::new();
    let is_odd = marks.iter().filter(|mark| !mark.is_inch_mark()).count() % 2 == 1;
    for (index, mark) in marks.iter().enumerate() {
        let next = marks.get(index + 1);
        let action = match open.last() {
            Some(innermost) => action_inside(mark, next, innermost),
            None => action_outside(mark, next, index == 0, is_odd),
        };
        match action {
            Action::Open => open.push(*mark),
            Action::Close => {
                found.extend(open.pop().and_then(|opening| run(text, opening.at, opening.end(), mark.at, mark.end())))
            }
            Action::CloseFromStart => {
                let start = span.start;
                found.extend(run(text, start, start, mark.at, mark.end()).map(|run| Run { is_opened: false, ..run }));
            }
            Action::CloseFromSentence => {
                let start = found.last().and_then(|last| sentence_behind_attribution(text, last.outer.end..mark.at));
                let reopened = start.and_then(|start| run(text, start, start, mark.at, mark.end()));
                found.extend(reopened.map(|run| Run { is_opened: false, ..run }));
            }
            Action::Skip => {}
        }
    }
    if let Some(opening) = open.last() {
        found.extend(unclosed_run(text, span, opening, &found, is_taken_up));
    }
    with_single_marks(text, single, outermost(found))
}

/// A run whose closing mark the paragraph's end stands in for, where that is what the writer must have meant.
fn unclosed_run(text: &str, span: &Range<usize>, opening: &Mark, found: &[Run], is_taken_up: bool) -> Option<Run> {
    let paragraph_ends_closed = found.last().is_some_and(|last| last.outer.end == span.end);
    let holds_another = found.iter().rev().take(1).any(|last| last.outer.start > opening.at);
    let lead = text[span.start..opening.at].trim_end();
    let goes_on = !found.is_empty() && lead.ends_with('.') && text[..span.end].ends_with(['.', '!', '?']);
    let is_led_in = lead.is_empty() || lead.ends_with([',', ':']) || goes_on;
    if paragraph_ends_closed || (!is_taken_up && (holds_another || !is_led_in)) {
        return None;
    }
    let end = if is_taken_up { span.end } else { attribution_start(text, opening.end()..span.end).unwrap_or(span.end) };
    let behind = text[end..span.end]
        .chars()
        .next()
        .filter(|next| is_single_mark(*next))
        .map_or(end, |next| end + next.len_utf8());
    run(text, opening.at, opening.end(), end, behind).map(|run| Run { is_closed: false, ..run })
}

/// Where `…, said Ada Kern` goes on behind a closing mark that was lost: past the comma.
fn attribution_start(text: &str, span: Range<usize>) -> Option<usize> {
    let words = &text[span.clone()];
    let ends = words.match_indices([',', '?', '!']).map(|(at, mark)| at + mark.len());
    ends.take(MOST_CLAUSES).find_map(|end| {
        let rest = words[end..].strip_prefix(['\'', '\u{2019}']).unwrap_or(&words[end..]);
        let mut following = rest.split_whitespace();
        let is_verb = following
            .next()
            .is_some_and(|word| word.starts_with(char::is_lowercase) && words::has(word, Trait::CueVerb));
        let is_name = following.next().is_some_and(|word| words::has(word, Trait::NameWord));
        (is_verb && is_name).then_some(span.start + end)
    })
}

/// `| he said. You're sorry."`: where the sentence behind an attribution starts.
fn sentence_behind_attribution(text: &str, span: Range<usize>) -> Option<usize> {
    const MOST_WORDS: usize = 12;
    const LONGEST: usize = 100;
    let words = &text[span.clone()];
    let stop = words.bytes().take(LONGEST).position(|byte| byte == b'.')?;
    let attribution = &words[..stop];
    let says = attribution.split_whitespace().take(MOST_WORDS).any(|word| words::has(word, Trait::CueVerb));
    (says && attribution.split_whitespace().count() <= MOST_WORDS).then_some(span.start + stop + 1)
}

/// How many clauses are looked behind for an attribution.
const MOST_CLAUSES: usize = 20;

fn run(text: &str, start: usize, inner_start: usize, inner_end: usize, end: usize) -> Option<Run> {
    let inner = text.get(inner_start..inner_end)?;
    let words = inner.trim();
    let from = inner_start + (inner.len() - inner.trim_start().len());
    words.chars().any(char::is_alphanumeric).then(|| Run {
        inner: from..from + words.len(),
        outer: start..end,
        is_opened: true,
        is_closed: true,
    })
}

/// Runs that no other run holds, in text order.
fn outermost(mut found: Vec<Run>) -> Vec<Run> {
    found.sort_by_key(|run| (run.outer.start, std::cmp::Reverse(run.outer.end)));
    let mut reached = 0;
    found.retain(|run| {
        let is_outer = run.outer.start >= reached;
        reached = reached.max(run.outer.end);
        is_outer
    });
    found
}

/// Adds the runs between single marks that stand outside the double ones (or around them).
fn with_single_marks(text: &str, single: &[Mark], mut runs: Vec<Run>) -> Vec<Run> {
    if single.is_empty() {
        return runs;
    }
    let mut doubles = runs.iter().peekable();
    let mut singles = single.to_vec();
    singles.retain(|mark| {
        while doubles.next_if(|run| run.outer.end <= mark.at).is_some() {}
        doubles.peek().is_none_or(|run| mark.at < run.outer.start)
    });
    let mut index = 0;
    let mut added = Vec::new();
    while let Some(opening) = singles.get(index) {
        index += 1;
        if !opens_single(text, opening) {
            continue;
        }
        let following = singles[index..].iter().take_while(|mark| !opens_single(text, mark));
        if let Some(closing) = closing_single(following) {
            added.extend(run(text, opening.at, opening.end(), closing.at, closing.end()));
            index += singles[index..].iter().take_while(|mark| mark.at <= closing.at).count();
        }
    }
    runs.append(&mut added);
    outermost(runs)
}

fn opens_single(text: &str, mark: &Mark) -> bool {
    if !mark.is_after_gap() || mark.after.is_none_or(|after| after.is_whitespace() || after.is_numeric()) {
        return false;
    }
    let next_word: String =
        text[mark.end()..].chars().take_while(|character| character.is_alphabetic()).take(8).collect();
    mark.shape != Shape::Right && !(mark.shape == Shape::Straight && words::has(&next_word, Trait::Elision))
}

/// The first single mark that ends words rather than showing a possessive; a possessive only for want of another.
fn closing_single<'a>(marks: impl Iterator<Item = &'a Mark>) -> Option<&'a Mark> {
    let mut possessive = None;
    for mark in marks.filter(|mark| !mark.is_before_word()) {
        match mark.before {
            Some('s') => possessive = possessive.or(Some(mark)),
            Some(before) if !before.is_whitespace() => return Some(mark),
            _ => {}
        }
    }
    possessive
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(text: &str) -> Vec<&str> {
        read_marks(text).iter().flat_map(|paragraph| &paragraph.runs).map(|run| &text[run.inner.clone()]).collect()
    }

    #[test]
    fn marks_of_many_kinds_part_the_words_from_the_prose() {
        for text in [
            "He said \"we are late\" again.",
            "He said \u{201C}we are late\u{201D} again.",
            "He said \u{201C}we are late\" again.",
            "He said \u{201E}we are late\u{201C} again.",
            "He said \u{AB}\u{A0}we are late\u{A0}\u{BB} again.",
            "He said \u{BB}we are late\u{AB} again.",
            "He said 'we are late' again.",
            "He said \u{2018}we are late\u{2019} again.",
            "He said ``we are late'' again.",
        ] {
            assert_eq!(inner(text), ["we are late"], "{text}");
        }
    }

    #[test]
    fn a_quotation_within_a_quotation_stays_in_its_words() {
        assert_eq!(
            inner("\"The sign said \"keep out\" in red.\" They went in."),
            ["The sign said \"keep out\" in red."]
        );
        assert_eq!(inner("\"It said 'no' to me,\" he told us."), ["It said 'no' to me,"]);
    }

    #[test]
    fn missing_blanks_do_not_join_neighbours() {
        assert_eq!(inner("\"One is done.\"\"Two is not.\"Ada Kern"), ["One is done.", "Two is not."]);
        assert_eq!(inner("She wrote,\"we left at dawn.\"They had."), ["we left at dawn."]);
    }

    #[test]
    fn a_mark_lost_at_the_edge_of_a_paragraph_is_put_back() {
        assert_eq!(inner("We left at dawn.\"Ada Kern, pilot"), ["We left at dawn."]);
        assert_eq!(inner("We left at dawn.\" Ada Kern said. \"It was cold.\""), ["We left at dawn.", "It was cold."]);
        assert_eq!(inner("Kern wrote: \"We left at dawn."), ["We left at dawn."]);
    }

    #[test]
    fn marks_opened_again_over_paragraphs_leave_the_first_unclosed() {
        let text = "\"One is done.\n\n\"Two is not.\"";
        let paragraphs = read_marks(text);
        assert!(!paragraphs[0].runs[0].is_closed);
        assert!(paragraphs[1].runs[0].is_closed);
        assert_eq!(inner(text), ["One is done.", "Two is not."]);
    }

    #[test]
    fn apostrophes_and_inch_marks_are_no_marks() {
        assert!(inner("The drivers' strike of '09 isn't over, y'all; rock 'n' roll.").is_empty());
        assert!(inner("A 5'4\" plank and a 12\" pipe.").is_empty());
        assert_eq!(inner("\"The 12\" pipe burst,\" she said."), ["The 12\" pipe burst,"]);
    }

    #[test]
    fn a_blank_on_the_wrong_side_of_a_mark_is_forgiven() {
        assert_eq!(inner("Kern said,\" We left at dawn and met nobody\"."), ["We left at dawn and met nobody"]);
    }
}
