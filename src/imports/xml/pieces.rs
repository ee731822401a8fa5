//! A file of XML, cut into the elements below its container.

use std::io::{self, Cursor, Read};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;
use memchr::{memchr, memchr2, memchr3, memmem};

use super::names::Names;
use crate::imports::entry::{Place, Refusal};
use crate::imports::window::Window;

/// The largest element that is read, in bytes: the longest body, with every character escaped.
const MAX_PIECE: usize = 32 * 1024 * 1024;
/// The longest tag, comment or declaration outside the elements that is read.
const MAX_MARKUP: usize = 1024 * 1024;
/// How far back a delimiter can begin that ends at a byte; so much stays in the window.
const LOOK_BACK: usize = 256;
/// How much of an element that cannot be read is looked through for its title.
const HEAD: usize = 16 * 1024;

/// What begins a section of character data. So many bytes tell what a markup is.
const DATA: &[u8] = b"<![CDATA[";

/// A file of XML as the elements below its innermost container.
pub(in crate::imports) struct Pieces<'a> {
    window: Window<Box<dyn Read + Send + 'a>>,
    shape: Shape,
    /// How much of the window was looked at, and what that byte stands in.
    at: usize,
    markup: Markup,
    /// Where that markup began.
    token: usize,
    begun: Option<Begun>,
    /// The containers that are open, as their tags are written.
    open: Vec<String>,
    names: Names,
    is_transcoded: bool,
    number: u64,
    /// Whether the root has ended.
    is_closed: bool,
    is_done: bool,
}

/// What a format of XML looks like, in local names.
#[derive(Debug, Clone, Copy)]
pub(in crate::imports) struct Shape {
    /// The root, and the elements in it down to the one whose elements are the pieces.
    pub containers: &'static [&'static str],
    /// The pieces that hold articles. They never stand in one another: where one begins, another has ended.
    pub entry: &'static str,
}

/// One element below the container.
#[derive(Debug)]
pub(in crate::imports) struct Piece {
    /// Where it stands; numbered among the entries.
    pub place: Place,
    /// Its name, with the prefix that `Names` gives its namespace.
    pub name: String,
    /// The element as it is written, or why it cannot be read.
    pub content: Result<String, Refusal>,
}

/// What a byte of the file stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Markup {
    Text,
    Tag { quote: Option<u8> },
    Comment,
    Data,
    Instruction,
    Declaration,
}

/// An element that has begun at the beginning of the window.
struct Begun {
    /// As its tag is written.
    tag: String,
    name: String,
    place: Place,
    /// How many of its bytes were dropped because it is too large, and its first ones.
    dropped: u64,
    head: Vec<u8>,
    /// Where, inside a section of character data that is open, the end tag of the element stands: if the section was
    /// never closed, the element ends there.
    end_in_data: Option<usize>,
}

/// How far a look at the window led.
enum Step {
    Piece(Piece),
    On,
    MoreIsNeeded,
}

impl<'a> Pieces<'a> {
    /// Opens a file. The encoding that it declares, or shows by a byte order mark, is taken off.
    pub(in crate::imports) fn open(mut reader: impl Read + Send + 'a, shape: Shape) -> Result<Self, Refusal> {
        let mut head = Vec::new();
        reader.by_ref().take(1024).read_to_end(&mut head).map_err(|error| unreadable(&error))?;
        let encoding = encoding_of(&head).map_err(|reason| Refusal::at(BEGINNING, reason))?;
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding((encoding != UTF_8).then_some(encoding))
            .utf8_passthru(true)
            .strip_bom(true)
            .build(Cursor::new(head).chain(reader));
        Ok(Self {
            window: Window::new(Box::new(decoded)),
            shape,
            at: 0,
            markup: Markup::Text,
            token: 0,
            begun: None,
            open: Vec::new(),
            names: Names::default(),
            is_transcoded: encoding != UTF_8,
            number: 0,
            is_closed: false,
            is_done: false,
        })
    }

    /// The prefixes that this file gives to namespaces.
    pub(in crate::imports) fn names(&self) -> &Names {
        &self.names
    }

    /// Looks at the next bit of the window.
    fn step(&mut self) -> Result<Step, Refusal> {
        match self.markup {
            Markup::Text => Ok(self.text()),
            Markup::Tag { quote } => self.tag(quote),
            Markup::Comment => Ok(self.until(b"--", 4)),
            Markup::Instruction => Ok(self.until(b"?", 2)),
            Markup::Data => Ok(self.data()),
            Markup::Declaration => self.declaration(),
        }
    }

    fn text(&mut self) -> Step {
        let bytes = self.window.bytes();
        let Some(found) = memchr(b'<', &bytes[self.at..]) else {
            self.at = bytes.len();
            return Step::MoreIsNeeded;
        };
        let start = self.at + found;
        let rest = &bytes[start..];
        self.at = start;
        if rest.len() < DATA.len() && !self.window.is_at_end() {
            return Step::MoreIsNeeded;
        }
        let (markup, length) = match rest {
            _ if rest.starts_with(DATA) => (Markup::Data, DATA.len()),
            _ if rest.starts_with(b"<!--") => (Markup::Comment, 4),
            [_, b'!', ..] => (Markup::Declaration, 2),
            [_, b'?', ..] => (Markup::Instruction, 2),
            [_, b'/', ..] => (Markup::Tag { quote: None }, 2),
            [_, first, ..] if is_name_start(*first) => (Markup::Tag { quote: None }, 2),
            // No markup at all: the parser will say so.
            _ => (Markup::Text, 1),
        };
        self.markup = markup;
        self.token = start;
        self.at = start + length;
        Step::On
    }

    /// Comments and instructions, which end with a `>` after `before`; `shortest` bytes begin them.
    fn until(&mut self, before: &[u8], shortest: usize) -> Step {
        let bytes = self.window.bytes();
        let Some(found) = memchr(b'>', &bytes[self.at..]) else {
            self.at = bytes.len();
            return Step::MoreIsNeeded;
        };
        let close = self.at + found;
        self.at = close + 1;
        if close >= self.token + shortest + before.len() && bytes[..close].ends_with(before) {
            self.markup = Markup::Text;
        }
        Step::On
    }

    /// Character data. A section that was never closed goes on to the end of the next one: then the end tag of the
    /// element stands in it, and after that the beginning of another section.
    fn data(&mut self) -> Step {
        let bytes = self.window.bytes();
        let Some(found) = memchr(b'>', &bytes[self.at..]) else {
            self.at = bytes.len();
            return Step::MoreIsNeeded;
        };
        let before = self.at;
        let close = self.at + found;
        let is_closed = close >= self.token + DATA.len() + 2 && bytes[..close].ends_with(b"]]");
        self.at = close + 1;
        let Some(begun) = &mut self.begun else {
            self.markup = if is_closed { Markup::Text } else { Markup::Data };
            return Step::On;
        };
        let from = begun.end_in_data.map(|end| end.max(before.saturating_sub(DATA.len())));
        if from.is_some_and(|from| memmem::find(&bytes[from..close], DATA).is_some()) {
            return self.give_up(UNCLOSED_DATA);
        }
        if is_closed {
            begun.end_in_data = None;
            self.markup = Markup::Text;
        } else if begun.end_in_data.is_none() && ends_with_end_tag(&bytes[..close], &begun.tag) {
            begun.end_in_data = Some(close + 1);
        }
        Step::On
    }

    /// A declaration of a document type. What it could declare are entities, which nothing here needs.
    fn declaration(&mut self) -> Result<Step, Refusal> {
        let bytes = self.window.bytes();
        let Some(found) = memchr2(b'>', b'[', &bytes[self.at..]) else {
            self.at = bytes.len();
            return Ok(Step::MoreIsNeeded);
        };
        let index = self.at + found;
        if bytes[index] == b'[' && self.begun.is_none() {
            let place = self.window.place(self.token.min(index), self.number);
            let reason = "it declares entities of its own, which are not read: nothing of the file is taken";
            return Err(Refusal::at(place, reason));
        }
        self.at = index + 1;
        if bytes[index] == b'>' {
            self.markup = Markup::Text;
        }
        Ok(Step::On)
    }

    fn tag(&mut self, quote: Option<u8>) -> Result<Step, Refusal> {
        let bytes = self.window.bytes();
        let rest = &bytes[self.at..];
        let found = match quote {
            Some(quote) => memchr2(quote, b'<', rest),
            None => [memchr3(b'>', b'"', b'\'', rest), memchr(b'<', &rest[..rest.len().min(MAX_MARKUP)])]
                .into_iter()
                .flatten()
                .min(),
        };
        let Some(found) = found else {
            self.at = bytes.len();
            return Ok(Step::MoreIsNeeded);
        };
        let index = self.at + found;
        match bytes[index] {
            b'>' => {
                self.at = index + 1;
                self.markup = Markup::Text;
                return self.whole_tag();
            }
            // No tag has this: it was none.
            b'<' => {
                self.at = index;
                self.markup = Markup::Text;
            }
            mark => {
                self.at = index + 1;
                self.markup = Markup::Tag { quote: if quote.is_none() { Some(mark) } else { None } };
            }
        }
        Ok(Step::On)
    }

    /// A tag that ends at the byte looked at.
    fn whole_tag(&mut self) -> Result<Step, Refusal> {
        let written = String::from_utf8_lossy(&self.window.bytes()[self.token..self.at]).into_owned();
        let is_end = written.starts_with("</");
        let is_empty = written.ends_with("/>");
        let name = written.trim_start_matches(['<', '/']);
        let name = &name[..name.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).unwrap_or(name.len())];
        let Some(begun) = &self.begun else {
            if is_end {
                self.is_closed |= self.open.first().is_some_and(|root| root == name);
                self.open.retain(|open| open != name);
            } else {
                return Ok(self.begin(&written, name, is_empty));
            }
            return Ok(Step::On);
        };
        if is_end && name == begun.tag {
            return Ok(Step::Piece(self.complete()));
        }
        let closes_container = is_end && self.open.iter().any(|open| open == name);
        let begins_entry = !is_end && local(&self.names.canonical(name)) == self.shape.entry;
        if closes_container || begins_entry {
            let reason = format!("its end tag </{}> is missing", begun.tag);
            if let Some(begun) = &mut self.begun {
                begun.end_in_data = Some(self.token);
            }
            return Ok(self.give_up(&reason));
        }
        Ok(Step::On)
    }

    /// A start tag outside the pieces: of a container, or of the next piece.
    fn begin(&mut self, written: &str, tag: &str, is_empty: bool) -> Step {
        self.names.learn(written);
        let name = self.names.canonical(tag).into_owned();
        let is_container = self.shape.containers.get(self.open.len()).is_some_and(|next| *next == local(&name));
        if is_container {
            if is_empty {
                self.is_closed |= self.open.is_empty();
            } else {
                self.open.push(tag.to_owned());
            }
            return Step::On;
        }
        if local(&name) == self.shape.entry {
            self.number += 1;
        }
        self.drop_before(self.token);
        let place = self.window.place(0, self.number);
        self.begun = Some(Begun { tag: tag.to_owned(), name, place, dropped: 0, head: Vec::new(), end_in_data: None });
        if is_empty { Step::Piece(self.complete()) } else { Step::On }
    }

    /// The piece that ends at the byte looked at.
    fn complete(&mut self) -> Piece {
        let Some(begun) = self.begun.take() else { unreachable!("a piece ends only where one has begun") };
        let bytes = self.window.bytes()[..self.at].to_vec();
        let refused = |head: &[u8], reason: String| Refusal { place: begun.place, title: title_in(head), reason };
        let content = if begun.dropped > 0 {
            let length = begun.dropped + bytes.len() as u64;
            Err(refused(&begun.head, format!("{length} bytes long: an entry may have {MAX_PIECE}")))
        } else {
            match String::from_utf8(bytes) {
                Ok(text) if self.is_transcoded && text.contains(char::REPLACEMENT_CHARACTER) => {
                    Err(refused(text.as_bytes(), "it has bytes that are wrong in the encoding of the file".to_owned()))
                }
                Ok(text) if text.contains('\0') => {
                    Err(refused(text.as_bytes(), "the character U+0000 has no place in a text".to_owned()))
                }
                Ok(text) => Ok(text),
                Err(error) => {
                    let at = error.utf8_error().valid_up_to();
                    let line = self.window.place(at, 0).line;
                    let reason = format!("it has bytes that are not UTF-8, in line {line}");
                    Err(refused(error.as_bytes(), reason))
                }
            }
        };
        self.drop_before(self.at);
        Piece { place: begun.place, name: begun.name, content }
    }

    /// Refuses the piece that has begun, and goes on where it should have ended.
    fn give_up(&mut self, reason: &str) -> Step {
        let Some(begun) = self.begun.take() else { return Step::On };
        let head = if begun.dropped > 0 { begun.head } else { self.head() };
        let refusal = Refusal { place: begun.place, title: title_in(&head), reason: reason.to_owned() };
        self.markup = Markup::Text;
        self.drop_before(begun.end_in_data.unwrap_or(self.at));
        self.at = 0;
        Step::Piece(Piece { place: begun.place, name: begun.name, content: Err(refusal) })
    }

    fn head(&self) -> Vec<u8> {
        let bytes = self.window.bytes();
        bytes[..bytes.len().min(HEAD)].to_vec()
    }

    /// Moves the window, and what is counted in it.
    fn drop_before(&mut self, index: usize) {
        self.window.drop_before(index);
        self.at = self.at.saturating_sub(index);
        self.token = self.token.saturating_sub(index);
    }

    /// Reads on. What is too large to keep is counted only.
    fn read_more(&mut self) -> Result<Option<Step>, Refusal> {
        let seen = self.at.saturating_sub(LOOK_BACK);
        match &mut self.begun {
            None if self.markup == Markup::Text => self.drop_before(self.at),
            None if self.at - self.token > MAX_MARKUP => {
                let place = self.window.place(self.token, self.number);
                return Err(Refusal::at(place, "a tag, a comment or a declaration does not end"));
            }
            None => {}
            Some(begun) if begun.dropped > 0 || self.at > MAX_PIECE => {
                if begun.end_in_data.is_some() {
                    return Ok(Some(self.give_up(UNCLOSED_DATA)));
                }
                if begun.dropped == 0 {
                    begun.head = self.window.bytes()[..HEAD].to_vec();
                }
                begun.dropped += seen as u64;
                self.drop_before(seen);
            }
            Some(_) => {}
        }
        if self.window.read_more().map_err(|error| unreadable(&error))? { Ok(Some(Step::On)) } else { Ok(None) }
    }

    /// The end of the file, which comes too soon if anything is open.
    fn end(&mut self) -> Option<Result<Piece, Refusal>> {
        if self.begun.as_ref().is_some_and(|begun| begun.end_in_data.is_some())
            && let Step::Piece(piece) = self.give_up(UNCLOSED_DATA)
        {
            return Some(Ok(piece));
        }
        self.is_done = true;
        if let Some(begun) = &mut self.begun {
            begun.end_in_data = Some(self.at);
            if let Step::Piece(piece) = self.give_up("the file ends within it") {
                return Some(Ok(piece));
            }
        }
        if self.is_closed {
            return None;
        }
        let place = self.window.place(self.window.bytes().len(), self.number);
        Some(Err(Refusal::at(
            place,
            match self.open.last() {
                Some(open) => format!("the file breaks off: the end tag </{open}> is missing"),
                None => format!("the file holds no whole <{}>", self.shape.containers.first().unwrap_or(&"")),
            },
        )))
    }
}

/// Pieces until the file ends or cannot be read on, which the last item says.
impl Iterator for Pieces<'_> {
    type Item = Result<Piece, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_done {
            let step = match self.step() {
                Ok(Step::MoreIsNeeded) => self.read_more().transpose().unwrap_or_else(|| self.step()),
                step => step,
            };
            match step {
                Ok(Step::Piece(piece)) => return Some(Ok(piece)),
                Ok(Step::On) => {}
                // Not even at the end of the file is there anything more to see.
                Ok(Step::MoreIsNeeded) => return self.end(),
                Err(refusal) => {
                    self.is_done = true;
                    return Some(Err(refusal));
                }
            }
        }
        None
    }
}

const UNCLOSED_DATA: &str = "a section of character data in it does not end";

const BEGINNING: Place = Place { number: 0, line: 1, byte: 0 };

fn unreadable(error: &io::Error) -> Refusal {
    Refusal::at(BEGINNING, format!("cannot be read on: {error}"))
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || byte >= 0x80
}

/// A name without its prefix.
pub(in crate::imports) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Whether bytes, but for the `>`, end with the end tag of an element.
fn ends_with_end_tag(bytes: &[u8], tag: &str) -> bool {
    bytes.strip_suffix(tag.as_bytes()).is_some_and(|before| before.ends_with(b"</"))
}

/// The title in an element that cannot be read, as well as it can be seen.
fn title_in(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&head[..head.len().min(HEAD)]);
    let (_, rest) = text.split_once("<title")?;
    let (_, rest) = rest.split_once('>')?;
    let (title, _) = rest.split_once("</title")?;
    let title = title.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>").trim();
    (!title.is_empty()).then(|| title.chars().take(200).collect())
}

/// The encoding that the beginning of a file shows or declares.
fn encoding_of(head: &[u8]) -> Result<&'static Encoding, String> {
    match head {
        [0xff, 0xfe, ..] | [b'<', 0, ..] => return Ok(UTF_16LE),
        [0xfe, 0xff, ..] | [0, b'<', ..] => return Ok(UTF_16BE),
        [0xef, 0xbb, 0xbf, ..] => return Ok(UTF_8),
        _ => {}
    }
    let head = String::from_utf8_lossy(head);
    let declaration = head.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    let Some((_, value)) = declaration.and_then(|(attributes, _)| attributes.split_once("encoding")) else {
        return Ok(UTF_8);
    };
    let value = value.trim_start().trim_start_matches('=').trim_start();
    let label = value.get(1..).and_then(|rest| rest.split(['"', '\'']).next()).unwrap_or_default();
    let encoding = Encoding::for_label(label.as_bytes())
        .ok_or_else(|| format!("it declares the encoding {label:?}, which nobody knows"))?;
    // Whoever could read the declaration byte by byte has no UTF-16 before them.
    Ok(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}
