//! Who a text speaks of, and where: the register in which surnames, roles and pronouns are looked up.
//!
//! One pass over the text finds noun phrases and parts them into sightings of entities: people by name, people by
//! role, bodies and collectives. A pronoun means the entity that fits and stands out most before it.

use std::collections::HashMap;
use std::ops::Range;

use super::attribution_line::{kind_of, lead_role, role_and_organization, without_article};
use super::mentions::{self, Form, Mention};
use super::tokens::{Kind, Outline};
use super::words::{self, Trait};
use super::{Speaker, SpeakerKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    Female,
    Male,
    Unknown,
}

impl Gender {
    fn of_pronoun(form: Form) -> Self {
        match form {
            Form::She => Self::Female,
            Form::He => Self::Male,
            _ => Self::Unknown,
        }
    }

    /// What words of address, kinship and role tell, or else the given name.
    fn of(described: &str, name: &str) -> Self {
        let told = |word: &str| {
            let traits = words::Traits::of(word);
            let is_role = traits.has(Trait::RoleNoun) && word.len() > 4;
            match traits {
                traits if traits.has(Trait::MaleWord) => Some(Self::Male),
                traits if traits.has(Trait::FemaleWord) || word.ends_with("woman") => Some(Self::Female),
                _ if is_role && word.ends_with("man") => Some(Self::Male),
                _ => None,
            }
        };
        let given = words::Traits::of(name.split([' ', '-']).next().unwrap_or_default());
        described.split_whitespace().find_map(told).unwrap_or_else(|| {
            match (given.has(Trait::FemaleName), given.has(Trait::MaleName)) {
                (true, false) => Self::Female,
                (false, true) => Self::Male,
                _ => Self::Unknown,
            }
        })
    }
}

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
}

impl Entity {
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

/// Everybody a text speaks of.
#[derive(Default)]
pub(super) struct Entities {
    entities: Vec<Entity>,
    by_name: HashMap<String, Vec<usize>>,
    by_role: HashMap<String, Vec<usize>>,
    by_description: HashMap<String, usize>,
    /// Surnames of full names, to tell slips from other people.
    surnames: Vec<(String, usize)>,
    sightings: Vec<Sighting>,
    /// The bytes at which sentences start.
    sentences: Vec<usize>,
}

/// More entities than this of one name or role are not told apart anyway; bounds the work per look-up.
const MOST_NAMESAKES: usize = 12;

/// Surnames that a misspelt one is compared with; bounds the work per look-up.
const MOST_SURNAMES: usize = 64;

/// How far back a pronoun looks, in sightings and in paragraphs.
const REACH: usize = 24;
const REACH_IN_PARAGRAPHS: usize = 7;

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
    pub(super) fn in_text(outlines: &[Outline], known: &[Speaker]) -> Self {
        let mut entities = Self::default();
        for speaker in known.iter().filter(|speaker| speaker.kind == SpeakerKind::Person) {
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

    fn read_paragraph(&mut self, paragraph: usize, outline: &Outline, phrases: &mut Vec<Phrase>) {
        let mut index = 0;
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
            phrases.push(Phrase { paragraph, mention, position, sentence });
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
            self.enrich(index, lead, speaker);
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
        self.push(lead, speaker);
        Some(index)
    }

    fn push(&mut self, lead: String, speaker: Speaker) -> usize {
        let index = self.entities.len();
        let mut entity =
            Entity { names: name_words(&speaker.name), speaker, gender: Gender::Unknown, votes: [0; 2], lead };
        let is_person = entity.speaker.kind == SpeakerKind::Person;
        if is_person {
            entity.gender = gender_of(&entity);
        }
        self.entities.push(entity);
        if is_person {
            self.index_roles(index);
        }
        index
    }

    /// A later mention may be fuller, or tell the role.
    fn enrich(&mut self, index: usize, lead: String, speaker: Speaker) {
        let entity = &mut self.entities[index];
        if speaker.name.len() > entity.speaker.name.len() {
            entity.names = name_words(&speaker.name);
            entity.speaker.name = speaker.name;
        }
        if entity.speaker.role.is_none() && entity.speaker.organization.is_none() {
            entity.speaker.role = speaker.role;
            entity.speaker.organization = speaker.organization;
        }
        if entity.lead.is_empty() {
            entity.lead = lead;
        }
        if entity.gender == Gender::Unknown {
            entity.gender = gender_of(entity);
        }
        self.index_roles(index);
    }

    fn index_roles(&mut self, index: usize) {
        const MOST_WORDS: usize = 12;
        let entity = &self.entities[index];
        let role = entity.speaker.role.as_deref().unwrap_or_default();
        for word in entity.lead.split_whitespace().chain(role.split_whitespace()).take(MOST_WORDS) {
            if words::Traits::of(word).has_any(&[Trait::RoleNoun, Trait::CourtesyTitle]) {
                let holders = self.by_role.entry(word.to_lowercase()).or_default();
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
        let Some(entity) = self.meant_by(outline, mention) else { return };
        let at = outline.span(&mention.phrase).start;
        let Phrase { paragraph, sentence, position, .. } = *phrase;
        self.sightings.push(Sighting { at, paragraph, sentence, entity, position });
    }

    /// "He" at the head of a sentence keeps whom it means in mind.
    fn see_again(&mut self, outline: &Outline, phrase: &Phrase) {
        let span = outline.span(&phrase.mention.phrase);
        let starts_sentence = self.sentences.binary_search(&span.start).is_ok();
        let is_subject = outline.has_word(phrase.mention.phrase.start, |word| matches!(word, "He" | "She"));
        let place = Place { paragraph: phrase.paragraph, at: span.start };
        let meant =
            (starts_sentence && is_subject).then(|| self.antecedent(place, phrase.mention.form, None)).flatten();
        if let Some((entity, true)) = meant {
            let Phrase { paragraph, sentence, .. } = *phrase;
            self.sightings.push(Sighting { at: span.start, paragraph, sentence, entity, position: Position::Subject });
        }
    }

    fn meant_by(&mut self, outline: &Outline, mention: &Mention) -> Option<usize> {
        match mention.form {
            Form::Person => {
                let name = printed_name(outline, &mention.name);
                match self.named(&name, &outline.text[outline.span(&mention.lead())]) {
                    Lookup::One(entity) => Some(entity),
                    Lookup::Nobody if is_surely_person(outline, mention) => self.register_person(outline, mention),
                    _ => None,
                }
            }
            Form::Role => match self.holder(outline, mention) {
                Lookup::One(entity) => Some(entity),
                Lookup::Several => None,
                Lookup::Nobody => Some(self.described_entity(outline, mention)),
            },
            _ => Some(self.described_entity(outline, mention)),
        }
    }

    /// A body, a collective or somebody without a name: the same words, or the same noun with "the", mean the same.
    fn described_entity(&mut self, outline: &Outline, mention: &Mention) -> usize {
        let speaker = described_speaker(outline, mention);
        let key = without_article(&speaker.name).to_lowercase();
        if let Some(index) = self.by_description.get(&key) {
            return *index;
        }
        let index = self.push(String::new(), Speaker { mention: None, ..speaker });
        if let Some(head) = head_noun(outline, mention) {
            self.by_description.insert(head.to_lowercase(), index);
        }
        self.by_description.insert(key, index);
        index
    }

    /// A pronoun tells the gender of the only person of its sentence, or of the subject of the sentence before.
    fn vote(&mut self, phrase: &Phrase, outline: &Outline) {
        let gender = Gender::of_pronoun(phrase.mention.form);
        if gender == Gender::Unknown || !outline.is(phrase.mention.phrase.start, Trait::Small) && phrase.sentence == 0 {
            return;
        }
        let near =
            self.sightings.iter().rev().take(4).take_while(|sighting| {
                sighting.paragraph == phrase.paragraph && sighting.sentence + 1 >= phrase.sentence
            });
        let mut persons: Vec<usize> = near
            .filter(|sighting| self.entities[sighting.entity].speaker.kind == SpeakerKind::Person)
            .map(|sighting| sighting.entity)
            .collect();
        persons.dedup();
        if let [only] = persons.as_slice() {
            self.entities[*only].votes[usize::from(gender == Gender::Male)] += 1;
        }
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
    pub(super) fn holder(&self, outline: &Outline, mention: &Mention) -> Lookup {
        let is_definite = outline.has_word(mention.phrase.start, |first| {
            first.eq_ignore_ascii_case("the") || first.eq_ignore_ascii_case("that")
        });
        let Some(noun) = head_noun(outline, mention).filter(|_| is_definite && mention.phrase.len() <= 4) else {
            return Lookup::Nobody;
        };
        match self.by_role.get(&noun.to_lowercase()).map(Vec::as_slice) {
            Some([only]) => Lookup::One(*only),
            Some([_, _, ..]) => Lookup::Several,
            _ => self.by_description.get(&noun.to_lowercase()).map_or(Lookup::Nobody, |index| Lookup::One(*index)),
        }
    }

    /// What stands out most among the entities before a place that a pronoun fits, and whether by a clear margin.
    /// `spoke_last` is who spoke in the paragraph or the one before.
    pub(super) fn antecedent(&self, place: Place, form: Form, spoke_last: Option<usize>) -> Option<(usize, bool)> {
        let end = self.sightings.partition_point(|sighting| sighting.at < place.at);
        let sentence = self.sentences.partition_point(|start| *start <= place.at);
        let mut ranked: Vec<(usize, f32)> = Vec::new();
        let near = self.sightings[end.saturating_sub(REACH)..end]
            .iter()
            .rev()
            .take_while(|sighting| sighting.paragraph + REACH_IN_PARAGRAPHS > place.paragraph);
        for sighting in near {
            let Some(fit) = self.fit(sighting.entity, form) else { continue };
            let spoke = if spoke_last == Some(sighting.entity) { 0.8 } else { 0.0 };
            let prominence = match sighting.position {
                Position::Subject => 2.0,
                Position::Plain => 0.5,
                Position::Owner => 0.0,
            };
            let sentences = sentence.saturating_sub(sighting.sentence).min(8) as f32;
            let is_latest = sighting.position == Position::Subject && sighting.sentence + 1 >= sentence;
            let latest = if is_latest && sighting.paragraph == place.paragraph { 1.0 } else { 0.0 };
            let paragraphs = (place.paragraph - sighting.paragraph) as f32;
            let score = fit + spoke + latest + prominence - 0.6 * sentences - 0.8 * paragraphs;
            match ranked.iter_mut().find(|(entity, _)| *entity == sighting.entity) {
                Some((_, best)) => *best = best.max(score),
                None => ranked.push((sighting.entity, score)),
            }
        }
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
        let (best, score) = *ranked.first()?;
        let margin = ranked.get(1).map_or(f32::MAX, |(_, second)| score - second);
        Some((best, margin >= CLEAR_MARGIN))
    }

    /// The people sighted in some bytes of the text, owners left out.
    pub(super) fn persons_in(&self, bytes: Range<usize>) -> impl Iterator<Item = usize> {
        let start = self.sightings.partition_point(|sighting| sighting.at < bytes.start);
        let sightings = self.sightings[start..].iter().take_while(move |sighting| sighting.at < bytes.end);
        sightings
            .map(|sighting| sighting.entity)
            .filter(|entity| self.entities[*entity].speaker.kind == SpeakerKind::Person)
    }

    /// How well a pronoun fits an entity; none where it cannot mean it.
    fn fit(&self, entity: usize, form: Form) -> Option<f32> {
        let entity = self.entities.get(entity)?;
        match (entity.speaker.kind, form) {
            (SpeakerKind::Person, Form::He | Form::She) => match entity.gender() {
                Gender::Unknown => Some(0.0),
                gender if gender == Gender::of_pronoun(form) => Some(1.4),
                _ => None,
            },
            (SpeakerKind::Document, Form::It) => Some(0.5),
            (SpeakerKind::Organization, Form::It) | (SpeakerKind::Group, Form::They) => Some(2.0),
            (SpeakerKind::Organization, Form::They) => Some(0.5),
            (SpeakerKind::Group, Form::It) => Some(1.0),
            _ => None,
        }
    }
}

/// A lead by less than this may be chance.
const CLEAR_MARGIN: f32 = 0.7;

/// A place in the text.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub paragraph: usize,
    pub at: usize,
}

fn gender_of(entity: &Entity) -> Gender {
    let role = entity.speaker.role.as_deref().unwrap_or_default();
    let described = if entity.speaker.role.is_none() && entity.lead.is_empty() { &entity.speaker.name } else { role };
    match Gender::of(&entity.lead, "") {
        Gender::Unknown => Gender::of(described, &entity.speaker.name),
        told => told,
    }
}

/// The phrase that starts at an item, if one does that can mean somebody.
fn phrase_here(outline: &Outline, index: usize, starts_sentence: bool) -> Option<Mention> {
    let traits = outline.traits(index);
    if traits.has(Trait::NameWord) && !traits.has(Trait::Determiner) {
        return name_here(outline, index, starts_sentence);
    }
    let opens = traits.has(Trait::Determiner) || starts_sentence && outline.kind(index) == Some(Kind::Word);
    opens.then(|| mentions::phrase_at(outline, index)).flatten().filter(|mention| !mention.form.is_pronoun())
}

/// The name that starts at an item, with what leads up to it.
fn name_here(outline: &Outline, start: usize, starts_sentence: bool) -> Option<Mention> {
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
    let whole = mentions::phrase_at(outline, start).filter(|mention| mention.form != Form::Person || starts_sentence);
    if outline.is(end - 1, Trait::Possessive) && whole.as_ref().is_some_and(|whole| whole.phrase.end > end) {
        return whole;
    }
    if starts_sentence && whole.as_ref().is_some_and(Mention::is_full_name) {
        return whole;
    }
    let name = mentions::phrase_before(outline, floor, end).or_else(|| mentions::read_phrase(outline, start..end));
    name.filter(|mention| mention.form == Form::Person).or(whole)
}

fn position_of(outline: &Outline, mention: &Mention, has_subject: bool) -> Position {
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
    if is_inverted || precedes_verb || is_topic || !has_subject && !follows_preposition {
        Position::Subject
    } else {
        Position::Plain
    }
}

/// "his sister, Gunvor," is Gunvor.
fn named_in_apposition(outline: &Outline, role: &Mention) -> Option<Mention> {
    let comma = role.phrase.end;
    let may_be_named = role.form == Form::Role && outline.kind(comma) == Some(Kind::Comma);
    let name = may_be_named.then(|| mentions::phrase_at(outline, comma + 1)).flatten()?;
    let is_closed = outline.kind(name.phrase.end) != Some(Kind::Word);
    (name.form == Form::Person && is_closed).then_some(Mention {
        form: Form::Person,
        phrase: role.phrase.start..name.phrase.end,
        name: name.name,
    })
}

/// Steps over a role between commas behind a name, which means nobody else.
fn past_apposition(outline: &Outline, mention: &Mention) -> usize {
    let end = mention.phrase.end;
    if mention.form != Form::Person || outline.kind(end) != Some(Kind::Comma) {
        return end;
    }
    match mentions::phrase_at(outline, end + 1) {
        Some(role) if role.form == Form::Role => role.phrase.end,
        _ => end,
    }
}

/// "his sister, | Gunvor": the role before the comma.
fn role_before_comma(outline: &Outline, mention: &Mention) -> Option<String> {
    let comma = mention.phrase.start.checked_sub(1).filter(|&comma| outline.kind(comma) == Some(Kind::Comma))?;
    let role = mentions::phrase_before(outline, comma.saturating_sub(8), comma)?;
    (role.form == Form::Role).then(|| without_article(&outline.text[outline.span(&role.phrase)]).to_owned())
}

/// A single capitalised word is a person's name where something besides the capital says so.
fn is_surely_person(outline: &Outline, mention: &Mention) -> bool {
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

/// The noun that says what somebody is ("the dock worker": worker).
fn head_noun<'t>(outline: &Outline<'t>, mention: &Mention) -> Option<&'t str> {
    let until = mention.phrase.clone().skip(1).find(|&index| outline.is(index, Trait::Preposition));
    let phrase = mention.phrase.start..until.unwrap_or(mention.phrase.end);
    phrase.rev().find(|&index| outline.is_any(index, &mentions::HEADS)).and_then(|index| outline.word(index))
}

fn name_words(name: &str) -> Vec<String> {
    let words =
        name.split([' ', '\u{A0}', ',', '\n']).filter(|word| !word.is_empty() && !words::has(word, Trait::NameSuffix));
    words.map(|word| words::without_possessive(word).to_lowercase()).collect()
}

/// Whether two forms can name one person: the same surname and given names that agree, initials included; or one word
/// that is the other's surname or given name.
fn is_same_name(full: &[String], other: &[String]) -> bool {
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
pub(super) fn printed_name(outline: &Outline, name: &Range<usize>) -> String {
    let span = outline.span(name);
    let printed = words::without_possessive(&outline.text[span.clone()]);
    let suffix = (outline.kind(name.end) == Some(Kind::Comma))
        .then(|| outline.word(name.end + 1))
        .flatten()
        .filter(|word| matches!(*word, "Jr" | "Jr." | "Sr" | "Sr."));
    let is_plain = !printed.contains(|gap: char| gap.is_whitespace() && gap != ' ') && !printed.contains("  ");
    let joined = if is_plain { printed.to_owned() } else { printed.split_whitespace().collect::<Vec<_>>().join(" ") };
    suffix.map_or(joined.clone(), |suffix| format!("{joined}, {suffix}"))
}

/// Role and organization of a mention, from what stands before the name and what follows it.
pub(super) fn described(
    outline: &Outline,
    mention: &Mention,
    apposition: Option<&Range<usize>>,
) -> (Option<String>, Option<String>) {
    let found =
        apposition.cloned().or_else(|| mentions::appositive(outline, mention.phrase.end).map(|(words, _)| words));
    let says_something = |words: &Range<usize>| {
        words.clone().any(|index| outline.is_any(index, &[Trait::RoleNoun, Trait::OrganisationWord]))
    };
    let lead = lead_role(outline, mention);
    let Some(words) = found.filter(says_something) else {
        return lead.map_or((None, None), |lead| role_and_organization(&lead));
    };
    let text = outline.text[outline.span(&words)].split_whitespace().collect::<Vec<_>>().join(" ");
    let (role, organization) = role_and_organization(&text);
    (role.or(lead), organization)
}

/// Words that pick people from among others ("one of them").
const OF_MANY: [&str; 12] =
    ["one", "two", "three", "some", "many", "most", "several", "those", "few", "both", "another", "others"];

/// A speaker who is nobody's full name: a body, a collective, somebody called by a role.
pub(super) fn described_speaker(outline: &Outline, mention: &Mention) -> Speaker {
    let printed = printed_name(outline, &mention.name);
    let (role, organization) =
        if mention.form == Form::Role { role_and_organization(without_article(&printed)) } else { (None, None) };
    let is_of_many = outline.has_word(mention.phrase.start, |word| OF_MANY.contains(&word.to_lowercase().as_str()));
    let kind = if is_of_many && mention.form == Form::Other { SpeakerKind::Group } else { kind_of(mention.form) };
    Speaker { name: printed, kind, mention: Some(outline.span(&mention.phrase)), role, organization }
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
