//! What makes two printings the same words.

/// The words of a quotation in lower case, without punctuation or quotation marks, parted by single blanks. Accents on
/// Latin letters are folded, because the same letter may be written as one character or as two.
pub fn identity_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let mut is_gap = false;
    for character in text.chars() {
        if character.is_alphanumeric() {
            if is_gap && !key.is_empty() {
                key.push(' ');
            }
            is_gap = false;
            push_folded(character, &mut key);
        } else if !is_within_word(character) {
            is_gap = true;
        }
    }
    key
}

/// How many words a text has, as a reader counts: "six-year-old" is one.
pub fn word_count(text: &str) -> usize {
    text.split_whitespace().filter(|chunk| chunk.chars().any(char::is_alphanumeric)).count()
}

/// Apostrophes, combining accents and soft hyphens neither part words nor belong to the key.
fn is_within_word(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '\u{2018}' | '\u{2BC}' | '\u{AD}' | '\u{200D}' | '\u{300}'..='\u{36F}')
}

fn push_folded(character: char, key: &mut String) {
    let is_accented_latin = matches!(character, '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}');
    let plain = if is_accented_latin { deunicode::deunicode_char(character) } else { None };
    match plain {
        Some(plain) => key.extend(plain.chars().flat_map(char::to_lowercase)),
        None if character.is_ascii() => key.push(character.to_ascii_lowercase()),
        None => key.extend(character.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_marks_punctuation_and_blanks_do_not_count() {
        assert_eq!(identity_key("  \u{201C}It\u{2019}s late \u{2014} too late,\u{201D}  "), "its late too late");
        assert_eq!(identity_key("it's LATE,\n\ntoo late."), "its late too late");
    }

    #[test]
    fn letters_of_every_script_count_and_accents_are_folded() {
        assert_eq!(identity_key("Caf\u{E9}"), identity_key("Cafe\u{301}"));
        assert_eq!(
            identity_key("\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442}!"),
            "\u{43F}\u{440}\u{438}\u{432}\u{435}\u{442}"
        );
    }

    #[test]
    fn words_are_counted_as_a_reader_counts() {
        assert_eq!(word_count("The six-year-old \u{2014} he's mine \u{2014} left."), 5);
        assert_eq!(word_count(" \u{2014} "), 0);
    }
}
