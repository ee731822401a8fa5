//! One element of an export, read by an XML parser.

use std::ops::Range;

use quick_xml::escape::resolve_html5_entity;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::names::{Names, utf8};

/// How deep elements nest that are kept; what stands deeper is text of those.
const DEEPEST: usize = 4;

/// An element with its attributes, its text and the elements in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::imports) struct Element {
    /// Its name, with the prefix by which `Names` knows its namespace.
    pub name: String,
    /// Its attributes, references resolved.
    pub attributes: Vec<(String, String)>,
    /// All characters directly in it, references resolved.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Element>,
    /// The bytes of the piece from its start tag to its end tag.
    pub outer: Range<usize>,
    /// Those between the tags.
    pub inner: Range<usize>,
}

impl Element {
    /// Reads a piece: one element, from its start tag to its end tag. The error says what is wrong with it and at which
    /// byte.
    pub(in crate::imports) fn read(piece: &str, names: &Names) -> Result<Self, (usize, String)> {
        let mut reader = Reader::from_str(piece);
        let mut open: Vec<Self> = Vec::new();
        // How many elements are open that are not kept.
        let mut deeper = 0_usize;
        loop {
            let before = position(reader.buffer_position());
            let fault = |reason: String| (before, reason);
            match reader.read_event().map_err(|error| fault(error.to_string()))? {
                Event::Start(_) if open.len() == DEEPEST => deeper += 1,
                Event::Start(tag) => {
                    let inner = position(reader.buffer_position());
                    open.push(Self::begin(&tag, names, before, inner).map_err(fault)?);
                }
                Event::Empty(_) if open.len() == DEEPEST => {}
                Event::Empty(tag) => {
                    let end = position(reader.buffer_position());
                    let element = Self::begin(&tag, names, before, end).map_err(fault)?;
                    if let Some(whole) = Self::end(&mut open, element, end, end) {
                        return Ok(whole);
                    }
                }
                Event::End(_) if deeper > 0 => deeper -= 1,
                Event::End(_) => {
                    let Some(element) = open.pop() else { return Err(fault("an end tag without a start".to_owned())) };
                    let end = position(reader.buffer_position());
                    if let Some(whole) = Self::end(&mut open, element, before, end) {
                        return Ok(whole);
                    }
                }
                Event::Text(text) => push(&mut open, &text.xml10_content().map_err(|error| fault(error.to_string()))?),
                Event::CData(text) => push(&mut open, &text.xml10_content().map_err(|error| fault(error.to_string()))?),
                Event::GeneralRef(reference) => push(&mut open, &resolved(&reference).map_err(fault)?),
                Event::DocType(_) => return Err(fault("it declares a document type".to_owned())),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::Eof => return Err(fault("it does not end".to_owned())),
            }
        }
    }

    fn begin(tag: &BytesStart<'_>, names: &Names, start: usize, inner: usize) -> Result<Self, String> {
        // Looking for attributes that stand there twice takes time with the square of their number.
        let mut attributes = tag.attributes();
        let attributes = attributes.with_checks(false).map(|attribute| {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let name = names.canonical(utf8(attribute.key.as_ref())).into_owned();
            Ok::<_, String>((name, value(&attribute)?))
        });
        Ok(Self {
            name: names.canonical(utf8(tag.name().as_ref())).into_owned(),
            attributes: attributes.collect::<Result<_, _>>()?,
            outer: start..inner,
            inner: inner..inner,
            ..Self::default()
        })
    }

    /// Puts an element that has ended into the one around it; the outermost is the whole.
    fn end(open: &mut [Self], mut element: Self, inner_end: usize, end: usize) -> Option<Self> {
        element.inner.end = inner_end;
        element.outer.end = end;
        match open.last_mut() {
            Some(parent) => {
                parent.children.push(element);
                None
            }
            None => Some(element),
        }
    }

    /// The elements in it that have a name.
    pub(in crate::imports) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element in it that has a name.
    pub(in crate::imports) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element that has a name, without white space at its ends; `None` where that is nothing.
    pub(in crate::imports) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }

    /// An attribute.
    pub(in crate::imports) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn position(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn value(attribute: &Attribute<'_>) -> Result<String, String> {
    let value = attribute
        .normalized_value_with(XmlVersion::Implicit1_0, 1, named_character)
        .map_err(|error| error.to_string())?;
    if value.contains('\0') { Err(NO_NUL.to_owned()) } else { Ok(value.into_owned()) }
}

const NO_NUL: &str = "the character U+0000 has no place in a text";

fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    match reference.resolve_char_ref() {
        Ok(Some('\0')) => Err(NO_NUL.to_owned()),
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => {
            let name = utf8(reference);
            let known = named_character(name);
            known.map(str::to_owned).ok_or_else(|| format!("the entity &{name}; is not known"))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// What a named reference stands for. XML knows five; the others are those of HTML, which careless exports have.
pub(in crate::imports) fn named_character(name: &str) -> Option<&'static str> {
    match name {
        "amp" => Some("&"),
        "lt" => Some("<"),
        "gt" => Some(">"),
        "quot" => Some("\""),
        "apos" => Some("'"),
        other => resolve_html5_entity(other),
    }
}
