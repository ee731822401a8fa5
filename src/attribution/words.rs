//! The word lists the rules consult: data in `data/*.txt`, one lower-case word a line, `#` for remarks.

use std::collections::HashSet;
use std::sync::LazyLock;

fn entries(list: &'static str) -> HashSet<&'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

macro_rules! word_lists {
    ($($name:ident => $file:literal),* $(,)?) => {$(
        #[doc = concat!("Whether the word, in any case, stands in `data/", $file, ".txt`.")]
        pub(super) fn $name(word: &str) -> bool {
            static LIST: LazyLock<HashSet<&'static str>> =
                LazyLock::new(|| entries(include_str!(concat!("data/", $file, ".txt"))));
            word.len() <= LONGEST_ENTRY && LIST.contains(word.to_lowercase().as_str())
        }
    )*};
}

/// Longer words stand in no list; not lower-casing them keeps hostile input cheap.
const LONGEST_ENTRY: usize = 32;

word_lists! {
    is_abbreviation => "abbreviations",
    is_adverb => "adverbs",
    is_body_office => "body_offices",
    is_courtesy_title => "courtesy_titles",
    is_cue_verb => "cue_verbs",
    is_determiner => "determiners",
    is_document_noun => "document_nouns",
    is_elision => "elisions",
    is_female_name => "female_names",
    is_field_word => "field_words",
    is_group_noun => "group_nouns",
    is_male_name => "male_names",
    is_month_or_day => "month_and_day_names",
    is_name_particle => "name_particles",
    is_name_suffix => "name_suffixes",
    is_naming_word => "naming_words",
    is_never_a_name => "not_names",
    is_organisation_word => "organisation_words",
    is_preposition => "prepositions",
    is_role_noun => "role_nouns",
}

/// Whether a word calls several people or a body: listed, or a plural formed as words for people are ("divers").
pub(super) fn is_collective(word: &str) -> bool {
    const ENDINGS: [&str; 7] = ["ers", "ors", "ists", "ians", "women", "men", "people"];
    is_group_noun(word) || word.len() >= 5 && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// The word without a possessive ending, so that `Ada Kern's` and `Ada Kern` are one name.
pub(super) fn without_possessive(word: &str) -> &str {
    ["'s", "\u{2019}s", "'", "\u{2019}"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_remarks_are_no_words() {
        assert!(is_cue_verb("Said"));
        assert!(!is_cue_verb("#"));
        assert!(!is_cue_verb("walked"));
    }

    #[test]
    fn a_possessive_ending_is_taken_off() {
        assert_eq!(without_possessive("Kern\u{2019}s"), "Kern");
        assert_eq!(without_possessive("Lars"), "Lars");
    }
}
