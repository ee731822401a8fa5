//! What an article prints of quotes, found out anew when its body or its pull quotes change. Without I/O.
//!
//! What was there keeps its id where its words are found again (see [`anchor_again`]); what is found on top is new; what
//! is gone stays as an orphan. What an editor decided is not overwritten.

use std::ops::Range;

use super::wire::PrintingDraft;
use crate::attribution::{self, Finding, Passages, PrintedBeside, Speaker, SpeakerKind, identity_key, joined};
use crate::quotes::db::PrintedRow;
use crate::quotes::{Fidelity, OccurrenceKind, Quotation};
use crate::values::anchor::{AnchorState, AnchoredText, Segment, anchor_again};
use crate::values::id::PersonId;
use crate::writing::{Attributed, Earlier, Printing};

/// The rule of a printing that an editor gave.
pub const EDITOR: &str = "editor";

/// A printing, and who is known to have said it.
#[derive(Debug, Clone)]
pub struct Printed {
    pub printing: Printing,
    pub said_by: SaidBy,
}

/// Who said a printing.
#[derive(Debug, Clone, PartialEq)]
pub enum SaidBy {
    /// Whoever the text names, as `printing.speaker` has it.
    Found,
    /// This person, as this.
    Known(Attributed),
    /// Whom an editor names in the draft of this number.
    Given(usize),
}

/// A printing as it stood before an edit.
#[derive(Debug, Clone)]
pub struct Standing {
    pub row: PrintedRow,
    pub speaker: Option<PersonId>,
    pub segments: Vec<Segment>,
}

/// What goes into an edit.
#[derive(Debug)]
pub struct Edit<'a> {
    /// The text before, where there was one.
    pub old_text: Option<&'a str>,
    /// The text after.
    pub new_text: &'a str,
    /// What stood in the text before.
    pub standing: Vec<Standing>,
    /// What an editor gives in place of what editors gave before; `None` leaves that as it is.
    pub given: Option<&'a [PrintingDraft]>,
}

/// Why a given quotation cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOnce {
    /// Which of those given.
    pub index: usize,
    /// How often its words stand in the body.
    pub times: usize,
}

/// Every printing after an edit: pull quotes first, then in text order, orphans last.
pub fn printings_after(edit: Edit<'_>) -> Result<Vec<Printed>, Vec<NotOnce>> {
    let Edit { old_text, new_text, standing, given } = edit;
    let text = AnchoredText::new(new_text);
    let is_replaced = |standing: &Standing| {
        given.is_some() && (standing.row.kind == OccurrenceKind::Pull || standing.row.rule == EDITOR)
    };
    let (pulls, inline): (Vec<Standing>, Vec<Standing>) = standing
        .into_iter()
        .filter(|standing| !is_replaced(standing))
        .partition(|standing| standing.row.kind == OccurrenceKind::Pull);
    let by_hand = by_hand(new_text, &text, given.unwrap_or_default())?;
    let beside = beside(&pulls, given.unwrap_or_default());
    let findings = attribution::find_quotations(new_text, &beside);
    let found = findings.iter().map(|finding| printing(finding, text.segments(&finding.segments), new_text)).collect();
    let inline = merge(anchored(inline, old_text, new_text), found, by_hand);
    Ok(in_order(new_text, pulls_of(pulls, given.unwrap_or_default()), inline))
}

/// Every printing after another system gave an article another text. `imported` is what is found in that, pull quotes
/// included: they take the place of those that were there, each keeping the id and what an editor said of the one whose
/// words it has.
pub fn printings_after_import(
    old_text: &str,
    new_text: &str,
    standing: Vec<Standing>,
    imported: Vec<Printing>,
) -> Vec<Printed> {
    let (mut standing_pulls, inline): (Vec<Standing>, Vec<Standing>) =
        standing.into_iter().partition(|standing| standing.row.kind == OccurrenceKind::Pull);
    let (pulls, found): (Vec<Printing>, Vec<Printing>) =
        imported.into_iter().partition(|printing| printing.kind == OccurrenceKind::Pull);
    let inline = merge(anchored(inline, Some(old_text), new_text), found, Vec::new());
    let mut after = Vec::with_capacity(pulls.len());
    for pull in pulls {
        let words = identity_key(&pull.text);
        let same = standing_pulls.iter().position(|standing| identity_key(&standing.row.text) == words);
        after.push(match same.map(|place| standing_pulls.remove(place)) {
            Some(standing) => {
                let said_by = match standing.row.is_corrected {
                    true => kept(standing.clone()).said_by,
                    false => SaidBy::Found,
                };
                Printed { printing: Printing { earlier: Some(earlier(&standing)), ..pull }, said_by }
            }
            None => Printed { printing: pull, said_by: SaidBy::Found },
        });
    }
    // What an editor gave or corrected stays, whatever the other system says.
    let is_editors =
        |standing: &Standing| standing.row.rule == EDITOR || standing.row.is_corrected || standing.row.is_quote_settled;
    after.extend(standing_pulls.into_iter().filter(is_editors).map(kept));
    in_order(new_text, after, inline)
}

/// Pull quotes, compared with the body; then inline printings in text order; then orphans.
fn in_order(body: &str, mut pulls: Vec<Printed>, mut inline: Vec<(u32, Printed)>) -> Vec<Printed> {
    inline.sort_by_key(|(start, _)| *start);
    let starts: Vec<Option<Range<usize>>> = inline.iter().map(|(_, printed)| byte_range(body, printed)).collect();
    compare_pulls(body, &mut pulls, &starts);
    let (orphans, inline): (Vec<Printed>, Vec<Printed>) = inline
        .into_iter()
        .map(|(_, printed)| printed)
        .partition(|printed| printed.printing.anchor == Some(AnchorState::Orphaned));
    pulls.into_iter().chain(inline).chain(orphans).collect()
}

/// The standing printings with their anchors found again.
fn anchored(mut standing: Vec<Standing>, old_text: Option<&str>, new_text: &str) -> Vec<Standing> {
    let segments: Vec<Vec<Segment>> = standing.iter().map(|standing| standing.segments.clone()).collect();
    let anchorings = anchor_again(&segments, old_text, new_text);
    for (standing, anchoring) in standing.iter_mut().zip(anchorings) {
        standing.row.anchor = Some(anchoring.state);
        standing.segments = anchoring.segments;
    }
    standing
}

/// The inline printings, each with where it begins, in characters: what stood there, brought up to date by what is
/// found; what is found besides; what an editor gives, which wins over both.
fn merge(standing: Vec<Standing>, found: Vec<Printing>, by_hand: Vec<Printed>) -> Vec<(u32, Printed)> {
    let mut taken: Vec<(u32, u32)> = by_hand.iter().flat_map(|printed| spans(&printed.printing.segments)).collect();
    let mut printings: Vec<Printed> = by_hand;
    let mut is_used: Vec<bool> = found.iter().map(|found| overlaps(&spans(&found.segments), &taken)).collect();
    for standing in standing {
        let holds = matches!(standing.row.anchor, Some(AnchorState::Exact | AnchorState::Moved));
        let own = spans(&standing.segments);
        if holds && overlaps(&own, &taken) {
            continue;
        }
        let same = if holds { found.iter().position(|found| overlaps(&spans(&found.segments), &own)) } else { None };
        let same = same.filter(|index| !is_used[*index]);
        if let Some(index) = same {
            is_used[index] = true;
        }
        let printed = match same.map(|index| &found[index]) {
            Some(found) if standing.row.is_corrected => {
                let provenance = found.provenance.clone();
                let mut printed = kept(standing);
                printed.printing.provenance = provenance.or(printed.printing.provenance);
                printed
            }
            Some(found) => found_again(standing, found),
            None => kept(standing),
        };
        if holds {
            taken.extend(spans(&printed.printing.segments));
        }
        printings.push(printed);
    }
    for (found, _) in found.into_iter().zip(is_used).filter(|(_, is_used)| !is_used) {
        if !overlaps(&spans(&found.segments), &taken) {
            printings.push(Printed { printing: found, said_by: SaidBy::Found });
        }
    }
    let start =
        |printed: &Printed| printed.printing.segments.as_slice().first().map_or(u32::MAX, |segment| segment.start);
    printings.into_iter().map(|printed| (start(&printed), printed)).collect()
}

fn printing(finding: &Finding, segments: Vec<Segment>, body: &str) -> Printing {
    Printing {
        kind: OccurrenceKind::Inline,
        quotation: match finding.quotation {
            attribution::Quotation::Direct => Quotation::Direct,
            attribution::Quotation::Mixed => Quotation::Mixed,
        },
        text: joined(body, &finding.segments),
        segments,
        anchor: Some(AnchorState::Exact),
        fidelity: None,
        attribution: finding.attribution.as_ref().map(|range| body[range.clone()].to_owned()),
        speaker: finding.speaker.clone(),
        confidence: finding.confidence,
        rule: finding.rule.to_owned(),
        same_quote_as: None,
        provenance: None,
        earlier: None,
    }
}

/// What stood there and is found there: the same printing, as it is found now. Words that moved say so.
fn found_again(standing: Standing, found: &Printing) -> Printed {
    let printing = Printing {
        anchor: standing.row.anchor,
        provenance: found.provenance.clone().or_else(|| standing.row.provenance.clone()),
        earlier: Some(earlier(&standing)),
        ..found.clone()
    };
    Printed { printing, said_by: SaidBy::Found }
}

/// What stood there, as it was.
fn kept(standing: Standing) -> Printed {
    let earlier = earlier(&standing);
    let Standing { row, speaker, segments } = standing;
    let said_by = SaidBy::Known(Attributed { speaker, role: row.role, organization: row.organization_id });
    let printing = Printing {
        kind: row.kind,
        quotation: row.quotation,
        text: row.text,
        segments,
        anchor: row.anchor,
        fidelity: row.fidelity,
        attribution: row.attribution,
        speaker: None,
        confidence: row.confidence,
        rule: row.rule,
        same_quote_as: None,
        provenance: row.provenance,
        earlier: Some(earlier),
    };
    Printed { printing, said_by }
}

fn earlier(standing: &Standing) -> Earlier {
    let Standing { row, speaker, .. } = standing;
    Earlier {
        id: row.id,
        quote: row.quote_id,
        speaker: *speaker,
        role: row.role.clone(),
        organization: row.organization_id,
        is_corrected: row.is_corrected,
        is_quote_settled: row.is_quote_settled,
    }
}

/// The quotations of the body that an editor attributes: their words must stand there once.
fn by_hand(body: &str, text: &AnchoredText<'_>, given: &[PrintingDraft]) -> Result<Vec<Printed>, Vec<NotOnce>> {
    let (mut printed, mut wrong) = (Vec::new(), Vec::new());
    for (index, draft) in given.iter().enumerate().filter(|(_, draft)| draft.kind == OccurrenceKind::Inline) {
        let places: Vec<usize> = body.match_indices(&draft.text).map(|(start, _)| start).take(2).collect();
        let [start] = places.as_slice() else {
            wrong.push(NotOnce { index, times: places.len() });
            continue;
        };
        let segments = text.segments(std::slice::from_ref(&(*start..*start + draft.text.len())));
        let printing = Printing { segments, anchor: Some(AnchorState::Exact), ..given_printing(draft) };
        printed.push(Printed { printing, said_by: SaidBy::Given(index) });
    }
    if wrong.is_empty() { Ok(printed) } else { Err(wrong) }
}

fn given_printing(draft: &PrintingDraft) -> Printing {
    Printing {
        kind: draft.kind,
        quotation: Quotation::Direct,
        text: draft.text.clone(),
        segments: Vec::new(),
        anchor: None,
        fidelity: None,
        attribution: draft.attribution.clone(),
        speaker: draft.speaker.as_ref().map(|name| Speaker {
            name: name.clone(),
            kind: SpeakerKind::Person,
            mention: None,
            role: draft.role.clone(),
            organization: draft.organization.clone(),
        }),
        confidence: 1.0,
        rule: EDITOR.to_owned(),
        same_quote_as: None,
        provenance: None,
        earlier: None,
    }
}

/// The pull quotes: those that stay, then those given.
fn pulls_of(standing: Vec<Standing>, given: &[PrintingDraft]) -> Vec<Printed> {
    let given = given.iter().enumerate().filter(|(_, draft)| draft.kind == OccurrenceKind::Pull);
    let given = given.map(|(index, draft)| Printed { printing: given_printing(draft), said_by: SaidBy::Given(index) });
    standing.into_iter().map(kept).chain(given).collect()
}

/// What the pull quotes, those that stay and those given, tell of who said their words.
fn beside(standing: &[Standing], given: &[PrintingDraft]) -> Vec<PrintedBeside> {
    let standing = standing.iter().map(|standing| (&standing.row.text, standing.row.attribution.as_deref()));
    let pulls = given.iter().filter(|draft| draft.kind == OccurrenceKind::Pull);
    // A speaker may be given by an id or a slug, which is no name.
    let given = pulls.map(|draft| (&draft.text, draft.attribution.as_deref().or(draft.speaker.as_deref())));
    let printed = standing.chain(given).filter_map(|(words, attribution)| {
        let speaker = attribution::read_attribution_line(attribution?);
        Some(PrintedBeside { words: words.clone(), speaker })
    });
    printed.filter(|printed| printed.speaker.is_named()).collect()
}

/// Compares pull quotes with the body: how true they are to it, and which quotation they are a form of.
fn compare_pulls(body: &str, pulls: &mut [Printed], inline: &[Option<Range<usize>>]) {
    let passages = Passages::of(body);
    let count = pulls.len();
    for pull in pulls {
        let found = passages.find(&pull.printing.text);
        pull.printing.fidelity = Some(match found.fidelity {
            attribution::Fidelity::Verbatim => Fidelity::Verbatim,
            attribution::Fidelity::Trimmed => Fidelity::Trimmed,
            attribution::Fidelity::Edited => Fidelity::Edited,
            attribution::Fidelity::NotInBody => Fidelity::NotInBody,
        });
        pull.printing.same_quote_as = found.passage.and_then(|passage| {
            let is_there = |place: &Option<Range<usize>>| {
                place.as_ref().is_some_and(|place| place.start < passage.end && passage.start < place.end)
            };
            inline.iter().position(is_there).map(|index| count + index)
        });
    }
}

/// The bytes of a body from the first to the last word of a printing whose anchor holds.
fn byte_range(body: &str, printed: &Printed) -> Option<Range<usize>> {
    if !matches!(printed.printing.anchor, Some(AnchorState::Exact | AnchorState::Moved)) {
        return None;
    }
    let segments = &printed.printing.segments;
    let (first, last) = (segments.as_slice().first()?, segments.last()?);
    let byte = |character: u32| body.char_indices().nth(character as usize).map_or(body.len(), |(byte, _)| byte);
    Some(byte(first.start)..byte(last.end))
}

fn spans(segments: &[Segment]) -> Vec<(u32, u32)> {
    segments.iter().map(|segment| (segment.start, segment.end)).collect()
}

fn overlaps(some: &[(u32, u32)], others: &[(u32, u32)]) -> bool {
    some.iter().any(|one| others.iter().any(|other| one.0 < other.1 && other.0 < one.1))
}
