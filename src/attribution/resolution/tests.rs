//! What a whole text gives, rule by rule.

use super::resolve;
use crate::attribution::{PrintedBeside, Quotation, read_attribution_line};

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
    assert_eq!(read(text), ["The pier is gone -> Ada Kern (cue_after)", "Nobody was on it. -> Ada Kern (continued)"]);
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
    assert_eq!(read("Ben Holt and Ada Kern said: \"We sail at noon.\""), ["We sail at noon. -> nobody (unattributed)"]);
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
    let beside = PrintedBeside { words: "Nobody was on it.".to_owned(), speaker: read_attribution_line("Ada Kern") };
    let findings = resolve("\"It fell at once,\" Kern said.", &[beside]);
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
