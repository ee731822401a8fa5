//! Slugs: lower-case ASCII words joined by `-`, made from a title or a name.

use deunicode::deunicode;

/// The longest slug made from a title; cut at a word where it would be longer.
const MADE_LENGTH: usize = 80;

/// Words that routes need in a slug's place.
const RESERVED: &[&str] = &["external", "resolve", "sample"];

/// A slug for a title or a name; `fallback` where it holds no letter or digit.
///
/// Apostrophes vanish (`Iran's` becomes `irans`), other punctuation parts words.
pub fn slugify(text: &str, fallback: &str) -> String {
    let mut slug = String::new();
    let unquoted: String = text.chars().filter(|c| !matches!(c, '\'' | '’' | '‘' | 'ʼ')).collect();
    let ascii = deunicode(&unquoted).to_ascii_lowercase();
    for word in ascii.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if slug.is_empty() {
            slug.extend(word.chars().take(MADE_LENGTH));
        } else if slug.len() + 1 + word.len() <= MADE_LENGTH {
            slug.push('-');
            slug.push_str(word);
        } else {
            break;
        }
    }
    if slug.is_empty() { fallback.to_owned() } else { slug }
}

/// The first of `base`, `base-2`, `base-3`, … that no route needs and `is_taken` does not hold.
pub fn first_free(base: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !RESERVED.contains(&base) && !is_taken(base) {
        return base.to_owned();
    }
    let mut number: u64 = 2;
    loop {
        let candidate = format!("{base}-{number}");
        if !is_taken(&candidate) {
            return candidate;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn a_title_becomes_lower_case_words_joined_by_hyphens() {
        for (title, slug) in [
            ("The Harbour's New Bell", "the-harbours-new-bell"),
            ("Zoë van der Meer, 3rd term – at last!", "zoe-van-der-meer-3rd-term-at-last"),
            ("snake_case", "snake-case"),
            ("???", "article"),
        ] {
            assert_eq!(slugify(title, "article"), slug);
        }
    }

    #[test]
    fn a_taken_or_reserved_slug_gets_the_next_free_number() {
        let taken = HashSet::from(["bell", "bell-2"]);
        assert_eq!(first_free("bell", |slug| taken.contains(slug)), "bell-3");
        assert_eq!(first_free("sample", |_| false), "sample-2");
        assert_eq!(first_free("ferry", |slug| taken.contains(slug)), "ferry");
    }

    proptest! {
        #[test]
        fn any_text_gives_a_slug_that_the_database_accepts(text in any::<String>()) {
            let slug = slugify(&text, "article");
            prop_assert!(slug.len() <= MADE_LENGTH && !slug.is_empty());
            let is_word = |word: &str| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            };
            prop_assert!(slug.split('-').all(is_word), "{}", slug);
        }
    }
}
