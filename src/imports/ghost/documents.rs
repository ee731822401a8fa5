//! The documents of Ghost's editors, for posts that come without their HTML: Lexical, and Mobiledoc before it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::values::body::{BodyFormat, escape, render};

/// How deep a document is followed.
const DEEPEST: usize = 60;

/// The HTML of whichever document there is; `notes` tells what is left out of it.
pub(super) fn html(lexical: Option<&Value>, mobiledoc: Option<&Value>, notes: &mut Vec<String>) -> String {
    let mut writer = Writer::default();
    if let Some(document) = lexical.and_then(document) {
        writer.children(&document["root"], 0);
    } else if let Some(document) = mobiledoc.and_then(document) {
        writer.mobiledoc(&document);
    }
    notes.extend(writer.left_out.iter().map(|card| format!("a card of the kind {card:?} is left out")));
    writer.html
}

/// A document, which stands in the export as a text.
fn document(told: &Value) -> Option<Value> {
    match told {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(_) => Some(told.clone()),
        _ => None,
    }
}

#[derive(Default)]
struct Writer {
    html: String,
    left_out: BTreeSet<String>,
}

impl Writer {
    fn children(&mut self, node: &Value, depth: usize) {
        if depth < DEEPEST {
            node["children"].as_array().into_iter().flatten().for_each(|child| self.node(child, depth + 1));
        }
    }

    /// A node of Lexical.
    fn node(&mut self, node: &Value, depth: usize) {
        match text(node, "type") {
            "text" | "extended-text" => self.formatted(node),
            "linebreak" => self.html.push_str("<br>"),
            "tab" => self.html.push(' '),
            "paragraph" => self.element("p", node, depth),
            "heading" | "extended-heading" => {
                let tag = text(node, "tag");
                self.element(
                    if matches!(tag, "h1" | "h2" | "h3" | "h4" | "h5" | "h6") { tag } else { "h2" },
                    node,
                    depth,
                );
            }
            "quote" | "extended-quote" | "aside" => self.element("blockquote", node, depth),
            "list" => self.element(if text(node, "listType") == "number" { "ol" } else { "ul" }, node, depth),
            "listitem" => self.element("li", node, depth),
            "link" | "autolink" => {
                self.html.push_str(&format!("<a href=\"{}\">", attribute(text(node, "url"))));
                self.children(node, depth);
                self.html.push_str("</a>");
            }
            "at-link" | "zwnj" => {}
            _ if node["children"].as_array().is_some_and(|children| !children.is_empty()) => {
                self.element("div", node, depth);
            }
            kind => self.card(kind, node),
        }
    }

    fn element(&mut self, tag: &str, node: &Value, depth: usize) {
        self.html.extend(["<", tag, ">"]);
        self.children(node, depth);
        self.html.extend(["</", tag, ">"]);
    }

    /// Text with its format, a sum of 1 bold, 2 italic, 4 struck out, 8 underlined, 16 code, 32 and 64 lower and higher.
    fn formatted(&mut self, node: &Value) {
        const TAGS: [(u64, &str); 7] =
            [(1, "strong"), (2, "em"), (4, "s"), (8, "u"), (16, "code"), (32, "sub"), (64, "sup")];
        let format = node["format"].as_u64().unwrap_or_default();
        let tags: Vec<&str> = TAGS.iter().filter(|(bit, _)| format & bit != 0).map(|(_, tag)| *tag).collect();
        tags.iter().for_each(|tag| self.html.extend(["<", tag, ">"]));
        self.html.push_str(&escape(text(node, "text")));
        tags.iter().rev().for_each(|tag| self.html.extend(["</", tag, ">"]));
    }

    /// A card of either editor: something that is no running text.
    fn card(&mut self, kind: &str, card: &Value) {
        match kind {
            "html" | "card-html" => self.html.push_str(text(card, "html")),
            "markdown" | "card-markdown" => {
                self.html.push_str(&render(BodyFormat::Markdown, text(card, "markdown")).html);
            }
            "image" => self.figure(std::slice::from_ref(card), text(card, "caption")),
            "gallery" => {
                self.figure(card["images"].as_array().map_or(&[][..], Vec::as_slice), text(card, "caption"));
            }
            "header" => {
                let lines = [("h2", text(card, "header")), ("p", text(card, "subheader"))];
                for (tag, line) in lines.into_iter().filter(|(_, line)| !line.is_empty()) {
                    self.html.extend(["<", tag, ">", line, "</", tag, ">"]);
                }
            }
            "button" => {
                let (address, name) = (attribute(text(card, "buttonUrl")), escape(text(card, "buttonText")));
                self.html.push_str(&format!("<p><a href=\"{address}\">{name}</a></p>"));
            }
            "embed" | "bookmark" | "audio" | "video" | "file" => {
                let address = [text(card, "url"), text(card, "src")].into_iter().find(|address| !address.is_empty());
                let metadata = &card["metadata"];
                let name = [text(metadata, "title"), text(card, "title")].into_iter().find(|name| !name.is_empty());
                if let Some(address) = address {
                    let name = escape(name.unwrap_or(address));
                    self.html.push_str(&format!("<p><a href=\"{}\">{name}</a></p>", attribute(address)));
                }
            }
            "codeblock" | "code" => {
                self.html.push_str(&format!("<pre><code>{}</code></pre>", escape(text(card, "code"))))
            }
            "horizontalrule" | "hr" => self.html.push_str("<hr>"),
            "callout" => self.html.push_str(&format!("<div>{}</div>", text(card, "calloutText"))),
            "toggle" => {
                let (heading, content) = (text(card, "heading"), text(card, "content"));
                self.html.push_str(&format!("<details><summary>{heading}</summary>{content}</details>"));
            }
            "paywall" | "email" | "email-cta" | "soft-return" => {}
            other => {
                self.left_out.insert(other.chars().take(40).collect());
            }
        }
    }

    fn figure(&mut self, images: &[Value], caption: &str) {
        self.html.push_str("<figure>");
        for image in images {
            let (source, alt) = (attribute(text(image, "src")), attribute(text(image, "alt")));
            self.html.push_str(&format!("<img src=\"{source}\" alt=\"{alt}\">"));
        }
        if !caption.is_empty() {
            self.html.extend(["<figcaption>", caption, "</figcaption>"]);
        }
        self.html.push_str("</figure>");
    }

    /// A document of Mobiledoc 0.3: sections of markers, which open and close markups.
    fn mobiledoc(&mut self, document: &Value) {
        for section in document["sections"].as_array().into_iter().flatten() {
            match section[0].as_u64() {
                Some(1) => {
                    let tag = section[1].as_str().filter(|tag| is_section(tag)).unwrap_or("p");
                    let tag = if matches!(tag, "aside" | "pull-quote") { "blockquote" } else { tag };
                    self.html.extend(["<", tag, ">"]);
                    self.markers(document, &section[2]);
                    self.html.extend(["</", tag, ">"]);
                }
                Some(2) => {
                    let source = attribute(section[1].as_str().unwrap_or_default());
                    self.html.push_str(&format!("<figure><img src=\"{source}\"></figure>"));
                }
                Some(3) => {
                    let tag = if section[1].as_str() == Some("ol") { "ol" } else { "ul" };
                    self.html.extend(["<", tag, ">"]);
                    for item in section[2].as_array().into_iter().flatten() {
                        self.html.push_str("<li>");
                        self.markers(document, item);
                        self.html.push_str("</li>");
                    }
                    self.html.extend(["</", tag, ">"]);
                }
                Some(10) => {
                    let card = &document["cards"][index(&section[1])];
                    self.card(card[0].as_str().unwrap_or("unknown"), &card[1]);
                }
                _ => {}
            }
        }
    }

    fn markers(&mut self, document: &Value, markers: &Value) {
        let mut open: Vec<String> = Vec::new();
        for marker in markers.as_array().into_iter().flatten() {
            for markup in marker[1].as_array().into_iter().flatten() {
                let markup = &document["markups"][index(markup)];
                let tag = markup[0].as_str().filter(|tag| is_markup(tag)).unwrap_or("span").to_owned();
                let address = markup[1].as_array().and_then(|attributes| {
                    let at = attributes.iter().position(|name| name.as_str() == Some("href"))?;
                    attributes.get(at + 1)?.as_str()
                });
                self.html.extend(["<", &tag]);
                if let Some(address) = address {
                    self.html.push_str(&format!(" href=\"{}\"", attribute(address)));
                }
                self.html.push('>');
                open.push(tag);
            }
            match marker[0].as_u64() {
                // An atom: something inline, of which `soft-return` is the only one that Ghost has.
                Some(1) => self.html.push_str("<br>"),
                _ => self.html.push_str(&escape(marker[3].as_str().unwrap_or_default())),
            }
            for _ in 0..marker[2].as_u64().unwrap_or_default().min(open.len() as u64) {
                if let Some(tag) = open.pop() {
                    self.html.extend(["</", &tag, ">"]);
                }
            }
        }
        while let Some(tag) = open.pop() {
            self.html.extend(["</", &tag, ">"]);
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn attribute(text: &str) -> String {
    escape(text).replace('"', "&quot;")
}

fn index(value: &Value) -> usize {
    value.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX)
}

fn is_section(tag: &str) -> bool {
    matches!(tag, "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "aside" | "pull-quote")
}

fn is_markup(tag: &str) -> bool {
    matches!(tag, "a" | "b" | "strong" | "i" | "em" | "s" | "u" | "code" | "sub" | "sup" | "del" | "mark")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_lexical_document_becomes_html() {
        let document = json!({ "root": { "type": "root", "children": [
            { "type": "paragraph", "children": [
                { "type": "text", "text": "It was <old>, ", "format": 0 },
                { "type": "text", "text": "very", "format": 3 },
                { "type": "link", "url": "https://a.example/?b=1&c=\"2\"", "children": [{ "type": "text", "text": "here", "format": 0 }] },
            ]},
            { "type": "list", "listType": "number", "children": [{ "type": "listitem", "children": [{ "type": "text", "text": "one" }] }] },
            { "type": "image", "src": "/p.jpg", "alt": "A pier", "caption": "The <em>pier</em>" },
            { "type": "gallery", "images": [{ "src": "/a.jpg", "alt": "A" }, { "src": "/b.jpg" }], "caption": "Two piers" },
            { "type": "header", "header": "The <em>pier</em>", "subheader": "" },
            { "type": "button", "buttonText": "Go & see", "buttonUrl": "https://a.example/" },
            { "type": "signup" },
        ]}});
        let mut notes = Vec::new();
        assert_eq!(
            html(Some(&Value::String(document.to_string())), None, &mut notes),
            "<p>It was &lt;old&gt;, <strong><em>very</em></strong><a href=\"https://a.example/?b=1&amp;c=&quot;2&quot;\">here</a></p>\
             <ol><li>one</li></ol><figure><img src=\"/p.jpg\" alt=\"A pier\"><figcaption>The <em>pier</em></figcaption></figure>\
             <figure><img src=\"/a.jpg\" alt=\"A\"><img src=\"/b.jpg\" alt=\"\"><figcaption>Two piers</figcaption></figure>\
             <h2>The <em>pier</em></h2><p><a href=\"https://a.example/\">Go &amp; see</a></p>"
        );
        assert_eq!(notes, ["a card of the kind \"signup\" is left out"]);
    }

    #[test]
    fn a_mobiledoc_document_becomes_html() {
        let document = json!({
            "version": "0.3.1", "atoms": [["soft-return", "", {}]],
            "cards": [["markdown", { "markdown": "A *word*." }], ["hr", {}]],
            "markups": [["em"], ["a", ["href", "https://a.example/"]]],
            "sections": [
                [1, "p", [[0, [], 0, "It was "], [0, [0, 1], 2, "old"], [1, [], 0, 0], [0, [], 0, "."]]],
                [3, "ul", [[[0, [], 0, "one"]]]],
                [10, 0], [10, 1], [10, 9], [1, "script", [[0, [7], 1, "x"]]],
            ],
        });
        let mut notes = Vec::new();
        assert_eq!(
            html(None, Some(&document), &mut notes),
            "<p>It was <em><a href=\"https://a.example/\">old</a></em><br>.</p><ul><li>one</li></ul>\
             <p>A <em>word</em>.</p><hr><p><span>x</span></p>"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_document_is_read(text in "[\\[\\]{}\",:0-9a-z]{0,60}") {
            let value = Value::String(text);
            let _ = html(Some(&value), Some(&value), &mut Vec::new());
        }
    }
}
