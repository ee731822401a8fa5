//! What stayed between two versions of a text: passages that stand once in the old and once in the new one.

use std::collections::HashMap;
use std::ops::Range;

/// How long the compared passages are, in characters: long enough not to come about twice by chance.
pub(super) const WINDOW: usize = 24;

/// Passages of one length that stand once in each of two texts: where they stand in the old and in the new one, sorted
/// by the old place. The beginnings and the ends of the texts correspond too.
pub(super) struct Neighbours {
    pairs: Vec<(usize, usize)>,
    length_of: Vec<usize>,
    ends: (usize, usize),
}

impl Neighbours {
    /// Compares two texts.
    pub(super) fn between(old: &str, new: &str) -> Self {
        let in_old = once(old);
        let in_new = once(new);
        let mut pairs: Vec<(usize, usize, usize)> =
            in_old.into_iter().filter_map(|(words, at)| Some((at?, (*in_new.get(words)?)?, words.len()))).collect();
        pairs.sort_unstable();
        Self {
            length_of: pairs.iter().map(|(.., length)| *length).collect(),
            pairs: pairs.into_iter().map(|(old, new, _)| (old, new)).collect(),
            ends: (old.len(), new.len()),
        }
    }

    /// What lies between the nearest neighbours around a place of the old text, in the old and in the new one. Nothing
    /// where the neighbours have changed places.
    pub(super) fn around(&self, place: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
        let after = self.pairs.partition_point(|(old, _)| *old < place.end);
        // A passage that ends before the place begins before it; those that reach into it are few.
        let before = self.pairs[..after]
            .iter()
            .zip(&self.length_of)
            .enumerate()
            .rev()
            .skip_while(|(_, ((old, _), length))| old + **length > place.start)
            .map(|(_, ((old, new), length))| (old + length, new + length))
            .next()
            .unwrap_or((0, 0));
        let after = self.pairs.get(after).copied().unwrap_or(self.ends);
        (before.1 <= after.1).then_some((before.0..after.0, before.1..after.1))
    }
}

/// The passages of a text with their place, or nothing where it has them more than once.
fn once(text: &str) -> HashMap<&str, Option<usize>> {
    let starts = text.char_indices().map(|(at, _)| at);
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]).skip(WINDOW);
    let mut places = HashMap::new();
    for (start, end) in starts.zip(ends) {
        places.entry(&text[start..end]).and_modify(|place| *place = None).or_insert(Some(start));
    }
    places
}
