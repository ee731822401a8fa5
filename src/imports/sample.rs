//! The sample content, built into the program. It goes through the importer like any other text.

use std::borrow::Cow;

use include_dir::{Dir, include_dir};

use super::files::{Content, Source};

/// The system the sample content comes from, as an external id names it.
const SOURCE: &str = "sample";

static ARTICLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/samples/articles");

/// Every sample article, sorted by name.
pub fn sample_sources() -> Vec<Source> {
    let mut sources: Vec<Source> = ARTICLES
        .files()
        .map(|file| {
            let name = file.path().to_string_lossy().into_owned();
            let content = Content::Bytes(Cow::Borrowed(file.contents()));
            Source { shown: name.clone(), system: SOURCE, id: name, content }
        })
        .collect();
    sources.sort_by(|one, other| one.id.cmp(&other.id));
    sources
}
