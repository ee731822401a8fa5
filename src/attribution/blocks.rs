//! Quotations printed as blocks: lines with nothing on them but words between marks and, behind or below, who said them.
//!
//! An attribution speaks for every quotation since the attribution before it.

use std::collections::HashMap;
use std::ops::Range;

use super::Speaker;
use super::attribution_line::{begins_with_dash, is_attribution_line, read_attribution_line, without_dressing};
use super::marks::MarkedParagraph;
use super::tokens::Outline;

/// An attribution that is a line, or the rest of one.
pub(super) struct Line {
    pub span: Range<usize>,
    pub speaker: Speaker,
}

/// The attributions of blocks, and which of them each quotation has.
#[derive(Default)]
pub(super) struct Blocks {
    lines: Vec<Line>,
    by_run: HashMap<(usize, usize), usize>,
}

/// More words of prose than this end the head of a page, where pull quotes stand.
const LONGEST_HEADING: usize = 25;

/// No attribution takes as many bytes.
const LONGEST_GAP: usize = 300;

impl Blocks {
    pub(super) fn of(text: &str, paragraphs: &[MarkedParagraph], outlines: &[Outline]) -> Self {
        let mut reader = Reader { text, blocks: Self::default(), pending: Vec::new(), is_head: true };
        for (index, (paragraph, outline)) in paragraphs.iter().zip(outlines).enumerate() {
            let is_next =
                index > 0 && text[paragraphs[index - 1].span.end..paragraph.span.start].matches('\n').count() == 1;
            if paragraph.runs.is_empty() {
                reader.read_line(&paragraph.span, is_next);
                reader.is_head &= outline.items.len() <= LONGEST_HEADING;
            } else {
                reader.read_quotations(index, paragraph);
            }
        }
        reader.blocks
    }

    /// The attribution of a quotation, by its paragraph and its place among the runs there.
    pub(super) fn line(&self, paragraph: usize, run: usize) -> Option<&Line> {
        self.by_run.get(&(paragraph, run)).and_then(|line| self.lines.get(*line))
    }
}

struct Reader<'t> {
    text: &'t str,
    blocks: Blocks,
    /// Quotations that nobody was named for yet.
    pending: Vec<(usize, usize)>,
    is_head: bool,
}

impl Reader<'_> {
    /// A paragraph without quotations: an attribution of those above, or the end of the block.
    fn read_line(&mut self, span: &Range<usize>, is_next: bool) {
        let line = &self.text[span.clone()];
        let is_marked = begins_with_dash(line) || line.contains(',');
        let may_be_bare = (is_next || self.is_head) && line.contains(' ');
        if !self.pending.is_empty() && (is_marked || may_be_bare) && is_attribution_line(line) {
            self.attribute(span.clone());
        }
        self.pending.clear();
    }

    /// A paragraph with quotations: part of a block where nothing else stands between them but attributions.
    fn read_quotations(&mut self, index: usize, paragraph: &MarkedParagraph) {
        let lines_before = self.blocks.lines.len();
        let mut attributed: Vec<(usize, usize)> = Vec::new();
        let mut at = paragraph.span.start;
        let ends = paragraph.runs.iter().map(|run| run.outer.start).chain([paragraph.span.end]);
        for (run, end) in ends.enumerate() {
            let is_prose = end - at > LONGEST_GAP || run == 0 && self.text[at..end].contains(char::is_alphanumeric);
            let gap = if is_prose { at..end } else { bare(self.text, at..end) };
            let has_quotation = run > 0;
            let is_attribution = || has_quotation && !is_prose && is_attribution_line(&self.text[gap.clone()]);
            if is_attribution() {
                attributed.extend(&self.pending);
                self.attribute(gap);
            } else if !gap.is_empty() {
                for run in attributed {
                    self.blocks.by_run.remove(&run);
                }
                self.blocks.lines.truncate(lines_before);
                self.pending.clear();
                return;
            }
            if let Some(run_here) = paragraph.runs.get(run) {
                let next = paragraph.runs.get(run + 1).map_or(paragraph.span.end, |next| next.outer.start);
                let is_dashed = begins_with_dash(&self.text[run_here.outer.end..next]);
                if !is_dashed && !reads_as_speech(&self.text[run_here.inner.clone()]) {
                    self.pending.clear();
                    return;
                }
                self.pending.push((index, run));
                at = run_here.outer.end;
            }
        }
    }

    fn attribute(&mut self, span: Range<usize>) {
        let span = bare(self.text, span);
        let printed = &self.text[span.clone()];
        let mut speaker = read_attribution_line(printed);
        speaker.mention = Some(span.start..span.start + printed.find(',').unwrap_or(printed.len()));
        let line = self.blocks.lines.len();
        self.blocks.by_run.extend(self.pending.drain(..).map(|run| (run, line)));
        self.blocks.lines.push(Line { span, speaker });
    }
}

/// A stretch without the dash before it and the blanks around it.
fn bare(text: &str, span: Range<usize>) -> Range<usize> {
    let raw = &text[span.clone()];
    let words = without_dressing(raw);
    let first = words.chars().next();
    let start = span.start + first.and_then(|first| raw.find(first)).unwrap_or(0);
    start..start + words.len()
}

fn reads_as_speech(words: &str) -> bool {
    words.ends_with(['.', '!', '?', '\u{2026}', ',', ']', ')', '"', '\'', '\u{2019}', '\u{201D}'])
}
