//! The files that paths name.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

/// The endings of the files that are looked for in directories.
const ENDINGS: [&str; 9] = ["txt", "md", "markdown", "html", "htm", "xml", "atom", "json", "ndjson"];

/// The system that files come from, as an external id names it.
const SOURCE: &str = "file";

/// A file to import.
#[derive(Debug, Clone)]
pub struct Source {
    /// How reports name it.
    pub shown: String,
    /// The system it comes from, where it is one article and does not say.
    pub system: &'static str,
    /// Its id there; the same id means the same article at the next import.
    pub id: String,
    /// Its bytes.
    pub content: Content,
}

/// The bytes of a file.
#[derive(Debug, Clone)]
pub enum Content {
    /// Those that stand there.
    Path(PathBuf),
    /// These.
    Bytes(Cow<'static, [u8]>),
}

/// Something that can be read from its beginning again.
pub(super) trait ReadSeek: Read + Seek + Send {}
impl<R: Read + Seek + Send> ReadSeek for R {}

impl Source {
    /// A file that stands at a path and has this name.
    pub fn at(path: PathBuf, name: &str) -> Self {
        Self { shown: name.to_owned(), system: SOURCE, id: name.to_owned(), content: Content::Path(path) }
    }

    /// How many bytes it has; 0 where that cannot be told.
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Path(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Content::Bytes(bytes) => bytes.len() as u64,
        }
    }

    pub(super) fn open(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        match &self.content {
            Content::Path(path) => {
                let file = File::open(path)?;
                if !file.metadata()?.is_file() {
                    return Err(io::Error::other("not a regular file"));
                }
                Ok(Box::new(file))
            }
            Content::Bytes(bytes) => Ok(Box::new(Cursor::new(&bytes[..]))),
        }
    }
}

/// A path that cannot be looked into at all.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", .path.display())]
pub struct PathError {
    path: PathBuf,
    error: io::Error,
}

/// The files that `paths` name: files as they are, directories with every file in them that an importer may read, sorted
/// by name.
///
/// A file's id is its name, one in a directory that was given its path from there.
pub fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, PathError> {
    let mut sources = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut files = Vec::new();
            find_files(path, &mut files)?;
            sources.extend(files.iter().map(|file| source(file, file.strip_prefix(path).unwrap_or(file))));
        } else {
            sources.push(source(path, Path::new(path.file_name().unwrap_or(path.as_os_str()))));
        }
    }
    Ok(sources)
}

fn find_files(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), PathError> {
    let read = || fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut paths = read().map_err(|error| PathError { path: directory.to_owned(), error })?;
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // A link to a directory could lead round in a circle.
        if is_hidden || (path.is_symlink() && path.is_dir()) {
            continue;
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        if path.is_dir() {
            find_files(&path, files)?;
        } else if ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
            files.push(path);
        }
    }
    Ok(())
}

fn source(path: &Path, id: &Path) -> Source {
    Source {
        shown: path.display().to_string(),
        system: SOURCE,
        id: id.to_string_lossy().into_owned(),
        content: Content::Path(path.to_owned()),
    }
}
