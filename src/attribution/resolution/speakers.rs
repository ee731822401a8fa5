//! Whom the source of a cue means, in the fullest form the text has.

use std::ops::Range;

use super::{Place, Reader, Spoken, Verdict};
use crate::attribution::agreement::SURE;
use crate::attribution::cues::Cue;
use crate::attribution::entities::{self, Lookup};
use crate::attribution::mentions::{Form, Mention};
use crate::attribution::tokens::Outline;
use crate::attribution::{Speaker, SpeakerKind};

impl Reader<'_> {
    pub(super) fn verdict_of(&self, place: Place, cue: &Cue) -> Verdict {
        let outline = &self.outlines[place.paragraph];
        let spoken = self.speaker_of(place.paragraph, outline, &cue.source, cue.appositive.as_ref());
        let (rule, confidence) = match (&spoken, &cue.source.form) {
            (None, _) => ("unattributed", 0.4),
            (Some(spoken), form) if form.is_pronoun() => ("pronoun", if spoken.is_clear { 0.85 } else { 0.65 }),
            (_, Form::Role | Form::Group | Form::Document | Form::Other) => (cue.rule, 0.85),
            _ if cue.is_attached => (cue.rule, 0.95),
            _ => (cue.rule, 0.85),
        };
        let entity = spoken.as_ref().and_then(|spoken| spoken.entity);
        Verdict {
            speaker: spoken.map(|spoken| spoken.speaker),
            entity,
            attribution: Some(outline.span(&cue.items)),
            cue_items: Some(cue.items.clone()),
            rule,
            confidence,
        }
    }

    /// The speaker that a mention means, in the fullest form the text has.
    pub(super) fn speaker_of(
        &self,
        paragraph: usize,
        outline: &Outline,
        mention: &Mention,
        apposition: Option<&Range<usize>>,
    ) -> Option<Spoken> {
        let span = outline.span(&mention.phrase);
        let described = |outline, mention| {
            let speaker = entities::described_speaker(outline, mention);
            Some(Spoken { speaker, entity: None, is_clear: true })
        };
        match mention.form {
            form if form.is_pronoun() => {
                let place = entities::Place { paragraph, at: span.start };
                let before = self.entities.antecedent(place, form, self.spoke_last(paragraph));
                let later = || self.entities.named_later(place, form).map(|entity| (entity, false));
                let (entity, is_clear) = before.or_else(later)?;
                self.known(entity, span, None).map(|spoken| Spoken { is_clear, ..spoken })
            }
            Form::Role => match self.entities.holder(outline, mention, paragraph) {
                Lookup::One(entity) => self.known(entity, span, None),
                _ => described(outline, mention),
            },
            Form::Person => {
                let name = entities::printed_name(outline, &mention.name);
                let lead = &self.text[outline.span(&mention.lead())];
                let (role, organization) = entities::described(outline, mention, apposition);
                match self.entities.named(&name, lead) {
                    Lookup::One(entity) => self.known(entity, span, Some((role, organization))),
                    _ => {
                        let kind = SpeakerKind::Person;
                        let speaker = Speaker { name, kind, mention: Some(span), role, organization };
                        Some(Spoken { speaker, entity: None, is_clear: true })
                    }
                }
            }
            _ => described(outline, mention),
        }
    }

    /// Who spoke last, if that was in this paragraph or the one before.
    pub(super) fn spoke_last(&self, paragraph: usize) -> Option<usize> {
        self.last.as_ref().filter(|last| last.paragraph + 1 >= paragraph).and_then(|last| last.entity)
    }

    pub(super) fn known(
        &self,
        entity: usize,
        mention: Range<usize>,
        described: Option<(Option<String>, Option<String>)>,
    ) -> Option<Spoken> {
        let mut speaker = self.entities.get(entity)?.speaker.clone();
        speaker.mention = Some(mention);
        if let Some((role, organization)) =
            described.filter(|(role, organization)| role.is_some() || organization.is_some())
        {
            (speaker.role, speaker.organization) = (role, organization);
        }
        Some(Spoken { speaker, entity: Some(entity), is_clear: true })
    }

    /// The name of an attribution line in the fullest form the text has.
    pub(super) fn in_full(&self, speaker: &Speaker) -> Speaker {
        let full = match self.entities.named(&speaker.name, "") {
            Lookup::One(person) if speaker.kind == SpeakerKind::Person => self.entities.get(person),
            _ => None,
        };
        Speaker { name: full.map_or(&speaker.name, |person| &person.speaker.name).clone(), ..speaker.clone() }
    }

    /// Where nobody is named beside the words, whom another printing of them names.
    pub(super) fn settled(&self, place: Place, verdict: Option<Verdict>) -> Option<Verdict> {
        if verdict.as_ref().is_some_and(|verdict| verdict.confidence >= SURE && verdict.speaker.is_some()) {
            return verdict;
        }
        let Some(speaker) = self.agreement.speaker_of(self.words(place.run)) else { return verdict };
        let found = verdict.as_ref().and_then(|verdict| verdict.speaker.as_ref());
        if found.is_some_and(|found| found.name == speaker.name) {
            return verdict;
        }
        let mention = found.and_then(|found| found.mention.clone());
        let entity = match self.entities.named(&speaker.name, "") {
            Lookup::One(entity) => Some(entity),
            _ => None,
        };
        let speaker = Some(Speaker { mention, ..self.in_full(speaker) });
        let verdict = verdict.unwrap_or_else(Verdict::unattributed);
        Some(Verdict { speaker, entity, rule: "same_words", confidence: SURE, ..verdict })
    }
}
