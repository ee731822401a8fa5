//! Regular expressions written in the code.

use regex::Regex;

/// Compiles a pattern that stands in the code.
pub(super) fn pattern(source: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "a pattern in the code that is wrong fails the first test that uses it")]
    Regex::new(source).expect("a pattern that compiles")
}
