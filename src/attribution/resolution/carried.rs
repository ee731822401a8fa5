//! The speaker of a quotation without a cue of its own: whoever spoke before it, or whom the sentences around it tell of.

use super::substance::ends_with_stop;
use super::{LONGEST_CLAUSE, LONGEST_PROSE, LONGEST_TAIL, Last, Place, Reader, Verdict};
use crate::attribution::Speaker;
use crate::attribution::cues;
use crate::attribution::mentions::Form;
use crate::attribution::tokens::{Kind, Outline};
use crate::attribution::words::Trait;

/// `Then, after a while: "…"`: a few words that bring in nobody, where "somebody wrote on the wall:" does.
fn goes_on_after_pause(outline: &Outline, run: usize) -> bool {
    const MOST_WORDS: usize = 5;
    const SOMEBODY: [Trait; 3] = [Trait::OfMany, Trait::NameWord, Trait::CueVerb];
    let is_announced = run > 0 && outline.kind(run - 1) == Some(Kind::Colon);
    let mut lead = (0..run).rev().take_while(|&index| outline.kind(index) != Some(Kind::Stop));
    let mut words = 0;
    is_announced
        && lead.by_ref().take(2 * MOST_WORDS).all(|index| {
            words += usize::from(outline.kind(index) == Some(Kind::Word));
            !outline.is_any(index, &SOMEBODY)
        })
        && words <= MOST_WORDS
        && lead.next().is_none()
}

/// The confidence of a finding whose speaker is named beside it.
const NAMED: f32 = 0.8;

impl Reader<'_> {
    /// The speaker of a run without a cue of its own.
    pub(super) fn carried_over(&self, place: Place) -> Option<Verdict> {
        if self.continues_sentence(place) {
            return self.same_as_last("continued", 0.9);
        }
        if place.item == 0 {
            return self
                .announced(place)
                .or_else(|| self.answered(place))
                .or_else(|| self.continued_paragraph(place))
                .or_else(|| self.acted_after(place))
                .or_else(|| self.introduced_after(place));
        }
        self.told_before(place)
            .or_else(|| self.spoke_before(place))
            .or_else(|| self.acted_before(place))
            .or_else(|| self.acted_after(place))
    }

    /// An interview prints questions without marks and answers with them: whom its first lines name answers.
    fn answered(&self, place: Place) -> Option<Verdict> {
        let interviewee = self.interviewee.filter(|_| self.is_bare(place.paragraph))?;
        let asks = place.paragraph.checked_sub(1).is_some_and(|before| self.paragraphs[before].runs.is_empty());
        let speaker = self.entities.get(interviewee).filter(|_| asks)?.speaker.clone();
        Some(self.about("interview", 0.7, interviewee, speaker))
    }

    /// A sentence between two quotations of one paragraph that brings in nobody else: `"…," said Kern. She sat down. "…"`.
    pub(super) fn spoke_before(&self, place: Place) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        let last = self.last.as_ref().filter(|last| last.paragraph == place.paragraph && last.end <= place.item)?;
        let is_near = place.item - last.end <= LONGEST_PROSE;
        let between = outline.items.get(last.end)?.span.start..outline.items.get(place.item)?.span.start;
        let stands_alone = outline.kind(place.item - 1) == Some(Kind::Stop) || goes_on_after_pause(outline, place.item);
        let brings_in_nobody = self.entities.persons_in(between).all(|entity| Some(entity) == last.entity);
        (is_near && stands_alone && brings_in_nobody).then(|| self.same_as_last("continued", 0.8)).flatten()
    }

    /// The sentence after a quotation is about somebody: `"A dog." He struck a match.`
    pub(super) fn acted_after(&self, place: Place) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        let next = place.item + 1;
        if !ends_with_stop(self.words(place.run)) || outline.kind(next) != Some(Kind::Word) || !self.stands_alone(place)
        {
            return None;
        }
        let (source, _) = cues::sentence_subject(outline, next).filter(|(source, _)| source.phrase.start == next)?;
        let is_person = matches!(source.form, Form::Person | Form::He | Form::She);
        let spoken = self.speaker_of(place.paragraph, outline, &source, None).filter(|_| is_person)?;
        let is_sure = |entity: &usize| source.form != Form::Person || self.entities.is_surely_person(*entity);
        let entity = spoken.entity.filter(is_sure)?;
        Some(self.about("subject_after", 0.5, entity, spoken.speaker))
    }

    /// An article that opens with quotation names its speaker next: `"I was nine." / Ada Kern told her story.`
    fn introduced_after(&self, place: Place) -> Option<Verdict> {
        const PARAGRAPHS: usize = 6;
        if !self.findings.is_empty() || !self.is_bare(place.paragraph) {
            return None;
        }
        let next = (place.paragraph + 1..).take(PARAGRAPHS).find(|&next| !self.is_bare(next))?;
        let outline = self.outlines.get(next)?;
        let (source, appositive) =
            cues::sentence_subject(outline, 0).filter(|(source, _)| source.form == Form::Person)?;
        let spoken = self.speaker_of(next, outline, &source, appositive.as_ref())?;
        let entity = spoken.entity.filter(|entity| self.entities.is_surely_person(*entity))?;
        Some(self.about("subject_after", 0.5, entity, spoken.speaker))
    }

    /// What the sentences around a quotation tell without a verb of speech.
    fn about(&self, rule: &'static str, confidence: f32, entity: usize, speaker: Speaker) -> Verdict {
        Verdict { speaker: Some(speaker), entity: Some(entity), attribution: None, cue_items: None, rule, confidence }
    }

    /// The sentence before is about somebody: `Kern was blunt. "…"`.
    fn acted_before(&self, place: Place) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        let stop = place.item.checked_sub(1).filter(|&item| outline.kind(item) == Some(Kind::Stop))?;
        let floor = self.sentence_start(place.paragraph, stop);
        self.subject_before(place, floor, stop).or_else(|| self.only_person_before(place, floor, stop))
    }

    fn subject_before(&self, place: Place, floor: usize, stop: usize) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        let asked = || cues::first_pronoun(outline, floor..stop).map(|mention| (mention, None));
        let (source, appositive) = cues::sentence_subject(outline, floor).or_else(asked)?;
        let is_person = matches!(source.form, Form::Person | Form::Role | Form::He | Form::She);
        let spoken = self.speaker_of(place.paragraph, outline, &source, appositive.as_ref()).filter(|_| is_person)?;
        (spoken.entity.is_some() || source.form == Form::Role).then_some(Verdict {
            speaker: Some(spoken.speaker),
            entity: spoken.entity,
            attribution: None,
            cue_items: None,
            rule: "subject_before",
            confidence: 0.75,
        })
    }

    /// `The ashes were warm when Kern arrived. "…"`
    fn only_person_before(&self, place: Place, floor: usize, stop: usize) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        let mut persons: Vec<usize> = self.entities.persons_in(outline.span(&(floor..stop))).collect();
        persons.dedup();
        let [only] = persons.as_slice() else { return None };
        let speaker =
            self.entities.get(*only).filter(|_| self.entities.is_surely_person(*only) && self.is_speech(place))?;
        Some(self.about("subject_before", 0.6, *only, speaker.speaker.clone()))
    }

    /// `"…," said Kern. "…"`: nothing but the rest of the attribution's sentence is between the two.
    pub(super) fn continues_sentence(&self, place: Place) -> bool {
        let outline = &self.outlines[place.paragraph];
        let is_near = |last: &&Last| {
            last.paragraph == place.paragraph && last.end <= place.item && place.item - last.end <= 2 * LONGEST_CLAUSE
        };
        let Some(last) = self.last.as_ref().filter(is_near) else {
            return false;
        };
        let between = last.end..place.item;
        let stops = between.clone().filter(|&item| outline.kind(item) == Some(Kind::Stop)).count();
        let words = between.clone().filter(|&item| outline.kind(item) == Some(Kind::Word)).count();
        let ends_in_stop = between.is_empty() || outline.kind(place.item - 1) == Some(Kind::Stop);
        let most =
            if last.cue.as_ref().is_some_and(|cue| cue.start > last.run_item) { LONGEST_CLAUSE } else { LONGEST_TAIL };
        stops <= 1 && words <= most && (words == 0 || last.cue.is_some() && ends_in_stop)
    }

    pub(super) fn same_as_last(&self, rule: &'static str, confidence: f32) -> Option<Verdict> {
        let finding = self.findings.get(self.last.as_ref()?.finding)?;
        let speaker = finding.speaker.clone()?;
        Some(Verdict {
            speaker: Some(speaker),
            entity: self.last.as_ref()?.entity,
            attribution: None,
            cue_items: None,
            rule,
            confidence: confidence.min(finding.confidence),
        })
    }

    /// The paragraph before ends in `Kern wrote:`.
    pub(super) fn announced(&self, place: Place) -> Option<Verdict> {
        let paragraph = place.paragraph.checked_sub(1)?;
        let outline = &self.outlines[paragraph];
        let end = outline.items.len();
        if !matches!(outline.kind(end.checked_sub(1)?), Some(Kind::Colon | Kind::Comma)) {
            return None;
        }
        let floor = self.sentence_start(paragraph, end);
        let cue = cues::before(outline, floor, end)?;
        let spoken = self.speaker_of(paragraph, outline, &cue.source, cue.appositive.as_ref())?;
        Some(Verdict {
            speaker: Some(spoken.speaker),
            entity: spoken.entity,
            attribution: Some(outline.span(&cue.items)),
            cue_items: None,
            rule: "announced",
            confidence: 0.85,
        })
    }

    /// A paragraph that is all quotation goes on from one that ended in a quotation or its attribution.
    pub(super) fn continued_paragraph(&self, place: Place) -> Option<Verdict> {
        if !self.is_bare(place.paragraph) {
            return None;
        }
        if place.run.is_closed
            && let Some(verdict) = self.in_turn(place)
        {
            return verdict;
        }
        let last = self.last.as_ref().filter(|last| last.paragraph + 1 == place.paragraph)?;
        let before = self.outlines.get(last.paragraph)?;
        let ended_quoting =
            (last.end..before.items.len()).all(|item| before.kind(item) != Some(Kind::Word) || item < last.end + 4);
        ended_quoting.then(|| self.same_as_last("continued_paragraph", 0.8)).flatten()
    }

    /// In a dialogue, where paragraphs of quotation follow one another, speakers take turns: whoever spoke in the
    /// paragraph before the last. The inner option is none where that is nobody known.
    pub(super) fn in_turn(&self, place: Place) -> Option<Option<Verdict>> {
        let mut before =
            self.findings.iter().zip(&self.turns).rev().skip_while(|(_, turn)| turn.paragraph + 1 == place.paragraph);
        let (last, last_turn) = self
            .findings
            .iter()
            .zip(&self.turns)
            .next_back()
            .filter(|(_, turn)| turn.paragraph + 1 == place.paragraph)?;
        let earlier = before.next().filter(|(_, turn)| turn.paragraph + 2 == place.paragraph);
        let is_exchange = self.is_bare(place.paragraph + 1) || self.is_bare(last_turn.paragraph);
        // News goes on with whoever was named; in a story nobody is named whose turn it is.
        let is_told_by_turns = is_exchange || last.confidence < NAMED;
        match earlier {
            Some((earlier, turn))
                if is_told_by_turns
                    && earlier.speaker.as_ref().map(|speaker| &speaker.name)
                        != last.speaker.as_ref().map(|speaker| &speaker.name) =>
            {
                let verdict = earlier.speaker.clone().map(|speaker| Verdict {
                    speaker: Some(speaker),
                    entity: turn.entity,
                    attribution: None,
                    cue_items: None,
                    rule: "dialogue_turn",
                    confidence: 0.6,
                });
                Some(verdict)
            }
            _ => is_exchange.then_some(None),
        }
    }

    /// The sentence before tells what somebody said, and the quotation bears it out.
    pub(super) fn told_before(&self, place: Place) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        let stop = place.item.checked_sub(1).filter(|&item| outline.kind(item) == Some(Kind::Stop))?;
        let floor = self.sentence_start(place.paragraph, stop);
        let cue = cues::before(outline, floor, stop)?;
        let spoken = self.speaker_of(place.paragraph, outline, &cue.source, cue.appositive.as_ref())?;
        Some(Verdict {
            speaker: Some(spoken.speaker),
            entity: spoken.entity,
            attribution: Some(outline.span(&cue.items)),
            cue_items: None,
            rule: "told_before",
            confidence: 0.7,
        })
    }
}
