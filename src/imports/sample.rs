//! The sample content, built into the program. It goes through the importer like any other text.

use include_dir::{Dir, include_dir};

use super::files::Entry;

/// The system the sample content comes from, as an external id names it.
const SOURCE: &str = "sample";

static ARTICLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/samples/articles");

/// Every sample article, sorted by name.
pub fn sample_entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = ARTICLES
        .files()
        .map(|file| {
            let name = file.path().to_string_lossy().into_owned();
            Entry { shown: name.clone(), source: SOURCE, id: name, content: Ok(file.contents().to_vec()) }
        })
        .collect();
    entries.sort_by(|one, other| one.id.cmp(&other.id));
    entries
}
