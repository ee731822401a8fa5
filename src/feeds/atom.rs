//! Atom (RFC 4287), with the links of paged feeds (RFC 5005 §3).

use atom_syndication::{Category, Content, Entry, Feed as AtomFeed, Generator, Link, Person, Text, WriteConfig};
use chrono::{DateTime, FixedOffset, Utc};

use super::feed::{Feed, authors, labels, updated_at, urn};
use super::xml::holdable;
use crate::articles::wire::Article;

pub(super) const MEDIA_TYPE: &str = "application/atom+xml; charset=utf-8";

/// Writes a feed.
pub(super) fn write(feed: &Feed) -> Result<Vec<u8>, atom_syndication::Error> {
    let mut links = vec![
        link("self", &feed.links.this, "application/atom+xml"),
        link("first", &feed.first, "application/atom+xml"),
    ];
    links.extend(feed.links.next.iter().map(|next| link("next", next, "application/atom+xml")));
    links.extend(feed.site.iter().map(|site| link("alternate", site, "text/html")));
    let atom = AtomFeed {
        title: text(&feed.title, None),
        subtitle: Some(text(&feed.description, None)),
        id: feed.id.clone(),
        updated: instant(feed.updated_at()),
        // Every article needs an author (§4.1.1): this one, where it names none.
        authors: vec![person(&feed.publisher)],
        generator: Some(Generator { value: "Verbatim".to_owned(), ..Generator::default() }),
        links,
        entries: feed.articles.iter().map(entry).collect(),
        ..AtomFeed::default()
    };
    atom.write_with_config(Vec::new(), WriteConfig { write_document_declaration: true, indent_size: None })
}

fn entry(article: &Article) -> Entry {
    let language = Some(article.language.clone());
    let page = article.canonical_url.as_deref().map(|page| link("alternate", page, "text/html"));
    Entry {
        title: text(&article.title, language.clone()),
        id: urn(article.id.0),
        updated: instant(updated_at(article)),
        published: article.published_at.map(instant),
        authors: authors(article).map(person).collect(),
        categories: labels(article)
            .map(|(slug, name)| Category {
                term: slug.to_owned(),
                scheme: None,
                label: Some(holdable(name).into_owned()),
            })
            .collect(),
        links: page.into_iter().chain([link("related", &article.url, "application/json")]).collect(),
        summary: article.summary.as_deref().map(|summary| text(summary, language.clone())),
        content: article.body_html.as_deref().map(|html| Content {
            base: article.canonical_url.clone(),
            lang: language,
            value: Some(holdable(html).into_owned()),
            src: None,
            content_type: Some("html".to_owned()),
        }),
        ..Entry::default()
    }
}

fn text(value: &str, lang: Option<String>) -> Text {
    Text { lang, ..Text::plain(holdable(value)) }
}

fn person(name: &str) -> Person {
    Person { name: holdable(name).into_owned(), ..Person::default() }
}

fn link(rel: &str, href: &str, mime_type: &str) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), mime_type: Some(mime_type.to_owned()), ..Link::default() }
}

fn instant(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    instant.fixed_offset()
}
