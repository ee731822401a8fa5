//! Any text is read without panic, and every range it gives back is sound: `cargo +nightly fuzz run attribution`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verbatim::attribution::{find_quotations, joined, read_attribution_line};

fuzz_target!(|text: &str| {
    let mut reached = 0;
    for finding in find_quotations(text, &[]) {
        assert!(!finding.segments.is_empty());
        for segment in &finding.segments {
            let words = &text[segment.clone()];
            assert!(segment.start >= reached && !words.is_empty() && words == words.trim());
            reached = segment.end;
        }
        assert!(!joined(text, &finding.segments).is_empty());
        assert!((0.0..=1.0).contains(&finding.confidence));
        let mention = finding.speaker.and_then(|speaker| speaker.mention);
        for span in finding.attribution.into_iter().chain(mention) {
            assert!(text.get(span).is_some());
        }
    }
    let _ = read_attribution_line(text);
});
