//! Plain texts out of what exports write as HTML, or escape once too often.

use super::entry::one_line;
use super::xml::named_character;
use crate::values::body::{BodyFormat, render};

/// The text of a bit of HTML on one line, such as a title; `None` where nothing is left.
pub(super) fn line_of_html(html: &str) -> Option<String> {
    let is_plain = !html.contains(['<', '&']);
    let line = if is_plain { one_line(html) } else { one_line(&render(BodyFormat::Html, html).text) };
    (!line.is_empty()).then_some(line)
}

/// The text of a bit of HTML with its paragraphs, such as a summary; `None` where nothing is left.
pub(super) fn text_of_html(html: &str) -> Option<String> {
    let text = render(BodyFormat::Html, html).text;
    (!text.is_empty()).then_some(text)
}

/// A plain text on one line, in which character references, which have no business there, are resolved.
pub(super) fn line_of_text(text: &str) -> Option<String> {
    let text = quick_xml::escape::unescape_with(text, named_character).map_or_else(|_| text.to_owned(), Into::into);
    let line = one_line(&text);
    (!line.is_empty()).then_some(line)
}

/// A text with its `%XX` resolved, as addresses write what is not ASCII; as it is where that gives no text.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = (*first == b'%').then(|| tail.get(..2)).flatten();
        let value =
            pair.and_then(|pair| std::str::from_utf8(pair).ok()).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(value.unwrap_or(*first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
