//! A paragraph as the later stages read it: words, punctuation, and each quoted run as one item.

use std::ops::Range;

use super::marks::{MarkedParagraph, Run};
use super::words::{self, Trait, Traits};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Comma,
    Colon,
    Semicolon,
    Stop,
    Dash,
    Other,
    /// A quoted run, by its index in the paragraph.
    Run(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub kind: Kind,
    pub span: Range<usize>,
    /// What is known of the word; nothing where it is none.
    pub traits: Traits,
}

/// About how many bytes of prose an item takes.
const BYTES_PER_ITEM: usize = 5;

/// A paragraph taken apart.
pub(super) struct Outline<'a> {
    pub text: &'a str,
    pub items: Vec<Item>,
}

impl<'a> Outline<'a> {
    pub(super) fn of(text: &'a str, paragraph: &MarkedParagraph) -> Self {
        let mut items = Vec::with_capacity(paragraph.span.len() / BYTES_PER_ITEM);
        let mut from = paragraph.span.start;
        for (index, run) in paragraph.runs.iter().enumerate() {
            tokenize(text, from..run.outer.start, &mut items);
            from = run.outer.end;
            if is_nickname(text, &items, run) {
                items.push(Item { kind: Kind::Word, span: run.outer.clone(), traits: Traits::of_name() });
                continue;
            }
            items.push(Item { kind: Kind::Run(index), span: run.outer.clone(), traits: Traits::default() });
        }
        tokenize(text, from..paragraph.span.end, &mut items);
        let mut outline = Self { text, items };
        outline.tell_names_from_small_words(paragraph);
        outline
    }

    /// "Nguyen Hoai An", `"…," Will said`: a capital where no sentence begins makes a name of a word that opens sentences.
    fn tell_names_from_small_words(&mut self, paragraph: &MarkedParagraph) {
        for index in 1..self.items.len() {
            let is_small_word = self.is(index, Trait::Capitalised) && !self.is(index, Trait::NameWord);
            if is_small_word && (self.ends_a_name(index) || self.speaks(index, &paragraph.runs)) {
                self.items[index].traits = Traits::of_name();
            }
        }
    }

    /// Right behind a name, and with nothing of a name behind it.
    fn ends_a_name(&self, index: usize) -> bool {
        const NEVER: [Trait; 3] = [Trait::MonthOrDay, Trait::Demonym, Trait::Possessive];
        let before = self.traits(index - 1);
        let gap = self.items[index - 1].span.end..self.items[index].span.start;
        before.has(Trait::NameWord)
            && !before.has_any(&[Trait::Possessive, Trait::CourtesyTitle, Trait::Abbreviation])
            && &self.text[gap] == " "
            && !self.is_any(index, &NEVER)
            && !self.is(index + 1, Trait::Capitalised)
            && self.word(index).is_some_and(|word| word.len() > 1)
    }

    /// Between a quotation that ends in a comma and a verb of speech.
    fn speaks(&self, index: usize, runs: &[Run]) -> bool {
        let Some(Kind::Run(run)) = self.kind(index - 1) else { return false };
        let goes_on = runs.get(run).is_some_and(|run| self.text[run.inner.clone()].ends_with([',', '?', '!']));
        let is_verb = self.is(index + 1, Trait::Small) && self.is(index + 1, Trait::CueVerb);
        goes_on && is_verb && !self.is(index, Trait::Pronoun) && !self.is(index, Trait::OfMany)
    }

    /// The outline of words that hold no quotation.
    pub(super) fn of_words(text: &'a str) -> Self {
        let mut items = Vec::with_capacity(text.len() / BYTES_PER_ITEM);
        tokenize(text, 0..text.len(), &mut items);
        Self { text, items }
    }

    /// Where the prose begins behind a place and an agency: "VIK, Norland (Northwire) \u{2014} The pier fell."
    pub(super) fn dateline_end(&self) -> usize {
        const LONGEST: usize = 14;
        let opens = self.is(0, Trait::Acronym) && self.word(0).is_some_and(|word| word.len() > 2);
        let dash = (1..LONGEST).find(|&index| self.kind(index) == Some(Kind::Dash)).filter(|_| opens);
        let is_place = |dash: usize| {
            (0..dash).all(|index| {
                self.kind(index) != Some(Kind::Word)
                    || !self.is(index, Trait::Small)
                    || self.is(index, Trait::NameParticle)
            })
        };
        dash.filter(|&dash| is_place(dash)).map_or(0, |dash| dash + 1)
    }

    pub(super) fn kind(&self, index: usize) -> Option<Kind> {
        self.items.get(index).map(|item| item.kind)
    }

    /// The word at an index, or nothing where no word stands there.
    pub(super) fn word(&self, index: usize) -> Option<&'a str> {
        self.items.get(index).filter(|item| item.kind == Kind::Word).map(|item| &self.text[item.span.clone()])
    }

    pub(super) fn traits(&self, index: usize) -> Traits {
        self.items.get(index).map(|item| item.traits).unwrap_or_default()
    }

    /// Whether a word stands at an index of which this is known.
    pub(super) fn is(&self, index: usize, known: Trait) -> bool {
        self.traits(index).has(known)
    }

    pub(super) fn is_any(&self, index: usize, any: &[Trait]) -> bool {
        self.traits(index).has_any(any)
    }

    pub(super) fn has_word(&self, index: usize, test: impl Fn(&str) -> bool) -> bool {
        self.word(index).is_some_and(test)
    }

    /// The bytes from the first to the last of some items.
    pub(super) fn span(&self, items: &Range<usize>) -> Range<usize> {
        let start = self.items.get(items.start).map_or(0, |item| item.span.start);
        let end = items.end.checked_sub(1).and_then(|last| self.items.get(last)).map_or(start, |item| item.span.end);
        start..end.max(start)
    }
}

/// `Ada "Storm" Kern`: a word or two between marks, in the middle of a name.
fn is_nickname(text: &str, before: &[Item], run: &Run) -> bool {
    let words = &text[run.inner.clone()];
    let follows_name = before.last().is_some_and(|item| {
        item.traits.has(Trait::NameWord) && text[item.span.end..run.outer.start].chars().all(|gap| gap == ' ')
    });
    let next = text[run.outer.end..].strip_prefix(' ').unwrap_or_default();
    let next = &next[..next.find(|character: char| !character.is_alphanumeric()).unwrap_or(next.len())];
    follows_name
        && words.len() <= LONGEST_NICKNAME
        && words.split(' ').count() <= 2
        && words.starts_with(char::is_uppercase)
        && !words.ends_with(|last: char| !last.is_alphanumeric())
        && next.len() <= LONGEST_NICKNAME
        && Traits::of(next).has(Trait::NameWord)
}

const LONGEST_NICKNAME: usize = 24;

fn tokenize(text: &str, span: Range<usize>, items: &mut Vec<Item>) {
    let text = &text[..span.end];
    let mut at = span.start;
    while let Some(byte) = text.as_bytes().get(at) {
        if *byte == b' ' {
            at += 1;
            continue;
        }
        if byte.is_ascii_digit()
            && let Some(end) = footnote_end(text, at, items.last())
        {
            at = end;
            continue;
        }
        let plain = plain_word(&text[at..]);
        if !plain.is_empty() {
            items.push(Item { kind: Kind::Word, span: at..at + plain.len(), traits: Traits::of_plain(plain) });
            at += plain.len();
            continue;
        }
        let Some(character) = text[at..].chars().next() else { break };
        let is_letter = is_alphanumeric(character);
        let end = if is_letter { word_end(text, at) } else { at + character.len_utf8() };
        if let Some(kind) = if is_letter { Some(Kind::Word) } else { kind_of(character) } {
            let traits = if kind == Kind::Word { Traits::of(&text[at..end]) } else { Traits::default() };
            items.push(Item { kind, span: at..end, traits });
        }
        at = end;
    }
}

/// The end of the number of a footnote, which stands right behind what it is about: `Ada Kern.1`, `"We left."2`.
fn footnote_end(text: &str, at: usize, before: Option<&Item>) -> Option<usize> {
    let before = before.filter(|before| before.span.end == at)?;
    let is_figure = || text[..before.span.start].ends_with(char::is_numeric);
    let is_behind = match before.kind {
        Kind::Run(_) => true,
        Kind::Comma | Kind::Stop => !is_figure(),
        _ => false,
    };
    is_behind.then(|| number_end(text, at)).flatten()
}

/// The end of a short number that stands at some bytes and is no part of a longer word.
fn number_end(text: &str, at: usize) -> Option<usize> {
    const MOST_DIGITS: usize = 3;
    let digits = text[at..].bytes().take_while(u8::is_ascii_digit).count();
    let ends = !text[at + digits..].starts_with(|next: char| next.is_alphanumeric() || matches!(next, '.' | ',' | '%'));
    ((1..=MOST_DIGITS).contains(&digits) && ends).then_some(at + digits)
}

/// Whether the number behind a full stop is that of a footnote: letters before it, and the sentence ends.
fn is_footnote_behind_stop(text: &str, stop: usize) -> bool {
    let rest = number_end(text, stop + 1).map(|end| text[end..].trim_start());
    text[..stop].ends_with(char::is_alphabetic) && rest.is_some_and(|rest| !rest.starts_with(char::is_lowercase))
}

/// The letters and digits of ASCII that a text begins with, where nothing follows over which a word may go on.
fn plain_word(text: &str) -> &str {
    let bytes = text.as_bytes();
    let end = bytes.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(bytes.len());
    let goes_on = bytes.get(end).is_some_and(|next| matches!(next, b'\'' | b'-' | b'.') || !next.is_ascii());
    if goes_on { "" } else { &text[..end] }
}

/// The same as that of a character, without looking up what stands in most texts: letters of ASCII and punctuation.
fn is_alphanumeric(character: char) -> bool {
    let is_punctuation = || matches!(character, '\u{2000}'..='\u{206F}' | '\u{A0}');
    character.is_ascii_alphanumeric() || !character.is_ascii() && !is_punctuation() && character.is_alphanumeric()
}

/// What a character is that begins no word of letters; nothing where it is a blank.
fn kind_of(character: char) -> Option<Kind> {
    match character {
        '&' => Some(Kind::Word),
        _ if character.is_whitespace() => None,
        ',' => Some(Kind::Comma),
        ':' => Some(Kind::Colon),
        ';' => Some(Kind::Semicolon),
        '.' | '!' | '?' | '\u{2026}' => Some(Kind::Stop),
        '-' | '\u{2013}' | '\u{2014}' | '\u{2015}' => Some(Kind::Dash),
        _ => Some(Kind::Other),
    }
}

/// A word goes on over apostrophes, hyphens and the full stops of initials and abbreviations.
fn word_end(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut characters = text[start..].char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        let at = start + offset;
        let next = characters.peek().map(|&(_, next)| next);
        let goes_on = match character {
            _ if character.is_alphanumeric() || is_combining(character) => true,
            '\'' | '\u{2019}' if next == Some(' ') => text[start..at].ends_with('s') && end > start + 1,
            '\'' | '\u{2019}' | '-' | '\u{2010}' | '\u{2011}' => next.is_some_and(char::is_alphanumeric),
            '.' => {
                ends_initial(&text[start..at])
                    || next.is_some_and(|next| {
                        next.is_lowercase() || next.is_numeric() && !is_footnote_behind_stop(text, at)
                    }) && at - start < 24
            }
            _ => false,
        };
        if !goes_on {
            break;
        }
        end = at + character.len_utf8();
    }
    end.max(start + text[start..].chars().next().map_or(1, char::len_utf8))
}

fn is_combining(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36F}')
}

fn ends_initial(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or(word);
    let is_initial = last.chars().count() == 1 && last.chars().all(char::is_uppercase);
    is_initial || words::has(word, Trait::Abbreviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<&str> {
        let outline = Outline::of_words(text);
        (0..outline.items.len()).filter_map(|index| outline.word(index)).collect()
    }

    #[test]
    fn names_keep_their_hyphens_initials_and_apostrophes() {
        assert_eq!(words_of("Dr. J. R. O'Neil-Al-Amin left."), ["Dr.", "J.", "R.", "O'Neil-Al-Amin", "left"]);
        assert_eq!(words_of("the U.S. envoy"), ["the", "U.S.", "envoy"]);
    }

    #[test]
    fn the_number_of_a_footnote_is_no_part_of_what_it_stands_behind() {
        assert_eq!(words_of("said Ada Kern.1 She left,2 late."), ["said", "Ada", "Kern", "She", "left", "late"]);
        assert_eq!(words_of("He left.12"), ["He", "left"]);
        let outline = Outline::of_words("He left.3 They stayed.");
        assert_eq!(outline.kind(2), Some(Kind::Stop));
        assert_eq!(
            words_of("on p.12 of 10,000 and 3.5 in No.1 Street"),
            ["on", "p.12", "of", "10", "000", "and", "3.5", "in", "No.1", "Street"]
        );
    }

    #[test]
    fn a_full_stop_after_a_plain_word_ends_the_sentence() {
        let outline = Outline::of_words("They left. Then rain.");
        assert_eq!(outline.kind(2), Some(Kind::Stop));
    }
}
