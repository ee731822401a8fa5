//! Fourth stage: which runs are quotations, and whose, given the whole text.

mod carried;
mod speakers;
mod substance;

use std::ops::Range;

use substance::{ends_with_stop, is_bare};

use super::agreement::Agreement;
use super::blocks::Blocks;
use super::cues::{self, Cue};
use super::entities::Entities;
use super::marks::{self, MarkedParagraph, Run};
use super::tokens::{Kind, Outline};
use super::words::Trait;
use super::{Finding, PrintedBeside, Quotation, Speaker};

/// Finds the quotations of a text and their speakers. The text is read again where it names, elsewhere, the speaker of
/// words that it was not sure about.
pub(super) fn resolve(text: &str, beside: &[PrintedBeside]) -> Vec<Finding> {
    let paragraphs = marks::read_marks(text);
    let outlines: Vec<Outline> = paragraphs.iter().map(|paragraph| Outline::of(text, paragraph)).collect();
    let entities = Entities::in_text(&outlines, beside);
    let bare: Vec<bool> = outlines.iter().map(is_bare).collect();
    let interviewee = interviewee(text, &paragraphs, &bare, &entities);
    let mut reader = Reader {
        text,
        paragraphs: &paragraphs,
        outlines: &outlines,
        blocks: Blocks::of(text, &paragraphs, &outlines),
        entities,
        bare,
        interviewee,
        agreement: Agreement::of_printings(beside),
        findings: Vec::new(),
        turns: Vec::new(),
        last: None,
    };
    reader.read();
    if reader.agreement.add_findings(text, &reader.findings) {
        reader.read();
    }
    reader.findings
}

/// How many words of an attribution's sentence may follow it ("… said on Monday in Vik") before the next quotation.
const LONGEST_TAIL: usize = 12;
/// The same where it holds a clause or two ("said a clerk who would not be named because …").
const LONGEST_CLAUSE: usize = 40;
/// How many items of prose may stand between two quotations of one speaker.
const LONGEST_PROSE: usize = 70;

/// Who answers in a text where paragraphs that ask stand before paragraphs that are quotations: whom the lines before the
/// first question name.
fn interviewee(text: &str, paragraphs: &[MarkedParagraph], bare: &[bool], entities: &Entities) -> Option<usize> {
    const FEWEST_QUESTIONS: usize = 2;
    let asks = |index: &usize| {
        let question = &paragraphs[*index];
        question.runs.is_empty()
            && text[question.span.clone()].ends_with('?')
            && bare.get(index + 1).copied().unwrap_or_default()
    };
    let mut questions = (0..paragraphs.len()).filter(asks);
    let first = questions.next()?;
    questions.nth(FEWEST_QUESTIONS - 2)?;
    let mut named =
        entities.persons_in(0..paragraphs[first].span.start).filter(|person| entities.is_surely_person(*person));
    named.next()
}

/// A finding with less confidence gives way to an attribution behind its last paragraph.
const GUESSED: f32 = 0.65;

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
    /// Who answers, where the text is an interview.
    interviewee: Option<usize>,
    agreement: Agreement,
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

    fn read(&mut self) {
        self.findings.clear();
        self.turns.clear();
        self.last = None;
        for paragraph in 0..self.paragraphs.len() {
            self.read_paragraph(paragraph);
        }
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
        let verdict = self.settled(place, verdict);
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
                    items.contains(&(cue.items.end - 1)) || cue.items.end <= last.run_item && last.run_item < place.item
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
        let needs_speaker = self.findings.get(index).is_some_and(|finding| finding.confidence < GUESSED);
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
}

#[cfg(test)]
mod tests;
