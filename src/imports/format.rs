//! Which format a file has, and how it is opened.

use std::io::{Read, Seek};

use super::archive;
use super::entry::Items;
use super::{blogger, ghost, html, markdown, plain_text, wordpress};
use crate::values::text_enum::text_enum;

text_enum! {
    /// A format that articles can be imported from.
    pub enum Format {
        /// A text as a blog prints it, one article.
        PlainText = "plain_text",
        /// Markdown, with or without front matter, one article.
        Markdown = "markdown",
        /// A page of HTML, one article.
        Html = "html",
        /// The export of Blogger: an Atom feed of a whole blog.
        Blogger = "blogger",
        /// The export of WordPress (WXR): an RSS feed of a whole site.
        Wordpress = "wordpress",
        /// The export of Ghost: one JSON document with a whole site.
        Ghost = "ghost",
        /// Verbatim's own: one JSON object on each line.
        Ndjson = "ndjson",
    }
}

/// How much of a file `recognise` wants to see, in bytes; less where the file is shorter.
pub const RECOGNISABLE: usize = 64 * 1024;

impl Format {
    /// The format of a file that begins with `head`. What it is called decides only where its content leaves it open.
    /// The error says what the file seems to be instead.
    pub fn recognise(head: &[u8], file_name: Option<&str>) -> Result<Self, String> {
        if let Some(what) = archive(head) {
            return Err(format!("{what}: unpack it and import what is in it"));
        }
        let text = decoded(head);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let ending = file_name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
        let ending = ending.as_deref().unwrap_or_default();
        if text.starts_with('{') {
            return Ok(if is_ghost(text) { Self::Ghost } else { Self::Ndjson });
        }
        if text.starts_with('[') && ending == "json" {
            return Err("a JSON list, not an export of Ghost".to_owned());
        }
        if let Some(root) = root_element(text) {
            return of_markup(root, text, ending);
        }
        Ok(match ending {
            "md" | "markdown" | "mdown" | "mkd" => Self::Markdown,
            "html" | "htm" | "xhtml" => Self::Html,
            _ if has_front_matter(text) => Self::Markdown,
            _ => Self::PlainText,
        })
    }

    /// Whether a file of this format is one article, so that the name of the file is its id.
    pub fn is_one_article(self) -> bool {
        match self {
            Self::PlainText | Self::Markdown | Self::Html => true,
            Self::Blogger | Self::Wordpress | Self::Ghost | Self::Ndjson => false,
        }
    }
}

/// The things of a file of this format. The name of the file tells what its content leaves open.
pub fn open<'a>(format: Format, reader: impl Read + Seek + Send + 'a, file_name: Option<&str>) -> Items<'a> {
    match format {
        Format::PlainText => plain_text::open(reader),
        Format::Markdown => markdown::open(reader, file_name),
        Format::Html => html::open(reader),
        Format::Blogger => blogger::open(reader),
        Format::Wordpress => wordpress::open(reader),
        Format::Ghost => ghost::open(reader),
        Format::Ndjson => archive::open(reader),
    }
}

fn archive(head: &[u8]) -> Option<&'static str> {
    const ARCHIVES: [(&[u8], &str); 4] = [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a file packed with gzip"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"%PDF-", "a PDF"),
    ];
    ARCHIVES.iter().find(|(start, _)| head.starts_with(start)).map(|(_, what)| *what)
}

/// The beginning of a file as text, well enough to see what it is.
fn decoded(head: &[u8]) -> String {
    let head = &head[..head.len().min(RECOGNISABLE)];
    let units =
        |of: fn([u8; 2]) -> u16| -> Vec<u16> { head.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect() };
    match head {
        [0xff, 0xfe, ..] | [b'<' | b'{', 0, ..] => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] | [0, b'<' | b'{', ..] => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        _ => String::from_utf8_lossy(head).into_owned(),
    }
}

/// An export of Ghost is one object with `db`, or before version 1 with `meta` and `data`.
fn is_ghost(text: &str) -> bool {
    let keys = text.trim_start_matches('{').trim_start();
    let first = keys.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or_default();
    match first {
        "db" => true,
        "meta" => text.contains("\"exported_on\"") || text.contains("\"data\""),
        "data" => text.contains("\"posts\"") || text.contains("\"meta\""),
        _ => false,
    }
}

/// The name of the first element, past declarations and comments; nothing where a text begins otherwise.
fn root_element(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let (start, end) = match rest {
            rest if rest.starts_with("<?") => ("<?", "?>"),
            rest if rest.starts_with("<!--") => ("<!--", "-->"),
            rest if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) => {
                // What an internal subset holds is refused later; here only the name matters.
                let name = rest[9..].trim_start();
                let length = name.find(|c: char| !is_name(c)).unwrap_or(name.len());
                return Some(&name[..length]);
            }
            _ => break,
        };
        let after = rest[start.len()..].find(end)?;
        rest = &rest[start.len() + after + end.len()..];
    }
    let name = rest.strip_prefix('<')?;
    let length = name.find(|c: char| !is_name(c)).unwrap_or(name.len());
    (length > 0 && name.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(&name[..length])
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, ':' | '-' | '_' | '.')
}

fn of_markup(root: &str, text: &str, ending: &str) -> Result<Format, String> {
    let local = root.rsplit(':').next().unwrap_or(root).to_ascii_lowercase();
    match local.as_str() {
        "rss" if text.contains("wordpress.org/export/") => Ok(Format::Wordpress),
        "rss" | "rdf" => Err("an RSS feed, but not an export of WordPress".to_owned()),
        "feed" if text.contains("blogger") => Ok(Format::Blogger),
        "feed" => Err("an Atom feed, but not an export of Blogger".to_owned()),
        "html" => Ok(Format::Html),
        _ if text.starts_with("<?xml") => Err(format!("an XML document <{root}>, which no importer reads")),
        _ if matches!(ending, "md" | "markdown" | "mdown" | "mkd") => Ok(Format::Markdown),
        _ => Ok(Format::Html),
    }
}

/// Whether a text begins with front matter that ends.
fn has_front_matter(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end);
    match lines.next() {
        Some("---") => lines.any(|line| matches!(line, "---" | "...")),
        Some("+++") => lines.any(|line| line == "+++"),
        _ => false,
    }
}
