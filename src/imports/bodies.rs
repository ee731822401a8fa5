//! Bodies in HTML, made ready: pull quotes are lifted out of them, since a front end places those, and what they embed
//! becomes a link to it, since players and frames of others are not safe to serve.

use std::collections::HashMap;

use super::entry::{Entry, one_line};
use super::plain_text::PullQuote;
use crate::attribution;
use crate::values::body::markup::{self, Part};
use crate::values::body::{BodyFormat, render};

/// Elements that play or frame something from elsewhere.
const EMBEDS: [&str; 5] = ["iframe", "video", "audio", "object", "embed"];

/// Words of which one stands in a body that has anything to do.
const SIGNS: [&str; 8] = ["pullquote", "pull-quote", "<iframe", "<video", "<audio", "<object", "<embed", COUNTER];

/// The class of the element in which Blogger counts readers, by a picture of one pixel.
const COUNTER: &str = "blogger-post-footer";

/// So many pull quotes are lifted out; more stay in the text.
const MAX_PULLS: usize = 1_000;

/// Gives an entry its body.
pub(super) fn set(entry: &mut Entry, html: String) {
    entry.body_format = BodyFormat::Html;
    let lower = html.to_ascii_lowercase();
    entry.body_source = if SIGNS.iter().any(|sign| lower.contains(sign)) { ready(entry, &html) } else { html };
}

fn ready(entry: &mut Entry, html: &str) -> String {
    let parts = markup::read(html);
    let ends = ends(&parts);
    let mut kept = Vec::with_capacity(parts.len());
    let mut at = 0;
    // Up to where an element has no words, and so none within it either: nesting is read once, not once a level.
    let mut wordless = 0;
    while let Some(part) = parts.get(at) {
        let end = ends[at];
        let content = end.map_or(&[][..], |end| &parts[at + 1..end]);
        let may_be_pull = at >= wordless && entry.pulls.len() < MAX_PULLS && is_pull_quote(part);
        let pull = end.filter(|_| may_be_pull).and_then(|_| pull_quote(content));
        if may_be_pull && pull.is_none() {
            wordless = end.unwrap_or(at);
        }
        if let Some(pull) = pull {
            let span = find(&entry.source, &pull.text);
            entry.pulls.push(PullQuote { span, ..pull });
        } else if let Some(link) = embed(part, content) {
            kept.extend(link);
        } else if end.is_some() && has_class(part, |class| class == COUNTER) {
            // It is not for those who read here.
        } else {
            kept.push(part.clone());
            at += 1;
            continue;
        }
        at = end.unwrap_or(at) + 1;
    }
    markup::write(&kept)
}

/// Where the element ends that each part begins; nothing where it begins none, or one that does not end.
pub(super) fn ends(parts: &[Part]) -> Vec<Option<usize>> {
    let mut ends = vec![None; parts.len()];
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Start(name, _) => open.entry(name).or_default().push(index),
            Part::End(name) => {
                if let Some(start) = open.get_mut(name.as_str()).and_then(Vec::pop) {
                    ends[start] = Some(index);
                }
            }
            Part::Text(_) => {}
        }
    }
    ends
}

/// Where words stand in the bytes they come from; all of those where they do not stand there as they are.
fn find(source: &[u8], words: &str) -> std::ops::Range<usize> {
    match memchr::memmem::find(source, words.as_bytes()) {
        Some(start) => start..start + words.len(),
        None => 0..source.len(),
    }
}

/// Whether a part begins a pull quote: its class says so.
pub(super) fn is_pull_quote(part: &Part) -> bool {
    let Part::Start(name, _) = part else { return false };
    let is_pull = |class: &str| {
        let class = class.to_ascii_lowercase();
        let class = class.strip_prefix("wp-block-").unwrap_or(&class);
        matches!(class, "pullquote" | "pull-quote")
            || ["pullquote-", "pull-quote-"].iter().any(|start| class.starts_with(start))
    };
    let is_block = matches!(name.as_str(), "aside" | "blockquote" | "div" | "figure" | "p" | "section");
    is_block && has_class(part, is_pull)
}

fn has_class(part: &Part, is_it: impl Fn(&str) -> bool) -> bool {
    let Part::Start(_, attributes) = part else { return false };
    let classes = attributes.iter().find(|(name, _)| name == "class").map_or("", |(_, classes)| classes.as_str());
    classes.split_ascii_whitespace().any(is_it)
}

/// A pull quote: the words and below them, perhaps, who said them.
fn pull_quote(content: &[Part]) -> Option<PullQuote> {
    let (words, attribution) = parted(content);
    let words = without_marks(&words);
    (!words.is_empty()).then(|| printed(words, attribution))
}

/// The words of a pull quote, and who is named below them: in an element for that, or after a dash.
fn parted(content: &[Part]) -> (String, Option<String>) {
    const BELOW: [&str; 3] = ["cite", "footer", "figcaption"];
    let text = |parts: &[Part]| render(BodyFormat::Html, &markup::write(parts)).text;
    let ends = ends(content);
    let mut wordless = 0;
    let named = content.iter().enumerate().find_map(|(index, part)| {
        let is_below = matches!(part, Part::Start(name, _) if BELOW.contains(&name.as_str()));
        let end = ends[index].filter(|_| is_below && index >= wordless)?;
        let attribution = one_line(&text(&content[index + 1..end]));
        if attribution.is_empty() {
            wordless = end;
            return None;
        }
        let words = [&content[..index], &content[end + 1..]].concat();
        Some((text(&words), Some(attribution)))
    });
    named.unwrap_or_else(|| {
        let words = text(content);
        match words.rsplit_once('\n') {
            Some((before, last)) if attribution::begins_with_dash(last) && attribution::is_attribution_line(last) => {
                (before.trim_end().to_owned(), Some(last.to_owned()))
            }
            _ => (words, None),
        }
    })
}

fn printed(text: String, attribution: Option<String>) -> PullQuote {
    let attribution = attribution.map(|line| attribution::without_dressing(&line).to_owned());
    let speaker = attribution.as_deref().map(attribution::read_attribution_line);
    let (rule, confidence) = if speaker.is_some() { ("attribution_line", 0.95) } else { ("unattributed", 0.5) };
    PullQuote { span: 0..0, text, attribution, attribution_span: None, speaker, rule, confidence }
}

/// Words without the marks around them.
fn without_marks(words: &str) -> String {
    let words = words.trim();
    let inner = words.strip_prefix(attribution::is_double_mark).and_then(|rest| {
        rest.strip_suffix(attribution::is_double_mark).filter(|inner| !inner.contains(attribution::is_double_mark))
    });
    inner.unwrap_or(words).trim().to_owned()
}

/// Something embedded, as a link to it, or as nothing if it has no address.
fn embed(part: &Part, content: &[Part]) -> Option<Vec<Part>> {
    let Part::Start(name, attributes) = part else { return None };
    if !EMBEDS.contains(&name.as_str()) {
        return None;
    }
    let sources = content.iter().filter_map(|part| match part {
        Part::Start(name, attributes) if matches!(name.as_str(), "source" | "embed") => Some(attributes),
        _ => None,
    });
    let found = std::iter::once(attributes).chain(sources).find_map(|attributes| address(attributes));
    let Some(address) = found else { return Some(Vec::new()) };
    let title = attributes.iter().find(|(name, _)| name == "title").map(|(_, title)| one_line(title));
    let shown = title.filter(|title| !title.is_empty()).unwrap_or_else(|| address.clone());
    let link = Part::Start("a".to_owned(), vec![("href".to_owned(), address)]);
    Some(vec![link, Part::Text(shown), Part::End("a".to_owned())])
}

fn address(attributes: &[(String, String)]) -> Option<String> {
    let is_source = |name: &str| matches!(name, "src" | "data" | "data-src");
    let told = attributes.iter().find(|(name, _)| is_source(name)).map(|(_, value)| value.trim())?;
    let address = if told.starts_with("//") { format!("https:{told}") } else { told.to_owned() };
    (address.starts_with("https://") || address.starts_with("http://")).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::entry::Place;
    use crate::imports::format::Format;

    fn read(html: &str) -> Entry {
        let mut entry = Entry::at(Place::default(), Format::Html, html.as_bytes().to_vec());
        set(&mut entry, html.to_owned());
        entry
    }

    #[test]
    fn pull_quotes_are_lifted_out_with_who_is_named_below() {
        let entry = read(
            "<p>Before.</p><figure class=\"wp-block-pullquote alignleft\"><blockquote><p>“The boat is back.”</p>\
             <cite>Ada Quill, harbour master</cite></blockquote></figure><p>After.</p>\
             <aside class=\"pullquote\"><p>We rowed.</p><p>— Odd Holt, pilot</p></aside>",
        );
        let pulls: Vec<_> = entry
            .pulls
            .iter()
            .map(|pull| {
                (pull.text.as_str(), pull.attribution.as_deref(), pull.speaker.as_ref().map(|s| s.name.as_str()))
            })
            .collect();
        assert_eq!(
            pulls,
            [
                ("The boat is back.", Some("Ada Quill, harbour master"), Some("Ada Quill")),
                ("We rowed.", Some("Odd Holt, pilot"), Some("Odd Holt")),
            ]
        );
        assert_eq!(&entry.source[entry.pulls[0].span.clone()], "The boat is back.".as_bytes());
        assert_eq!(entry.body_source, "<p>Before.</p><p>After.</p>");
    }

    /// This would take hours if each level read those in it again.
    #[test]
    fn pull_quotes_without_words_are_looked_into_once_however_they_nest() {
        let n = 20_000;
        let nested = |open: &str, inner: &str, close: &str| open.repeat(n) + inner + &close.repeat(n);
        let wordless = read(&nested("<div class=pullquote>", "“”", "</div>"));
        assert!(wordless.pulls.is_empty());
        let named = nested("<footer>", " ", "</footer>");
        let read = read(&format!("<aside class=pullquote><p>We rowed.</p>{named}<cite>Odd Holt</cite></aside>"));
        assert_eq!(read.pulls[0].text, "We rowed.");
        assert_eq!(read.pulls[0].attribution.as_deref(), Some("Odd Holt"));
    }

    #[test]
    fn what_is_embedded_becomes_a_link() {
        let entry = read(
            "<p>See</p><iframe src=\"//films.example/e/1\" title=\"The pier\" onload=\"x()\"></iframe>\
             <video controls><source src=\"https://films.example/1.mp4\"></video><iframe src=\"javascript:x()\"></iframe>",
        );
        assert_eq!(
            entry.body_source,
            "<p>See</p><a href=\"https://films.example/e/1\">The pier</a>\
             <a href=\"https://films.example/1.mp4\">https://films.example/1.mp4</a>"
        );
    }

    #[test]
    fn what_counts_the_readers_of_a_blog_is_left_out() {
        let entry =
            read("<p>Text.</p><div class=\"blogger-post-footer\"><img width='1' src='https://a.example/1'></div>");
        assert_eq!(entry.body_source, "<p>Text.</p>");
    }

    #[test]
    fn a_body_without_either_stays_as_it_is_written() {
        let html = "<P class=x>An &quot;old&quot; pier<br/>fell.";
        assert_eq!(read(html).body_source, html);
    }
}
