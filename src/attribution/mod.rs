//! Text in, quotations with their speakers out: no model, no network, the same answer every time.
//!
//! Each stage is a file or a folder with a type of its own: `paragraphs` and `marks` (which stretches stand between
//! marks), `tokens` and `words` (what is known of each word), `mentions` (which phrases can speak), `entities` (whom the
//! text speaks of, and where), `blocks` and `cues` (what names a source), `resolution` (who that is, given the whole
//! text), `agreement` (what other printings of the same words tell). A wrong name is worse than none: where the evidence
//! does not decide, the quotation stays unattributed. docs/attribution.md tells more.

mod agreement;
mod attribution_line;
mod blocks;
mod cues;
mod entities;
mod fidelity;
mod identity;
mod marks;
mod mentions;
mod paragraphs;
mod resolution;
mod tokens;
mod words;

use std::ops::Range;

use words::{Trait, Traits};

pub use attribution_line::read_attribution_line;
pub(crate) use attribution_line::{begins_with_dash, is_attribution_line, without_dressing};
pub use fidelity::{Fidelity, Match, Passages};
pub use identity::{identity_key, word_count};
pub(crate) use marks::{is_double_mark, opens_with_mark, read_marks};

/// Whether the writer prints whole sentences of the speaker or a piece inside a sentence of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotation {
    Direct,
    Mixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeakerKind {
    Person,
    Organization,
    /// Several people without a name of their own: "two officials".
    Group,
    /// What somebody wrote or recorded, where the text names nobody for it: "a note", "the voice on the tape".
    Document,
}

/// Who said something, as the text names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// The fullest form in the text, without forms of address and roles before it.
    pub name: String,
    pub kind: SpeakerKind,
    /// The words in the text that name the speaker of this quotation.
    pub mention: Option<Range<usize>>,
    pub role: Option<String>,
    pub organization: Option<String>,
}

impl Speaker {
    /// False for a thing, which is nobody to keep a record of.
    pub fn is_somebody(&self) -> bool {
        self.kind != SpeakerKind::Document
    }

    /// False for someone known only by a description ("a spokesman"), who is nobody to recognise elsewhere.
    pub fn is_named(&self) -> bool {
        let mut words = self.name.split_whitespace();
        let opens_a_name = |word| {
            let traits = Traits::of(word);
            traits.has(Trait::Capitalised) && !traits.has(Trait::Determiner)
        };
        match self.kind {
            SpeakerKind::Organization => words.any(|word| words::has(word, Trait::NameWord)),
            SpeakerKind::Group | SpeakerKind::Document => false,
            SpeakerKind::Person => {
                words.next().is_some_and(opens_a_name)
                    && words.next_back().is_none_or(|last| words::has(last, Trait::Capitalised))
            }
        }
    }
}

/// A quotation found in a text. All ranges are bytes of that text.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The words between the outer marks; several for a split quotation or one over paragraphs.
    pub segments: Vec<Range<usize>>,
    pub quotation: Quotation,
    /// None where nothing in the text decides.
    pub speaker: Option<Speaker>,
    /// The attribution as printed; none where the quotation goes on from one before.
    pub attribution: Option<Range<usize>>,
    /// The rule that decided the speaker.
    pub rule: &'static str,
    pub confidence: f32,
}

/// A quotation printed beside a text, such as a pull quote, and whom its attribution names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedBeside {
    pub words: String,
    pub speaker: Speaker,
}

/// Finds the quotations of a text, in text order. Blank lines or line ends part paragraphs. The people named for what is
/// printed `beside` the text are known in it, and decide where it prints the same words and names nobody for them.
pub fn find_quotations(text: &str, beside: &[PrintedBeside]) -> Vec<Finding> {
    resolution::resolve(text, beside)
}

/// The words of a quotation in several pieces: joined by a blank, across paragraphs by a blank line. The segments are
/// bytes of the text.
pub fn joined(text: &str, segments: &[Range<usize>]) -> String {
    let mut words = String::new();
    let mut previous_end = None;
    for segment in segments {
        if let Some(end) = previous_end {
            words.push_str(if marks::parts_paragraphs(&text[end..segment.start]) { "\n\n" } else { " " });
        }
        words.push_str(&text[segment.clone()]);
        previous_end = Some(segment.end);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts with what is to be found in them: `-> speaker: words`, pieces of a split quotation parted by ` | `. Cases
    /// are parted by `====`.
    const CASES: &[(&str, &str)] = &[
        ("banks_and_planets", include_str!("cases/banks_and_planets.txt")),
        ("british_style", include_str!("cases/british_style.txt")),
        ("features_and_interviews", include_str!("cases/features_and_interviews.txt")),
        ("fiction_and_fires", include_str!("cases/fiction_and_fires.txt")),
        ("harpsichords_and_inquiries", include_str!("cases/harpsichords_and_inquiries.txt")),
        ("hearings_and_bees", include_str!("cases/hearings_and_bees.txt")),
        ("left_out", include_str!("cases/left_out.txt")),
        ("long_articles", include_str!("cases/long_articles.txt")),
        ("marks_and_edges", include_str!("cases/marks_and_edges.txt")),
        ("narrative", include_str!("cases/narrative.txt")),
        ("ordinary_news", include_str!("cases/ordinary_news.txt")),
        ("papers_and_profiles", include_str!("cases/papers_and_profiles.txt")),
        ("short_hard_cases", include_str!("cases/short_hard_cases.txt")),
        ("short_reports", include_str!("cases/short_reports.txt")),
        ("sport_and_court", include_str!("cases/sport_and_court.txt")),
        ("statements_and_posts", include_str!("cases/statements_and_posts.txt")),
        ("trains_and_tribunals", include_str!("cases/trains_and_tribunals.txt")),
        ("wire_news", include_str!("cases/wire_news.txt")),
    ];

    fn found(text: &str) -> Vec<String> {
        let shown = |finding: Finding| {
            let words: Vec<&str> = finding.segments.iter().map(|segment| &text[segment.clone()]).collect();
            let speaker = finding.speaker.map_or("nobody".to_owned(), |speaker| speaker.name);
            format!("-> {speaker}: {}", words.join(" | "))
        };
        find_quotations(text, &[]).into_iter().map(shown).collect()
    }

    #[test]
    fn texts_of_many_styles_are_read_as_their_readers_would() {
        let mut faults = String::new();
        for (style, cases) in CASES {
            for case in cases.split("\n====\n") {
                let (expected, text): (Vec<&str>, Vec<&str>) =
                    case.lines().filter(|line| !line.starts_with("# ")).partition(|line| line.starts_with("-> "));
                let found = found(text.join("\n").trim());
                if found != expected {
                    faults += &format!("{style}\nexpected {expected:#?}\nfound {found:#?}\n");
                }
            }
        }
        assert!(faults.is_empty(), "{faults}");
    }
}
