//! XML: text that it can hold, and elements.

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// Text without the characters that XML 1.0 (§2.2) cannot hold in any way.
pub(crate) fn holdable(text: &str) -> Cow<'_, str> {
    let can_hold = |character: char| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    };
    if text.chars().all(can_hold) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|c| can_hold(*c)).collect())
    }
}

/// A document that is under way.
pub(crate) type Xml = Writer<Vec<u8>>;

/// A document: what `write` puts into it, behind the declaration.
pub(crate) fn document(write: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new(Vec::new());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    write(&mut xml)?;
    Ok(xml.into_inner())
}

/// Writes an element that holds text.
pub(crate) fn write_text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(&holdable(text)))?;
    Ok(())
}

/// Writes an element that holds what `write` writes.
pub(crate) fn write_element(
    xml: &mut Xml,
    name: &str,
    write: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    xml.write_event(Event::Start(BytesStart::new(name)))?;
    write(xml)?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}
