//! Any file is read to its end in every format without panic, and the places that its entries name are in it:
//! `cargo +nightly fuzz run imports`. The first byte chooses the format.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use verbatim::imports::entry::Item;
use verbatim::imports::format::{Format, open};
use verbatim::values::body::render;

const FORMATS: [Format; 7] = [
    Format::PlainText,
    Format::Markdown,
    Format::Html,
    Format::Blogger,
    Format::Wordpress,
    Format::Ghost,
    Format::Ndjson,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, file)) = bytes.split_first() else { return };
    let _ = Format::recognise(file, None);
    let format = FORMATS[usize::from(*choice) % FORMATS.len()];
    for item in open(format, Cursor::new(file.to_vec()), Some("2019-03-04-the-pier.md")) {
        let Item::Article(entry) = item else { continue };
        let _ = render(entry.body_format, &entry.body_source);
        assert!(entry.pulls.iter().all(|pull| pull.span.end <= entry.source.len()));
        assert!(entry.paragraphs.iter().all(|paragraph| entry.source.get(paragraph.span.clone()).is_some()));
    }
});
