//! Which quoted runs are quotations: what reads as said, and not as a title, a term or a nickname.

use super::{Place, Reader};
use crate::attribution::cues;
use crate::attribution::tokens::{Kind, Outline};
use crate::attribution::words::Trait;

/// Longer quoted runs are not what anything is named.
const LONGEST_NAME: usize = 12;

/// Shorter quoted runs without a cue of their own are terms, nicknames and scare quotes.
const FEWEST_WORDS: usize = 4;

impl Reader<'_> {
    pub(super) fn has_substance(&self, place: Place) -> bool {
        has_words(self.words(place.run), FEWEST_WORDS - 1) || self.is_speech(place)
    }

    /// Whether the run reads as said rather than named: whole sentences, or led in by a comma.
    pub(super) fn is_speech(&self, place: Place) -> bool {
        let words = self.words(place.run);
        let starts_high =
            words.chars().find(|character| character.is_alphanumeric()).is_some_and(|first| !first.is_lowercase());
        let is_paragraph = || self.is_bare(place.paragraph) && has_words(words, FEWEST_WORDS);
        (starts_high || is_paragraph()) && self.ends_as_sentence(place) && has_words(words, 2) && !is_title(words)
    }

    /// A paragraph that is one word: `"Yes."`
    fn is_reply(&self, place: Place) -> bool {
        let words = self.words(place.run);
        words.starts_with(char::is_uppercase) && ends_with_stop(words) && self.is_bare(place.paragraph)
    }

    /// A full stop inside the marks; behind them, or at the head of a paragraph, length must bear it out. A comma inside
    /// the marks and a colon before them promise a sentence too.
    pub(super) fn ends_as_sentence(&self, place: Place) -> bool {
        let words = self.words(place.run);
        let outline = &self.outlines[place.paragraph];
        let follows = outline.kind(place.item + 1);
        let is_announced = place.item > 0 && outline.kind(place.item - 1) == Some(Kind::Colon);
        let is_attributed = words.ends_with(',') && follows == Some(Kind::Word);
        ends_with_stop(words)
            || (is_announced || is_attributed) && has_words(words, FEWEST_WORDS)
            || (follows == Some(Kind::Stop) || place.item == 0) && has_words(words, 2 * FEWEST_WORDS)
    }

    /// Leaves out titles of works, nicknames, terms and scare quotes.
    pub(super) fn is_quotation(&self, place: Place, is_attached: bool, has_evidence: bool, is_told: bool) -> bool {
        let outline = &self.outlines[place.paragraph];
        let words = self.words(place.run);
        let is_named_thing = place.item > 0
            && outline.is(place.item - 1, Trait::NamingWord)
            && !cues::is_described_as(outline, place.item);
        if (is_named_thing || outline.kind(place.item + 1) == Some(Kind::Dash) && !ends_with_stop(words))
            && !is_attached
            && !has_words(words, LONGEST_NAME + 1)
        {
            return false;
        }
        if is_attached {
            let is_finished = ends_with_stop(words) || words.ends_with(',');
            return is_finished || has_words(words, 2) && !is_title(words);
        }
        if !place.run.is_opened && !has_evidence {
            return false;
        }
        let is_sentence = self.is_speech(place) && self.stands_alone(place) || self.is_reply(place);
        let starts_low = words.starts_with(char::is_lowercase);
        let fewest = if starts_low && is_told { FEWEST_WORDS - 1 } else { FEWEST_WORDS };
        is_sentence || has_evidence && has_words(words, fewest) && !is_title(words)
    }

    /// Whether the run is a sentence of the paragraph, not a piece of one.
    pub(super) fn stands_alone(&self, place: Place) -> bool {
        let outline = &self.outlines[place.paragraph];
        place.item == 0
            || matches!(outline.kind(place.item - 1), Some(Kind::Stop | Kind::Colon | Kind::Comma | Kind::Run(_)))
    }
}

/// Whether there are as many words or more.
fn has_words(words: &str, fewest: usize) -> bool {
    printed_words(words).take(fewest).count() == fewest
}

fn printed_words(words: &str) -> impl Iterator<Item = &str> {
    words.split_whitespace().filter(|chunk| chunk.chars().any(char::is_alphanumeric))
}

pub(super) fn is_bare(outline: &Outline) -> bool {
    matches!(outline.kind(0), Some(Kind::Run(_))) && outline.items.iter().all(|item| item.kind != Kind::Word)
}

pub(super) fn ends_with_stop(words: &str) -> bool {
    words.trim_end_matches(['"', '\'', '\u{2019}', '\u{201D}', ')', ']']).ends_with(['.', '!', '?', '\u{2026}'])
}

/// Whether all words that matter are capitalised, as in the title of a work.
pub(super) fn is_title(words: &str) -> bool {
    const LONGEST: usize = 15;
    let is_high = |word: &&str| word.starts_with(|first: char| first.is_uppercase() || first.is_numeric());
    let all_long_are = || words.split_whitespace().filter(|word| word.chars().count() > 3).all(|word| is_high(&word));
    let most_are = || {
        let count = printed_words(words).take(LONGEST + 1).count();
        let capitalised = words.split_whitespace().filter(is_high).count();
        (2..=LONGEST).contains(&count) && 2 * capitalised >= count
    };
    all_long_are() && most_are()
}
