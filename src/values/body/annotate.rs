//! Quotes marked in the HTML of a body.

use std::ops::Range;

use super::markup::{self, Part};
use super::text::{Run, text_of};
use crate::values::id::{OccurrenceId, QuoteId};

/// A printing of a quote that is to be marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The printing.
    pub occurrence: OccurrenceId,
    /// What is printed.
    pub quote: QuoteId,
    /// Where it stands in `body_text`, in Unicode scalar values.
    pub ranges: Vec<Range<u32>>,
}

/// Wraps what annotations name in `<mark data-occurrence="…" data-quote="…">`.
///
/// A mark lies inside one text node, so it nests with whatever elements there are: a quote over several of them has
/// several marks. Where printings overlap one mark names all of them, parted by blanks. The HTML is one that was
/// rendered here; without the marks it is the same as before.
pub fn annotate(html: &str, annotations: &[Annotation]) -> String {
    let parts = markup::read(html);
    let runs = text_of(&parts).runs;
    let mut runs = runs.iter().peekable();
    let mut pieces = Pieces::new(annotations);
    let mut annotated = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let Part::Text(text) = part else {
            annotated.push(part.clone());
            continue;
        };
        let mut done = 0;
        while let Some(run) = runs.next_if(|run| run.part == index) {
            annotated.push(Part::Text(text[done..run.bytes.start].to_owned()));
            pieces.mark(run, &text[run.bytes.clone()], &mut annotated);
            done = run.bytes.end;
        }
        annotated.push(Part::Text(text[done..].to_owned()));
    }
    markup::write(&annotated)
}

/// Walks through the text once, and knows at each place which annotations cover it.
struct Pieces<'a> {
    annotations: &'a [Annotation],
    /// Where an annotation begins or ends, the last one first.
    changes: Vec<(usize, usize, bool)>,
    /// The annotations that cover this place, in their order.
    covering: Vec<usize>,
}

impl<'a> Pieces<'a> {
    fn new(annotations: &'a [Annotation]) -> Self {
        let mut changes = Vec::new();
        for (index, annotation) in annotations.iter().enumerate() {
            for range in annotation.ranges.iter().filter(|range| !range.is_empty()) {
                changes.push((range.start as usize, index, true));
                changes.push((range.end as usize, index, false));
            }
        }
        // Ends stand before beginnings at the same place: `false` is less than `true`.
        changes.sort_unstable_by_key(|(at, index, begins)| std::cmp::Reverse((*at, *begins, *index)));
        Self { annotations, changes, covering: Vec::new() }
    }

    /// Writes a run with what covers it marked.
    fn mark(&mut self, run: &Run, text: &str, out: &mut Vec<Part>) {
        let (mut at, mut rest) = (run.start, text);
        while !rest.is_empty() {
            self.advance_to(at);
            let next = self.changes.last().map_or(usize::MAX, |(next, ..)| *next);
            let cut = rest.char_indices().nth(next - at).map_or(rest.len(), |(cut, _)| cut);
            let (piece, following) = rest.split_at(cut);
            self.write(piece, out);
            (at, rest) = (next, following);
        }
    }

    fn advance_to(&mut self, at: usize) {
        while let Some((_, index, begins)) = self.changes.pop_if(|(change, ..)| *change <= at) {
            match self.covering.binary_search(&index) {
                Err(place) if begins => self.covering.insert(place, index),
                Ok(place) if !begins => drop(self.covering.remove(place)),
                _ => {}
            }
        }
    }

    fn write(&self, piece: &str, out: &mut Vec<Part>) {
        let text = Part::Text(piece.to_owned());
        if self.covering.is_empty() {
            return out.push(text);
        }
        let covering = || self.covering.iter().map(|index| &self.annotations[*index]);
        let names = |ids: Vec<String>| ids.join(" ");
        let attributes = vec![
            ("data-occurrence".to_owned(), names(covering().map(|found| found.occurrence.to_string()).collect())),
            ("data-quote".to_owned(), names(covering().map(|found| found.quote.to_string()).collect())),
        ];
        out.extend([Part::Start("mark".to_owned(), attributes), text, Part::End("mark".to_owned())]);
    }
}
