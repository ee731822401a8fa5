//! Titles for articles that have none.

/// The rule by which a title was made of the first words, as provenance names it.
pub(super) const MADE_TITLE: &str = "made_from_first_words";

/// A title made of the first words of a text.
pub(super) fn made_of(text: &str) -> String {
    const MOST_WORDS: usize = 10;
    let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS + 1).collect();
    shortened(match words.get(..MOST_WORDS) {
        Some(first) if words.len() > MOST_WORDS => {
            format!("{}\u{2026}", first.join(" ").trim_end_matches([',', ';', ':', '.']))
        }
        _ => words.join(" "),
    })
}

/// A text without blanks has no words to cut at.
fn shortened(title: String) -> String {
    const MOST_CHARACTERS: usize = 120;
    match title.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}\u{2026}", &title[..end]),
        None => title,
    }
}
