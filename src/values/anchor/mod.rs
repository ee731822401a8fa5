//! Anchors: where in an article's `body_text` a quote stands.
//!
//! Offsets count Unicode scalar values and are half open, as in the W3C Web Annotation Data Model's
//! TextPositionSelector (§4.2.5) and TextQuoteSelector (§4.2.4).

mod again;
mod neighbours;

use std::ops::Range;

pub use again::{Anchoring, anchor_again};

use super::text_enum::text_enum;

/// The longest prefix and suffix, in Unicode scalar values.
const CONTEXT: usize = 32;

text_enum! {
    /// Whether an anchor still holds after the body was edited.
    pub enum AnchorState {
        /// The words stand at the offsets.
        Exact = "exact",
        /// The words were found, once, elsewhere; the offsets are the new ones.
        Moved = "moved",
        /// The words stand in several places and their surroundings do not decide.
        Ambiguous = "ambiguous",
        /// The words are gone.
        Orphaned = "orphaned",
    }
}

/// One unbroken range of `body_text`: `body_text[start..end] == exact`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Segment {
    /// First character, counted from 0 in Unicode scalar values, or what `offsets` asks for.
    #[schema(example = 812)]
    pub start: u32,
    /// One past the last character.
    #[schema(example = 835)]
    pub end: u32,
    /// The words that stand there.
    #[schema(example = "The bell is staying put")]
    pub exact: String,
    /// Up to 32 characters before.
    #[schema(example = "crowd on the quay went quiet. \"", max_length = 32)]
    pub prefix: String,
    /// Up to 32 characters after.
    #[schema(example = ",\" said Ines Holloway, the harbo", max_length = 32)]
    pub suffix: String,
}

/// A text in which byte ranges are turned into segments. Made once for a text, since it looks at all of it.
#[derive(Debug)]
pub struct AnchoredText<'t> {
    text: &'t str,
    boundaries: Vec<usize>,
}

impl<'t> AnchoredText<'t> {
    /// Looks at a text.
    pub fn new(text: &'t str) -> Self {
        let boundaries = text.char_indices().map(|(index, _)| index).chain([text.len()]).collect();
        Self { text, boundaries }
    }

    /// Turns byte ranges into segments. They must lie on character boundaries, as those of a finder over the same
    /// text do.
    pub fn segments(&self, ranges: &[Range<usize>]) -> Vec<Segment> {
        ranges.iter().map(|range| self.segment(range)).collect()
    }

    /// The byte ranges of segments; nothing where their words do not stand there.
    fn ranges(&self, segments: &[Segment]) -> Option<Vec<Range<usize>>> {
        segments.iter().map(|segment| self.range(segment)).collect()
    }

    fn range(&self, segment: &Segment) -> Option<Range<usize>> {
        let byte = |scalar: u32| self.boundaries.get(scalar as usize).copied();
        let range = byte(segment.start)?..byte(segment.end)?;
        (self.text.get(range.clone())? == segment.exact).then_some(range)
    }

    fn segment(&self, range: &Range<usize>) -> Segment {
        let Self { text, boundaries } = self;
        let scalar = |byte: usize| boundaries.partition_point(|boundary| *boundary < byte);
        let (start, end) = (scalar(range.start), scalar(range.end));
        let before = boundaries[start.saturating_sub(CONTEXT)];
        let after = boundaries[(end + CONTEXT).min(boundaries.len() - 1)];
        Segment {
            start: offset(start),
            end: offset(end),
            exact: text[range.clone()].to_owned(),
            prefix: text[before..range.start].to_owned(),
            suffix: text[range.end..after].to_owned(),
        }
    }
}

/// Where UTF-16 counts otherwise than Unicode scalar values in a text.
#[derive(Debug)]
pub struct Utf16Offsets {
    /// The characters of two code units, counted in scalar values.
    pairs: Vec<u32>,
}

impl Utf16Offsets {
    /// Looks at a text.
    pub fn in_text(text: &str) -> Self {
        let pairs = text.chars().enumerate().filter(|(_, character)| character.len_utf16() == 2);
        Self { pairs: pairs.map(|(at, _)| offset(at)).collect() }
    }

    /// Makes a segment of the text, counted in scalar values, count UTF-16 code units.
    pub fn count(&self, segment: &mut Segment) {
        let before = |at: u32| offset(self.pairs.partition_point(|pair| *pair < at));
        segment.start += before(segment.start);
        segment.end += before(segment.end);
    }
}

/// Texts are bounded far below 2³² characters where they enter the program.
fn offset(scalars: usize) -> u32 {
    u32::try_from(scalars).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_count_characters_not_bytes() {
        let text = "Zoë said “ça va” 🙂 twice";
        let start = text.find("ça").unwrap();
        let words = start..start + "ça va".len();
        let found = AnchoredText::new(text).segments(std::slice::from_ref(&words));
        assert_eq!(
            found,
            [Segment {
                start: 10,
                end: 15,
                exact: "ça va".into(),
                prefix: "Zoë said “".into(),
                suffix: "” 🙂 twice".into()
            }]
        );
    }

    proptest! {
        #[test]
        fn the_characters_at_the_offsets_are_the_words(text in any::<String>(), a: prop::sample::Index, b: prop::sample::Index) {
            let boundaries: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let (a, b) = (boundaries[a.index(boundaries.len())], boundaries[b.index(boundaries.len())]);
            let range = a.min(b)..a.max(b);
            let segment = AnchoredText::new(&text).segments(std::slice::from_ref(&range)).remove(0);
            let characters: Vec<char> = text.chars().collect();
            let at: String = characters[segment.start as usize..segment.end as usize].iter().collect();
            prop_assert_eq!(&at, &segment.exact);
            prop_assert!(text[..range.start].ends_with(&segment.prefix) && text[range.end..].starts_with(&segment.suffix));
            prop_assert!(segment.prefix.chars().count() <= CONTEXT && segment.suffix.chars().count() <= CONTEXT);
        }

        #[test]
        fn the_code_units_at_the_utf16_offsets_are_the_words(text in "(\\PC|🙂|é)*", a: prop::sample::Index, b: prop::sample::Index) {
            let boundaries: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let (a, b) = (boundaries[a.index(boundaries.len())], boundaries[b.index(boundaries.len())]);
            let range = a.min(b)..a.max(b);
            let mut segment = AnchoredText::new(&text).segments(std::slice::from_ref(&range)).remove(0);
            Utf16Offsets::in_text(&text).count(&mut segment);
            let units: Vec<u16> = text.encode_utf16().collect();
            prop_assert_eq!(String::from_utf16(&units[segment.start as usize..segment.end as usize]).unwrap(), segment.exact);
        }
    }
}
