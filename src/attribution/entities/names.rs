//! The words of names, and when two forms name one person.

use std::ops::Range;

use crate::attribution::tokens::{Kind, Outline};
use crate::attribution::words::{self, Trait};

pub(super) fn name_words(name: &str) -> Vec<String> {
    let words =
        name.split([' ', '\u{A0}', ',', '\n']).filter(|word| !word.is_empty() && !words::has(word, Trait::NameSuffix));
    words.map(|word| words::without_possessive(word).to_lowercase()).collect()
}

/// Whether two forms can name one person: the same surname and given names that agree, initials included; or one word
/// that is the other's surname or given name.
pub(super) fn is_same_name(full: &[String], other: &[String]) -> bool {
    let initial_of = |short: &str, long: &str| {
        let initial = short.trim_end_matches('.');
        initial.chars().count() == 1 && long.starts_with(initial)
    };
    let is_part = |word: &String, whole: &[String]| whole.contains(word) && !words::has(word, Trait::NameParticle);
    match (full, other) {
        ([one], whole @ [_, _, ..]) | (whole @ [_, _, ..], [one]) => is_part(one, whole),
        ([first, .., one], [second, .., other_one]) => {
            let agrees = first == second || initial_of(first, second) || initial_of(second, first);
            // "van der Velde" names Renske van der Velde.
            one == other_one && (agrees || full.ends_with(other) || other.ends_with(full))
        }
        (full, other) => full == other,
    }
}

/// The words of a name as printed, without a possessive ending and on one line.
pub(in crate::attribution) fn printed_name(outline: &Outline, name: &Range<usize>) -> String {
    let span = outline.span(name);
    let printed = words::without_possessive(&outline.text[span.clone()]);
    let suffix = (outline.kind(name.end) == Some(Kind::Comma))
        .then(|| outline.word(name.end + 1))
        .flatten()
        .filter(|word| matches!(*word, "Jr" | "Jr." | "Sr" | "Sr."));
    let is_plain = !printed.contains(|gap: char| gap.is_whitespace() && gap != ' ') && !printed.contains("  ");
    let joined = if is_plain { printed.to_owned() } else { printed.split_whitespace().collect::<Vec<_>>().join(" ") };
    match suffix {
        Some(suffix) => format!("{joined}, {suffix}"),
        None => joined,
    }
}
