//! The files that paths name, read one by one.

use std::fs;
use std::path::{Path, PathBuf};

use super::plain_text::Unreadable;

/// The largest file that is read as one article, in bytes.
const MAX_SIZE: u64 = 5 * 1024 * 1024;

/// The ending of the files that are looked for in directories.
const EXTENSION: &str = "txt";

/// The system that files come from, as an external id names it.
const SOURCE: &str = "file";

/// One text to import.
#[derive(Debug)]
pub struct Entry {
    /// How reports name it.
    pub shown: String,
    /// The system it comes from.
    pub source: &'static str,
    /// Its id there; the same id means the same article at the next import.
    pub id: String,
    /// The bytes, or why there are none.
    pub content: Result<Vec<u8>, Unreadable>,
}

/// A path that cannot be looked into at all.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", .path.display())]
pub struct PathError {
    path: PathBuf,
    error: std::io::Error,
}

/// The entries that `paths` name: files as they are, directories with every text file in them, sorted by name.
///
/// A file's id is its name, one in a directory that was given its path from there.
pub fn entries(paths: &[PathBuf]) -> Result<Vec<Entry>, PathError> {
    let mut entries = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut files = Vec::new();
            find_texts(path, &mut files)?;
            entries.extend(files.iter().map(|file| entry(file, file.strip_prefix(path).unwrap_or(file))));
        } else {
            entries.push(entry(path, Path::new(path.file_name().unwrap_or(path.as_os_str()))));
        }
    }
    Ok(entries)
}

fn find_texts(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), PathError> {
    let read = || fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = read().map_err(|error| PathError { path: directory.to_owned(), error })?;
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // A link to a directory could lead round in a circle.
        if is_hidden || (path.is_symlink() && path.is_dir()) {
            continue;
        }
        if path.is_dir() {
            find_texts(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    Ok(())
}

fn entry(path: &Path, id: &Path) -> Entry {
    Entry {
        shown: path.display().to_string(),
        source: SOURCE,
        id: id.to_string_lossy().into_owned(),
        content: read(path).map_err(|reason| Unreadable { line: 1, reason }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("not a regular file".to_owned());
    }
    if metadata.len() > MAX_SIZE {
        return Err(format!("larger than the {MAX_SIZE} bytes that one article may have"));
    }
    fs::read(path).map_err(|error| error.to_string())
}
