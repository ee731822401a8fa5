//! Second stage: noun phrases that can speak, read from the words beside a quotation.
//!
//! A phrase is read as a name with what leads up to it ("team captain Ada Kern"), a body ("the Ministry of Health"), a
//! collective ("two officials"), a role ("the minister") or a pronoun. What fits none of these is no mention: silence is
//! better than a wrong name.

use std::ops::Range;

use super::tokens::{Kind, Outline};
use super::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Person,
    Organization,
    /// Several people, or a body called by a common noun.
    Group,
    /// One person called by a common noun.
    Role,
    He,
    She,
    It,
    They,
}

impl Form {
    pub(super) fn is_pronoun(self) -> bool {
        matches!(self, Self::He | Self::She | Self::It | Self::They)
    }
}

/// A noun phrase, as ranges of the outline's items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub form: Form,
    /// The whole phrase.
    pub phrase: Range<usize>,
    /// The name in it; for a collective or a role the phrase itself.
    pub name: Range<usize>,
}

impl Mention {
    /// The words of the phrase that stand before the name: titles, roles, bodies.
    pub(super) fn lead(&self) -> Range<usize> {
        self.phrase.start..self.name.start
    }
}

/// Longer runs of words are no noun phrase worth reading.
const LONGEST_PHRASE: usize = 16;

/// Reads the phrase that starts at an item.
pub(super) fn phrase_at(outline: &Outline, start: usize) -> Option<Mention> {
    if let Some(mention) = pronoun(outline, start) {
        return Some(mention);
    }
    let core = start..core_end(outline, start);
    let short = read_phrase(outline, core.clone());
    if short.as_ref().is_some_and(|mention| mention.form == Form::Person) {
        return short;
    }
    let extended = start..modifiers_end(outline, core.end);
    if extended != core && heads_a_phrase(outline, &core) {
        return read_extended(outline, &core, extended).or(short);
    }
    short.or_else(|| leading_name(outline, core))
}

/// "Fishermen in Vik" as words of its own: a plural for people that opens a line, which elsewhere may be a surname.
pub(super) fn collective_at(outline: &Outline, start: usize) -> Option<Mention> {
    let phrase = start..modifiers_end(outline, core_end(outline, start));
    let is_collective = phrase.len() >= 2 && outline.has_word(start, words::is_collective);
    is_collective.then(|| Mention { form: Form::Group, name: phrase.clone(), phrase })
}

/// The name that opens words which go on in prose ("Pilot Ada Kern opened the hatch").
fn leading_name(outline: &Outline, core: Range<usize>) -> Option<Mention> {
    let first = core.clone().find(|&index| outline.has_word(index, is_name_word))?;
    let is_led_by_role = first == core.start || outline.has_word(first - 1, words::is_role_noun);
    let goes_on = |word: &str| is_name_word(word) || words::is_name_particle(word);
    let end = (first..core.end).find(|&index| !outline.has_word(index, goes_on)).unwrap_or(core.end);
    let mention = is_led_by_role.then(|| read_phrase(outline, core.start..end)).flatten()?;
    (mention.form == Form::Person).then_some(mention)
}

/// Reads the phrase that ends before an item and starts no earlier than `floor`.
pub(super) fn phrase_before(outline: &Outline, floor: usize, end: usize) -> Option<Mention> {
    let last = end.checked_sub(1).filter(|last| *last >= floor)?;
    if let Some(mention) = pronoun(outline, last) {
        return Some(mention);
    }
    let mut core = core_start(outline, floor, end)..end;
    if core.is_empty() || core.len() > LONGEST_PHRASE {
        return None;
    }
    if joins_two_names(outline, floor, core.start) {
        return None;
    }
    if !follows_modifying_preposition(outline, floor, core.start) {
        return if follows_preposition(outline, floor, core.start) { None } else { read_phrase(outline, core) };
    }
    for _ in 0..3 {
        let head_end = core.start - 1;
        let head = core_start(outline, floor, head_end)..head_end;
        if head.is_empty() || end - head.start > LONGEST_PHRASE {
            return None;
        }
        if follows_modifying_preposition(outline, floor, head.start) {
            core = head;
            continue;
        }
        if follows_preposition(outline, floor, head.start) {
            return None;
        }
        if heads_a_phrase(outline, &head) {
            return read_extended(outline, &head, head.start..end);
        }
        return read_phrase(outline, head).filter(|mention| mention.form == Form::Person);
    }
    None
}

/// Whether a word ends a noun phrase: a verb, an adverb, a preposition.
fn is_boundary(word: &str) -> bool {
    let is_lower = word.chars().next().is_some_and(char::is_lowercase);
    words::is_preposition(word) && !words::is_name_particle(word)
        || is_lower && (words::is_cue_verb(word) || words::is_adverb(word))
}

fn core_end(outline: &Outline, start: usize) -> usize {
    let limit = start + LONGEST_PHRASE;
    let ends =
        |index: usize| outline.word(index).is_none_or(is_boundary) || index > start && starts_predicate(outline, index);
    (start..limit).find(|&index| ends(index)).unwrap_or(limit)
}

/// A small word after a name that leads to no role: "Ada Kern | beat Ben Holt", but "Harbour Board deputy head Ada Kern".
fn starts_predicate(outline: &Outline, index: usize) -> bool {
    let is_small =
        |word: &str| word.starts_with(char::is_lowercase) && !is_name_word(word) && !words::is_name_particle(word);
    let leads_on =
        |word: &str| words::is_role_noun(word) || words::is_collective(word) || words::is_document_noun(word);
    let follows_name =
        outline.has_word(index - 1, |word| is_name_word(word) && word == words::without_possessive(word));
    follows_name
        && outline.has_word(index, is_small)
        && !(index..index + 3).any(|ahead| outline.has_word(ahead, leads_on))
}

fn core_start(outline: &Outline, floor: usize, end: usize) -> usize {
    let floor = floor.max(end.saturating_sub(LONGEST_PHRASE + 1));
    (floor..end).rev().find(|&index| outline.word(index).is_none_or(is_boundary)).map_or(floor, |index| index + 1)
}

fn is_modifying_preposition(word: &str) -> bool {
    matches!(word, "of" | "for" | "in" | "at" | "from")
}

/// Where "of the Ministry for Health" ends, if it starts here.
pub(super) fn modifiers_end(outline: &Outline, start: usize) -> usize {
    let mut end = start;
    for _ in 0..3 {
        let is_dated = outline.has_word(end + 1, words::is_month_or_day);
        if is_dated || !outline.has_word(end, is_modifying_preposition) {
            break;
        }
        let next = core_end(outline, end + 1);
        if next == end + 1 {
            break;
        }
        end = next;
    }
    end
}

fn follows_modifying_preposition(outline: &Outline, floor: usize, start: usize) -> bool {
    start > floor + 1 && outline.has_word(start - 1, is_modifying_preposition)
}

fn follows_preposition(outline: &Outline, floor: usize, start: usize) -> bool {
    let ends_clause = |word: &str| {
        !words::is_preposition(word)
            || matches!(
                word,
                "and"
                    | "but"
                    | "or"
                    | "as"
                    | "because"
                    | "although"
                    | "though"
                    | "while"
                    | "when"
                    | "where"
                    | "if"
                    | "that"
                    | "which"
                    | "so"
                    | "yet"
            )
    };
    start > floor && !outline.word(start - 1).is_none_or(|word| ends_clause(&word.to_lowercase()))
}

/// "Ada Kern and Ben Holt said" has two speakers: neither is chosen.
fn joins_two_names(outline: &Outline, floor: usize, start: usize) -> bool {
    start >= floor + 2 && outline.word(start - 1) == Some("and") && outline.has_word(start - 2, is_capitalised)
}

/// Whether a core can carry "of …": its last word is a role, a collective or a body.
fn heads_a_phrase(outline: &Outline, core: &Range<usize>) -> bool {
    core.end.checked_sub(1).filter(|last| core.contains(last)).is_some_and(|last| {
        outline.has_word(last, words::is_role_noun)
            || outline.has_word(last, words::is_collective)
            || outline.has_word(last, words::is_organisation_word)
            || outline.has_word(last, words::is_courtesy_title)
            || outline.has_word(last, words::is_document_noun)
    })
}

/// "Minister of Health Ada Kern" is Ada Kern; "the Ministry of Health" and "a spokesman for the council" are themselves.
fn read_extended(outline: &Outline, head: &Range<usize>, whole: Range<usize>) -> Option<Mention> {
    let run = capital_run(outline, &whole);
    let trailing = name_behind_place(outline, head, &run);
    let is_parted = trailing.start > run.start && trailing.len() >= 2;
    if run.end == whole.end && is_parted && trailing.start > head.end {
        return Some(Mention { form: Form::Person, phrase: whole, name: trailing });
    }
    let head_mention = read_phrase(outline, head.clone())?;
    if head_mention.phrase.end > head_mention.name.end {
        return Some(Mention { phrase: whole, ..head_mention });
    }
    let name = head_mention.name.start..whole.end;
    Some(Mention { form: head_mention.form, phrase: whole, name })
}

/// "Governor of Norland Ada Kern": after the place of an office, the last two words are the name.
fn name_behind_place(outline: &Outline, head: &Range<usize>, run: &Range<usize>) -> Range<usize> {
    let name = name_in(outline, run);
    let is_office = head
        .end
        .checked_sub(1)
        .is_some_and(|last| outline.has_word(last, |word| words::is_role_noun(word) || words::is_courtesy_title(word)));
    let holds_no_body = run.clone().all(|index| !outline.has_word(index, words::is_organisation_word));
    if is_office && holds_no_body && name == *run && run.len() >= 3 { run.end - 2..run.end } else { name }
}

fn pronoun(outline: &Outline, index: usize) -> Option<Mention> {
    let form = match outline.word(index)?.to_lowercase().as_str() {
        "he" => Form::He,
        "she" => Form::She,
        "it" => Form::It,
        "they" => Form::They,
        _ => return None,
    };
    Some(Mention { form, phrase: index..index + 1, name: index..index + 1 })
}

/// Reads words without punctuation or prepositions between them.
pub(super) fn read_phrase(outline: &Outline, phrase: Range<usize>) -> Option<Mention> {
    let last = phrase.end.checked_sub(1).filter(|last| phrase.contains(last))?;
    if let Some(possessor) = writer_of_document(outline, &phrase, last) {
        return Some(possessor);
    }
    let run = capital_run(outline, &phrase);
    if run.is_empty() {
        return read_common_noun(outline, phrase, last);
    }
    let name = name_in(outline, &run);
    let is_plain_noun = name.len() == 1 && name.start == phrase.start && outline.has_word(last, words::is_group_noun);
    if !name.is_empty() && !is_plain_noun {
        return Some(Mention { form: form_of_name(outline, &name), phrase, name });
    }
    if outline.has_word(last, words::is_organisation_word) && !outline.has_word(last, words::is_role_noun) {
        return Some(Mention { form: Form::Organization, phrase, name: run });
    }
    read_common_noun(outline, phrase, last)
}

/// "Kern's last letter" speaks for Kern.
fn writer_of_document(outline: &Outline, phrase: &Range<usize>, last: usize) -> Option<Mention> {
    let is_possessive = |word: &str| is_name_word(word) && (word.ends_with("'s") || word.ends_with("\u{2019}s"));
    let owner =
        phrase.clone().rev().find(|&index| outline.has_word(index, is_possessive)).filter(|owner| *owner < last)?;
    let mention = outline
        .has_word(last, words::is_document_noun)
        .then(|| read_phrase(outline, phrase.start..owner + 1))
        .flatten()?;
    matches!(mention.form, Form::Person | Form::Organization).then_some(Mention { phrase: phrase.clone(), ..mention })
}

fn read_common_noun(outline: &Outline, phrase: Range<usize>, last: usize) -> Option<Mention> {
    let form = if outline.has_word(last, words::is_collective) {
        Form::Group
    } else if outline.has_word(last, words::is_role_noun) {
        Form::Role
    } else {
        return None;
    };
    Some(Mention { form, name: phrase.clone(), phrase })
}

pub(super) fn is_capitalised(word: &str) -> bool {
    let hyphened = || {
        word.split(['-', '\'', '\u{2019}'])
            .nth(1)
            .is_some_and(|part| part.chars().next().is_some_and(char::is_uppercase))
    };
    word.chars()
        .next()
        .is_some_and(|first| first.is_uppercase() || first.is_lowercase() && word.len() < 40 && hyphened())
}

fn is_name_word(word: &str) -> bool {
    is_capitalised(word) && !words::is_never_a_name(word)
}

/// The capitalised words (with the particles between them) that end a phrase.
fn capital_run(outline: &Outline, phrase: &Range<usize>) -> Range<usize> {
    let mut start = phrase.end;
    let mut index = phrase.end;
    while index > phrase.start {
        index -= 1;
        let Some(word) = outline.word(index) else {
            break;
        };
        if is_name_word(word) {
            start = index;
        } else if start == phrase.end || !words::is_name_particle(word) {
            break;
        }
    }
    start..phrase.end
}

fn bare(word: &str) -> &str {
    words::without_possessive(word).trim_end_matches('.')
}

fn is_given_name(word: &str) -> bool {
    words::is_female_name(word) || words::is_male_name(word)
}

fn parts_a_name(word: &str) -> bool {
    words::is_courtesy_title(bare(word))
        || words::is_role_noun(word)
        || words::is_organisation_word(word)
        || words::is_field_word(word)
}

fn is_acronym(word: &str) -> bool {
    word.chars().filter(|character| character.is_alphabetic()).count() >= 2
        && word.chars().all(|character| character.is_uppercase() || character == '.' || character.is_numeric())
}

/// The personal part of a run of capitalised words, after titles and bodies; empty where they are all there is.
fn name_in(outline: &Outline, run: &Range<usize>) -> Range<usize> {
    let untitled = (run.clone())
        .find(|&index| !outline.has_word(index, |word| words::is_courtesy_title(bare(word))))
        .unwrap_or(run.end);
    if run.end - untitled >= 2 && outline.has_word(untitled, is_given_name) {
        return untitled..run.end;
    }
    let parts = |index: usize| {
        outline.has_word(index, parts_a_name)
            || index + 1 < run.end && outline.has_word(index, |word| word != words::without_possessive(word))
    };
    let after_titles = run.clone().rev().find(|&index| parts(index)).map_or(run.start, |index| index + 1);
    let after_acronyms = (after_titles..run.end)
        .find(|&index| !outline.has_word(index, is_acronym))
        .filter(|&index| run.end - index >= 2)
        .unwrap_or(after_titles);
    let given = (after_acronyms..run.end)
        .find(|&index| outline.has_word(index, is_given_name))
        .filter(|&index| run.end - index >= 2);
    given.unwrap_or(after_acronyms)..run.end
}

fn form_of_name(outline: &Outline, name: &Range<usize>) -> Form {
    let is_body = name.len() == 1 && outline.has_word(name.start, is_acronym);
    if is_body { Form::Organization } else { Form::Person }
}

/// The words between a name and what follows it: `, deputy mayor of Oslo` or `, 42,`. Returns them and where they end.
pub(super) fn appositive(outline: &Outline, comma: usize) -> Option<(Range<usize>, usize)> {
    if outline.kind(comma) != Some(Kind::Comma) {
        return None;
    }
    let start = comma + 1;
    let opens = |word: &str| !is_boundary(word) || matches!(word, "of" | "for" | "at" | "from" | "with");
    if !outline.has_word(start, opens) {
        return None;
    }
    let limit = start + 30;
    let mut end = start;
    while end < limit {
        match outline.kind(end) {
            Some(Kind::Word) if outline.word(end).is_some_and(is_clause_word) => break,
            Some(Kind::Word | Kind::Dash | Kind::Other) => end += 1,
            Some(Kind::Comma)
                if outline.has_word(end + 1, |word| is_capitalised(word) || words::is_role_noun(word))
                    && !starts_clause(outline, end + 1) =>
            {
                end += 1
            }
            _ => break,
        }
    }
    (end > start).then_some((start..end, end))
}

fn is_clause_word(word: &str) -> bool {
    matches!(word, "that" | "adding" | "saying" | "told" | "said" | "says")
}

/// A capitalised word and a verb: `, Kern said`.
fn starts_clause(outline: &Outline, start: usize) -> bool {
    (start..start + 5).any(|index| outline.has_word(index, |word| words::is_cue_verb(word) && !is_capitalised(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Form, String)> {
        let outline = Outline::of_words(text);
        let mention = phrase_before(&outline, 0, outline.items.len())?;
        assert_eq!(
            phrase_at(&outline, mention.phrase.start).map(|forward| forward.name),
            Some(mention.name.clone()),
            "{text}"
        );
        Some((mention.form, text[outline.span(&mention.name)].to_owned()))
    }

    fn person(name: &str) -> Option<(Form, String)> {
        Some((Form::Person, name.to_owned()))
    }

    #[test]
    fn a_name_is_parted_from_titles_roles_and_bodies() {
        assert_eq!(read("team captain Ada Kern"), person("Ada Kern"));
        assert_eq!(read("Dr. Ada van der Kern"), person("Ada van der Kern"));
        assert_eq!(read("Minister of Health Odd Holt"), person("Odd Holt"));
        assert_eq!(read("Governor of West Norland Jytte Holt"), person("Jytte Holt"));
        assert_eq!(read("the Harbour Council Ada Kern"), person("Ada Kern"));
        assert_eq!(read("Judge Kern"), person("Kern"));
        assert_eq!(read("General Sulo al-Khatib"), person("Sulo al-Khatib"));
        assert_eq!(read("J. R. Holt"), person("J. R. Holt"));
        let outline = Outline::of_words("lawyer Ada Kern of Holt & Sons");
        let mention = phrase_before(&outline, 0, outline.items.len()).expect("a name");
        assert_eq!(&outline.text[outline.span(&mention.name)], "Ada Kern");
    }

    #[test]
    fn bodies_collectives_roles_and_pronouns_are_told_apart() {
        assert_eq!(read("the Ministry of Health"), Some((Form::Organization, "Ministry of Health".to_owned())));
        assert_eq!(read("KLMN"), Some((Form::Organization, "KLMN".to_owned())));
        assert_eq!(read("two officials"), Some((Form::Group, "two officials".to_owned())));
        assert_eq!(
            read("a spokesman for the Harbour Board"),
            Some((Form::Role, "a spokesman for the Harbour Board".to_owned()))
        );
        assert_eq!(read("She"), Some((Form::She, "She".to_owned())));
    }

    #[test]
    fn a_document_speaks_for_its_writer() {
        assert_eq!(read("Ada Kern's last letter"), person("Ada Kern's"));
        assert_eq!(read("Ada Kern's analysis of the fall"), person("Ada Kern's"));
    }

    #[test]
    fn a_name_ends_where_the_prose_goes_on() {
        let outline = Outline::of_words("Ada Kern beat Ben Holt by a mile");
        let mention = phrase_at(&outline, 0).expect("a name");
        assert_eq!(&outline.text[outline.span(&mention.name)], "Ada Kern");
    }

    #[test]
    fn things_and_objects_of_prepositions_do_not_speak() {
        assert_eq!(read("the green door"), None);
        assert_eq!(read("on Monday in Oslo"), None);
        assert_eq!(read("Ada Kern and Ben Holt"), None);
    }
}
