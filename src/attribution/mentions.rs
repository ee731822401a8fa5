//! Second stage: noun phrases that can speak, read from the words beside a quotation.
//!
//! A phrase is read as a name with what leads up to it ("team captain Ada Kern"), a body ("the Ministry of Health"), a
//! collective ("two officials"), a role ("the minister") or a pronoun. What fits none of these is no mention: silence is
//! better than a wrong name.

use std::ops::Range;

use super::tokens::{Kind, Outline};
use super::words::{self, Trait};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Person,
    Organization,
    /// Several people, or a body called by a common noun.
    Group,
    /// One person called by a common noun.
    Role,
    /// What somebody wrote or printed, where nobody is named for it.
    Document,
    /// Any other thing or person that a verb of speech has for a subject.
    Other,
    He,
    She,
    It,
    They,
    /// "I" and "we": whoever wrote the text.
    Writer,
}

impl Form {
    pub(super) fn is_pronoun(self) -> bool {
        matches!(self, Self::He | Self::She | Self::It | Self::They | Self::Writer)
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

impl Form {
    pub(super) fn is_one_person(self) -> bool {
        matches!(self, Self::Person | Self::Role)
    }
}

impl Mention {
    /// A person's name of several words.
    pub(super) fn is_full_name(&self) -> bool {
        self.form == Form::Person && self.name.len() >= 2
    }

    /// The words of the phrase that stand before the name: titles, roles, bodies.
    pub(super) fn lead(&self) -> Range<usize> {
        self.phrase.start..self.name.start
    }
}

/// Longer runs of words are no noun phrase worth reading.
pub(super) const LONGEST_PHRASE: usize = 16;

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
    if heads_a_phrase(outline, &core) {
        let extended = start..modifiers_end(outline, core.end);
        if extended != core {
            return read_extended(outline, &core, extended).or(short);
        }
    }
    short.or_else(|| leading_name(outline, core.clone())).or_else(|| leading_noun(outline, core))
}

/// The phrase that opens words which go on in prose ("The old man | cleared his throat").
fn leading_noun(outline: &Outline, core: Range<usize>) -> Option<Mention> {
    let is_head = |index: usize| outline.is_any(index, &HEADS);
    let first = core.clone().find(|&index| is_head(index))?;
    let end = (first..core.end).find(|&index| !is_head(index)).unwrap_or(core.end);
    let is_all_before =
        !outline.is_any(end, &[Trait::NameWord, Trait::Possessive]) && !outline.is(end - 1, Trait::Possessive);
    let is_opened = outline.is_any(core.start, &[Trait::Determiner, Trait::Possessive, Trait::Collective]);
    (is_all_before && is_opened && first > core.start).then(|| read_phrase(outline, core.start..end)).flatten()
}

/// Whatever the phrase at an item is called, with what belongs to it.
pub(super) fn any_phrase_at(outline: &Outline, start: usize) -> Option<Mention> {
    let opens = outline.is(start, Trait::Determiner)
        || outline.is(start, Trait::Possessive) && outline.is(start, Trait::NameWord);
    let phrase = start..modifiers_end(outline, core_end(outline, start));
    let other = || Mention { form: Form::Other, name: phrase.clone(), phrase: phrase.clone() };
    let is_phrase = phrase.len() >= 2 || outline.is(start, Trait::OfMany);
    phrase_at(outline, start).or_else(|| (opens && is_phrase).then(other))
}

/// Whatever the phrase before an item is called.
pub(super) fn any_phrase_before(outline: &Outline, floor: usize, end: usize) -> Option<Mention> {
    let other = || {
        let mut start = core_start(outline, floor, end);
        for _ in 0..3 {
            if !follows_modifying_preposition(outline, floor, start) {
                break;
            }
            start = core_start(outline, floor, start - 1);
        }
        let follows = follows_preposition(outline, floor, start) || joins_two_names(outline, floor, start);
        let is_long = start + 1 < end || outline.is(start, Trait::OfMany);
        let is_phrase = !follows && start < end && is_long && outline.is(start, Trait::Determiner);
        is_phrase.then_some(Mention { form: Form::Other, name: start..end, phrase: start..end })
    };
    phrase_before(outline, floor, end).or_else(other)
}

/// "documents seen by the board", "court records": papers without a word before them.
pub(super) fn papers_at(outline: &Outline, start: usize) -> Option<Mention> {
    let core = start..core_end(outline, start);
    let end = core.clone().find(|&index| is_papers(outline, index)).map(|last| last + 1)?;
    Some(Mention { form: Form::Document, name: start..end, phrase: start..end })
}

fn is_papers(outline: &Outline, index: usize) -> bool {
    let singular = outline.word(index).and_then(|word| word.strip_suffix('s'));
    singular.is_some_and(|singular| words::has(singular, Trait::DocumentNoun))
}

/// What says who or what a phrase without a name means.
pub(super) const HEADS: [Trait; 3] = [Trait::RoleNoun, Trait::Collective, Trait::DocumentNoun];

/// "Fishermen in Vik" as words of its own: a plural for people that opens a line, which elsewhere may be a surname.
pub(super) fn collective_at(outline: &Outline, start: usize) -> Option<Mention> {
    let phrase = start..modifiers_end(outline, core_end(outline, start));
    let is_collective = phrase.len() >= 2 && outline.is(start, Trait::Collective);
    is_collective.then(|| Mention { form: Form::Group, name: phrase.clone(), phrase })
}

/// The name that opens words which go on in prose ("Pilot Ada Kern opened the hatch").
fn leading_name(outline: &Outline, core: Range<usize>) -> Option<Mention> {
    let first = core.clone().find(|&index| outline.is(index, Trait::NameWord))?;
    let is_led = first == core.start
        || outline.is(first - 1, Trait::RoleNoun)
        || outline.is(core.start, Trait::Determiner) && outline.is(first + 1, Trait::NameWord);
    let end = (first..core.end).find(|&index| !outline.is_any(index, &NAME_PARTS)).unwrap_or(core.end);
    let mention = is_led.then(|| read_phrase(outline, core.start..end)).flatten()?;
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
        return match follows_preposition(outline, floor, core.start) {
            true => name_behind_opening(outline, floor, core),
            false => read_phrase(outline, core),
        };
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

/// "In a recent interview | Kern said", "At the time | she said": the name behind a phrase that opens the sentence.
fn name_behind_opening(outline: &Outline, floor: usize, core: Range<usize>) -> Option<Mention> {
    let run = capital_run(outline, &core);
    let opens_sentence = outline.is(core.start - 1, Trait::Capitalised) && core.start <= floor + 2;
    let lead = core.start..run.start;
    let is_apart = lead.len() >= 2
        && outline.is(lead.start, Trait::Determiner)
        && !lead.clone().any(|index| outline.is_any(index, &[Trait::RoleNoun, Trait::FieldWord, Trait::GroupNoun]));
    let is_date = outline.is(lead.start, Trait::MonthOrDay);
    (opens_sentence && (is_apart || is_date) && !run.is_empty()).then(|| read_phrase(outline, run)).flatten()
}

/// "The judge, | sentencing Kern to a year": no apposition, but what somebody did.
pub(super) fn opens_with_participle(outline: &Outline, start: usize) -> bool {
    outline.is(start, Trait::Small)
        && !outline.is(start, Trait::RoleNoun)
        && outline.has_word(start, |word| word.ends_with("ing") || word.ends_with("ed"))
}

/// Whom "who" means: the name before it, whatever that is the object of ("from Ada Kern of the Harbour Board, who").
pub(super) fn before_who(outline: &Outline, floor: usize, who: usize) -> Option<Mention> {
    let mut end = who.checked_sub(1).filter(|&comma| outline.kind(comma) == Some(Kind::Comma)).unwrap_or(who);
    let mut named: Option<Mention> = None;
    for _ in 0..4 {
        let core = core_start(outline, floor, end)..end;
        let start = core.start;
        let mention = read_phrase(outline, core).filter(|mention| mention.form == Form::Person);
        if mention.as_ref().is_some_and(|mention| named.is_none() || mention.is_full_name()) {
            named = mention;
        }
        if !follows_modifying_preposition(outline, floor, start) {
            break;
        }
        end = start - 1;
    }
    named
}

/// The people whom "who" means where no name is before it: "two people briefed on the talks, who".
pub(super) fn people_before_who(outline: &Outline, floor: usize, who: usize) -> Option<Mention> {
    const NEAR: usize = 10;
    let opens = |index: &usize| outline.is(*index, Trait::Determiner);
    let starts = (who.saturating_sub(NEAR).max(floor)..who).rev().filter(opens);
    let mut phrases = starts.filter_map(|start| phrase_at(outline, start));
    phrases.find(|mention| matches!(mention.form, Form::Role | Form::Group))
}

/// What a name is made of.
pub(super) const NAME_PARTS: [Trait; 2] = [Trait::NameWord, Trait::NameParticle];

/// Whether no word of a noun phrase stands at an item, but punctuation, a verb, an adverb, a preposition.
fn is_boundary(outline: &Outline, index: usize) -> bool {
    let traits = outline.traits(index);
    outline.kind(index) != Some(Kind::Word)
        || traits.has(Trait::Preposition) && !traits.has(Trait::NameParticle)
        || traits.has(Trait::Small) && traits.has_any(&[Trait::CueVerb, Trait::Adverb])
}

fn core_end(outline: &Outline, start: usize) -> usize {
    let limit = start + LONGEST_PHRASE;
    let ends = |index: usize| is_boundary(outline, index) || index > start && starts_predicate(outline, index);
    (start..limit).find(|&index| ends(index)).unwrap_or(limit)
}

/// A small word after a name that leads to no role: "Ada Kern | beat Ben Holt", but "Harbour Board deputy head Ada Kern".
fn starts_predicate(outline: &Outline, index: usize) -> bool {
    const LEADS_ON: [Trait; 3] = [Trait::RoleNoun, Trait::Collective, Trait::DocumentNoun];
    let follows_name = outline.is(index - 1, Trait::NameWord) && !outline.is(index - 1, Trait::Possessive);
    follows_name
        && outline.is(index, Trait::Small)
        && !outline.is_any(index, &NAME_PARTS)
        && !(index..index + 3).any(|ahead| outline.is(ahead, Trait::Small) && outline.is_any(ahead, &LEADS_ON))
}

fn core_start(outline: &Outline, floor: usize, end: usize) -> usize {
    let floor = floor.max(end.saturating_sub(LONGEST_PHRASE + 1));
    let opens = |index: usize| outline.is(index, Trait::Determiner) && outline.is(index, Trait::Small);
    let stop = (floor..end).rev().find(|&index| is_boundary(outline, index) || opens(index));
    stop.map_or(floor, |index| if opens(index) && !is_boundary(outline, index) { index } else { index + 1 })
}

fn is_modifying_preposition(word: &str) -> bool {
    matches!(word, "of" | "for" | "in" | "at" | "from")
}

/// Where "of the Ministry for Health" ends, if it starts here.
pub(super) fn modifiers_end(outline: &Outline, start: usize) -> usize {
    let mut end = start;
    for _ in 0..3 {
        let is_dated = outline.is(end + 1, Trait::MonthOrDay);
        let is_placed = outline.has_word(end, |word| word == "on") && outline.is(end + 1, Trait::Determiner);
        if is_dated || !is_placed && !outline.has_word(end, is_modifying_preposition) {
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
        !words::has(word, Trait::Preposition)
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
                    | "who"
                    | "what"
                    | "how"
                    | "why"
                    | "whose"
                    | "whom"
            )
    };
    start > floor && !outline.word(start - 1).is_none_or(|word| ends_clause(&word.to_lowercase()))
}

/// "Ada Kern and Ben Holt said" has two speakers: neither is chosen.
fn joins_two_names(outline: &Outline, floor: usize, start: usize) -> bool {
    start >= floor + 2 && outline.word(start - 1) == Some("and") && outline.is(start - 2, Trait::Capitalised)
}

/// Whether a core can carry "of …": its last word is a role, a collective or a body.
fn heads_a_phrase(outline: &Outline, core: &Range<usize>) -> bool {
    core.end.checked_sub(1).filter(|last| core.contains(last)).is_some_and(|last| {
        outline.is(last, Trait::RoleNoun)
            || outline.is(last, Trait::Collective)
            || outline.is(last, Trait::OrganisationWord)
            || outline.is(last, Trait::CourtesyTitle)
            || outline.is(last, Trait::DocumentNoun)
            || outline.is(last, Trait::Aged)
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
    let is_office =
        head.end.checked_sub(1).is_some_and(|last| outline.is_any(last, &[Trait::RoleNoun, Trait::CourtesyTitle]));
    let holds_no_body = run.clone().all(|index| !outline.is(index, Trait::OrganisationWord));
    if is_office && holds_no_body && name == *run && run.len() >= 3 { run.end - 2..run.end } else { name }
}

/// Pronouns that can mean a speaker: those of a subject, then the other cases of those for one person.
const PRONOUNS: [(&str, Form); 12] = [
    ("he", Form::He),
    ("she", Form::She),
    ("it", Form::It),
    ("they", Form::They),
    ("i", Form::Writer),
    ("we", Form::Writer),
    ("him", Form::He),
    ("his", Form::He),
    ("himself", Form::He),
    ("her", Form::She),
    ("hers", Form::She),
    ("herself", Form::She),
];
const SUBJECT_PRONOUNS: usize = 6;

/// A pronoun for one person in any case, or a subject pronoun for others.
pub(super) fn personal_pronoun(outline: &Outline, index: usize) -> Option<Mention> {
    pronoun_among(&PRONOUNS, outline, index)
}

fn pronoun(outline: &Outline, index: usize) -> Option<Mention> {
    pronoun_among(&PRONOUNS[..SUBJECT_PRONOUNS], outline, index)
}

#[inline]
fn pronoun_among(pronouns: &[(&str, Form)], outline: &Outline, index: usize) -> Option<Mention> {
    if !outline.is(index, Trait::Pronoun) {
        return None;
    }
    let word = outline.word(index)?;
    let (_, form) = pronouns.iter().find(|(pronoun, _)| word.eq_ignore_ascii_case(pronoun))?;
    Some(Mention { form: *form, phrase: index..index + 1, name: index..index + 1 })
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
    let name = without_honours(outline, name_in(outline, &run));
    let is_noun = outline.is_any(last, &[Trait::GroupNoun, Trait::DocumentNoun]) && !outline.is(last, Trait::GivenName);
    let is_plain_noun = name.len() == 1 && name.start == phrase.start && is_noun;
    if !name.is_empty() && !is_plain_noun {
        return Some(Mention { form: form_of_name(outline, &name), phrase, name });
    }
    if outline.is(last, Trait::OrganisationWord) && !outline.is(last, Trait::RoleNoun) {
        return Some(Mention { form: Form::Organization, phrase, name: run });
    }
    read_common_noun(outline, phrase, last)
}

/// "Kern's last letter" speaks for Kern.
fn writer_of_document(outline: &Outline, phrase: &Range<usize>, last: usize) -> Option<Mention> {
    let owns = |index: usize| outline.is(index, Trait::NameWord) && outline.is(index, Trait::Possessive);
    let owner = phrase.clone().rev().find(|&index| owns(index)).filter(|owner| *owner < last)?;
    let mention =
        outline.is(last, Trait::DocumentNoun).then(|| read_phrase(outline, phrase.start..owner + 1)).flatten()?;
    matches!(mention.form, Form::Person | Form::Organization).then_some(Mention { phrase: phrase.clone(), ..mention })
}

fn read_common_noun(outline: &Outline, phrase: Range<usize>, last: usize) -> Option<Mention> {
    let is_demonym =
        outline.is(last, Trait::Demonym) && phrase.len() == 2 && outline.is(phrase.start, Trait::Determiner);
    let is_one = outline.is_any(last, &[Trait::RoleNoun, Trait::Aged]) && !outline.is(last, Trait::GroupNoun);
    let form = if is_one || is_demonym {
        Form::Role
    } else if outline.is(last, Trait::Collective) {
        Form::Group
    } else if outline.is(last, Trait::DocumentNoun) && phrase.len() >= 2 {
        Form::Document
    } else {
        return None;
    };
    Some(Mention { form, name: phrase.clone(), phrase })
}

/// The capitalised words (with the particles between them) that end a phrase.
fn capital_run(outline: &Outline, phrase: &Range<usize>) -> Range<usize> {
    let mut start = phrase.end;
    let mut index = phrase.end;
    while index > phrase.start {
        index -= 1;
        if outline.is(index, Trait::NameWord) {
            start = index;
        } else if start == phrase.end || !outline.is(index, Trait::NameParticle) {
            break;
        }
    }
    let is_particle = |index: usize| {
        outline.is(index, Trait::NameParticle) && !outline.is_any(index, &[Trait::Preposition, Trait::Determiner])
    };
    let particles = (phrase.start..start).rev().take_while(|&index| start < phrase.end && is_particle(index)).count();
    start - particles..phrase.end
}

/// What stands before a name and is none of it.
const PARTS_A_NAME: [Trait; 4] = [Trait::CourtesyTitle, Trait::RoleNoun, Trait::OrganisationWord, Trait::FieldWord];

/// The personal part of a run of capitalised words, after titles and bodies; empty where they are all there is.
fn name_in(outline: &Outline, run: &Range<usize>) -> Range<usize> {
    let untitled = (run.clone()).find(|&index| !outline.is(index, Trait::CourtesyTitle)).unwrap_or(run.end);
    if run.end - untitled >= 2 && outline.is(untitled, Trait::GivenName) {
        return untitled..run.end;
    }
    let parts = |index: usize| {
        outline.is_any(index, &PARTS_A_NAME) || index + 1 < run.end && outline.is(index, Trait::Possessive)
    };
    let is_grouped = |index: usize| index + 1 < run.end && outline.is(index, Trait::GroupNoun);
    let after_titles =
        run.clone().rev().find(|&index| parts(index) || is_grouped(index)).map_or(run.start, |index| index + 1);
    let after_acronyms = (after_titles..run.end)
        .find(|&index| !outline.is(index, Trait::Acronym))
        .filter(|&index| run.end - index >= 2)
        .unwrap_or(after_titles);
    let given = (after_acronyms..run.end)
        .find(|&index| outline.is(index, Trait::GivenName))
        .filter(|&index| run.end - index >= 2);
    let start = given.unwrap_or(after_acronyms);
    let particles = (after_acronyms..start).rev().take_while(|&index| outline.is(index, Trait::NameParticle)).count();
    start - particles..run.end
}

/// "Ada Kern KC" is Ada Kern; Jr. and the like stay.
fn without_honours(outline: &Outline, name: Range<usize>) -> Range<usize> {
    let is_honour = |index: usize| outline.is(index, Trait::NameSuffix) && outline.is(index, Trait::Acronym);
    let is_numeral = |index: usize| outline.has_word(index, |word| word.chars().all(|letter| "IVX".contains(letter)));
    let mut end = name.end;
    while end > name.start + 1 && is_honour(end - 1) && !is_numeral(end - 1) {
        end -= 1;
    }
    name.start..end
}

fn form_of_name(outline: &Outline, name: &Range<usize>) -> Form {
    let is_body = name.len() == 1 && outline.is(name.start, Trait::Acronym);
    if is_body { Form::Organization } else { Form::Person }
}

/// Steps over "(D-Vik)" or "(pictured)".
pub(super) fn after_brackets(outline: &Outline, start: usize) -> usize {
    let is_bracket = |index: usize, bracket: &str| {
        outline.kind(index) == Some(Kind::Other) && outline.text.get(outline.items[index].span.clone()) == Some(bracket)
    };
    if !is_bracket(start, "(") {
        return start;
    }
    (start..start + LONGEST_BRACKETS).find(|&index| is_bracket(index, ")")).map_or(start, |end| end + 1)
}

pub(super) const LONGEST_BRACKETS: usize = 12;

/// The words between a name and what follows it: `, deputy mayor of Oslo` or `, 42,`. Returns them and where they end.
pub(super) fn appositive(outline: &Outline, comma: usize) -> Option<(Range<usize>, usize)> {
    if outline.kind(comma) != Some(Kind::Comma) {
        return None;
    }
    let start = comma + 1;
    let leads_to_body = outline.has_word(start, |word| matches!(word, "of" | "for" | "at" | "from" | "with"));
    if is_boundary(outline, start) && !leads_to_body || opens_with_verb(outline, start) {
        return None;
    }
    let limit = start + 30;
    let mut end = start;
    while end < limit {
        match outline.kind(end) {
            Some(Kind::Word) if outline.word(end).is_some_and(is_clause_word) => break,
            Some(Kind::Word | Kind::Dash | Kind::Other) => end += 1,
            Some(Kind::Comma)
                if outline.is_any(end + 1, &[Trait::Capitalised, Trait::RoleNoun])
                    && !starts_clause(outline, end + 1) =>
            {
                end += 1
            }
            _ => break,
        }
    }
    (end > start).then_some((start..end, end))
}

/// ", embraced his mother": a small word that is no role before the first determiner.
fn opens_with_verb(outline: &Outline, start: usize) -> bool {
    const ROLES: [Trait; 3] = [Trait::RoleNoun, Trait::GroupNoun, Trait::NameWord];
    let first = (start..start + 4).find(|&index| outline.is(index, Trait::Determiner) || outline.is_any(index, &ROLES));
    outline.is(start, Trait::Small)
        && !outline.is_any(start, &[Trait::Preposition, Trait::Determiner])
        && first.is_some_and(|first| !outline.is_any(first, &ROLES))
}

fn is_clause_word(word: &str) -> bool {
    matches!(word, "that" | "adding" | "saying" | "told" | "said" | "says")
}

/// A capitalised word and a verb: `, Kern said`.
fn starts_clause(outline: &Outline, start: usize) -> bool {
    (start..start + 5).any(|index| outline.is(index, Trait::CueVerb) && !outline.is(index, Trait::Capitalised))
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
