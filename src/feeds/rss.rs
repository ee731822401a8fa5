//! RSS 2.0, with whole texts (`content:encoded`), authors by name (`dc:creator`) and the links of paged feeds
//! (RFC 5005 §3).

use std::collections::BTreeMap;

use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::{Category, Channel, Guid, Item};

use super::feed::{Feed, authors, labels, urn};
use super::xml::holdable;
use crate::articles::wire::Article;

pub(super) const MEDIA_TYPE: &str = "application/rss+xml; charset=utf-8";

/// Writes a feed.
pub(super) fn write(feed: &Feed) -> Result<Vec<u8>, rss::Error> {
    let mut links = vec![link("self", &feed.links.this), link("first", &feed.first)];
    links.extend(feed.links.next.iter().map(|next| link("next", next)));
    let namespaces = [
        ("atom", "http://www.w3.org/2005/Atom"),
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
    ];
    let channel = Channel {
        title: holdable(&feed.title).into_owned(),
        // A channel must have a link; its own is the only one that is sure.
        link: feed.site.as_ref().unwrap_or(&feed.first).clone(),
        description: holdable(&feed.description).into_owned(),
        language: feed.language().map(str::to_owned),
        last_build_date: Some(feed.updated_at().to_rfc2822()),
        generator: Some("Verbatim".to_owned()),
        items: feed.articles.iter().map(item).collect(),
        atom_ext: Some(AtomExtension { links }),
        namespaces: namespaces
            .map(|(name, uri)| (name.to_owned(), uri.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        ..Channel::default()
    };
    channel.write_to(Vec::new())
}

fn item(article: &Article) -> Item {
    let creators = authors(article).map(|name| holdable(name).into_owned()).collect();
    Item {
        title: Some(holdable(&article.title).into_owned()),
        link: article.canonical_url.clone(),
        description: article.summary.as_deref().map(|summary| holdable(summary).into_owned()),
        categories: labels(article)
            .map(|(_, name)| Category { name: holdable(name).into_owned(), domain: None })
            .collect(),
        guid: Some(Guid { value: urn(article.id.0), permalink: false }),
        pub_date: article.published_at.map(|instant| instant.to_rfc2822()),
        content: article.body_html.as_deref().map(|html| holdable(html).into_owned()),
        dublin_core_ext: Some(DublinCoreExtension { creators, ..DublinCoreExtension::default() }),
        ..Item::default()
    }
}

fn link(rel: &str, href: &str) -> Link {
    let mime_type = Some("application/rss+xml".to_owned());
    Link { rel: rel.to_owned(), href: href.to_owned(), mime_type, ..Link::default() }
}
