//! Fourth stage: which runs are quotations, and whose, given the whole text.

use std::ops::Range;

use super::blocks::Blocks;
use super::cues::{self, Cue};
use super::entities::{self, Entities, Lookup};
use super::marks::{self, MarkedParagraph, Run};
use super::mentions::{Form, Mention};
use super::tokens::{Kind, Outline};
use super::words::Trait;
use super::{Finding, Quotation, Speaker, SpeakerKind};

/// Finds the quotations of a text and their speakers.
pub(super) fn resolve(text: &str, known: &[Speaker]) -> Vec<Finding> {
    let paragraphs = marks::read_marks(text);
    let outlines: Vec<Outline> = paragraphs.iter().map(|paragraph| Outline::of(text, paragraph)).collect();
    let entities = Entities::in_text(&outlines, known);
    let mut reader = Reader {
        text,
        paragraphs: &paragraphs,
        outlines: &outlines,
        blocks: Blocks::of(text, &paragraphs, &outlines),
        entities,
        bare: outlines.iter().map(is_bare).collect(),
        findings: Vec::new(),
        turns: Vec::new(),
        last: None,
    };
    for paragraph in 0..paragraphs.len() {
        reader.read_paragraph(paragraph);
    }
    reader.findings
}

/// Shorter quoted runs without a cue of their own are terms, nicknames and scare quotes.
const FEWEST_WORDS: usize = 4;

/// How many words of an attribution's sentence may follow it ("… said on Monday in Vik") before the next quotation.
const LONGEST_TAIL: usize = 12;
/// The same where it holds a clause or two ("said a clerk who would not be named because …").
const LONGEST_CLAUSE: usize = 40;
/// How many items of prose may stand between two quotations of one speaker.
const LONGEST_PROSE: usize = 70;

/// Where a finding stands, for the turns of a dialogue.
struct Turn {
    paragraph: usize,
    entity: Option<usize>,
}

/// The quotation read last, for those that go on from it.
struct Last {
    finding: usize,
    paragraph: usize,
    run_item: usize,
    /// The attribution, where it has its own.
    cue: Option<Range<usize>>,
    /// The first item after the quotation and an attribution behind it.
    end: usize,
    is_closed: bool,
    entity: Option<usize>,
}

struct Reader<'a> {
    text: &'a str,
    paragraphs: &'a [MarkedParagraph],
    outlines: &'a [Outline<'a>],
    blocks: Blocks,
    entities: Entities,
    /// Which paragraphs hold nothing but quotation.
    bare: Vec<bool>,
    findings: Vec<Finding>,
    /// One for each finding.
    turns: Vec<Turn>,
    last: Option<Last>,
}

/// A run in its place.
#[derive(Clone, Copy)]
struct Place<'a> {
    paragraph: usize,
    item: usize,
    /// Which of the paragraph's runs it is.
    index: usize,
    run: &'a Run,
}

/// Somebody a mention means.
struct Spoken {
    speaker: Speaker,
    entity: Option<usize>,
    /// Nobody else comes near.
    is_clear: bool,
}

/// What decided the speaker of a run.
struct Verdict {
    speaker: Option<Speaker>,
    entity: Option<usize>,
    attribution: Option<Range<usize>>,
    cue_items: Option<Range<usize>>,
    rule: &'static str,
    confidence: f32,
}

impl Verdict {
    fn unattributed() -> Self {
        Self { speaker: None, entity: None, attribution: None, cue_items: None, rule: "unattributed", confidence: 0.4 }
    }
}

impl<'a> Reader<'a> {
    fn words(&self, run: &Run) -> &'a str {
        &self.text[run.inner.clone()]
    }

    fn read_paragraph(&mut self, paragraph: usize) {
        let outline = &self.outlines[paragraph];
        let places: Vec<Place> = (0..outline.items.len()).filter_map(|item| self.place(paragraph, item)).collect();
        for place in &places {
            let verdict = self.blocks.line(paragraph, place.index).map(|line| Verdict {
                speaker: Some(self.in_full(&line.speaker)),
                entity: None,
                attribution: Some(line.span.clone()),
                cue_items: None,
                rule: "attribution_line",
                confidence: 0.95,
            });
            match verdict {
                Some(verdict) => self.add(*place, verdict),
                None => self.read_run(*place),
            }
        }
    }

    /// Whether nothing but quotation stands in a paragraph.
    fn is_bare(&self, paragraph: usize) -> bool {
        self.bare.get(paragraph).copied().unwrap_or_default()
    }

    fn place(&self, paragraph: usize, item: usize) -> Option<Place<'a>> {
        match self.outlines[paragraph].kind(item)? {
            Kind::Run(index) => {
                self.paragraphs[paragraph].runs.get(index).map(|run| Place { paragraph, item, index, run })
            }
            _ => None,
        }
    }

    fn read_run(&mut self, place: Place<'a>) {
        if self.goes_on_over_paragraphs(place) {
            self.extend_last(place);
            return;
        }
        let outline = &self.outlines[place.paragraph];
        let floor = self.sentence_start(place.paragraph, place.item);
        let before = cues::before(outline, floor, place.item);
        let after = cues::after(outline, place.item, self.words(place.run).chars().next_back());
        let repeats_last = before.as_ref().is_some_and(|cue| self.is_cue_of_last(place, cue));
        let starts_low = self.words(place.run).starts_with(char::is_lowercase);
        let is_led_in = before.as_ref().is_some_and(|cue| cue.is_attached || starts_low) && !repeats_last;
        let cue = after.filter(|_| !is_led_in);
        if (cue.is_none() || starts_low) && !is_led_in && self.is_split(place) {
            self.extend_last(place);
            return;
        }
        let cue = cue.or_else(|| before.filter(|_| !repeats_last));
        let is_announced = cue.as_ref().is_some_and(|cue| cue.rule == "colon") && ends_with_stop(self.words(place.run));
        let is_attached =
            is_announced || cue.as_ref().is_some_and(|cue| cue.is_attached) || cues::is_led_in(outline, place.item);
        let verdict = match &cue {
            Some(cue) if cue.is_attached || is_announced || self.has_substance(place) => {
                Some(self.verdict_of(place, cue))
            }
            _ => self.carried_over(place),
        };
        let is_told = verdict.as_ref().is_some_and(|verdict| verdict.speaker.is_some());
        let goes_on = is_told && self.continues_sentence(place);
        if self.is_quotation(place, is_attached || goes_on && self.stands_alone(place), verdict.is_some(), is_told) {
            self.add(place, verdict.unwrap_or_else(Verdict::unattributed));
        }
    }

    /// The first item of the sentence that an item stands in; a quotation that ends a sentence ends the sentence around it.
    fn sentence_start(&self, paragraph: usize, item: usize) -> usize {
        let runs = &self.paragraphs[paragraph].runs;
        let ends_sentence = |run: usize| runs.get(run).is_some_and(|run| ends_with_stop(self.words(run)));
        cues::sentence_start(&self.outlines[paragraph], &ends_sentence, item)
    }

    /// Whether the marks were opened again without having been closed.
    fn goes_on_over_paragraphs(&self, place: Place) -> bool {
        self.last
            .as_ref()
            .is_some_and(|last| !last.is_closed && last.paragraph + 1 == place.paragraph && place.item == 0)
    }

    fn is_cue_of_last(&self, place: Place, cue: &Cue) -> bool {
        self.last.as_ref().is_some_and(|last| {
            last.paragraph == place.paragraph
                && last.cue.as_ref().is_some_and(|items| {
                    items.contains(&(cue.items.end - 1))
                        || cue.items.start < last.run_item && last.run_item < place.item
                })
        })
    }

    /// `"…," she said, "…"`: one sentence around both halves, the attribution between them.
    fn is_split(&self, place: Place) -> bool {
        let outline = &self.outlines[place.paragraph];
        self.last.as_ref().filter(|last| last.paragraph == place.paragraph).is_some_and(|last| {
            let is_between = last.cue.as_ref().is_some_and(|items| items.start > last.run_item);
            let is_near = place.item.saturating_sub(last.end) <= 2 * LONGEST_TAIL;
            is_between
                && is_near
                && (last.end..place.item).all(|item| outline.kind(item) != Some(Kind::Stop))
                && outline.kind(place.item.wrapping_sub(1)) != Some(Kind::Word)
        })
    }

    fn extend_last(&mut self, place: Place) {
        let Some(last) = &self.last else { return };
        let index = last.finding;
        let keeps = Last {
            finding: index,
            paragraph: place.paragraph,
            run_item: place.item,
            cue: None,
            end: place.item + 1,
            is_closed: place.run.is_closed,
            entity: last.entity,
        };
        self.last = Some(keeps);
        let needs_speaker = self.findings.get(index).is_some_and(|finding| finding.speaker.is_none());
        let late = if needs_speaker { self.late_verdict(place) } else { None };
        let Some(finding) = self.findings.get_mut(index) else {
            return;
        };
        finding.segments.push(place.run.inner.clone());
        if finding.rule != "unattributed"
            && finding.segments.len() == 2
            && finding.attribution.as_ref().is_some_and(|span| span.start < place.run.inner.start)
            && finding.rule == "cue_after"
        {
            finding.rule = "split";
        }
        if let Some(verdict) = late {
            finding.speaker = verdict.speaker;
            finding.attribution = verdict.attribution;
            finding.rule = verdict.rule;
            finding.confidence = verdict.confidence;
            if let (Some(last), Some(items)) = (&mut self.last, verdict.cue_items) {
                last.end = items.end.max(place.item + 1);
                last.entity = verdict.entity;
                last.cue = Some(items);
            }
        }
    }

    /// The attribution behind the last paragraph of a quotation over several.
    fn late_verdict(&self, place: Place) -> Option<Verdict> {
        let ending = self.words(place.run).chars().next_back();
        let cue = cues::after(&self.outlines[place.paragraph], place.item, ending)?;
        Some(self.verdict_of(place, &cue)).filter(|verdict| verdict.speaker.is_some())
    }

    fn add(&mut self, place: Place, verdict: Verdict) {
        let cue = verdict.cue_items.filter(|items| !items.is_empty());
        let end = cue.as_ref().map_or(0, |items| items.end).max(place.item + 1);
        self.last = Some(Last {
            finding: self.findings.len(),
            paragraph: place.paragraph,
            run_item: place.item,
            cue,
            end,
            is_closed: place.run.is_closed,
            entity: verdict.entity,
        });
        let damage = if place.run.is_opened && place.run.is_closed { 0.0 } else { 0.1 };
        self.turns.push(Turn { paragraph: place.paragraph, entity: verdict.entity });
        self.findings.push(Finding {
            segments: vec![place.run.inner.clone()],
            quotation: self.quotation(place),
            speaker: verdict.speaker,
            attribution: verdict.attribution,
            rule: verdict.rule,
            confidence: ((verdict.confidence - damage) * 100.0).round() / 100.0,
        });
    }

    fn quotation(&self, place: Place) -> Quotation {
        let outline = &self.outlines[place.paragraph];
        let starts_low =
            self.words(place.run).chars().find(|character| character.is_alphanumeric()).is_some_and(char::is_lowercase);
        let is_set_off = place.item == 0
            || outline.kind(place.item - 1) != Some(Kind::Word)
            || outline.is(place.item - 1, Trait::CueVerb);
        if starts_low && !is_set_off { Quotation::Mixed } else { Quotation::Direct }
    }

    fn verdict_of(&self, place: Place, cue: &Cue) -> Verdict {
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
    fn speaker_of(
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
                let (entity, is_clear) = self.entities.antecedent(place, form, self.spoke_last(paragraph))?;
                self.known(entity, span, None).map(|spoken| Spoken { is_clear, ..spoken })
            }
            Form::Role => match self.entities.holder(outline, mention) {
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
    fn spoke_last(&self, paragraph: usize) -> Option<usize> {
        self.last.as_ref().filter(|last| last.paragraph + 1 >= paragraph).and_then(|last| last.entity)
    }

    fn known(
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

    /// The speaker of a run without a cue of its own.
    fn carried_over(&self, place: Place) -> Option<Verdict> {
        if self.continues_sentence(place) {
            return self.same_as_last("continued", 0.9);
        }
        if place.item == 0 {
            return self
                .announced(place)
                .or_else(|| self.continued_paragraph(place))
                .or_else(|| self.acted_after(place));
        }
        self.told_before(place).or_else(|| self.spoke_before(place)).or_else(|| self.acted_before(place))
    }

    /// A sentence between two quotations of one paragraph that brings in nobody else: `"…," said Kern. She sat down. "…"`.
    fn spoke_before(&self, place: Place) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        let last = self.last.as_ref().filter(|last| last.paragraph == place.paragraph && last.end <= place.item)?;
        let is_near = place.item - last.end <= LONGEST_PROSE;
        let between = outline.items.get(last.end)?.span.start..outline.items.get(place.item)?.span.start;
        let stands_alone = outline.kind(place.item - 1) == Some(Kind::Stop);
        let brings_in_nobody = self.entities.persons_in(between).all(|entity| Some(entity) == last.entity);
        (is_near && stands_alone && brings_in_nobody).then(|| self.same_as_last("continued", 0.8)).flatten()
    }

    /// The sentence after a quotation that opens a paragraph is about somebody: `"A dog." He struck a match.`
    fn acted_after(&self, place: Place) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        if !ends_with_stop(self.words(place.run)) || outline.kind(1) != Some(Kind::Word) {
            return None;
        }
        let (source, _) = cues::sentence_subject(outline, 1).filter(|(source, _)| source.phrase.start == 1)?;
        let is_person = matches!(source.form, Form::Person | Form::He | Form::She);
        let spoken = self.speaker_of(place.paragraph, outline, &source, None).filter(|_| is_person)?;
        spoken.entity.map(|entity| Verdict {
            speaker: Some(spoken.speaker),
            entity: Some(entity),
            attribution: None,
            cue_items: None,
            rule: "subject_after",
            confidence: 0.6,
        })
    }

    /// The sentence before is about somebody: `Kern was blunt. "…"`.
    fn acted_before(&self, place: Place) -> Option<Verdict> {
        let outline = &self.outlines[place.paragraph];
        let stop = place.item.checked_sub(1).filter(|&item| outline.kind(item) == Some(Kind::Stop))?;
        let floor = self.sentence_start(place.paragraph, stop);
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

    /// `"…," said Kern. "…"`: nothing but the rest of the attribution's sentence is between the two.
    fn continues_sentence(&self, place: Place) -> bool {
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

    fn same_as_last(&self, rule: &'static str, confidence: f32) -> Option<Verdict> {
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
    fn announced(&self, place: Place) -> Option<Verdict> {
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
    fn continued_paragraph(&self, place: Place) -> Option<Verdict> {
        if !self.is_bare(place.paragraph) {
            return None;
        }
        if let Some(verdict) = self.in_turn(place) {
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
    fn in_turn(&self, place: Place) -> Option<Option<Verdict>> {
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
        match earlier {
            Some((earlier, turn))
                if earlier.speaker.as_ref().map(|speaker| &speaker.name)
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
    fn told_before(&self, place: Place) -> Option<Verdict> {
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

    /// The name of an attribution line in the fullest form the text has.
    fn in_full(&self, speaker: &Speaker) -> Speaker {
        let full = match self.entities.named(&speaker.name, "") {
            Lookup::One(person) if speaker.kind == SpeakerKind::Person => self.entities.get(person),
            _ => None,
        };
        Speaker { name: full.map_or(&speaker.name, |person| &person.speaker.name).clone(), ..speaker.clone() }
    }

    fn has_substance(&self, place: Place) -> bool {
        word_count(self.words(place.run)) >= FEWEST_WORDS - 1 || self.is_speech(place)
    }

    /// Whether the run reads as said rather than named: whole sentences, or led in by a comma.
    fn is_speech(&self, place: Place) -> bool {
        let words = self.words(place.run);
        let starts_high =
            words.chars().find(|character| character.is_alphanumeric()).is_some_and(|first| !first.is_lowercase());
        starts_high && self.ends_as_sentence(place) && word_count(words) >= 2 && !is_title(words)
    }

    /// A full stop inside the marks; behind them, or at the head of a paragraph, length must bear it out. A comma inside
    /// the marks and a colon before them promise a sentence too.
    fn ends_as_sentence(&self, place: Place) -> bool {
        let words = self.words(place.run);
        let outline = &self.outlines[place.paragraph];
        let follows = outline.kind(place.item + 1);
        let is_announced = place.item > 0 && outline.kind(place.item - 1) == Some(Kind::Colon);
        let is_attributed = words.ends_with(',') && follows == Some(Kind::Word);
        ends_with_stop(words)
            || (is_announced || is_attributed) && word_count(words) >= FEWEST_WORDS
            || (follows == Some(Kind::Stop) || place.item == 0) && word_count(words) >= 2 * FEWEST_WORDS
    }

    /// Leaves out titles of works, nicknames, terms and scare quotes.
    fn is_quotation(&self, place: Place, is_attached: bool, has_evidence: bool, is_told: bool) -> bool {
        let outline = &self.outlines[place.paragraph];
        let words = self.words(place.run);
        let count = word_count(words);
        let is_named_thing = place.item > 0 && outline.is(place.item - 1, Trait::NamingWord);
        if (is_named_thing || outline.kind(place.item + 1) == Some(Kind::Dash) && !ends_with_stop(words))
            && count <= 12
            && !is_attached
        {
            return false;
        }
        if is_attached {
            let is_finished = ends_with_stop(words) || words.ends_with(',');
            return is_finished || count >= 2 && !is_title(words);
        }
        if !place.run.is_opened && !has_evidence {
            return false;
        }
        let is_sentence = self.is_speech(place) && self.stands_alone(place);
        let starts_low = words.starts_with(char::is_lowercase);
        let fewest = if starts_low && is_told { FEWEST_WORDS - 1 } else { FEWEST_WORDS };
        is_sentence || has_evidence && count >= fewest && !is_title(words)
    }

    /// Whether the run is a sentence of the paragraph, not a piece of one.
    fn stands_alone(&self, place: Place) -> bool {
        let outline = &self.outlines[place.paragraph];
        place.item == 0
            || matches!(outline.kind(place.item - 1), Some(Kind::Stop | Kind::Colon | Kind::Comma | Kind::Run(_)))
    }
}

/// How many words there are, counted no further than any rule asks.
fn word_count(words: &str) -> usize {
    const MOST: usize = 16;
    let is_word = |chunk: &&str| chunk.chars().any(char::is_alphanumeric);
    words.split_whitespace().filter(is_word).take(MOST).count()
}

fn is_bare(outline: &Outline) -> bool {
    matches!(outline.kind(0), Some(Kind::Run(_))) && outline.items.iter().all(|item| item.kind != Kind::Word)
}

fn ends_with_stop(words: &str) -> bool {
    words.trim_end_matches(['"', '\'', '\u{2019}', '\u{201D}', ')', ']']).ends_with(['.', '!', '?', '\u{2026}'])
}

/// Whether all words that matter are capitalised, as in the title of a work.
fn is_title(words: &str) -> bool {
    let is_high = |word: &&str| word.starts_with(|first: char| first.is_uppercase() || first.is_numeric());
    let count = word_count(words);
    let capitalised = words.split_whitespace().filter(is_high).count();
    let all_long_are = words.split_whitespace().filter(|word| word.chars().count() > 3).all(|word| is_high(&word));
    (2..=15).contains(&count) && all_long_are && 2 * capitalised >= count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each finding as `words -> speaker (rule)`.
    fn read(text: &str) -> Vec<String> {
        resolve(text, &[])
            .into_iter()
            .map(|finding| {
                let words: Vec<&str> = finding.segments.iter().map(|segment| &text[segment.clone()]).collect();
                let speaker = finding.speaker.map_or("nobody".to_owned(), |speaker| speaker.name);
                format!("{} -> {speaker} ({})", words.join(" | "), finding.rule)
            })
            .collect()
    }

    #[test]
    fn the_second_quotation_of_a_paragraph_goes_on_from_the_first() {
        let text = "\"The pier is gone\", reported Ada Kern, spokeswoman for the Harbour Board. \"Nobody was on it.\"";
        assert_eq!(
            read(text),
            ["The pier is gone -> Ada Kern (cue_after)", "Nobody was on it. -> Ada Kern (continued)"]
        );
        let findings = resolve(text, &[]);
        let attribution = findings[0].attribution.clone().map(|span| &text[span]);
        assert_eq!(attribution, Some("reported Ada Kern, spokeswoman for the Harbour Board"));
        assert_eq!(findings[1].attribution, None);
        let speaker = findings[0].speaker.clone().expect("a speaker");
        assert_eq!(
            (speaker.role.as_deref(), speaker.organization.as_deref()),
            (Some("spokeswoman"), Some("Harbour Board"))
        );
    }

    #[test]
    fn a_split_quotation_is_one_with_two_segments() {
        assert_eq!(
            read("\"If it holds,\" Ada Kern said, \"we sail at noon.\""),
            ["If it holds, | we sail at noon. -> Ada Kern (split)"]
        );
    }

    #[test]
    fn a_split_quotation_is_one_behind_an_inverted_attribution_too() {
        assert_eq!(
            read("\"If it holds,\" said Ada Kern, the harbour pilot, \"we sail.\""),
            ["If it holds, | we sail. -> Ada Kern (split)"]
        );
    }

    #[test]
    fn a_pronoun_passes_over_people_it_cannot_mean() {
        let text = "Ben Holt met Ada Kern at noon. \"It is late,\" he said. \"It is not,\" she replied.";
        assert_eq!(read(text), ["It is late, -> Ben Holt (pronoun)", "It is not, -> Ada Kern (pronoun)"]);
        assert_eq!(
            read("The Harbour Board met at noon. \"The pier must go,\" it said."),
            ["The pier must go, -> Harbour Board (pronoun)"]
        );
    }

    #[test]
    fn two_speakers_of_one_verb_leave_the_quotation_unattributed() {
        assert_eq!(
            read("Ben Holt and Ada Kern said: \"We sail at noon.\""),
            ["We sail at noon. -> nobody (unattributed)"]
        );
    }

    #[test]
    fn a_piece_inside_the_writers_sentence_is_mixed() {
        let findings = resolve("Ada Kern said the pier was \"a danger to every child in Vik\" and left.", &[]);
        assert_eq!(findings[0].quotation, Quotation::Mixed);
    }

    #[test]
    fn a_quotation_over_paragraphs_is_one() {
        assert_eq!(
            read("\"The pier is gone.\n\n\"Nobody was on it.\" Ada Kern, who saw it, said on Monday."),
            ["The pier is gone. | Nobody was on it. -> Ada Kern (cue_after)"]
        );
        assert_eq!(
            read("Ada Kern wrote:\n\n\"The pier is gone.\n\n\"Nobody was on it.\""),
            ["The pier is gone. | Nobody was on it. -> Ada Kern (announced)"]
        );
    }

    #[test]
    fn surnames_pronouns_and_roles_find_the_full_name() {
        let start = "Ada Kern, the harbour pilot, watched from the shore.";
        for (rest, rule) in [
            ("\"It fell at once,\" Kern said.", "cue_after"),
            ("\"It fell at once,\" she said.", "pronoun"),
            ("\"It fell at once,\" the pilot said.", "cue_after"),
        ] {
            assert_eq!(read(&format!("{start} {rest}")), [format!("It fell at once, -> Ada Kern ({rule})")]);
        }
    }

    #[test]
    fn a_paragraph_of_quotation_goes_on_from_the_one_before() {
        assert_eq!(
            read("\"The pier is gone,\" Ada Kern said.\n\n\"It fell on Monday.\""),
            ["The pier is gone, -> Ada Kern (cue_after)", "It fell on Monday. -> Ada Kern (continued_paragraph)"]
        );
    }

    #[test]
    fn titles_terms_and_nicknames_are_left_out() {
        for text in [
            "The so-called \"iron pier\" fell, and the song \"Down by the Water\" was sung.",
            "They call the lane \"the Gut\". A board says \"No Swimming\" in red.",
            "It was a \"storm\" in name only.",
        ] {
            assert!(read(text).is_empty(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn what_nobody_is_named_for_stays_unattributed() {
        assert_eq!(
            read("Somebody had painted on the wall: \"The sea was here before us.\""),
            ["The sea was here before us. -> nobody (unattributed)"]
        );
    }

    #[test]
    fn an_attribution_line_speaks_for_all_quotations_before_it() {
        assert_eq!(
            read("\"The pier is gone.\"\"It fell on Monday.\"Ada Kern, pilot"),
            ["The pier is gone. -> Ada Kern (attribution_line)", "It fell on Monday. -> Ada Kern (attribution_line)"]
        );
        assert_eq!(
            read("\"The pier is gone.\"\n\n\u{2014} Ada Kern"),
            ["The pier is gone. -> Ada Kern (attribution_line)"]
        );
    }

    #[test]
    fn people_named_around_the_text_are_known_in_it() {
        let known = Speaker {
            name: "Ada Kern".to_owned(),
            kind: SpeakerKind::Person,
            mention: None,
            role: None,
            organization: None,
        };
        let findings = resolve("\"It fell at once,\" Kern said.", &[known]);
        assert_eq!(findings[0].speaker.as_ref().map(|speaker| speaker.name.as_str()), Some("Ada Kern"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_every_range_is_sound(text in "([A-Za-z\u{e9}'\"\u{201c}\u{201d}\u{201e}\u{ab}\u{bb}\u{2018}\u{2019}.,:;!?\u{2014}\\- \n0-9\u{1f6a2}\u{301}]|said |Ada Kern|the mayor |according to |of |she |\n\n){0,60}") {
            check_ranges(&text);
        }

        #[test]
        fn arbitrary_characters_do_no_harm(text in "\\PC*") {
            check_ranges(&text);
        }
    }

    /// Segments are in order, on character boundaries, not empty, and hold no outer blank.
    fn check_ranges(text: &str) {
        let mut reached = 0;
        for finding in resolve(text, &[]) {
            assert!(!finding.segments.is_empty());
            for segment in finding.segments {
                let words = text.get(segment.clone()).expect("a sound range");
                assert!(segment.start >= reached && !words.is_empty() && words == words.trim());
                reached = segment.end;
            }
            let mention = finding.speaker.and_then(|speaker| speaker.mention);
            for span in finding.attribution.into_iter().chain(mention) {
                assert!(text.get(span).is_some());
            }
        }
    }

    /// Work that grew with the square of the length would not come to an end here.
    #[test]
    fn a_million_of_anything_is_read_to_its_end() {
        for piece in ["\"", "\u{201C}", "said ", "Ada "] {
            let _ = resolve(&piece.repeat(1_000_000), &[]);
        }
    }

    #[test]
    fn hostile_texts_are_read_to_their_end() {
        for piece in [
            " \"a",
            "'a ",
            "\"a\" ",
            "Ada Kern ",
            "Mr. ",
            "Kern said \"we are late now\" ",
            "\"a\n\n",
            "a of ",
            "\u{201E}x\u{201C}\"",
            "the pilot said \"we left.\" ",
            "\"We left.\"Ada Kern\n",
            "\"We left here now.\"\n",
            "\"A.\" He said. ",
            "According to ",
            "the pilot, Ada Kern, ",
        ] {
            let _ = resolve(&piece.repeat(4_000), &[]);
        }
    }
}
