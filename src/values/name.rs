//! Names of people and labels: when two spellings are the same name.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A name in lower case, without accents, with single blanks: equal results mean the same name.
pub fn normalise(name: &str) -> String {
    let lowered: String = name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let mut normalised = String::with_capacity(lowered.len());
    for word in lowered.split_whitespace() {
        if !normalised.is_empty() {
            normalised.push(' ');
        }
        normalised.push_str(&word.replace('’', "'"));
    }
    normalised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_blanks_and_the_shape_of_an_apostrophe_make_no_other_name() {
        assert_eq!(normalise("Zoë  O’Hara-Núñez"), "zoe o'hara-nunez");
        assert_eq!(normalise("ZOE O'HARA-NUNEZ "), "zoe o'hara-nunez");
        assert_ne!(normalise("Zoe Ohara"), normalise("Zoe O'Hara"));
    }
}
