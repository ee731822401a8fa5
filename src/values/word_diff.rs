//! Which words one text has that another has not: how an edited pull quote differs from the passage it repeats.

use std::time::Duration;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

/// What became of a run of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffOp {
    /// Both texts have it.
    Equal,
    /// Only the second text has it.
    Insert,
    /// Only the first text has it.
    Delete,
}

/// A run of words with the white space among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WordChange {
    /// What became of it.
    pub op: DiffOp,
    /// The words.
    #[schema(example = "no longer ")]
    pub text: String,
}

/// How long the shortest way from one text to the other is looked for. Long texts that have little in common get a longer
/// way, which is as true.
const LONGEST: Duration = Duration::from_millis(500);

/// How `first` becomes `second`, word by word, in runs as long as can be. The runs but for the inserted ones are `first`,
/// those but for the deleted ones `second`.
pub fn word_diff(first: &str, second: &str) -> Vec<WordChange> {
    let mut changes: Vec<WordChange> = Vec::new();
    for change in TextDiff::configure().timeout(LONGEST).diff_words(first, second).iter_all_changes() {
        let op = match change.tag() {
            ChangeTag::Equal => DiffOp::Equal,
            ChangeTag::Insert => DiffOp::Insert,
            ChangeTag::Delete => DiffOp::Delete,
        };
        match changes.last_mut() {
            Some(last) if last.op == op => last.text.push_str(change.value()),
            _ => changes.push(WordChange { op, text: change.value().to_owned() }),
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_left_out_and_words_put_in_are_told_apart() {
        let changes = word_diff("nobody expected the storm to turn", "nobody at all expected the storm");
        let told: Vec<(DiffOp, &str)> = changes.iter().map(|change| (change.op, change.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (DiffOp::Equal, "nobody "),
                (DiffOp::Insert, "at all "),
                (DiffOp::Equal, "expected the storm"),
                (DiffOp::Delete, " to turn"),
            ]
        );
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_out_of_their_difference(first in "([a-c]{1,2}[ \n]{0,2}){0,20}", second in "([a-c]{1,2}[ \n]{0,2}){0,20}") {
            let changes = word_diff(&first, &second);
            let without = |op: DiffOp| -> String {
                changes.iter().filter(|change| change.op != op).map(|change| change.text.as_str()).collect()
            };
            prop_assert_eq!(without(DiffOp::Insert), first);
            prop_assert_eq!(without(DiffOp::Delete), second);
        }
    }
}
