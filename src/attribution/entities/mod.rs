//! Who a text speaks of, and where: the register in which surnames, roles and pronouns are looked up.
//!
//! One pass over the text finds noun phrases and parts them into sightings of entities: people by name, people by
//! role, bodies and collectives. A pronoun means the entity that fits and stands out most before it.

mod gender;
mod names;
mod phrases;
mod pronouns;

use std::collections::HashMap;

use foldhash::fast::RandomState;
use gender::{Gender, gender_of};
use names::{is_same_name, name_words};
use phrases::{
    head_noun, is_epithet, is_interview_line, is_predicate, is_surely_person, named_in_apposition, owner_in,
    past_apposition, phrase_here, position_of, role_before_comma,
};

pub(super) use names::printed_name;
pub(super) use phrases::{described, described_speaker};
pub(super) use pronouns::Place;

use super::attribution_line::without_article;
use super::mentions::{self, Form, Mention};
use super::tokens::{Kind, Outline};
use super::words::{self, Trait};
use super::{PrintedBeside, Speaker, SpeakerKind};

/// Somebody, as the text names them.
pub(super) struct Entity {
    pub speaker: Speaker,
    /// The words of the name, in lower case.
    names: Vec<String>,
    gender: Gender,
    /// Pronouns that seem to mean an entity whose name tells no gender: hers and his.
    votes: [u32; 2],
    /// The words of address and role before the name, for telling two of one surname apart.
    lead: String,
    /// Whether the text gives a person's name, and not only a description.
    is_named: bool,
    /// Whether the first of the names is one that people are given.
    has_given_name: bool,
}

impl Entity {
    fn new(names: Vec<String>, lead: String, speaker: Speaker) -> Self {
        let (gender, votes) = (Gender::Unknown, [0; 2]);
        let mut entity =
            Self { speaker, names: Vec::new(), gender, votes, lead, is_named: false, has_given_name: false };
        entity.note_names(names);
        if entity.speaker.kind == SpeakerKind::Person {
            entity.gender = gender_of(&entity);
        }
        entity
    }

    /// Keeps what the name tells, which is asked for each time the entity may be meant.
    fn note_names(&mut self, names: Vec<String>) {
        self.is_named = self.speaker.kind == SpeakerKind::Person && self.speaker.is_named();
        self.has_given_name = names.first().is_some_and(|first| words::has(first, Trait::GivenName));
        self.names = names;
    }

    /// Whether more than its capitals says that it is a person: "Skail Landing" may be a place.
    fn is_surely_person(&self) -> bool {
        let is_described = !self.lead.is_empty() || self.speaker.role.is_some() || self.speaker.organization.is_some();
        self.is_named && (is_described || self.votes != [0; 2] || self.has_given_name)
    }

    fn gender(&self) -> Gender {
        match (self.gender, self.votes) {
            (Gender::Unknown, [hers, his]) if hers > his => Gender::Female,
            (Gender::Unknown, [hers, his]) if his > hers => Gender::Male,
            (gender, _) => gender,
        }
    }
}

/// How prominent a phrase is in its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Subject,
    /// The subject of a relative clause.
    Clause,
    Plain,
    Owner,
}

/// A phrase that means an entity.
struct Sighting {
    at: usize,
    paragraph: usize,
    sentence: usize,
    entity: usize,
    position: Position,
}

/// Whether a text has named one person alone.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum NamedSoFar {
    #[default]
    Nobody,
    One(usize),
    Several,
}

impl NamedSoFar {
    fn with(self, entity: usize) -> Self {
        match self {
            Self::Nobody => Self::One(entity),
            Self::One(only) if only == entity => self,
            _ => Self::Several,
        }
    }
}

/// What is known by a name, a role or a description in lower case.
type Register<T> = HashMap<String, T, RandomState>;

/// Everybody a text speaks of.
#[derive(Default)]
pub(super) struct Entities {
    entities: Vec<Entity>,
    by_name: Register<Vec<usize>>,
    by_role: Register<Vec<usize>>,
    by_description: Register<usize>,
    /// Surnames of full names, to tell slips from other people.
    surnames: Vec<(String, usize)>,
    sightings: Vec<Sighting>,
    /// The bytes at which sentences start.
    sentences: Vec<usize>,
    /// How often each entity is sighted.
    counts: Vec<u32>,
    /// Who is named so far.
    named_so_far: NamedSoFar,
    /// Which paragraphs are the turns of an interview, whose pronouns mean nobody outside them.
    asides: Vec<bool>,
}

/// The noun that a title before a name is short for: "Gov. Kern" is the governor.
fn in_full(title: &str) -> &str {
    const SHORT: [(&str, &str); 18] = [
        ("capt", "captain"),
        ("cllr", "councillor"),
        ("col", "colonel"),
        ("det", "detective"),
        ("dr", "doctor"),
        ("fr", "priest"),
        ("gen", "general"),
        ("gov", "governor"),
        ("insp", "inspector"),
        ("justice", "judge"),
        ("lt", "lieutenant"),
        ("pres", "president"),
        ("prof", "professor"),
        ("rep", "representative"),
        ("rev", "vicar"),
        ("sen", "senator"),
        ("sgt", "sergeant"),
        ("supt", "superintendent"),
    ];
    let bare = title.trim_end_matches('.');
    SHORT.iter().find(|(short, _)| *short == bare).map_or(bare, |(_, full)| full)
}

/// More entities than this of one name or role are not told apart anyway; bounds the work per look-up.
const MOST_NAMESAKES: usize = 12;

/// Surnames that a misspelt one is compared with; bounds the work per look-up.
const MOST_SURNAMES: usize = 64;

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    Nobody,
    One(usize),
    Several,
}

/// A noun phrase or a pronoun, where it stands.
struct Phrase {
    paragraph: usize,
    mention: Mention,
    position: Position,
    sentence: usize,
}

impl Entities {
    pub(super) fn in_text(outlines: &[Outline], beside: &[PrintedBeside]) -> Self {
        let mut entities = Self::default();
        let people = beside.iter().map(|printed| &printed.speaker);
        for speaker in people.filter(|speaker| speaker.kind == SpeakerKind::Person) {
            let _ = entities.add_person(String::new(), Speaker { mention: None, ..speaker.clone() });
        }
        let mut phrases = Vec::new();
        for (paragraph, outline) in outlines.iter().enumerate() {
            entities.read_paragraph(paragraph, outline, &mut phrases);
        }
        // Full names first: a surname may stand before them, in a headline.
        for phrase in phrases.iter().filter(|phrase| phrase.mention.is_full_name()) {
            entities.register_person(&outlines[phrase.paragraph], &phrase.mention);
        }
        for phrase in &phrases {
            entities.see(&outlines[phrase.paragraph], phrase);
        }
        entities
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entity> {
        self.entities.get(index)
    }

    /// Whether an entity is a person whom the text names.
    fn is_named(&self, index: usize) -> bool {
        self.entities.get(index).is_some_and(|entity| entity.is_named)
    }

    /// Whether that is told by more than capitals.
    pub(super) fn is_surely_person(&self, index: usize) -> bool {
        self.entities.get(index).is_some_and(Entity::is_surely_person)
    }

    fn read_paragraph(&mut self, paragraph: usize, outline: &Outline, phrases: &mut Vec<Phrase>) {
        self.asides.push(is_interview_line(outline));
        let mut index = outline.dateline_end();
        let mut starts_sentence = true;
        // A person may be what "she" means although a body is the subject, and the other way round.
        let mut has_subject = [false; 2];
        while let Some(item) = outline.items.get(index) {
            if starts_sentence {
                self.sentences.push(item.span.start);
                has_subject = [false; 2];
            }
            if let Some(pronoun) = mentions::personal_pronoun(outline, index) {
                let (position, sentence) = (Position::Plain, self.sentences.len());
                phrases.push(Phrase { paragraph, mention: pronoun, position, sentence });
            }
            let mention = phrase_here(outline, index, starts_sentence);
            let kind = item.kind;
            starts_sentence = matches!(kind, Kind::Stop | Kind::Semicolon)
                || matches!(kind, Kind::Run(_)) && outline.is(index + 1, Trait::Capitalised);
            let Some(mention) = mention else {
                index += 1;
                continue;
            };
            let mention = named_in_apposition(outline, &mention).unwrap_or(mention);
            let next = mention.phrase.end.max(index + 1);
            let has_own_subject = &mut has_subject[usize::from(mention.form.is_one_person())];
            let position = position_of(outline, &mention, *has_own_subject);
            *has_own_subject |= position == Position::Subject;
            index = past_apposition(outline, &mention).max(next);
            let sentence = self.sentences.len();
            if let Some(owner) = owner_in(outline, &mention) {
                let position = if position == Position::Subject { Position::Clause } else { Position::Owner };
                phrases.push(Phrase { paragraph, mention: owner, position, sentence });
            }
            if !is_predicate(outline, &mention) {
                phrases.push(Phrase { paragraph, mention, position, sentence });
            }
        }
    }

    /// Adds the person of a full name, or what a further mention of one tells.
    fn register_person(&mut self, outline: &Outline, mention: &Mention) -> Option<usize> {
        let (role, organization) = described(outline, mention, None);
        let role = role.or_else(|| role_before_comma(outline, mention));
        let lead = outline.text[outline.span(&mention.lead())].to_owned();
        let speaker = Speaker {
            name: printed_name(outline, &mention.name),
            kind: SpeakerKind::Person,
            mention: None,
            role,
            organization,
        };
        self.add_person(lead, speaker)
    }

    /// None where namesakes are too many.
    fn add_person(&mut self, lead: String, speaker: Speaker) -> Option<usize> {
        let names = name_words(&speaker.name);
        let surname = names.last()?;
        let same = self.by_name.get(surname).and_then(|indices| {
            indices.iter().copied().find(|&index| is_same_name(&self.entities[index].names, &names))
        });
        if let Some(index) = same {
            self.enrich(index, names, lead, speaker);
            return Some(index);
        }
        let index = self.entities.len();
        let namesakes = self.by_name.entry(surname.clone()).or_default();
        if namesakes.len() >= MOST_NAMESAKES {
            return None;
        }
        namesakes.push(index);
        // Given names, and surnames without their particles or of two words.
        for name in names.iter().rev().skip(1).filter(|name| !words::has(name, Trait::NameParticle)) {
            let bearers = self.by_name.entry(name.clone()).or_default();
            if bearers.len() < MOST_NAMESAKES && !bearers.contains(&index) {
                bearers.push(index);
            }
        }
        if names.len() >= 2 && self.surnames.len() < MOST_SURNAMES {
            self.surnames.push((surname.clone(), index));
        }
        self.push(Entity::new(names, lead, speaker));
        Some(index)
    }

    fn push(&mut self, entity: Entity) -> usize {
        let index = self.entities.len();
        let is_person = entity.speaker.kind == SpeakerKind::Person;
        self.entities.push(entity);
        self.counts.push(0);
        if is_person {
            self.index_roles(index);
        }
        index
    }

    /// Adds somebody or something that the text has no full name for, and that is looked up by its description.
    fn push_described(&mut self, speaker: Speaker) -> usize {
        let is_person = speaker.kind == SpeakerKind::Person;
        let names = if is_person { name_words(&speaker.name) } else { Vec::new() };
        self.push(Entity::new(names, String::new(), speaker))
    }

    /// A later mention may be fuller, or tell the role.
    fn enrich(&mut self, index: usize, names: Vec<String>, lead: String, speaker: Speaker) {
        let entity = &mut self.entities[index];
        if speaker.name.len() > entity.speaker.name.len() {
            entity.speaker.name = speaker.name;
            entity.note_names(names);
        }
        let mut tells_role = false;
        if entity.speaker.role.is_none() && entity.speaker.organization.is_none() {
            tells_role = speaker.role.is_some();
            entity.speaker.role = speaker.role;
            entity.speaker.organization = speaker.organization;
        }
        if entity.lead.is_empty() {
            tells_role |= !lead.is_empty();
            entity.lead = lead;
        }
        if entity.gender == Gender::Unknown {
            entity.gender = gender_of(entity);
        }
        if tells_role {
            self.index_roles(index);
        }
    }

    fn index_roles(&mut self, index: usize) {
        const MOST_WORDS: usize = 12;
        let entity = &self.entities[index];
        let role = entity.speaker.role.as_deref().unwrap_or_default();
        // "spokesman for the governor" is no governor.
        let own = role.split_whitespace().take_while(|word| !words::has(word, Trait::Preposition));
        for word in entity.lead.split_whitespace().chain(own).take(MOST_WORDS) {
            if words::Traits::of(word).has_any(&[Trait::RoleNoun, Trait::CourtesyTitle]) {
                let word = in_full(&word.to_lowercase()).to_owned();
                let holders = self.by_role.entry(word).or_default();
                if !holders.contains(&index) && holders.len() < MOST_NAMESAKES {
                    holders.push(index);
                }
            }
        }
    }

    /// Notes what a phrase means.
    fn see(&mut self, outline: &Outline, phrase: &Phrase) {
        let mention = &phrase.mention;
        if mention.form.is_pronoun() {
            self.vote(phrase, outline);
            self.see_again(outline, phrase);
            return;
        }
        let Some(entity) = self.meant_by(outline, phrase) else { return };
        let at = outline.span(&mention.phrase).start;
        let Phrase { paragraph, sentence, position, .. } = *phrase;
        self.counts[entity] += 1;
        if self.is_named(entity) {
            self.named_so_far = self.named_so_far.with(entity);
        }
        self.sightings.push(Sighting { at, paragraph, sentence, entity, position });
    }

    fn meant_by(&mut self, outline: &Outline, phrase: &Phrase) -> Option<usize> {
        let mention = &phrase.mention;
        match mention.form {
            Form::Person => {
                let name = printed_name(outline, &mention.name);
                match self.named(&name, &outline.text[outline.span(&mention.lead())]) {
                    Lookup::One(entity) => Some(entity),
                    Lookup::Nobody if is_surely_person(outline, mention) => self.register_person(outline, mention),
                    Lookup::Nobody if phrase.position == Position::Subject && mention.phrase.len() == 1 => {
                        Some(self.unknown_name(name))
                    }
                    Lookup::Nobody => None,
                    Lookup::Several => Some(self.described_entity(outline, mention)),
                }
            }
            Form::Role => match self.holder(outline, mention, phrase.paragraph) {
                Lookup::One(entity) => Some(entity),
                Lookup::Several => None,
                Lookup::Nobody => Some(self.described_entity(outline, mention)),
            },
            _ => Some(self.described_entity(outline, mention)),
        }
    }

    /// A name that may be a body's or a place's: "it" can mean it, where nothing fits better.
    fn unknown_name(&mut self, name: String) -> usize {
        let key = name.to_lowercase();
        if let Some(index) = self.by_description.get(&key) {
            return *index;
        }
        let kind = SpeakerKind::Organization;
        let speaker = Speaker { name, kind, mention: None, role: None, organization: None };
        let index = self.push_described(speaker);
        self.by_description.insert(key, index);
        index
    }

    /// A body, a collective or somebody without a name: the same words, or the same noun with "the", mean the same.
    fn described_entity(&mut self, outline: &Outline, mention: &Mention) -> usize {
        let speaker = described_speaker(outline, mention);
        let key = without_article(&speaker.name).to_lowercase();
        if let Some(index) = self.by_description.get(&key) {
            return *index;
        }
        let index = self.push_described(Speaker { mention: None, ..speaker });
        if let Some(head) = head_noun(outline, mention) {
            self.by_description.insert(head.to_lowercase(), index);
        }
        self.by_description.insert(key, index);
        index
    }

    /// The person a name means: the fullest form of the same name, or the only one of a bare surname or given name.
    pub(super) fn named(&self, name: &str, lead: &str) -> Lookup {
        let names = name_words(name);
        let Some(indices) = names.last().and_then(|surname| self.by_name.get(surname)) else {
            return self.misspelt(&names);
        };
        let fitting: Vec<usize> =
            indices.iter().copied().filter(|&index| is_same_name(&self.entities[index].names, &names)).collect();
        match fitting.as_slice() {
            [] => Lookup::Nobody,
            [only] => Lookup::One(*only),
            several => self.told_apart(several, names.last(), lead),
        }
    }

    /// The only person whose surname differs from a bare one by a slip.
    fn misspelt(&self, names: &[String]) -> Lookup {
        let [name] = names else { return Lookup::Nobody };
        let most = match name.chars().count() {
            ..=4 => return Lookup::Nobody,
            5..=7 => 1,
            _ => 2,
        };
        let is_near = |surname: &str| {
            surname.chars().next() == name.chars().next()
                && surname.len().abs_diff(name.len()) <= most
                && strsim::osa_distance(surname, name) <= most
        };
        let mut near = self.surnames.iter().filter(|(surname, _)| is_near(surname)).map(|(_, entity)| *entity);
        match (near.next(), near.next()) {
            (Some(only), None) => Lookup::One(only),
            _ => Lookup::Nobody,
        }
    }

    /// Of several, those who bear the name as a surname, then those with the same title or of the title's gender.
    fn told_apart(&self, several: &[usize], surname: Option<&String>, lead: &str) -> Lookup {
        let only = |fits: &dyn Fn(&Entity) -> bool| {
            let mut fitting = several.iter().copied().filter(|&index| fits(&self.entities[index]));
            fitting.next().filter(|_| fitting.next().is_none())
        };
        let title = lead.split_whitespace().next_back().unwrap_or_default();
        let gender = Gender::of(title, "");
        let is_titled = |entity: &Entity| !title.is_empty() && entity.lead.ends_with(title);
        only(&is_titled)
            .or_else(|| only(&|entity| gender != Gender::Unknown && entity.gender() == gender))
            .or_else(|| only(&|entity| title.is_empty() && entity.names.last() == surname))
            .map_or(Lookup::Several, Lookup::One)
    }

    /// Whom "the captain" means; "a captain" is somebody new.
    pub(super) fn holder(&self, outline: &Outline, mention: &Mention, paragraph: usize) -> Lookup {
        const MOST_WORDS: usize = 4;
        let is_kin = outline.is_any(mention.phrase.end - 1, &[Trait::MaleWord, Trait::FemaleWord]);
        let is_definite = outline.has_word(mention.phrase.start, |first| {
            let first = first.to_ascii_lowercase();
            matches!(first.as_str(), "the" | "that") || is_kin && matches!(first.as_str(), "his" | "her" | "their")
        });
        let Some(noun) = head_noun(outline, mention).filter(|_| is_definite) else {
            return Lookup::Nobody;
        };
        let noun = noun.to_lowercase();
        // A description in the same words comes before who stands out, and that before another use of the noun.
        let same_words =
            || self.by_description.get(&without_article(&outline.text[outline.span(&mention.phrase)]).to_lowercase());
        let again = || {
            let place = Place { paragraph, at: outline.span(&mention.phrase).start };
            let described = &outline.text[outline.span(&mention.phrase)];
            is_epithet(outline, mention).then(|| self.called_again(place, described)).flatten()
        };
        let holders = self.by_role.get(&noun).map(Vec::as_slice).unwrap_or_default();
        match holders {
            [only] if mention.phrase.len() <= MOST_WORDS => Lookup::One(*only),
            [_, _, ..] if mention.phrase.len() <= MOST_WORDS => {
                let mut named = holders.iter().filter(|holder| self.is_named(**holder));
                named.next().filter(|_| named.next().is_none()).map_or(Lookup::Several, |only| Lookup::One(*only))
            }
            _ => {
                let same_noun =
                    || self.by_description.get(&noun).filter(|_| mention.phrase.len() <= MOST_WORDS).copied();
                same_words().copied().or_else(again).or_else(same_noun).map_or(Lookup::Nobody, Lookup::One)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entities(text: &str) -> Entities {
        Entities::in_text(&[Outline::of_words(text)], &[])
    }

    fn name(entities: &Entities, name: &str, lead: &str) -> Option<String> {
        match entities.named(name, lead) {
            Lookup::One(index) => entities.get(index).map(|entity| entity.speaker.name.clone()),
            _ => None,
        }
    }

    fn meant(text: &str, form: Form) -> Option<String> {
        let entities = entities(text);
        let (index, _) = entities.antecedent(Place { paragraph: 0, at: text.len() }, form, None)?;
        entities.get(index).map(|entity| entity.speaker.name.clone())
    }

    #[test]
    fn a_surname_finds_its_only_full_name() {
        let entities = entities("The pilot Ada M. Kern flew. Ben Holt waited. Ada Kern's boat sank.");
        assert_eq!(name(&entities, "Kern", "").as_deref(), Some("Ada M. Kern"));
        assert_eq!(name(&entities, "A. Kern", "").as_deref(), Some("Ada M. Kern"));
        assert_eq!(name(&entities, "Ben", "").as_deref(), Some("Ben Holt"));
        assert_eq!(name(&entities, "Eva Kern", ""), None);
    }

    #[test]
    fn of_two_namesakes_none_is_chosen_unless_a_title_tells() {
        let entities = entities("Judge Ada Kern met Captain Ben Kern.");
        assert_eq!(entities.named("Kern", ""), Lookup::Several);
        assert_eq!(name(&entities, "Kern", "Judge").as_deref(), Some("Ada Kern"));
        assert_eq!(name(&entities, "Kern", "Mr").as_deref(), Some("Ben Kern"));
    }

    #[test]
    fn a_slip_in_a_surname_is_forgiven_and_another_name_is_not() {
        let entities = entities("Ada Waterford met Ben Holt.");
        assert_eq!(name(&entities, "Watreford", "").as_deref(), Some("Ada Waterford"));
        assert_eq!(name(&entities, "Hold", ""), None);
        assert_eq!(name(&entities, "Eva Watreford", ""), None);
    }

    #[test]
    fn a_pronoun_means_who_fits_and_stands_out() {
        assert_eq!(meant("Ben Holt met Ada Kern at noon.", Form::She).as_deref(), Some("Ada Kern"));
        assert_eq!(meant("Vesk Holt met Toru Kern at noon.", Form::She).as_deref(), Some("Vesk Holt"));
        assert_eq!(meant("Her brother Vesk learned it too.", Form::He).as_deref(), Some("Vesk"));
        assert_eq!(meant("Her brother Vesk learned it too.", Form::She), None);
        assert_eq!(meant("The Harbour Board met Ada Kern.", Form::It).as_deref(), Some("Harbour Board"));
    }

    #[test]
    fn pronouns_tell_the_gender_that_a_name_does_not() {
        let text = "Vesk Holt sold her boat. Toru Kern bought it for himself. Vesk Holt and Toru Kern met.";
        assert_eq!(meant(text, Form::She).as_deref(), Some("Vesk Holt"));
        assert_eq!(meant(text, Form::He).as_deref(), Some("Toru Kern"));
    }
}
