//! A page of HTML: one file, one article, with everything around it that a page has.

use std::io::Read;

use encoding_rs::{Encoding, UTF_8};
use serde_json::{Value, json};

use super::bodies;
use super::dates;
use super::entry::{Author, Entry, Items, Label, Refusal, one_line};
use super::file::{declared, one_article};
use super::format::Format;
use super::texts::line_of_html;
use crate::values::body::markup::{self, Part};

/// What pages call the element with the article, the surest first.
const CONTENT_CLASSES: [&str; 8] = [
    "post-body",
    "entry-content",
    "article-body",
    "article__body",
    "post-content",
    "article-content",
    "story-body",
    "post__content",
];

/// What stands around an article, or beside it.
const BESIDE: [&str; 5] = ["nav", "header", "footer", "form", "aside"];

/// What schema.org calls articles.
const ARTICLE_TYPES: [&str; 8] = [
    "Article",
    "NewsArticle",
    "BlogPosting",
    "Report",
    "OpinionNewsArticle",
    "AnalysisNewsArticle",
    "ReportageNewsArticle",
    "ReviewNewsArticle",
];

/// How deep structured data is looked into.
const DEEPEST: usize = 8;

/// A file that holds one page.
pub(super) fn open<'a>(reader: impl Read + Send + 'a) -> Items<'a> {
    one_article(declared(reader, charset), Format::Html, entry)
}

/// The encoding that a page declares in its head.
fn charset(head: &[u8]) -> &'static Encoding {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let label = head.find("charset").map(|at| head[at + "charset".len()..].trim_start());
    let value =
        label.and_then(|rest| rest.strip_prefix('=')).map(|rest| rest.trim_start().trim_start_matches(['"', '\'']));
    let label = value.and_then(|rest| rest.split(['"', '\'', '>', ';', ' ', '/']).next()).unwrap_or_default();
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible()).unwrap_or(UTF_8)
}

fn entry(mut entry: Entry) -> Result<Entry, Refusal> {
    let source = String::from_utf8_lossy(&entry.source).into_owned();
    let parts = markup::read(&source);
    let head = Head::of(&parts);
    let (content, found_by) = content(&parts);
    let (content, heading) = without_surroundings(content);
    if content.iter().all(|part| !matches!(part, Part::Text(text) if !text.trim().is_empty())) {
        return Err(entry.refusal("the page holds no text"));
    }
    let titles = [
        (heading, "h1"),
        (head.data_text("headline"), "json_ld"),
        (head.meta(&["og:title", "twitter:title", "dc.title"]), "meta"),
        (head.title.as_deref().and_then(line_of_html), "title_element"),
    ];
    if let Some((title, rule)) = titles.into_iter().find_map(|(title, rule)| Some((title?, rule))) {
        entry.title = Some(title);
        entry.provenance.insert("title".to_owned(), json!({ "rule": rule }));
    }
    head.read_date(&mut entry, &parts);
    head.fill(&mut entry);
    entry.provenance.insert("body".to_owned(), json!({ "rule": found_by }));
    bodies::set(&mut entry, markup::write(&content));
    Ok(entry)
}

/// What a page tells of its article outside the text.
#[derive(Default)]
struct Head {
    title: Option<String>,
    language: Option<String>,
    canonical: Option<String>,
    /// Names in lower case, in order.
    metas: Vec<(String, String)>,
    /// The article in the structured data of the page.
    data: Option<Value>,
}

impl Head {
    fn of(parts: &[Part]) -> Self {
        let mut head = Self::default();
        for (index, part) in parts.iter().enumerate() {
            let Part::Start(name, attributes) = part else { continue };
            let get = |wanted: &str| attribute(attributes, wanted);
            let text = || match parts.get(index + 1) {
                Some(Part::Text(text)) => text.as_str(),
                _ => "",
            };
            match name.as_str() {
                "html" => head.language = get("lang").or_else(|| get("xml:lang")).map(str::to_owned),
                "title" if head.title.is_none() => head.title = Some(text().to_owned()),
                "meta" => {
                    let name = get("property").or_else(|| get("name")).or_else(|| get("itemprop"));
                    if let (Some(name), Some(content)) = (name, get("content")) {
                        head.metas.push((name.to_ascii_lowercase(), content.trim().to_owned()));
                    }
                }
                "link" if get("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical")) => {
                    head.canonical = get("href").map(str::to_owned);
                }
                "script" if get("type").is_some_and(|kind| kind.eq_ignore_ascii_case("application/ld+json")) => {
                    let data = serde_json::from_str::<Value>(text()).ok();
                    head.data =
                        head.data.take().or_else(|| data.as_ref().and_then(|data| article_in(data, 0)).cloned());
                }
                _ => {}
            }
        }
        head
    }

    fn meta(&self, names: &[&str]) -> Option<String> {
        let found = names.iter().find_map(|wanted| self.metas.iter().find(|(name, _)| name == wanted));
        found.and_then(|(_, content)| line_of_html(content))
    }

    fn metas<'h>(&'h self, wanted: &'h str) -> impl Iterator<Item = &'h str> {
        self.metas.iter().filter(move |(name, _)| name == wanted).map(|(_, content)| content.as_str())
    }

    fn data(&self, name: &str) -> Option<&Value> {
        self.data.as_ref().and_then(|data| data.get(name))
    }

    fn data_text(&self, name: &str) -> Option<String> {
        self.data(name).and_then(Value::as_str).and_then(line_of_html)
    }

    fn read_date(&self, entry: &mut Entry, parts: &[Part]) {
        let time = parts.iter().find_map(|part| match part {
            Part::Start(name, attributes) if name == "time" => {
                attribute(attributes, "datetime").filter(|_| is_publication(attributes)).map(str::to_owned)
            }
            _ => None,
        });
        let metas = [
            "article:published_time",
            "datepublished",
            "dc.date.issued",
            "dcterms.issued",
            "dc.date",
            "dcterms.date",
            "dcterms.created",
            "date",
            "pubdate",
            "publish-date",
            "parsely-pub-date",
            "sailthru.date",
        ];
        let told = [(self.data_text("datePublished"), "json_ld"), (self.meta(&metas), "meta"), (time, "time_element")];
        for (text, rule) in told {
            match dates::read(text.as_deref().unwrap_or_default()) {
                Ok(None) => {}
                Ok(Some(instant)) => {
                    entry.published_at = Some(instant);
                    entry.provenance.insert("date".to_owned(), json!({ "rule": rule }));
                    return;
                }
                Err(note) => entry.notes.push(note),
            }
        }
    }

    fn fill(&self, entry: &mut Entry) {
        entry.language = self.language.clone().filter(|language| !language.trim().is_empty());
        entry.language = entry.language.take().or_else(|| self.data_text("inLanguage"));
        entry.summary = self.meta(&["og:description", "description", "dc.description"]);
        entry.canonical_url = self.canonical.clone().or_else(|| self.meta(&["og:url"]));
        let page = entry.canonical_url.as_deref().and_then(|address| url::Url::parse(address).ok());
        let last = page.as_ref().and_then(|page| page.path_segments()?.rfind(|segment| !segment.is_empty()));
        let slug = last.map(|last| last.trim_end_matches(".html").trim_end_matches(".htm"));
        entry.slug = slug.filter(|slug| *slug != "index").map(super::texts::percent_decoded);
        let mut names = Vec::new();
        self.data("author").into_iter().for_each(|author| names_in(author, 0, &mut names));
        if names.is_empty() {
            names.extend(
                ["author", "article:author", "dc.creator", "parsely-author"]
                    .iter()
                    .flat_map(|n| self.metas(n))
                    .map(str::to_owned),
            );
        }
        for name in names.iter().filter(|name| !name.contains("://")) {
            entry.add_author(Author::named(name));
        }
        for label in self.labels() {
            entry.add_label(Label::named(&label));
        }
    }

    fn labels(&self) -> Vec<String> {
        let parted = |text: &str| text.split(',').map(one_line).collect::<Vec<_>>();
        let listed = |value: Option<&Value>| match value {
            Some(Value::String(text)) => parted(text),
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(one_line).collect(),
            _ => Vec::new(),
        };
        let mut labels = listed(self.data("articleSection"));
        labels.extend(self.metas("article:section").map(one_line));
        labels.extend(listed(self.data("keywords")));
        labels.extend(self.metas("article:tag").flat_map(parted));
        if labels.is_empty() {
            labels.extend(self.metas("keywords").flat_map(parted));
        }
        labels
    }
}

/// The article in structured data, wherever it stands there.
fn article_in(data: &Value, depth: usize) -> Option<&Value> {
    if depth == DEEPEST {
        return None;
    }
    match data {
        Value::Array(values) => values.iter().find_map(|value| article_in(value, depth + 1)),
        Value::Object(members) => {
            let is_article = |kind: &Value| kind.as_str().is_some_and(|kind| ARTICLE_TYPES.contains(&kind));
            let is_one = members.get("@type").is_some_and(|kind| match kind {
                Value::Array(kinds) => kinds.iter().any(is_article),
                kind => is_article(kind),
            });
            if is_one { Some(data) } else { members.get("@graph").and_then(|graph| article_in(graph, depth + 1)) }
        }
        _ => None,
    }
}

fn names_in(author: &Value, depth: usize, names: &mut Vec<String>) {
    match author {
        Value::String(name) => names.push(name.clone()),
        Value::Array(authors) if depth < DEEPEST => {
            authors.iter().for_each(|author| names_in(author, depth + 1, names))
        }
        Value::Object(members) if depth < DEEPEST => {
            members.get("name").into_iter().for_each(|name| names_in(name, depth + 1, names));
        }
        _ => {}
    }
}

fn attribute<'a>(attributes: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

fn is_publication(attributes: &[(String, String)]) -> bool {
    let is_property = attribute(attributes, "itemprop").is_some_and(|name| name.eq_ignore_ascii_case("datePublished"));
    let classes = attribute(attributes, "class").unwrap_or_default();
    let is_class =
        classes.split_ascii_whitespace().any(|class| matches!(class, "published" | "entry-date" | "dt-published"));
    is_property || is_class || attributes.iter().any(|(name, _)| name == "pubdate")
}

/// The part of a page that holds the article, and what shows it.
fn content(parts: &[Part]) -> (&[Part], &'static str) {
    let has = |name: &'static str, value: &'static str| {
        move |_: &str, attributes: &[(String, String)]| {
            attribute(attributes, name)
                .is_some_and(|told| told.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(value)))
        }
    };
    let by_class = |_: &str, attributes: &[(String, String)]| {
        let classes = attribute(attributes, "class").unwrap_or_default();
        classes.split_ascii_whitespace().any(|class| CONTENT_CLASSES.contains(&class))
    };
    let ends = bodies::ends(parts);
    let named = |wanted: &'static str| move |name: &str, _: &[(String, String)]| name == wanted;
    longest(parts, &ends, has("itemprop", "articleBody"))
        .map(|found| (found, "articleBody"))
        .or_else(|| longest(parts, &ends, by_class).map(|found| (found, "class")))
        .or_else(|| longest(parts, &ends, named("article")).map(|found| (found, "article_element")))
        .or_else(|| longest(parts, &ends, named("main")).map(|found| (found, "main_element")))
        .or_else(|| longest(parts, &ends, has("role", "main")).map(|found| (found, "main_role")))
        .or_else(|| longest(parts, &ends, named("body")).map(|found| (found, "body_element")))
        .unwrap_or((parts, "whole_page"))
}

/// Of the elements that are it, the one with the most text.
fn longest<'p>(
    parts: &'p [Part],
    ends: &[Option<usize>],
    is_it: impl Fn(&str, &[(String, String)]) -> bool,
) -> Option<&'p [Part]> {
    let mut found: Option<(usize, &[Part])> = None;
    let mut at = 0;
    while at < parts.len() {
        let is_start = matches!(&parts[at], Part::Start(name, attributes) if is_it(name, attributes));
        let end = ends[at].unwrap_or(parts.len());
        at += 1;
        if !is_start {
            continue;
        }
        let content = &parts[at..end];
        let length = content.iter().map(|part| if let Part::Text(text) = part { text.trim().len() } else { 0 }).sum();
        if found.is_none_or(|(longest, _)| length > longest) {
            found = Some((length, content));
        }
        at = end;
    }
    found.filter(|(length, _)| *length > 0).map(|(_, content)| content)
}

/// The article without the page around it, and its heading, if it has exactly one.
fn without_surroundings(parts: &[Part]) -> (Vec<Part>, Option<String>) {
    let ends = bodies::ends(parts);
    let is_heading = |part: &Part| matches!(part, Part::Start(name, _) if name == "h1");
    let mut headings = parts.iter().enumerate().filter(|(_, part)| is_heading(part)).map(|(index, _)| index);
    let only = headings.next().filter(|_| headings.next().is_none());
    let heading = only.and_then(|start| {
        let text = line_of_html(&markup::write(&parts[start..ends[start]?]))?;
        Some((start, text))
    });
    let mut kept = Vec::with_capacity(parts.len());
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        let is_title = heading.as_ref().is_some_and(|(index, _)| *index == at);
        let end = ends[at].map_or(at + 1, |end| end + 1);
        if is_title || is_beside(part) {
            at = end;
        } else {
            // What is lifted out later stays whole till then.
            let end = if bodies::is_pull_quote(part) { end } else { at + 1 };
            kept.extend_from_slice(&parts[at..end]);
            at = end;
        }
    }
    (kept, heading.map(|(_, text)| text))
}

fn is_beside(part: &Part) -> bool {
    let Part::Start(name, attributes) = part else { return false };
    let is_navigation = attribute(attributes, "role") == Some("navigation");
    (BESIDE.contains(&name.as_str()) || is_navigation) && !bodies::is_pull_quote(part)
}
