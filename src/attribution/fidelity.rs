//! How a pull quote stands to the body it was lifted from.

use std::collections::HashSet;
use std::ops::Range;

use super::identity::identity_key;

/// How faithfully a pull quote repeats the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// The same words in the same order, whatever the punctuation.
    Verbatim,
    /// The words of a passage with some left out, or marked as left out.
    Trimmed,
    /// Most of the words of a passage, with others put in.
    Edited,
    NotInBody,
}

/// The passage of the body that a pull quote repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub fidelity: Fidelity,
    /// Bytes of the body, from the first repeated word to the last; none where nothing is repeated.
    pub passage: Option<Range<usize>>,
}

/// A body that pull quotes are compared with. Made once for a body, since it looks at all of it.
pub struct Passages<'b> {
    body: &'b str,
    words: Words,
}

impl<'b> Passages<'b> {
    /// Looks at a body.
    pub fn of(body: &'b str) -> Self {
        Self { body, words: Words::of(body) }
    }

    /// The words of the passage that was found, if one was.
    pub fn text_of(&self, found: &Match) -> Option<&'b str> {
        found.passage.as_ref().map(|passage| &self.body[passage.clone()])
    }

    /// Compares a pull quote with the body and says where it matches.
    pub fn find(&self, pull: &str) -> Match {
        let pull_words = Words::of(pull);
        if let Some(start) = position_of(&pull_words.keys, &self.words.keys) {
            let matched = found(Fidelity::Verbatim, &self.words, start..start + pull_words.keys.len());
            let printed = matched.passage.as_ref().map_or(0, |passage| ellipses(&self.body[passage.clone()]));
            let fidelity = if ellipses(pull) > printed { Fidelity::Trimmed } else { Fidelity::Verbatim };
            return Match { fidelity, ..matched };
        }
        nearest(&pull_words, &self.words).unwrap_or(Match { fidelity: Fidelity::NotInBody, passage: None })
    }
}

/// How often a text says that words were left out.
fn ellipses(text: &str) -> usize {
    text.matches('\u{2026}').count() + text.matches("...").count()
}

/// Words reduced to their identity, each with its bytes in the text.
struct Words {
    keys: Vec<String>,
    spans: Vec<Range<usize>>,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut words = Self { keys: Vec::new(), spans: Vec::new() };
        let mut start = None;
        for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
            let is_part = character.is_alphanumeric() || matches!(character, '\'' | '\u{2019}' | '\u{300}'..='\u{36F}');
            match (is_part, start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    words.push(text, from..at);
                    start = None;
                }
                _ => {}
            }
        }
        words
    }

    fn push(&mut self, text: &str, span: Range<usize>) {
        let key = identity_key(&text[span.clone()]);
        if !key.is_empty() {
            self.keys.push(key);
            self.spans.push(span);
        }
    }
}

fn found(fidelity: Fidelity, body: &Words, words: Range<usize>) -> Match {
    let passage = body.spans.get(words.start).zip(words.end.checked_sub(1).and_then(|last| body.spans.get(last)));
    Match { fidelity, passage: passage.map(|(first, last)| first.start..last.end) }
}

/// Where a sequence of words stands in another, by the failure function of Knuth, Morris and Pratt: linear time.
fn position_of(needle: &[String], hay: &[String]) -> Option<usize> {
    if needle.is_empty() || needle.len() > hay.len() {
        return None;
    }
    let mut failure = vec![0; needle.len()];
    let mut length = 0;
    for index in 1..needle.len() {
        while length > 0 && needle[index] != needle[length] {
            length = failure[length - 1];
        }
        length += usize::from(needle[index] == needle[length]);
        failure[index] = length;
    }
    length = 0;
    for (index, word) in hay.iter().enumerate() {
        while length > 0 && *word != needle[length] {
            length = failure[length - 1];
        }
        length += usize::from(*word == needle[length]);
        if length == needle.len() {
            return Some(index + 1 - length);
        }
    }
    None
}

/// Shorter pull quotes than this match exactly or not at all: too few words to tell an edit from chance.
const FEWEST_WORDS: usize = 4;
/// Longer ones are compared by their beginning, which bounds the work.
const MOST_WORDS: usize = 600;
/// The part of a pull quote's words that an edited passage must share, in order.
const LEAST_SHARED: f32 = 0.6;
/// How many words of a passage there may be to one of the pull quote.
const STRETCH: usize = 3;

/// The passage that shares most words with the pull quote.
fn nearest(pull: &Words, body: &Words) -> Option<Match> {
    let words = &pull.keys[..pull.keys.len().min(MOST_WORDS)];
    if words.len() < FEWEST_WORDS {
        return None;
    }
    let window = densest_window(words, &body.keys)?;
    let aligned = longest_common(words, &body.keys[window.clone()]);
    let (first, last) = (aligned.first()? + window.start, aligned.last()? + window.start);
    let fidelity = if aligned.len() == pull.keys.len() {
        Fidelity::Trimmed
    } else if aligned.len() as f32 >= LEAST_SHARED * words.len() as f32 {
        Fidelity::Edited
    } else {
        return None;
    };
    Some(found(fidelity, body, first..last + 1))
}

/// The stretch of the body in which most pairs of neighbouring words are pairs of the pull quote too.
fn densest_window(words: &[String], body: &[String]) -> Option<Range<usize>> {
    let pairs: HashSet<(&str, &str)> = words.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let is_shared: Vec<bool> =
        body.windows(2).map(|pair| pairs.contains(&(pair[0].as_str(), pair[1].as_str()))).collect();
    let length = words.len() * STRETCH;
    let (mut count, mut best, mut best_end) = (0usize, 0usize, 0usize);
    for (index, shared) in is_shared.iter().enumerate() {
        count += usize::from(*shared);
        if index >= length {
            count -= usize::from(is_shared[index - length]);
        }
        if count > best {
            (best, best_end) = (count, index + 2);
        }
    }
    (best > 0).then(|| best_end.saturating_sub(length)..(best_end + words.len()).min(body.len()))
}

/// The indices in `passage` of a longest common subsequence, the ones nearest to each other at its start.
fn longest_common(words: &[String], passage: &[String]) -> Vec<usize> {
    let width = passage.len() + 1;
    let mut lengths = vec![0u16; (words.len() + 1) * width];
    for row in 1..=words.len() {
        for column in 1..width {
            lengths[row * width + column] = if words[row - 1] == passage[column - 1] {
                lengths[(row - 1) * width + column - 1] + 1
            } else {
                lengths[(row - 1) * width + column].max(lengths[row * width + column - 1])
            };
        }
    }
    let (mut row, mut column, mut aligned) = (words.len(), passage.len(), Vec::new());
    while row > 0 && column > 0 {
        if words[row - 1] == passage[column - 1] {
            aligned.push(column - 1);
            (row, column) = (row - 1, column - 1);
        } else if lengths[(row - 1) * width + column] > lengths[row * width + column - 1] {
            row -= 1;
        } else {
            column -= 1;
        }
    }
    aligned.reverse();
    aligned
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "The pilot spoke first. \"The harbour was calm when we left,\" she said, \"and nobody expected the storm to turn that night.\" Then it rained.";

    fn matched(pull: &str) -> (Fidelity, &str) {
        let found = Passages::of(BODY).find(pull);
        (found.fidelity, found.passage.map_or("", |passage| &BODY[passage]))
    }

    #[test]
    fn the_same_words_are_verbatim_whatever_the_punctuation() {
        assert_eq!(
            matched("The harbour was calm, when we left"),
            (Fidelity::Verbatim, "The harbour was calm when we left")
        );
    }

    #[test]
    fn words_left_out_make_it_trimmed() {
        let (fidelity, passage) = matched("The harbour was calm ... and nobody expected the storm");
        assert_eq!(fidelity, Fidelity::Trimmed);
        assert!(passage.starts_with("The harbour") && passage.ends_with("the storm"));
    }

    #[test]
    fn an_ellipsis_of_its_own_makes_it_trimmed() {
        assert_eq!(matched("The harbour was calm when we left…").0, Fidelity::Trimmed);
        assert_eq!(matched("The harbour was calm when we left...").0, Fidelity::Trimmed);
    }

    #[test]
    fn words_put_in_make_it_edited_and_other_words_are_not_in_the_body() {
        assert_eq!(matched("nobody at all expected the great storm to turn").0, Fidelity::Edited);
        assert_eq!(matched("We sold the boat the year after that"), (Fidelity::NotInBody, ""));
        assert_eq!(matched(""), (Fidelity::NotInBody, ""));
    }
}
