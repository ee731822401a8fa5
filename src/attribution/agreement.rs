//! Printings of the same words settle one another: where one names its speaker, it decides for those that leave it to a
//! pronoun or to the sentences around. A pull quote is such a printing, and so is a quotation said twice.

use std::collections::{HashMap, HashSet};

use super::identity::identity_key;
use super::{Finding, PrintedBeside, Speaker, joined};

/// A printing with at least this confidence decides for those with less.
pub(super) const SURE: f32 = 0.9;

/// Fewer words may be said by anybody.
const FEWEST_WORDS: usize = 3;

/// How many words of another printing a quotation must have to be a part of it.
const FEWEST_WORDS_OF_PART: usize = 5;

/// How many printings are searched for parts; bounds the work per quotation.
const MOST_SEARCHED: usize = 64;

/// Who is named for which words.
#[derive(Default)]
pub(super) struct Agreement {
    /// By identity of the words; none where printings contradict one another.
    speakers: HashMap<String, Option<Speaker>>,
    /// Identities of what is printed beside the text, longer or shorter than in it.
    searched: Vec<String>,
}

impl Agreement {
    pub(super) fn of_printings(beside: &[PrintedBeside]) -> Self {
        let mut agreement = Self::default();
        for printed in beside {
            agreement.add(identity_key(&printed.words), &printed.speaker);
        }
        agreement.searched = agreement.speakers.keys().cloned().collect();
        agreement.searched.sort();
        agreement.searched.truncate(MOST_SEARCHED);
        agreement
    }

    fn add(&mut self, key: String, speaker: &Speaker) {
        if count_words(&key) < FEWEST_WORDS {
            return;
        }
        let known = self.speakers.entry(key).or_insert_with(|| Some(speaker.clone()));
        if known.as_ref().is_some_and(|known| known.name != speaker.name) {
            *known = None;
        }
    }

    /// Adds what a text says of words that it prints several times; whether that settles what was not sure.
    pub(super) fn add_findings(&mut self, text: &str, findings: &[Finding]) -> bool {
        let is_sure = |finding: &&Finding| finding.confidence >= SURE && finding.speaker.is_some();
        let words = |finding: &Finding| joined(text, &finding.segments);
        let unsure: Vec<&Finding> = findings.iter().filter(|finding| !is_sure(finding)).collect();
        let beginnings: HashSet<u64> = unsure.iter().filter_map(|finding| beginning(text, finding)).collect();
        let mut repeated: HashSet<u64> = HashSet::new();
        let mut named: HashMap<String, &Speaker> = HashMap::new();
        for finding in findings.iter().filter(is_sure) {
            let beginning = beginning(text, finding).filter(|beginning| beginnings.contains(beginning));
            if let (Some(beginning), Some(speaker)) = (beginning, &finding.speaker) {
                let key = identity_key(&words(finding));
                self.add(key.clone(), speaker);
                named.insert(key, speaker);
                repeated.insert(beginning);
            }
        }
        let may_be_named =
            |finding: &&&Finding| beginning(text, finding).is_some_and(|beginning| repeated.contains(&beginning));
        let is_settled = |finding: &&Finding| {
            let other = named.get(&identity_key(&words(finding)));
            other.is_some_and(|other| finding.speaker.as_ref().is_none_or(|speaker| speaker.name != other.name))
        };
        unsure.iter().filter(may_be_named).any(is_settled)
    }

    /// Whom another printing names for these words.
    pub(super) fn speaker_of(&self, words: &str) -> Option<&Speaker> {
        if self.speakers.is_empty() {
            return None;
        }
        let key = identity_key(words);
        if let Some(known) = self.speakers.get(&key) {
            return known.as_ref();
        }
        let mut parts = self.searched.iter().filter(|printed| is_part(&key, printed) || is_part(printed, &key));
        let only = parts.next().filter(|_| parts.next().is_none())?;
        self.speakers.get(only)?.as_ref()
    }
}

/// Whether words stand in others, from a word to a word.
fn is_part(part: &str, whole: &str) -> bool {
    let is_whole_words = |start: usize| {
        let end = start + part.len();
        (start == 0 || whole.as_bytes()[start - 1] == b' ')
            && whole.as_bytes().get(end).is_none_or(|next| *next == b' ')
    };
    part.len() < whole.len()
        && count_words(part) >= FEWEST_WORDS_OF_PART
        && whole.find(part).is_some_and(is_whole_words)
}

fn count_words(key: &str) -> usize {
    key.split(' ').filter(|word| !word.is_empty()).count()
}

/// The first letters of a quotation as a number, equal where the words are: tells cheaply that most are not.
fn beginning(text: &str, finding: &Finding) -> Option<u64> {
    let words = &text[finding.segments.first()?.clone()];
    let letters = words.bytes().filter(u8::is_ascii_alphanumeric).take(8);
    Some(letters.fold(0, |number, letter| number << 8 | u64::from(letter.to_ascii_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::{find_quotations, read_attribution_line};

    fn beside(words: &str, line: &str) -> PrintedBeside {
        PrintedBeside { words: words.to_owned(), speaker: read_attribution_line(line) }
    }

    fn speakers(text: &str, beside: &[PrintedBeside]) -> Vec<(String, &'static str)> {
        let name = |speaker: Option<Speaker>| speaker.map_or("nobody".to_owned(), |speaker| speaker.name);
        find_quotations(text, beside).into_iter().map(|finding| (name(finding.speaker), finding.rule)).collect()
    }

    const TEXT: &str =
        "Ben Holt met Ada Kern at noon. Holt spoke up. \"There is too much tin in it,\" he said. \"Melt it.\"";

    #[test]
    fn a_pull_quote_that_names_the_speaker_decides_for_a_pronoun_and_what_goes_on_from_it() {
        assert_eq!(speakers(TEXT, &[]), [("Ben Holt".to_owned(), "pronoun"), ("Ben Holt".to_owned(), "continued")]);
        assert_eq!(
            speakers(TEXT, &[beside("There is too much tin in it.", "Odd Vik, bell-founder")]),
            [("Odd Vik".to_owned(), "same_words"), ("Odd Vik".to_owned(), "continued")]
        );
    }

    #[test]
    fn a_pull_quote_that_is_longer_or_shorter_decides_too() {
        let longer = beside("There is too much tin in it, and too little copper.", "Odd Vik");
        assert_eq!(speakers(TEXT, &[longer])[0], ("Odd Vik".to_owned(), "same_words"));
        let shorter = beside("too much tin in it", "Odd Vik");
        assert_eq!(speakers(TEXT, &[shorter])[0], ("Odd Vik".to_owned(), "same_words"));
        let part_of_a_word = beside("ere is too much tin", "Odd Vik");
        assert_eq!(speakers(TEXT, &[part_of_a_word])[0], ("Ben Holt".to_owned(), "pronoun"));
    }

    #[test]
    fn a_name_beside_the_words_stands_against_any_other_printing() {
        let text = "\"There is too much tin in it,\" said Ada Kern.";
        let speakers = speakers(text, &[beside("There is too much tin in it.", "Odd Vik")]);
        assert_eq!(speakers, [("Ada Kern".to_owned(), "cue_after")]);
    }

    #[test]
    fn a_quotation_printed_again_in_the_text_decides_in_either_order() {
        let lead = "Ben Holt met her at noon. \"The bell is cracked through,\" he said.";
        let body = "\"The bell is cracked through,\" said Odd Vik, the founder.";
        for text in [format!("{lead}\n\n{body}"), format!("{body}\n\n{lead}")] {
            let mut found = speakers(&text, &[]);
            found.sort();
            assert_eq!(found, [("Odd Vik".to_owned(), "cue_after"), ("Odd Vik".to_owned(), "same_words")]);
        }
    }

    #[test]
    fn printings_that_contradict_one_another_decide_nothing() {
        let two =
            [beside("There is too much tin in it.", "Odd Vik"), beside("There is too much tin in it!", "Eva Moe")];
        assert_eq!(speakers(TEXT, &two)[0], ("Ben Holt".to_owned(), "pronoun"));
    }
}
