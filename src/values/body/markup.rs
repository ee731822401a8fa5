//! HTML as a row of tags and texts: read in linear time, whatever comes, and written in one form only.

use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, Token};

/// A part of HTML. Comments and document types are left out when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// A start tag, or the tag of an element without content.
    Start(String, Vec<(String, String)>),
    /// An end tag.
    End(String),
    /// Characters between tags.
    Text(String),
}

/// Reads HTML as browsers split it into tags and texts (HTML Standard §13.2.5). No two texts are neighbours.
pub(crate) fn read(html: &str) -> Vec<Part> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut parts = Vec::new();
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value)));
                parts.push(Part::Start(text(&tag.name), attributes.collect()));
            }
            Token::EndTag(tag) => parts.push(Part::End(text(&tag.name))),
            Token::String(string) => push_text(&mut parts, &text(&string)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    parts
}

/// What was text is text again, cut at characters.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Adds characters to the last text, or as a new one.
pub(super) fn push_text(parts: &mut Vec<Part>, more: &str) {
    if let Some(Part::Text(text)) = parts.last_mut() {
        text.push_str(more);
    } else if !more.is_empty() {
        parts.push(Part::Text(more.to_owned()));
    }
}

/// Writes HTML that is read as the same parts.
pub(crate) fn write(parts: &[Part]) -> String {
    let mut html = String::new();
    for part in parts {
        match part {
            Part::Start(name, attributes) => write_start(&mut html, name, attributes),
            Part::End(name) => html.extend(["</", name, ">"]),
            Part::Text(text) => html.push_str(&escape(text)),
        }
    }
    html
}

fn write_start(html: &mut String, name: &str, attributes: &[(String, String)]) {
    html.extend(["<", name]);
    for (name, value) in attributes {
        html.extend([" ", name, "=\"", &escape(value).replace('"', "&quot;"), "\""]);
    }
    html.push('>');
}

/// Text as HTML, for the content of an element.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}
