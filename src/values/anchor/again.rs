//! Anchoring again: where quotes stand after a text was edited.
//!
//! A place is found again when the evidence leaves one: the words stand once in both texts, or nothing changed around
//! them, or between neighbours that stand once in both texts their context on both sides speaks for this place and for no
//! other. Anything less is ambiguous: an anchor is never put where a quote merely might be.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::neighbours::{Neighbours, WINDOW};
use super::{AnchorState, AnchoredText, Segment};

/// Words that stand more often than this are not told apart.
const MOST_PLACES: usize = 500;
/// Between the same neighbours no more than these are compared by their context.
const MOST_COMPARED: usize = 20;
/// By how many characters the context of words that stand several times must be more alike than that of the others.
const LEAST_CONTEXT: usize = 16;
/// How many of them on each side: words that only one side speaks for may have been put in the place of others.
const LEAST_SIDE: usize = 4;
/// How often what is certain leaves fewer places to the rest.
const ROUNDS: usize = 3;
/// How many characters on either side count.
const MOST_CONTEXT: usize = 64;

/// Where a printing stands in a new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchoring {
    /// Whether its anchor holds.
    pub state: AnchorState,
    /// Its segments: in the new text where they are found, else as they were.
    pub segments: Vec<Segment>,
}

/// Anchors the printings of an article again after its `body_text` changed from `old` to `new`.
///
/// `printings` are the segments of each, as they were in `old`. One that does not hold there, such as an orphan, is
/// looked for by its words and its context alone, and so are all where the old text is not known. The segments of one
/// printing are judged together: it is orphaned when one of them is gone, and ambiguous when one of them is.
///
/// Takes time in proportion to the length of the texts, times the number of printings near which something changed.
pub fn anchor_again(printings: &[Vec<Segment>], old: Option<&str>, new: &str) -> Vec<Anchoring> {
    let new_text = AnchoredText::new(new);
    let old_text = old.map(AnchoredText::new);
    let mut edit = old.map(|old| Edit::new(old, new));
    let found: Vec<Found> = printings
        .iter()
        .map(|segments| {
            let ranges = old_text.as_ref().and_then(|old| old.ranges(segments));
            match (ranges, &mut edit) {
                (Some(ranges), Some(edit)) => edit.follow(&ranges),
                _ => look_for(segments, new),
            }
        })
        .collect();
    let mut taken: HashSet<(usize, usize)> = HashSet::new();
    for found in found.iter().filter(|found| found.is_followed) {
        taken.extend(found.places.iter().flatten().map(|place| (place.start, place.end)));
    }
    printings.iter().zip(found).map(|(segments, found)| anchoring(segments, found, &new_text, &taken)).collect()
}

/// What became of a printing.
struct Found {
    /// Its places in the new text; an error says why there are none.
    places: Result<Vec<Range<usize>>, Lost>,
    /// Whether it was followed from the old text.
    is_followed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lost {
    Ambiguous,
    Orphaned,
}

fn anchoring(
    segments: &[Segment],
    found: Found,
    text: &AnchoredText<'_>,
    taken: &HashSet<(usize, usize)>,
) -> Anchoring {
    let lost = |state| Anchoring { state, segments: segments.to_vec() };
    let places = match found.places {
        Ok(places) => places,
        Err(Lost::Ambiguous) => return lost(AnchorState::Ambiguous),
        Err(Lost::Orphaned) => return lost(AnchorState::Orphaned),
    };
    // What was lost before does not come back in a place that belongs to another printing.
    if !found.is_followed && places.iter().any(|place| taken.contains(&(place.start, place.end))) {
        return lost(AnchorState::Orphaned);
    }
    let placed = text.segments(&places);
    let stayed = placed.iter().zip(segments).all(|(new, old)| new.start == old.start);
    Anchoring { state: if stayed { AnchorState::Exact } else { AnchorState::Moved }, segments: placed }
}

/// Finds segments by their words, and by the context that is kept with them where those stand several times.
fn look_for(segments: &[Segment], new: &str) -> Found {
    let place = |segment: &Segment| {
        let all = places(&segment.exact, new);
        let has_context = |start: &&usize| {
            new[..**start].ends_with(&segment.prefix)
                && new[**start + segment.exact.len()..].starts_with(&segment.suffix)
        };
        let in_context: Vec<&usize> = all.iter().filter(has_context).collect();
        match (all.as_slice(), in_context.as_slice()) {
            ([], _) => Err(Lost::Orphaned),
            ([start], _) => Ok(*start..start + segment.exact.len()),
            (_, [start]) if all.len() < MOST_PLACES => Ok(**start..*start + segment.exact.len()),
            _ => Err(Lost::Ambiguous),
        }
    };
    Found { places: together(segments.iter().map(place)), is_followed: false }
}

/// The places of all segments when each is found and they stand in order, else the worst of what befell them.
fn together(places: impl Iterator<Item = Result<Range<usize>, Lost>>) -> Result<Vec<Range<usize>>, Lost> {
    let places: Vec<_> = places.collect();
    if let Some(lost) = places.iter().filter_map(|place| place.as_ref().err()).max() {
        return Err(*lost);
    }
    let places: Vec<Range<usize>> = places.into_iter().flatten().collect();
    let in_order = places.windows(2).all(|pair| pair[0].end <= pair[1].start);
    if in_order { Ok(places) } else { Err(Lost::Ambiguous) }
}

/// Where words stand, overlapping ones too; at most [`MOST_PLACES`].
fn places(words: &str, text: &str) -> Vec<usize> {
    let step = words.chars().next().map_or(1, char::len_utf8);
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(words)).filter(|_| places.len() < MOST_PLACES) {
        places.push(from + found);
        from += found + step;
    }
    places
}

/// How many characters are the same next to words in the old and in the new text.
#[derive(Debug, Clone, Copy)]
struct Context {
    before: usize,
    after: usize,
}

impl Context {
    fn total(self) -> usize {
        self.before + self.after
    }
}

/// One text made into another.
struct Edit<'t> {
    old: &'t str,
    new: &'t str,
    /// How many bytes are the same at the beginning and at the end.
    same_before: usize,
    same_after: usize,
    neighbours: Option<Neighbours>,
    /// Which place of the old text became which of the new one, for words that were looked for.
    claims: HashMap<&'t str, Claims>,
}

/// What became of every place where the same words stood.
#[derive(Default)]
struct Claims {
    /// The new place for an old one, where the evidence leaves one.
    places: HashMap<usize, usize>,
    /// Whether every new place belongs to one of the old ones.
    all_are_claimed: bool,
    are_gone: bool,
}

impl<'t> Edit<'t> {
    fn new(old: &'t str, new: &'t str) -> Self {
        let same_before = common_prefix(old, new);
        let same_after = common_suffix(&old[same_before..], &new[same_before..]);
        Self { old, new, same_before, same_after, neighbours: None, claims: HashMap::new() }
    }

    /// The new places of a printing: its whole passage is followed first, then each segment.
    fn follow(&mut self, segments: &[Range<usize>]) -> Found {
        let span = segments.first().zip(segments.last()).map(|(first, last)| first.start..last.end);
        let whole = span.filter(|span| span.start <= span.end).and_then(|span| {
            let start = self.place(&span).ok()?.start;
            let moved = |at: usize| start + at - span.start;
            Some(segments.iter().map(|range| moved(range.start)..moved(range.end)).collect())
        });
        let places = match whole {
            Some(places) => Ok(places),
            None => together(segments.iter().map(|range| self.place(range)).collect::<Vec<_>>().into_iter()),
        };
        Found { places, is_followed: true }
    }

    fn place(&mut self, range: &Range<usize>) -> Result<Range<usize>, Lost> {
        let length = range.len();
        if let Some(start) = self.unchanged(range) {
            return Ok(start..start + length);
        }
        let old = self.old;
        let words = &old[range.clone()];
        if !self.claims.contains_key(words) {
            let claims = self.claims_of(words);
            self.claims.insert(words, claims);
        }
        let Some(claims) = self.claims.get(words) else { return Err(Lost::Ambiguous) };
        match claims.places.get(&range.start) {
            Some(start) => Ok(*start..start + length),
            None if claims.are_gone || claims.all_are_claimed => Err(Lost::Orphaned),
            None => Err(Lost::Ambiguous),
        }
    }

    /// The place of words in a part of the text that did not change, well away from what did.
    fn unchanged(&self, range: &Range<usize>) -> Option<usize> {
        let away = WINDOW * 4;
        if range.end + away <= self.same_before || self.old == self.new {
            Some(range.start)
        } else if range.start >= self.old.len() - self.same_after + away {
            Some(range.start + self.new.len() - self.old.len())
        } else {
            None
        }
    }

    /// Finds out what became of each place where these words stood.
    fn claims_of(&mut self, words: &str) -> Claims {
        let (before, after) = (places(words, self.old), places(words, self.new));
        match (before.as_slice(), after.as_slice()) {
            (_, []) => return Claims { are_gone: true, ..Claims::default() },
            ([old], [new]) => return Claims { places: HashMap::from([(*old, *new)]), ..Claims::default() },
            _ if before.len().max(after.len()) >= MOST_PLACES => return Claims::default(),
            _ => {}
        }
        let mut claims = Claims::default();
        // What did not change goes first: it leaves the other places to the other words.
        for old in &before {
            if let Some(new) = self.claim_unchanged(*old, words) {
                claims.places.insert(*old, new);
            }
        }
        let taken: HashSet<usize> = claims.places.values().copied().collect();
        let mut after: Vec<usize> = after.into_iter().filter(|new| !taken.contains(new)).collect();
        for _ in 0..ROUNDS {
            let claimed = self.claims_by_context(words, &before, &after, &claims);
            after.retain(|place| claimed.iter().all(|(_, new)| new != place));
            claims.places.extend(claimed);
        }
        claims.all_are_claimed = after.is_empty();
        claims
    }

    /// The new places of those old ones that have none yet, where no two have the same.
    fn claims_by_context(
        &mut self,
        words: &str,
        before: &[usize],
        after: &[usize],
        claims: &Claims,
    ) -> Vec<(usize, usize)> {
        let open = before.iter().copied().filter(|old| !claims.places.contains_key(old));
        let claimed: Vec<(usize, usize)> =
            open.filter_map(|old| Some((old, self.claim_by_context(old, words, before, after)?))).collect();
        let is_alone = |(old, new): &&(usize, usize)| claimed.iter().all(|(rival, place)| place != new || rival == old);
        claimed.iter().filter(is_alone).copied().collect()
    }

    /// The new place of words around which nothing changed.
    fn claim_unchanged(&mut self, old: usize, words: &str) -> Option<usize> {
        let range = old..old + words.len();
        self.unchanged(&range).or_else(|| {
            let (old_gap, new_gap) = self.neighbours().around(&range)?;
            (self.old[old_gap.clone()] == self.new[new_gap.clone()]).then(|| new_gap.start + old - old_gap.start)
        })
    }

    /// The new place of words whose context stands out from that of all others between the same neighbours.
    fn claim_by_context(&mut self, old: usize, words: &str, before: &[usize], after: &[usize]) -> Option<usize> {
        let (_, gap) = self.neighbours().around(&(old..old + words.len()))?;
        let is_inside = |place: &&usize| gap.start <= **place && **place + words.len() <= gap.end;
        let news: Vec<usize> = after.iter().filter(is_inside).copied().take(MOST_COMPARED + 1).collect();
        if news.len() > MOST_COMPARED {
            return None;
        }
        let context = |old: usize, new: usize| self.context(old, new, words.len());
        let new = *news.iter().max_by_key(|new| context(old, **new).total())?;
        let own = context(old, new);
        let mut others = news.iter().filter(|other| **other != new).map(|other| context(old, *other));
        let mut rivals = before.iter().filter(|rival| **rival != old).map(|rival| context(*rival, new));
        // Where one side speaks for another place or other words, the text was put together anew.
        let stands_out = |other: Context| {
            own.total() >= other.total() + LEAST_CONTEXT && own.before >= other.before && own.after >= other.after
        };
        let end = old + words.len();
        let is_between = (own.before >= LEAST_SIDE || self.old[..old] == self.new[..new])
            && (own.after >= LEAST_SIDE || self.old[end..] == self.new[new + words.len()..]);
        let is_own = is_between && own.total() >= LEAST_CONTEXT && others.all(stands_out) && rivals.all(stands_out);
        is_own.then_some(new)
    }

    fn context(&self, old: usize, new: usize, length: usize) -> Context {
        let before = self.old[..old].chars().rev().zip(self.new[..new].chars().rev());
        let after = self.old[old + length..].chars().zip(self.new[new + length..].chars());
        Context { before: shared(before), after: shared(after) }
    }

    fn neighbours(&mut self) -> &Neighbours {
        let (old, new) = (self.old, self.new);
        self.neighbours.get_or_insert_with(|| Neighbours::between(old, new))
    }
}

/// How many characters are the same, one after another.
fn shared(pairs: impl Iterator<Item = (char, char)>) -> usize {
    pairs.take(MOST_CONTEXT).take_while(|(a, b)| a == b).count()
}

/// How many bytes two texts have in common at their beginning, in whole characters.
fn common_prefix(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

/// How many bytes two texts have in common at their end, in whole characters.
fn common_suffix(a: &str, b: &str) -> usize {
    a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

#[cfg(test)]
mod tests;
