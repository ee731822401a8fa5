//! Whom a pronoun means: the entity that fits it and stands out most among those sighted before it.

use std::ops::Range;

use super::gender::Gender;
use super::{Entities, Entity, NamedSoFar, Phrase, Position, Sighting};
use crate::attribution::SpeakerKind;
use crate::attribution::mentions::Form;
use crate::attribution::tokens::Outline;
use crate::attribution::words::Trait;

/// How far back a pronoun looks, in sightings and in paragraphs.
const REACH: usize = 32;
const REACH_IN_PARAGRAPHS: usize = 12;
/// Who has a name is spoken of more than who has none.
const NAMED: f32 = 1.0;
/// Who is spoken of often is more likely meant; by the logarithm of how often.
const OFTEN: f32 = 0.35;
/// A lead by less than this may be chance.
const CLEAR_MARGIN: f32 = 0.7;

/// A place in the text.
#[derive(Clone, Copy)]
pub(in crate::attribution) struct Place {
    pub paragraph: usize,
    pub at: usize,
}

impl Entities {
    /// "He" at the head of a sentence keeps whom it means in mind.
    pub(super) fn see_again(&mut self, outline: &Outline, phrase: &Phrase) {
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

    /// A pronoun tells the gender of the only person of its sentence, or of the subject of the sentence before.
    pub(super) fn vote(&mut self, phrase: &Phrase, outline: &Outline) {
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
        if let NamedSoFar::One(only) = self.named_so_far
            && persons.is_empty()
        {
            persons.push(only);
        }
        if let [only] = persons.as_slice() {
            self.entities[*only].votes[usize::from(gender == Gender::Male)] += 1;
        }
    }

    /// What stands out most among the entities before a place that a pronoun fits, and whether by a clear margin.
    /// `spoke_last` is who spoke in the paragraph or the one before.
    pub(in crate::attribution) fn antecedent(
        &self,
        place: Place,
        form: Form,
        spoke_last: Option<usize>,
    ) -> Option<(usize, bool)> {
        self.most_prominent(place, spoke_last, |entity| fit(entity, form))
    }

    /// Whom "the novelist" or "the 43-year-old" calls again; nobody where several come near.
    pub(super) fn called_again(&self, place: Place, described: &str) -> Option<usize> {
        let gender = Gender::of(described, "");
        let fits = |entity: &Entity| {
            let is_person = entity.speaker.kind == SpeakerKind::Person && entity.is_named;
            let agrees = gender == Gender::Unknown || entity.gender() == Gender::Unknown || entity.gender() == gender;
            (is_person && agrees).then_some(1.0)
        };
        self.most_prominent(place, None, fits).filter(|(_, is_clear)| *is_clear).map(|(entity, _)| entity)
    }

    /// The only person whom a pronoun can mean that stands before any name: "she" of a first sentence.
    pub(in crate::attribution) fn named_later(&self, place: Place, form: Form) -> Option<usize> {
        const PARAGRAPHS: usize = 3;
        let start = self.sightings.partition_point(|sighting| sighting.at < place.at);
        let near = self.sightings[start..]
            .iter()
            .take(REACH)
            .take_while(|sighting| sighting.paragraph < place.paragraph + PARAGRAPHS);
        let mut fitting = near
            .map(|sighting| sighting.entity)
            .filter(|&entity| self.entities[entity].is_named && fit(&self.entities[entity], form).is_some());
        matches!(form, Form::He | Form::She).then(|| fitting.next()).flatten()
    }

    fn most_prominent(
        &self,
        place: Place,
        spoke_last: Option<usize>,
        fit: impl Fn(&Entity) -> Option<f32>,
    ) -> Option<(usize, bool)> {
        let end = self.sightings.partition_point(|sighting| sighting.at < place.at);
        let sentence = self.sentences.partition_point(|start| *start <= place.at);
        let mut ranked: Vec<(usize, f32)> = Vec::new();
        let near = self.sightings[end.saturating_sub(REACH)..end]
            .iter()
            .rev()
            .take_while(|sighting| sighting.paragraph + REACH_IN_PARAGRAPHS > place.paragraph);
        for sighting in near {
            if self.asides.get(sighting.paragraph) != self.asides.get(place.paragraph) {
                continue;
            }
            let Some(fit) = fit(&self.entities[sighting.entity]) else { continue };
            let spoke = if spoke_last == Some(sighting.entity) { 0.8 } else { 0.0 };
            let prominence = match sighting.position {
                Position::Subject => 2.0,
                Position::Clause => 1.5,
                Position::Plain => 0.5,
                Position::Owner => 0.5,
            };
            let sentences = sentence.saturating_sub(sighting.sentence).min(8) as f32;
            let is_latest = match sighting.position {
                Position::Subject => sighting.sentence + 1 >= sentence,
                Position::Clause => sighting.sentence == sentence,
                _ => false,
            };
            let latest = if is_latest && sighting.paragraph == place.paragraph { 1.0 } else { 0.0 };
            let paragraphs = (place.paragraph - sighting.paragraph).min(6) as f32;
            let named = if self.entities[sighting.entity].is_surely_person() { NAMED } else { 0.0 };
            let often = OFTEN * (self.counts[sighting.entity] as f32).max(1.0).ln();
            let score = fit + named + often + spoke + latest + prominence - 0.6 * sentences - 0.8 * paragraphs;
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
    pub(in crate::attribution) fn persons_in(&self, bytes: Range<usize>) -> impl Iterator<Item = usize> {
        let start = self.sightings.partition_point(|sighting| sighting.at < bytes.start);
        let sightings = self.sightings[start..].iter().take_while(move |sighting| sighting.at < bytes.end);
        sightings
            .map(|sighting| sighting.entity)
            .filter(|entity| self.entities[*entity].speaker.kind == SpeakerKind::Person)
    }
}

/// How well a pronoun fits an entity; none where it cannot mean it.
fn fit(entity: &Entity, form: Form) -> Option<f32> {
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
