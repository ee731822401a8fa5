//! The phrases of a paragraph that can mean somebody: where each starts and ends, how it stands in its sentence, and what
//! it tells of whom it names.

use std::cell::LazyCell;
use std::ops::Range;

use super::Position;
use super::names::printed_name;
use crate::attribution::attribution_line::{kind_of, lead_role, role_and_organization, without_article};
use crate::attribution::mentions::{self, Form, Mention};
use crate::attribution::tokens::{Kind, Outline};
use crate::attribution::words::Trait;
use crate::attribution::{Speaker, SpeakerKind};

/// The phrase that starts at an item, if one does that can mean somebody. "Downstairs the old man" opens with no name.
pub(super) fn phrase_here(outline: &Outline, index: usize, starts_sentence: bool) -> Option<Mention> {
    let traits = outline.traits(index);
    if !starts_sentence && !traits.has_any(&[Trait::NameWord, Trait::Determiner]) {
        return None;
    }
    let is_adverb = starts_sentence
        && !traits.has(Trait::GivenName)
        && (traits.has(Trait::Adverb)
            || outline.is(index + 1, Trait::Small) && outline.is_any(index + 1, &[Trait::Determiner, Trait::Pronoun]));
    // "all | the old man would say"
    let is_predeterminer = traits.has(Trait::Determiner)
        && outline.has_word(index + 1, |word| matches!(word, "the" | "his" | "her" | "their"));
    if is_adverb && !traits.has(Trait::Determiner) || is_predeterminer {
        return None;
    }
    if traits.has(Trait::NameWord) && !traits.has(Trait::Determiner) {
        return name_here(outline, index, starts_sentence);
    }
    let opens = traits.has(Trait::Determiner) || starts_sentence && outline.kind(index) == Some(Kind::Word);
    opens.then(|| mentions::phrase_at(outline, index)).flatten().filter(|mention| !mention.form.is_pronoun())
}

/// The name that starts at an item, with what leads up to it.
pub(super) fn name_here(outline: &Outline, start: usize, starts_sentence: bool) -> Option<Mention> {
    let mut end = start + 1;
    let goes_on = |end: usize| {
        outline.is_any(end, &mentions::NAME_PARTS)
            && !outline.is(end - 1, Trait::Possessive)
            && end - start < mentions::LONGEST_PHRASE
    };
    while goes_on(end) {
        end += 1;
    }
    while end > start + 1 && !outline.is(end - 1, Trait::NameWord) {
        end -= 1;
    }
    let floor = start.saturating_sub(6);
    let whole = LazyCell::new(|| {
        mentions::phrase_at(outline, start).filter(|mention| mention.form != Form::Person || starts_sentence)
    });
    if outline.is(end - 1, Trait::Possessive) && whole.as_ref().is_some_and(|whole| whole.phrase.end > end) {
        return whole.clone();
    }
    if starts_sentence && whole.as_ref().is_some_and(Mention::is_full_name) {
        return whole.clone();
    }
    let name = mentions::phrase_before(outline, floor, end).or_else(|| mentions::read_phrase(outline, start..end));
    name.filter(|mention| mention.form == Form::Person).or_else(|| whole.clone())
}

/// "he is | a man for speeches": what is said of somebody, and nobody else.
pub(super) fn is_predicate(outline: &Outline, mention: &Mention) -> bool {
    const BE: [&str; 6] = ["is", "was", "be", "been", "being", "became"];
    let start = mention.phrase.start;
    let is_indefinite = outline.has_word(start, |word| matches!(word, "a" | "an"));
    let is_copula = |index: usize| {
        outline.has_word(index, |word| BE.contains(&word) || word.ends_with("'s") || word.ends_with("\u{2019}s"))
    };
    let leads_on = |index: usize| outline.is(index, Trait::Adverb) || outline.word(index) == Some("not");
    let mut before = (start.saturating_sub(4)..start).rev();
    is_indefinite && before.find(|&index| is_copula(index) || !leads_on(index)).is_some_and(is_copula)
}

pub(super) fn position_of(outline: &Outline, mention: &Mention, has_subject: bool) -> Position {
    let start = mention.phrase.start;
    let last = mention.phrase.end.saturating_sub(1);
    if outline.is(last, Trait::Possessive) {
        return Position::Owner;
    }
    let before = start.checked_sub(1);
    let follows_verb = before.is_some_and(|before| outline.is(before, Trait::CueVerb));
    let is_inverted = follows_verb && start >= 2 && outline.kind(start - 2) != Some(Kind::Word);
    let follows_preposition = before.is_some_and(|before| outline.is(before, Trait::Preposition));
    let is_topic = before.is_some_and(|before| outline.has_word(before, |word| word == "For"));
    let precedes_verb = outline.is(mention.phrase.end, Trait::CueVerb) && outline.is(mention.phrase.end, Trait::Small);
    let clause = mention.phrase.end + usize::from(outline.kind(mention.phrase.end) == Some(Kind::Comma));
    if is_inverted || precedes_verb || is_topic || !has_subject && !follows_preposition {
        Position::Subject
    } else if outline.word(clause) == Some("who") {
        Position::Clause
    } else {
        Position::Plain
    }
}

/// "Kern's sister": Kern, who is spoken of too.
pub(super) fn owner_in(outline: &Outline, mention: &Mention) -> Option<Mention> {
    let owns = |index: &usize| outline.is(*index, Trait::Possessive) && outline.is(*index, Trait::NameWord);
    let last = mention.phrase.clone().find(owns).filter(|last| last + 1 < mention.phrase.end)?;
    let is_apart = matches!(mention.form, Form::Role | Form::Group);
    let owner = is_apart.then(|| mentions::read_phrase(outline, mention.phrase.start..last + 1)).flatten()?;
    (owner.form == Form::Person).then_some(owner)
}

/// "his sister, Gunvor," is Gunvor.
pub(super) fn named_in_apposition(outline: &Outline, role: &Mention) -> Option<Mention> {
    let comma = role.phrase.end;
    let may_be_named = role.form == Form::Role
        && outline.kind(comma) == Some(Kind::Comma)
        && !mentions::opens_with_participle(outline, comma + 1);
    let name = may_be_named.then(|| mentions::phrase_at(outline, comma + 1)).flatten()?;
    let is_closed = outline.kind(name.phrase.end) != Some(Kind::Word);
    (name.form == Form::Person && is_closed).then_some(Mention {
        form: Form::Person,
        phrase: role.phrase.start..name.phrase.end,
        name: name.name,
    })
}

/// Steps over a role between commas behind a name, which means nobody else.
pub(super) fn past_apposition(outline: &Outline, mention: &Mention) -> usize {
    let end = mention.phrase.end;
    if !mention.form.is_one_person() || outline.kind(end) != Some(Kind::Comma) {
        return end;
    }
    let is_indefinite = outline.has_word(end + 1, |word| matches!(word, "a" | "an"));
    match mentions::phrase_at(outline, end + 1) {
        Some(role) if role.form == Form::Role && (mention.form == Form::Person || is_indefinite) => role.phrase.end,
        _ => end,
    }
}

/// "his sister, | Gunvor": the role before the comma.
pub(super) fn role_before_comma(outline: &Outline, mention: &Mention) -> Option<String> {
    let comma = mention.phrase.start.checked_sub(1).filter(|&comma| outline.kind(comma) == Some(Kind::Comma))?;
    if mentions::opens_with_participle(outline, comma + 1) {
        return None;
    }
    let role = mentions::phrase_before(outline, comma.saturating_sub(8), comma)?;
    (role.form == Form::Role).then(|| without_article(&outline.text[outline.span(&role.phrase)]).to_owned())
}

/// A single capitalised word is a person's name where something besides the capital says so.
pub(super) fn is_surely_person(outline: &Outline, mention: &Mention) -> bool {
    let (start, end) = (mention.phrase.start, mention.phrase.end);
    let is_verb = |index: usize| outline.is(index, Trait::CueVerb) && outline.is(index, Trait::Small);
    let has_lead = mention.lead().any(|index| outline.is_any(index, &[Trait::CourtesyTitle, Trait::RoleNoun]));
    let is_inverted = start >= 1 && is_verb(start - 1) && (start < 2 || outline.kind(start - 2) != Some(Kind::Word));
    has_lead
        || is_verb(end)
        || is_inverted
        || outline.is(mention.name.start, Trait::GivenName)
        || role_before_comma(outline, mention).is_some()
}

/// "Q: …", "A: …": an interview's turn, which is somebody's own words.
pub(super) fn is_interview_line(outline: &Outline) -> bool {
    outline.has_word(0, |word| matches!(word, "Q" | "A")) && outline.kind(1) == Some(Kind::Colon)
}

/// Whether a phrase calls somebody again who was named before: "the novelist", "the 43-year-old", "the Italian", "the
/// mother of two".
pub(super) fn is_epithet(outline: &Outline, mention: &Mention) -> bool {
    const MOST_WORDS: usize = 8;
    let phrase = &mention.phrase;
    let has_many = outline.has_word(phrase.end - 1, |word| NUMBERS.contains(&word));
    let is_parent =
        || phrase.len() == 4 && outline.has_word(phrase.start + 1, |word| matches!(word, "mother" | "father"));
    let is_another = phrase.clone().any(|index| outline.has_word(index, |word| CONTRASTS.contains(&word)));
    outline.has_word(phrase.start, |first| first.eq_ignore_ascii_case("the"))
        && phrase.len() <= MOST_WORDS
        && !is_another
        && (phrase.clone().any(|index| outline.is(index, Trait::Aged))
            || outline.is_any(phrase.end - 1, &[Trait::Epithet, Trait::Demonym])
            || has_many && is_parent())
}

/// Words that tell somebody from those named before.
const CONTRASTS: [&str; 8] = ["previous", "next", "other", "new", "second", "third", "only", "last"];

const NUMBERS: [&str; 9] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// The noun that says what somebody is ("the dock worker": worker).
pub(super) fn head_noun<'t>(outline: &Outline<'t>, mention: &Mention) -> Option<&'t str> {
    let until = mention.phrase.clone().skip(1).find(|&index| outline.is(index, Trait::Preposition));
    let phrase = mention.phrase.start..until.unwrap_or(mention.phrase.end);
    let heads = |index: &usize| {
        outline.is_any(*index, &mentions::HEADS) || outline.is_any(*index, &[Trait::Aged, Trait::Demonym])
    };
    phrase.rev().find(heads).and_then(|index| outline.word(index))
}

/// Role and organization of a mention, from what stands before the name and what follows it.
pub(in crate::attribution) fn described(
    outline: &Outline,
    mention: &Mention,
    apposition: Option<&Range<usize>>,
) -> (Option<String>, Option<String>) {
    let end = mentions::after_brackets(outline, mention.phrase.end);
    let found = apposition.cloned().or_else(|| mentions::appositive(outline, end).map(|(words, _)| words));
    let says_something = |words: &Range<usize>| {
        words.clone().any(|index| outline.is_any(index, &[Trait::RoleNoun, Trait::OrganisationWord]))
    };
    let lead = lead_role(outline, mention);
    let Some(words) = found.filter(says_something) else {
        let (role, organization) = lead.map_or((None, None), |lead| role_and_organization(&lead));
        return (role, organization.or_else(|| employer(outline, end)));
    };
    let text = outline.text[outline.span(&words)].split_whitespace().collect::<Vec<_>>().join(" ");
    let (role, organization) = role_and_organization(&text);
    (role.or(lead), organization)
}

/// ", who teaches law at the University of Vik": where somebody works.
fn employer(outline: &Outline, comma: usize) -> Option<String> {
    const LONGEST_CLAUSE: usize = 16;
    let opens = outline.kind(comma) == Some(Kind::Comma) && outline.word(comma + 1) == Some("who");
    let clause = (comma + 2..comma + LONGEST_CLAUSE).take_while(|&index| outline.kind(index) == Some(Kind::Word));
    let mut works = clause.filter(|&index| outline.has_word(index, |word| matches!(word, "at" | "for" | "with")));
    let at = works.find(|_| opens)?;
    let body = mentions::phrase_at(outline, at + 1).filter(|body| body.form == Form::Organization)?;
    Some(without_article(&outline.text[outline.span(&body.phrase)]).to_owned())
}

/// A speaker who is nobody's full name: a body, a collective, somebody called by a role.
pub(in crate::attribution) fn described_speaker(outline: &Outline, mention: &Mention) -> Speaker {
    let printed = printed_name(outline, &mention.name);
    let (role, organization) =
        if mention.form == Form::Role { role_and_organization(without_article(&printed)) } else { (None, None) };
    let is_one = outline.has_word(mention.phrase.start, |word| matches!(word, "Another" | "another" | "One" | "one"));
    let kind = match mention.form {
        Form::Other if mention.phrase.len() == 1 && is_one => SpeakerKind::Person,
        Form::Other if outline.is(mention.phrase.start, Trait::OfMany) => SpeakerKind::Group,
        form => kind_of(form),
    };
    Speaker { name: printed, kind, mention: Some(outline.span(&mention.phrase)), role, organization }
}
