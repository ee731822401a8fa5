//! Files that are one article: read whole, up to a limit.

use std::io::{self, Cursor, Read};

use encoding_rs::{Encoding, UTF_8};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::entry::{Entry, Item, Items, Place, Refusal};
use super::format::Format;

/// The largest file that is read as one article, in bytes.
pub(super) const MAX_FILE: u64 = 20 * 1024 * 1024;

/// The one thing of a file: its bytes, which are UTF-8, made an article by `read`.
pub(super) fn one_article<'a>(
    reader: impl Read + Send + 'a,
    format: Format,
    read: impl FnOnce(Entry) -> Result<Entry, Refusal> + Send + 'a,
) -> Items<'a> {
    let item = move || match text(reader).and_then(|source| read(Entry::at(FIRST, format, source))) {
        Ok(entry) => Item::Article(Box::new(entry)),
        Err(refusal) => Item::Refused(refusal),
    };
    Box::new(std::iter::once_with(item))
}

/// Where the one thing of a file stands.
const FIRST: Place = Place { number: 1, line: 1, byte: 0 };

/// The bytes of a file in UTF-8, without U+0000 and not too many.
fn text(mut reader: impl Read) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let unreadable = |error: io::Error| Refusal::at(FIRST, format!("cannot be read: {error}"));
    reader.by_ref().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        let length = bytes.len() as u64 + io::copy(&mut reader, &mut io::sink()).map_err(unreadable)?;
        let reason = format!("{length} bytes long: one article may have {MAX_FILE}");
        return Err(Refusal::at(FIRST, reason));
    }
    let bytes = from_utf_16(bytes)?;
    let fault = match std::str::from_utf8(&bytes) {
        // To guess the encoding would be to guess the words.
        Err(error) => Some((error.valid_up_to(), NOT_UTF_8)),
        Ok(text) => text.find('\0').map(|at| (at, "the character U+0000 has no place in a text")),
    };
    match fault {
        None => Ok(bytes),
        Some((at, reason)) => {
            let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            Err(Refusal::at(Place { line, byte: at as u64, ..FIRST }, reason))
        }
    }
}

const NOT_UTF_8: &str = "not UTF-8 text; an older file may be Windows-1252: convert it with \
                         `iconv -f WINDOWS-1252 -t UTF-8`";

/// A file that its byte order mark shows to be UTF-16, as UTF-8; any other as it is.
fn from_utf_16(bytes: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    match Encoding::for_bom(&bytes) {
        Some((encoding, mark)) if encoding != UTF_8 => {
            let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]);
            let refused =
                || Refusal::at(FIRST, "it has bytes that are wrong in UTF-16, as which its first two mark it");
            text.map(|text| text.into_owned().into_bytes()).ok_or_else(refused)
        }
        _ => Ok(bytes),
    }
}

/// A file in the encoding that its beginning declares, as UTF-8. What the declaration leaves wrong is shown by U+FFFD, as
/// browsers do, since a page shows what it shows.
pub(super) fn declared<'a>(
    mut reader: impl Read + Send + 'a,
    encoding: impl Fn(&[u8]) -> &'static Encoding,
) -> Box<dyn Read + Send + 'a> {
    const HEAD: u64 = 1024;
    let mut head = Vec::new();
    // A fault in reading shows itself again below.
    let is_read = reader.by_ref().take(HEAD).read_to_end(&mut head).is_ok();
    let encoding = if is_read { encoding(&head) } else { UTF_8 };
    let decoded = DecodeReaderBytesBuilder::new()
        .encoding((encoding != UTF_8).then_some(encoding))
        .utf8_passthru(true)
        .strip_bom(true)
        .build(Cursor::new(head).chain(reader));
    Box::new(decoded)
}
