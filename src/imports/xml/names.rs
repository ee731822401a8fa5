//! Names of elements, whatever prefixes a file gives to namespaces.

use std::borrow::Cow;
use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

/// The prefixes of a file, and those by which the importers know the same namespaces.
#[derive(Debug, Default)]
pub(in crate::imports) struct Names {
    known_as: HashMap<String, &'static str>,
}

impl Names {
    /// Learns the prefixes that a start tag declares.
    pub(super) fn learn(&mut self, tag: &str) {
        let mut reader = Reader::from_str(tag);
        let Ok(Event::Start(start) | Event::Empty(start)) = reader.read_event() else { return };
        for attribute in start.attributes().with_checks(false).flatten() {
            let key = utf8(attribute.key.as_ref());
            let prefix = match key.split_once(':') {
                Some(("xmlns", prefix)) => prefix,
                None if key == "xmlns" => "",
                _ => continue,
            };
            if let Some(known) = prefix_of(utf8(&attribute.value)) {
                self.known_as.insert(prefix.to_owned(), known);
            }
        }
    }

    /// A name with the prefix by which the importers know its namespace; what is not declared keeps its prefix.
    pub(in crate::imports) fn canonical<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        match self.known_as.get(prefix) {
            Some(known) if *known == prefix => Cow::Borrowed(name),
            Some(&"") => Cow::Borrowed(local),
            Some(known) => Cow::Owned(format!("{known}:{local}")),
            None => Cow::Borrowed(name),
        }
    }
}

/// Part of what was read from a `str`, which the parser hands out as bytes.
pub(super) fn utf8(part: &[u8]) -> &str {
    std::str::from_utf8(part).unwrap_or_default()
}

/// The prefix by which the importers know a namespace.
fn prefix_of(namespace: &str) -> Option<&'static str> {
    let known = match namespace {
        "http://www.w3.org/2005/Atom" => "",
        "http://purl.org/rss/1.0/modules/content/" => "content",
        "http://purl.org/dc/elements/1.1/" => "dc",
        "http://www.w3.org/2007/app" | "http://purl.org/atom/app#" => "app",
        "http://purl.org/syndication/thread/1.0" => "thr",
        other if other.contains("wordpress.org/export/") => {
            if other.contains("/excerpt") {
                "excerpt"
            } else {
                "wp"
            }
        }
        other if other.contains("blogger") => "blogger",
        _ => return None,
    };
    Some(known)
}
