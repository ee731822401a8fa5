//! Links to a passage of a page: text fragments (WICG URL Fragment Text Directives), which browsers find by its words.
//!
//! `#:~:text=[prefix-,]start[,end][,-suffix]`: what stands at `start`, or from `start` to `end`. Each of these must lie in
//! one paragraph of the page and begin and end with a word, and the whole may run over several.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::anchor::{CONTEXT, Segment};

/// Up to so many characters a passage is named by all of its words, beyond that by its first and last ones.
const WHOLE: usize = 200;

/// How many words of each end name a long passage.
const END_WORDS: usize = 6;

/// Fewer words than this are named with what surrounds them: they may stand elsewhere on the page too.
const SURE_WORDS: usize = 4;

/// What is encoded, beyond what a URL cannot hold: `,`, `-` and `&` part a directive.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'~');

/// The address of a passage on a page; `None` where the segments hold no words.
pub fn passage_link(page: &str, segments: &[Segment]) -> Option<String> {
    let mark = if page.contains('#') { ":~:text=" } else { "#:~:text=" };
    Some(format!("{page}{mark}{}", directive(segments)?))
}

fn directive(segments: &[Segment]) -> Option<String> {
    let (first, last) = (segments.first()?, segments.last()?);
    let first_line = lines(&first.exact).next()?;
    let last_line = lines(&last.exact).next_back()?;
    let is_one_line = segments.len() == 1 && lines(&first.exact).count() == 1;
    let words = first_line.split_whitespace().count();
    if !is_one_line {
        return Some(format!(
            "{},{}",
            encoded(beginning(first_line, END_WORDS)),
            encoded(ending(last_line, END_WORDS))
        ));
    }
    if first_line.chars().count() > WHOLE && words > 1 {
        // The two ends must not overlap.
        let words = END_WORDS.min(words / 2);
        return Some(format!("{},{}", encoded(beginning(first_line, words)), encoded(ending(first_line, words))));
    }
    let mut directive = String::new();
    if words < SURE_WORDS
        && let Some(prefix) = context_before(&first.prefix)
    {
        directive.extend([&encoded(prefix), "-,"]);
    }
    directive.push_str(&encoded(first_line));
    if words < SURE_WORDS
        && let Some(suffix) = context_after(&first.suffix)
    {
        directive.extend([",-", &encoded(suffix)]);
    }
    Some(directive)
}

/// The lines of a text that hold anything, without blanks around them. A page shows each in a paragraph or a line of its own.
fn lines(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// So many words from the beginning of a line.
fn beginning(line: &str, words: usize) -> &str {
    let end = line.split_whitespace().take(words).last().map_or(0, |word| offset(line, word) + word.len());
    &line[..end]
}

/// So many words to the end of a line.
fn ending(line: &str, words: usize) -> &str {
    let start = line.split_whitespace().rev().take(words).last().map_or(0, |word| offset(line, word));
    &line[start..]
}

/// Where in a text a part of it begins.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

/// The whole words before a passage, in the same line.
fn context_before(prefix: &str) -> Option<&str> {
    let line = prefix.rsplit('\n').next()?;
    // Where the context was cut, its first word may be half of one.
    let is_cut = line.chars().count() == CONTEXT;
    let words = if is_cut { line.split_once(char::is_whitespace)?.1 } else { line };
    Some(words.trim()).filter(|words| has_word(words))
}

/// The whole words after a passage, in the same line.
fn context_after(suffix: &str) -> Option<&str> {
    let line = suffix.split('\n').next()?;
    let is_cut = line.chars().count() == CONTEXT;
    let words = if is_cut { line.rsplit_once(char::is_whitespace)?.0 } else { line };
    Some(words.trim()).filter(|words| has_word(words))
}

fn has_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn encoded(words: &str) -> String {
    utf8_percent_encode(words, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::values::anchor::AnchoredText;

    fn link(text: &str, passages: &[&str]) -> String {
        let ranges: Vec<_> = passages
            .iter()
            .map(|words| {
                let start = text.find(words).unwrap();
                start..start + words.len()
            })
            .collect();
        passage_link("https://paper.example/a", &AnchoredText::new(text).segments(&ranges)).unwrap()
    }

    /// Prefix, start, end and suffix of a directive, decoded.
    fn parts(link: &str) -> [Option<String>; 4] {
        let mut parts = [const { None }; 4];
        let (_, directive) = link.split_once(":~:text=").unwrap();
        for term in directive.split(',') {
            let (place, term) = match (term.strip_suffix('-'), term.strip_prefix('-')) {
                (Some(prefix), _) => (0, prefix),
                (_, Some(suffix)) => (3, suffix),
                _ if parts[1].is_none() => (1, term),
                _ => (2, term),
            };
            parts[place] = Some(percent_decode_str(term).decode_utf8().unwrap().into_owned());
        }
        parts
    }

    #[test]
    fn a_passage_is_named_by_its_words() {
        let text = "It rained. \u{201c}A bell, well-hung & old, rings true,\u{201d} said Ada.";
        assert_eq!(
            link(text, &["A bell, well-hung & old, rings true,"]),
            "https://paper.example/a#:~:text=A%20bell%2C%20well%2Dhung%20%26%20old%2C%20rings%20true%2C"
        );
    }

    #[test]
    fn a_few_words_are_named_with_what_surrounds_them() {
        let text = "A long evening it was at last. \u{201c}No,\u{201d} said the harbour master of the old port.\n\nNo.";
        let [prefix, start, end, suffix] = parts(&link(text, &["No,"]));
        assert_eq!((start.as_deref(), end), (Some("No,"), None));
        assert_eq!(prefix.as_deref(), Some("long evening it was at last. \u{201c}"));
        assert_eq!(suffix.as_deref(), Some("\u{201d} said the harbour master of"));
        assert_eq!(parts(&link("No", &["No"])), [None, Some("No".into()), None, None]);
    }

    #[test]
    fn what_is_long_split_or_in_several_paragraphs_is_named_by_its_ends() {
        let long = "word ".repeat(80) + "end";
        assert_eq!(parts(&link(&long, &[&long]))[2].as_deref(), Some("word word word word word end"));
        let split = "\u{201c}The tide,\u{201d} she said, \u{201c}waits for nobody.\u{201d}";
        assert_eq!(
            parts(&link(split, &["The tide,", "waits for nobody."])),
            [None, Some("The tide,".into()), Some("waits for nobody.".into()), None]
        );
        let paragraphs = "One two three.\n\nFour five.\n\nSix seven eight nine ten eleven twelve.";
        assert_eq!(
            parts(&link(paragraphs, &[paragraphs])),
            [None, Some("One two three.".into()), Some("seven eight nine ten eleven twelve.".into()), None]
        );
    }

    #[test]
    fn a_page_that_has_a_fragment_keeps_it() {
        let segments = AnchoredText::new("Five words are enough here").segments(std::slice::from_ref(&(0..4)));
        assert_eq!(
            passage_link("https://paper.example/a#b", &segments).unwrap(),
            "https://paper.example/a#b:~:text=Five,-words%20are%20enough%20here"
        );
        assert_eq!(passage_link("https://paper.example/a", &[]), None);
    }

    proptest! {
        #[test]
        fn a_link_holds_the_words_it_leads_to(
            text in "[a-zé,&\\-#%+ \u{201c}🙂\n]{0,120}(word [,-] ){0,60}",
            a: prop::sample::Index,
            b: prop::sample::Index,
        ) {
            let boundaries: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let (a, b) = (boundaries[a.index(boundaries.len())], boundaries[b.index(boundaries.len())]);
            let range = a.min(b)..a.max(b);
            let words = &text[range.clone()];
            let segments = AnchoredText::new(&text).segments(std::slice::from_ref(&range));
            let Some(link) = passage_link("https://paper.example/a", &segments) else {
                prop_assert!(words.trim().is_empty());
                return Ok(());
            };
            let (_, directive) = link.split_once("#:~:text=").unwrap();
            prop_assert!(directive.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%._~,-".contains(&byte)));
            let [prefix, start, end, suffix] = parts(&link);
            let start = start.unwrap();
            prop_assert!(words.trim_start().starts_with(&start));
            match &end {
                Some(end) => prop_assert!(words.trim_end().ends_with(end.as_str()) && start.len() + end.len() <= words.len()),
                None => prop_assert_eq!(words.trim(), &start),
            }
            let before = prefix.is_none_or(|prefix| text[..range.start].trim_end().ends_with(&prefix));
            let after = suffix.is_none_or(|suffix| text[range.end..].trim_start().starts_with(&suffix));
            prop_assert!(before && after);
        }
    }
}
