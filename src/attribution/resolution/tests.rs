//! What a whole text gives, rule by rule.

use super::resolve;
use crate::attribution::{Finding, PrintedBeside, Quotation, read_attribution_line};

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
fn a_pause_before_a_colon_goes_on_with_the_speaker_and_somebody_else_does_not() {
    let start = "\"I am saying nothing,\" said Ada Kern.";
    assert_eq!(
        read(&format!("{start} Then, after a while: \"But I know whose it is.\""))[1],
        "But I know whose it is. -> Ada Kern (continued)"
    );
    for other in ["Somebody had chalked on the wall:", "Somebody had put up:", "A long list of words went on and on:"] {
        let read = read(&format!("{start} {other} \"But I know whose it is.\" It rained."));
        assert_eq!(read[1], "But I know whose it is. -> nobody (unattributed)", "{other}");
    }
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

#[test]
fn who_answers_an_interview_is_named_before_its_first_question() {
    let text =
        "Ada Kern builds boats. We met in Vik.\n\nWhy boats?\n\n\"They come back.\"\n\nDo they?\n\n\"Most of them.\"";
    assert_eq!(read(text), ["They come back. -> Ada Kern (interview)", "Most of them. -> Ada Kern (interview)"]);
}

#[test]
fn an_epithet_calls_somebody_again_and_a_contrast_somebody_else() {
    let start = "Kern scored twice for Vik. Ada Kern has now scored nine.";
    for (epithet, speaker) in
        [("the 26-year-old", "Ada Kern"), ("the striker", "Ada Kern"), ("the Italian", "Ada Kern")]
    {
        let text = format!("{start} \"I was lucky today,\" {epithet} said.");
        assert_eq!(read(&text), [format!("I was lucky today, -> {speaker} (cue_after)")]);
    }
    let other = format!("{start} \"I was lucky today,\" the other striker said.");
    assert_eq!(read(&other), ["I was lucky today, -> the other striker (cue_after)"]);
}

#[test]
fn a_mark_lost_behind_an_attribution_or_at_the_end_of_a_paragraph_is_put_back() {
    assert_eq!(
        read("\"That is no bicycle,\" said Ada Kern. It is an apology.\"\n\nShe laughed."),
        ["That is no bicycle, -> Ada Kern (cue_after)", "It is an apology. -> Ada Kern (continued)"]
    );
    assert_eq!(
        read("\"I get on for the company,\" said Ada Kern. \"You can write that down.\n\nSo I did."),
        ["I get on for the company, -> Ada Kern (cue_after)", "You can write that down. -> Ada Kern (continued)"]
    );
}

#[test]
fn the_source_of_inserted_and_governing_verbs_is_found() {
    for text in [
        "The pier, said Ada Kern, was \"a danger to every child\".",
        "Ben Holt, in the words of Ada Kern, was \"a danger to every child\".",
        "Ada Kern told them to put \"every thought of it\" out of their minds.",
        "It was a school where a teacher, Ada Kern, looked up and said: \"A danger to every child.\"",
        "Ada Kern (Vik) said the pier was \"a danger to every child\".",
        "In a recent letter Ada Kern called it \"a danger to every child\".",
        "Ada Kern's answer came at once: \"A danger to every child.\"",
    ] {
        let findings = resolve(text, &[]);
        let speakers: Vec<_> = findings.iter().filter_map(|finding| finding.speaker.as_ref()).collect();
        assert_eq!(speakers.iter().map(|speaker| speaker.name.as_str()).collect::<Vec<_>>(), ["Ada Kern"], "{text}");
    }
}

#[test]
fn where_a_relative_clause_tells_the_employer_it_is_the_organization() {
    let findings = resolve("\"It fell,\" said Ada Kern, who teaches law at the University of Vik.", &[]);
    let speaker = findings[0].speaker.clone().expect("a speaker");
    assert_eq!(speaker.organization.as_deref(), Some("University of Vik"));
}

/// Pieces of journalism, put together at random.
const PIECES: &str = "([A-Za-z\u{e9}'\"`\u{201c}\u{201d}\u{201e}\u{ab}\u{bb}\u{2018}\u{2019}.,:;!?\u{2014}\\- \n0-9\u{1f6a2}\u{301}()]|said |Ada Kern|Kern's |the mayor |the 43-year-old |the Italian |according to |in the words of |was how |who |where |to put |another |documents |of |she |He |Her answer |\"We are late now,\" |\u{201c}We are late now.\u{201d} |``late'' |Q: |VIK \u{2014} |\n\n){0,60}";

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_every_range_is_sound(text in PIECES) {
        check_ranges(&text);
    }

    #[test]
    fn arbitrary_characters_do_no_harm(text in "\\PC*") {
        check_ranges(&text);
    }
}

/// Segments are in order without overlap, on character boundaries, not empty, and hold no outer blank; what is said of
/// them agrees with itself.
fn check_ranges(text: &str) {
    let beside = PrintedBeside { words: "We are late now".to_owned(), speaker: read_attribution_line("Odd Vik") };
    let findings = resolve(text, &[]);
    assert_eq!(findings, resolve(text, &[]), "the same text gives the same answer");
    check_findings(text, resolve(text, &[beside]));
    check_findings(text, findings);
}

fn check_findings(text: &str, findings: Vec<Finding>) {
    let mut reached = 0;
    for finding in findings {
        assert!(!finding.segments.is_empty() && !finding.rule.is_empty());
        assert!(
            (0.0..=1.0).contains(&finding.confidence) && finding.speaker.is_some() != (finding.rule == "unattributed")
        );
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
        "?she The Italian \u{201C}Is it? ",
        "and \n\naccording to , Her answer the 43-year-old ",
        "``a'' ",
        "Q: \"Is it?\"\n\n\"It is.\"\n\n",
        "Is it?\n\n\"It is.\"\n\n",
        "\"We are late now,\" she said. ",
        "(Ada (Kern ",
        "Kern's pilot's ",
    ] {
        let _ = resolve(&piece.repeat(4_000), &[]);
    }
}
