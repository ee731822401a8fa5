//! Text rule 1: the text of a body, and where in the HTML each of its characters stands.
//!
//! `docs/text-rule.md` spells the rule out for those who use the API.

use std::ops::Range;

use super::elements::{self, Flow};
use super::markup::Part;

/// The text of a body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BodyText {
    /// `body_text`.
    pub text: String,
    /// Where its characters stand, in order. What parts blocks, lines and cells stands nowhere.
    pub runs: Vec<Run>,
}

/// Characters that stand together in the text and in the HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Which part of the HTML.
    pub part: usize,
    /// Which bytes of that part.
    pub bytes: Range<usize>,
    /// Its first character in the text, counted in Unicode scalar values.
    pub start: usize,
}

/// Reads the text of HTML that was rendered here.
pub(super) fn text_of(parts: &[Part]) -> BodyText {
    let mut reader = Reader { boundary: Boundary::Block, ..Reader::default() };
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Start(name, _) if name == "br" => reader.line_break(),
            Part::Start(name, _) | Part::End(name) => reader.part(boundary(name)),
            Part::Text(text) => reader.text(index, text),
        }
    }
    reader.body
}

/// What lies between two characters; the strongest of several counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Boundary {
    #[default]
    None,
    Cell,
    Line,
    Block,
}

impl Boundary {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Cell => "\t",
            Self::Line => "\n",
            Self::Block => "\n\n",
        }
    }
}

fn boundary(name: &str) -> Boundary {
    match elements::flow(name) {
        None | Some(Flow::Inline) => Boundary::None,
        Some(Flow::Cell) => Boundary::Cell,
        Some(Flow::Row | Flow::Rows) => Boundary::Line,
        Some(Flow::Block | Flow::Table | Flow::Caption) => Boundary::Block,
    }
}

#[derive(Default)]
struct Reader {
    body: BodyText,
    /// How many characters the text has.
    length: usize,
    boundary: Boundary,
    /// White space that belongs to the text once something follows it on its line.
    blanks: Vec<(usize, Range<usize>, String)>,
}

impl Reader {
    /// A line break; a second one makes an empty line, which parts blocks.
    fn line_break(&mut self) {
        self.part(if self.boundary >= Boundary::Line { Boundary::Block } else { Boundary::Line });
    }

    fn part(&mut self, boundary: Boundary) {
        if boundary != Boundary::None {
            self.blanks.clear();
        }
        self.boundary = self.boundary.max(boundary);
    }

    fn text(&mut self, part: usize, text: &str) {
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let words = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let length = if words > 0 { words } else { rest.find(is_not_blank).unwrap_or(rest.len()) };
            let (bytes, run) = (at..at + length, &rest[..length]);
            if words > 0 {
                self.words(part, bytes, run);
            } else if self.boundary == Boundary::None {
                self.blanks.push((part, bytes, run.to_owned()));
            }
            at += length;
        }
    }

    fn words(&mut self, part: usize, bytes: Range<usize>, words: &str) {
        let boundary = std::mem::take(&mut self.boundary);
        if !self.body.text.is_empty() {
            self.body.text.push_str(boundary.as_str());
            self.length += boundary.as_str().len();
        }
        for (part, bytes, blank) in std::mem::take(&mut self.blanks) {
            self.keep(part, bytes, &blank);
        }
        self.keep(part, bytes, words);
    }

    fn keep(&mut self, part: usize, bytes: Range<usize>, characters: &str) {
        match self.body.runs.last_mut() {
            Some(last) if last.part == part && last.bytes.end == bytes.start => last.bytes.end = bytes.end,
            _ => self.body.runs.push(Run { part, bytes, start: self.length }),
        }
        self.body.text.push_str(characters);
        self.length += characters.chars().count();
    }
}

fn is_not_blank(character: char) -> bool {
    !character.is_whitespace()
}
