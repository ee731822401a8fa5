//! Where the paragraphs of a text are.
//!
//! Blank lines part paragraphs. Lines without blank ones between them are paragraphs too, as on a page that prints one
//! a line, unless the text was wrapped to a width: then a line breaks off wherever the width ends.

use std::ops::Range;

/// The paragraphs of a text, without the blanks around them, in text order.
pub(super) fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let lines = lines_of(text);
    let blocks: Vec<&[Range<usize>]> = lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()).collect();
    let of_lines = || blocks.iter().filter(|block| block.len() >= FEWEST_WRAPPED);
    let wrapped = of_lines().filter(|block| is_wrapped(text, block)).count();
    if wrapped * 2 <= of_lines().count() {
        return lines.into_iter().filter(|line| !line.is_empty()).collect();
    }
    blocks.iter().filter_map(|block| Some(block.first()?.start..block.last()?.end)).collect()
}

/// Of fewer lines nobody can tell why they end where they do.
const FEWEST_WRAPPED: usize = 3;

/// Every line without the blanks around it.
fn lines_of(text: &str) -> Vec<Range<usize>> {
    let mut offset = 0;
    let span = |line: &str| {
        let words = line.trim();
        let start = offset + (line.len() - line.trim_start().len());
        offset += line.len();
        if words.is_empty() { offset..offset } else { start..start + words.len() }
    };
    text.split_inclusive('\n').map(span).collect()
}

/// Several lines of about one width, most of which break off in the middle of a sentence.
fn is_wrapped(text: &str, block: &[Range<usize>]) -> bool {
    const WIDTHS: Range<usize> = 40..121;
    let Some((last, full)) = block.split_last() else {
        return false;
    };
    let width = |line: &Range<usize>| text[line.clone()].chars().take(WIDTHS.end).count();
    let ends = |line: &&Range<usize>| text[(*line).clone()].ends_with(['.', '!', '?', ':', '"', '\u{201D}']);
    full.iter().all(|line| WIDTHS.contains(&width(line)))
        && width(last) < WIDTHS.end
        && full.iter().filter(ends).count() * 2 < full.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<&str> {
        paragraphs(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn blank_lines_and_line_ends_part_paragraphs() {
        assert_eq!(read(" One.\r\n\r\n \t\nTwo.\nThree. \n"), ["One.", "Two.", "Three."]);
        assert!(read(" \n\n").is_empty());
    }

    #[test]
    fn lines_wrapped_to_a_width_are_one_paragraph() {
        let wrapped = "The pier at Vik fell on Monday morning, while the whole\nharbour watched from the quay and nobody knew what to\ndo.\n\nIt rained.";
        assert_eq!(read(wrapped).len(), 2);
    }
}
