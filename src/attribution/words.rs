//! What the rules know of single words: lists in `data/*.txt`, one lower-case word a line, `#` for remarks, and what the
//! letters themselves tell. A word is looked up once, when the text is taken apart, and carries what was found.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

macro_rules! traits {
    (lists { $($list:ident => $file:literal),* $(,)? } letters { $($(#[$doc:meta])* $letter:ident),* $(,)? }) => {
        /// One thing known of a word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Trait {
            $(#[doc = concat!("Stands in `data/", $file, ".txt`.")] $list,)*
            $($(#[$doc])* $letter,)*
        }

        const LISTS: &[(Trait, &str)] = &[$((Trait::$list, include_str!(concat!("data/", $file, ".txt")))),*];
    };
}

traits! {
    lists {
        Abbreviation => "abbreviations",
        Adverb => "adverbs",
        BodyOffice => "body_offices",
        CourtesyTitle => "courtesy_titles",
        CueVerb => "cue_verbs",
        Demonym => "demonyms",
        Determiner => "determiners",
        DocumentNoun => "document_nouns",
        Elision => "elisions",
        Epithet => "epithets",
        FemaleName => "female_names",
        FemaleWord => "female_words",
        FieldWord => "field_words",
        GroupNoun => "group_nouns",
        MaleName => "male_names",
        MaleWord => "male_words",
        MonthOrDay => "month_and_day_names",
        NameParticle => "name_particles",
        NameSuffix => "name_suffixes",
        NamingWord => "naming_words",
        NeverAName => "not_names",
        OfMany => "words_for_some",
        OrganisationWord => "organisation_words",
        Preposition => "prepositions",
        Pronoun => "pronouns",
        RoleNoun => "role_nouns",
    }
    letters {
        /// Calls several people or a body: listed, or a plural formed as words for people are ("divers").
        Collective,
        /// Begins with a capital, or holds one behind a hyphen or an apostrophe ("al-Amin").
        Capitalised,
        /// Capitalised, and none of the words that open sentences.
        NameWord,
        /// A given name of either sex.
        GivenName,
        /// Begins with a small letter.
        Small,
        /// Ends as a possessive does.
        Possessive,
        /// Several capitals and no small letters.
        Acronym,
        /// "43-year-old".
        Aged,
    }
}

/// All that is known of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits(u64);

impl Traits {
    pub(super) fn has(self, known: Trait) -> bool {
        self.0 & (1 << known as u64) != 0
    }

    pub(super) fn has_any(self, any: &[Trait]) -> bool {
        any.iter().any(|known| self.has(*known))
    }

    fn with(self, known: Trait, is_so: bool) -> Self {
        Self(self.0 | u64::from(is_so) << known as u64)
    }

    fn without(self, known: Trait) -> Self {
        Self(self.0 & !(1 << known as u64))
    }

    /// What is known of a word that can be nothing but part of a name.
    pub(super) fn of_name() -> Self {
        Self::default().with(Trait::Capitalised, true).with(Trait::NameWord, true)
    }

    /// Looks a word up, in any case and with or without the full stop of an abbreviation.
    pub(super) fn of(word: &str) -> Self {
        if is_plain(word) { Self::of_plain(word) } else { Self::of_joined(word) }
    }

    /// The same for a plain word, of which most questions need not be asked.
    pub(super) fn of_plain(word: &str) -> Self {
        let first = word.as_bytes().first().copied().unwrap_or_default();
        listed(word).with_letters(word, first.is_ascii_uppercase(), first.is_ascii_lowercase())
    }

    /// The same for a word with hyphens, apostrophes, full stops or letters beyond ASCII.
    fn of_joined(word: &str) -> Self {
        let is_small = word.starts_with(char::is_lowercase);
        let is_capitalised = word.starts_with(char::is_uppercase) || is_small && has_capital_part(word);
        let known = listed(without_apostrophe(word)).with_letters(word, is_capitalised, is_small);
        let known =
            if known.has(Trait::NameWord) && is_contraction(word) { known.without(Trait::NameWord) } else { known };
        known
            .with(Trait::RoleNoun, is_compound_role(word))
            .with(Trait::Aged, word.ends_with("-year-old"))
            .with(Trait::Possessive, word != without_possessive(word))
    }

    /// Adds what the letters of a word tell.
    #[inline]
    fn with_letters(self, word: &str, is_capitalised: bool, is_small: bool) -> Self {
        let may_be_name = is_capitalised && !self.has_any(&[Trait::NeverAName, Trait::Demonym]);
        self.with(Trait::RoleNoun, self.has(Trait::Epithet))
            .with(Trait::Collective, is_plural_for_people(word))
            .with(Trait::Capitalised, is_capitalised)
            .with(Trait::NameWord, may_be_name)
            .with(Trait::Small, is_small)
            .with(Trait::Acronym, is_capitalised && is_acronym(word))
    }

    /// Adds what the lists imply together.
    fn with_implied(self) -> Self {
        self.with(Trait::Collective, self.has(Trait::GroupNoun))
            .with(Trait::GivenName, self.has_any(&[Trait::FemaleName, Trait::MaleName]))
    }
}

/// Whether a word is nothing but letters and digits of ASCII, as most are.
fn is_plain(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

pub(super) fn has(word: &str, known: Trait) -> bool {
    if known.is_told_by_lists_alone() {
        listed(without_apostrophe(word)).has(known)
    } else {
        Traits::of(word).has(known)
    }
}

impl Trait {
    fn is_told_by_lists_alone(self) -> bool {
        (self as usize) < LISTS.len() && self != Self::RoleNoun
    }
}

/// Longer words stand in no list; not looking them up keeps hostile input cheap.
const LONGEST_ENTRY: usize = 24;

/// A word in lower case, padded with zeros: compared and hashed without following a pointer.
type Key = [u8; LONGEST_ENTRY];

/// Nothing but zeros where the word is longer than any entry. There is no branch for each letter, since lengths vary.
fn key(word: &str) -> Key {
    let key = padded(word.as_bytes());
    if key.is_ascii() { key.map(|letter| letter.to_ascii_lowercase()) } else { padded(word.to_lowercase().as_bytes()) }
}

fn padded(letters: &[u8]) -> Key {
    let mut key = Key::default();
    if let Some(places) = key.get_mut(..letters.len()) {
        places.copy_from_slice(letters);
    }
    key
}

fn listed(word: &str) -> Traits {
    static LEXICON: LazyLock<HashMap<Key, Traits, BuildHasherDefault<KeyHasher>>> = LazyLock::new(|| {
        let mut lexicon: HashMap<Key, Traits, BuildHasherDefault<KeyHasher>> = HashMap::default();
        for (list, word) in entries() {
            let traits = lexicon.entry(key(word)).or_default();
            *traits = traits.with(list, true).with_implied();
        }
        lexicon
    });
    // An initial is none of the small words it may look like.
    let word = if word.len() > 2 && word.ends_with('.') { word.trim_end_matches('.') } else { word };
    LEXICON.get(&key(word)).copied().unwrap_or_default()
}

/// Every word of every list.
fn entries() -> impl Iterator<Item = (Trait, &'static str)> {
    LISTS.iter().flat_map(|(list, text)| {
        let words = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        words.map(|word| (*list, word))
    })
}

/// Multiplies eight bytes at a time. The lexicon is fixed, so nobody can choose words that collide in it.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    /// The length is the same for all.
    fn write_usize(&mut self, _length: usize) {}

    fn write(&mut self, bytes: &[u8]) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        for part in bytes.as_chunks().0 {
            self.0 = (self.0.rotate_left(23) ^ u64::from_le_bytes(*part)).wrapping_mul(ODD);
        }
    }
}

/// "I'd", "They're", "It's": a small word and what is left of a verb.
fn is_contraction(word: &str) -> bool {
    let Some((base, ending)) = word.rsplit_once(['\'', '\u{2019}']) else {
        return false;
    };
    matches!(ending, "d" | "ll" | "ve" | "re" | "m" | "t") || ending == "s" && listed(base).has(Trait::NeverAName)
}

/// "the dockers'": the word without the apostrophe that ends it.
fn without_apostrophe(word: &str) -> &str {
    match word.as_bytes().last() {
        Some(b'\'' | 0x99) => word.trim_end_matches(['\'', '\u{2019}']),
        _ => word,
    }
}

/// "bell-founder", "ex-minister": what the last part is, the whole is.
fn is_compound_role(word: &str) -> bool {
    const SHORTEST: usize = 7;
    let last = word.rsplit_once('-').map(|(_, last)| last).filter(|last| last.starts_with(char::is_lowercase));
    word.len() >= SHORTEST && last.is_some_and(|last| listed(last).has(Trait::RoleNoun))
}

/// "-ers", "-ors", "-ists", "-ians", "-men", "-people".
fn is_plural_for_people(word: &str) -> bool {
    const SHORTEST: usize = 5;
    word.len() >= SHORTEST
        && matches!(
            word.as_bytes(),
            [.., b'e' | b'o', b'r', b's']
                | [.., b'i', b's', b't', b's']
                | [.., b'i', b'a', b'n', b's']
                | [.., b'm', b'e', b'n']
                | [.., b'p', b'e', b'o', b'p', b'l', b'e']
        )
}

/// "al-Amin", "d'Arc": a capital behind the hyphen or the apostrophe.
fn has_capital_part(word: &str) -> bool {
    let second = word.split(['-', '\'', '\u{2019}']).nth(1);
    word.len() < LONGEST_ENTRY && second.is_some_and(|part| part.starts_with(char::is_uppercase))
}

fn is_acronym(word: &str) -> bool {
    if word.as_bytes().get(1).is_some_and(u8::is_ascii_lowercase) {
        return false;
    }
    word.chars().filter(|character| character.is_alphabetic()).nth(1).is_some()
        && word.chars().all(|character| character.is_uppercase() || character == '.' || character.is_numeric())
}

/// The word without a possessive ending, so that `Ada Kern's` and `Ada Kern` are one name.
pub(super) fn without_possessive(word: &str) -> &str {
    if !word.ends_with(['s', '\'', '\u{2019}']) {
        return word;
    }
    ["'s", "\u{2019}s", "'", "\u{2019}"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_remarks_are_no_words() {
        assert!(has("Said", Trait::CueVerb));
        assert!(!has("#", Trait::CueVerb));
        assert!(!has("walked", Trait::CueVerb));
        assert!(has("Dr.", Trait::CourtesyTitle) && has("AM\u{c9}LIE", Trait::FemaleName));
    }

    #[test]
    fn every_listed_word_can_be_found() {
        for (list, word) in entries() {
            assert!(word.len() <= LONGEST_ENTRY && word == word.to_lowercase(), "{word}");
            assert!(has(word, list), "{word}");
        }
    }

    #[test]
    fn letters_tell_names_acronyms_and_plurals() {
        assert!(has("al-Amin", Trait::NameWord) && has("O'Neil", Trait::NameWord));
        assert!(!has("The", Trait::NameWord) && has("The", Trait::Capitalised));
        assert!(!has("I'd", Trait::NameWord) && !has("That\u{2019}s", Trait::NameWord));
        assert!(has("KLM", Trait::Acronym) && !has("K", Trait::Acronym));
        assert!(has("divers", Trait::Collective) && has("Kern's", Trait::Possessive));
    }

    #[test]
    fn compounds_and_plural_possessives_are_what_their_words_are() {
        assert!(has("bell-founder", Trait::RoleNoun) && has("novelist", Trait::RoleNoun));
        assert!(has("43-year-old", Trait::Aged) && !has("year-old-ish", Trait::Aged));
        assert!(has("dockers'", Trait::Possessive) && has("Pilots\u{2019}", Trait::NameWord));
    }

    #[test]
    fn a_possessive_ending_is_taken_off() {
        assert_eq!(without_possessive("Kern\u{2019}s"), "Kern");
        assert_eq!(without_possessive("Lars"), "Lars");
    }
}
