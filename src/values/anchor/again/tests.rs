use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Segments of the given words, each where it first stands after the one before.
fn segments(text: &str, words: &[&str]) -> Vec<Segment> {
    let mut from = 0;
    let ranges: Vec<Range<usize>> = words
        .iter()
        .map(|words| {
            let start = from + text[from..].find(words).unwrap();
            from = start + words.len();
            start..from
        })
        .collect();
    AnchoredText::new(text).segments(&ranges)
}

fn again(old: &str, words: &[&str], new: &str) -> Anchoring {
    anchor_again(&[segments(old, words)], Some(old), new).remove(0)
}

fn starts(anchoring: &Anchoring) -> Vec<u32> {
    anchoring.segments.iter().map(|segment| segment.start).collect()
}

const OLD: &str =
    "The mayor spoke at noon. “I rang it once,” she said, “and the quay fell silent.” Nobody moved for a while.";

#[test]
fn what_did_not_move_is_exact_and_has_its_new_context() {
    let new = OLD.replace("Nobody moved", "Nobody went home");
    let found = again(OLD, &["I rang it once,", "and the quay fell silent."], &new);
    assert_eq!(found.state, AnchorState::Exact);
    assert!(found.segments[1].suffix.starts_with("” Nobody went"));
}

#[test]
fn what_moved_has_new_offsets() {
    let new = OLD.replace("at noon", "at about noon");
    let found = again(OLD, &["I rang it once,", "and the quay fell silent."], &new);
    assert_eq!((found.state, starts(&found)), (AnchorState::Moved, vec![32, 60]));
}

#[test]
fn segments_are_judged_together() {
    let words = ["I rang it once,", "and the quay fell silent."];
    let one_gone = OLD.replace("fell silent", "went quiet");
    let found = again(OLD, &words, &one_gone);
    assert_eq!((found.state, &found.segments), (AnchorState::Orphaned, &segments(OLD, &words)));
    let turned = "“and the quay fell silent.” Nobody moved. She said: “I rang it once,” and left us there on the quay.";
    assert_eq!(again(OLD, &words, turned).state, AnchorState::Ambiguous);
}

#[test]
fn one_of_two_like_passages_that_is_gone_is_not_taken_for_the_other() {
    let (first, between) =
        ("The captain said “No.” and turned to his men. ", "They waited until the morning for an answer. ");
    let second = "Asked again by the court, she answered “No.” and sat down.";
    let old = format!("{first}{between}{second}");
    let no = segments(&old, &["No."]);
    let new = format!("{between}{second}");
    let found = anchor_again(std::slice::from_ref(&no), Some(&old), &new).remove(0);
    assert_eq!(found.state, AnchorState::Orphaned);
    let new = format!("{first}{second}");
    let found = anchor_again(&[no], Some(&old), &new).remove(0);
    assert_eq!((found.state, starts(&found)), (AnchorState::Exact, vec![18]));
}

#[test]
fn of_equal_paragraphs_nobody_knows_which_one_went() {
    let found = again("“No.”\n\n“No.”", &["No."], "“No.”");
    assert_eq!(found.state, AnchorState::Ambiguous);
}

#[test]
fn without_the_old_text_words_and_context_decide() {
    let kept = segments(OLD, &["I rang it once,"]);
    let look = |new: &str| anchor_again(std::slice::from_ref(&kept), None, new).remove(0);
    assert_eq!(look(&format!("New. {OLD}")).state, AnchorState::Moved);
    assert_eq!(look("“I rang it once,” he lied.").state, AnchorState::Moved);
    assert_eq!(look(&format!("“I rang it once,” he lied. {OLD}")).state, AnchorState::Moved);
    assert_eq!(look(&format!("{OLD} {OLD}")).state, AnchorState::Ambiguous);
    assert_eq!(look("Nothing.").state, AnchorState::Orphaned);
}

#[test]
fn what_was_lost_comes_back_but_not_in_the_place_of_another() {
    let lost = segments(OLD, &["I rang it once,"]);
    let without = OLD.replace("I rang it once,", "I rang,");
    let back = anchor_again(std::slice::from_ref(&lost), Some(&without), OLD).remove(0);
    assert_eq!((back.state, back.segments), (AnchorState::Exact, lost.clone()));
    let other_text = "Later she said: “I rang it once,” and no more.";
    let other = segments(other_text, &["I rang it once,"]);
    let states: Vec<AnchorState> =
        anchor_again(&[lost, other], Some(other_text), other_text).into_iter().map(|found| found.state).collect();
    assert_eq!(states, [AnchorState::Orphaned, AnchorState::Exact]);
}

/// A character that knows where in the first text it, or what it was copied from, stood.
#[derive(Debug, Clone, Copy)]
struct Tracked {
    character: char,
    origin: Option<usize>,
}

#[derive(Debug, Clone)]
enum Change {
    Insert(Index, String),
    Delete(Index, usize),
    Copy(Index, usize, Index),
    Move(Index, usize, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let length = 1..160_usize;
    prop_oneof![
        (any::<Index>(), "[a-e ]{1,60}").prop_map(|(at, text)| Change::Insert(at, text)),
        (any::<Index>(), length.clone()).prop_map(|(at, length)| Change::Delete(at, length)),
        (any::<Index>(), length.clone(), any::<Index>()).prop_map(|(from, length, to)| Change::Copy(from, length, to)),
        (any::<Index>(), length, any::<Index>()).prop_map(|(from, length, to)| Change::Move(from, length, to)),
    ]
}

fn apply(text: &mut Vec<Tracked>, change: &Change) {
    let range = |text: &[Tracked], at: &Index, length: usize| {
        let start = at.index(text.len() + 1);
        start..(start + length).min(text.len())
    };
    match change {
        Change::Insert(at, new) => {
            let at = at.index(text.len() + 1);
            let new = new.chars().map(|character| Tracked { character, origin: None });
            text.splice(at..at, new);
        }
        Change::Delete(at, length) => drop(text.drain(range(text, at, *length))),
        Change::Copy(from, length, to) => {
            let copied = text[range(text, from, *length)].to_vec();
            let to = to.index(text.len() + 1);
            text.splice(to..to, copied);
        }
        Change::Move(from, length, to) => {
            let moved: Vec<Tracked> = text.drain(range(text, from, *length)).collect();
            let to = to.index(text.len() + 1);
            text.splice(to..to, moved);
        }
    }
}

/// Sentences of few words, so that they are like one another, with the same few passages among them.
fn sentences() -> impl Strategy<Value = (String, Vec<(usize, usize)>)> {
    let passage =
        prop::sample::select(vec!["No.", "we never asked for it", "It was late, and the ferry had gone. We waited."]);
    let filler = "([a-h]{1,5} ){1,12}";
    prop::collection::vec((filler, passage), 2..12).prop_map(|sentences| {
        let (mut text, mut passages) = (String::new(), Vec::new());
        for (filler, passage) in sentences {
            text.push_str(&filler);
            passages.push((text.len(), text.len() + passage.len()));
            text.push_str(passage);
            text.push(' ');
        }
        (text, passages)
    })
}

#[test]
fn words_that_stand_often_are_told_apart_by_what_stays_around_them() {
    let old: String = (0..40).map(|n| format!("Witness {n} of the inquiry said: “No.” Then came the next. ")).collect();
    let text = AnchoredText::new(&old);
    let printing = |(at, _): (usize, &str)| text.segments(&std::iter::once(at..at + 3).collect::<Vec<_>>());
    let printings: Vec<Vec<Segment>> = old.match_indices("No.").map(printing).collect();
    let new =
        old.replace("Witness 7 of the inquiry", "The seventh of the witnesses").replace("Witness 20 ", "The last ");
    let found = anchor_again(&printings, Some(&old), &new);
    let starts = new.match_indices("No.").map(|(at, _)| new[..at].chars().count() as u32);
    let mut lost = Vec::new();
    for (number, (found, start)) in found.iter().zip(starts).enumerate() {
        match found.state {
            AnchorState::Exact | AnchorState::Moved => assert_eq!(found.segments[0].start, start),
            AnchorState::Ambiguous => lost.push(number),
            AnchorState::Orphaned => panic!("none is gone"),
        }
    }
    assert!(lost.len() <= 4 && lost.iter().all(|lost| [6, 7, 19, 20].contains(lost)), "{lost:?}");
}

/// Half a million characters with a quote in every sentence: minutes, if anything were compared with everything.
#[test]
fn a_long_body_is_anchored_again_in_bounded_work() {
    let sentence = |n: usize| format!("Sentence {n} says “the tide is {} high” and ends. ", n * 7919 % 10_007);
    let old: String = (0..10_000).map(sentence).collect();
    let text = AnchoredText::new(&old);
    let quotes: Vec<Vec<Segment>> = old
        .match_indices("the tide")
        .step_by(20)
        .map(|(at, _)| text.segments(&std::iter::once(at..at + old[at..].find('”').unwrap()).collect::<Vec<_>>()))
        .collect();
    let new = format!("First. {}", old.replace("Sentence 5000 ", "").replace("Sentence 9000 ", "Line "));
    let found = anchor_again(&quotes, Some(&old), &new);
    assert!(found.iter().all(|found| found.state == AnchorState::Moved));
    let hostile = "a".repeat(200_000);
    let letters = AnchoredText::new(&hostile).segments(&std::iter::once(70_000..170_000).collect::<Vec<_>>());
    let state = anchor_again(&[letters], Some(&hostile), &format!("b{hostile}b")).remove(0).state;
    assert_eq!(state, AnchorState::Ambiguous);
}

proptest! {
    // About twenty thousand anchors; `PROPTEST_CASES` asks for more.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(3_000), ..ProptestConfig::default() })]

    #[test]
    fn no_anchor_is_ever_put_on_other_words_than_its_own(
        (old, passages) in sentences(),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        let mut text: Vec<Tracked> = old
            .chars()
            .enumerate()
            .map(|(at, character)| Tracked { character, origin: Some(at) })
            .collect();
        for change in &changes {
            apply(&mut text, change);
        }
        let new: String = text.iter().map(|tracked| tracked.character).collect();
        let ranges: Vec<Range<usize>> = passages.iter().map(|(start, end)| *start..*end).collect();
        let old_text = AnchoredText::new(&old);
        let printings: Vec<Vec<Segment>> = ranges.iter().map(|range| old_text.segments(std::slice::from_ref(range))).collect();
        let found = anchor_again(&printings, Some(&old), &new);
        for (range, found) in ranges.iter().zip(found) {
            if !matches!(found.state, AnchorState::Exact | AnchorState::Moved) {
                continue;
            }
            let place = found.segments[0].start as usize..found.segments[0].end as usize;
            prop_assert_eq!(&new[place.clone()], &old[range.clone()]);
            prop_assert_eq!(found.state == AnchorState::Exact, place.start == range.start);
            // Its own words, or a copy of them: of two equal ones nobody can say which was there before. Nor can anybody
            // where equal words were moved to stand right before or behind what its own stood beside.
            let origins = || text[place.clone()].iter().filter_map(|one| one.origin);
            let is_beside = |new: Option<usize>, old: Option<usize>| {
                old.is_some() && new.and_then(|at| text.get(at)?.origin) == old
            };
            prop_assert!(
                origins().any(|at| range.contains(&at))
                    || origins().count() == 0
                    || is_beside(place.start.checked_sub(1), range.start.checked_sub(1))
                    || is_beside(Some(place.end), Some(range.end)),
                "{:?} became another in {:?}", &old[range.clone()], new
            );
        }
    }
}
