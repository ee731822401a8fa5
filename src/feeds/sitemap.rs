//! Sitemaps (sitemaps.org, version 0.9), and the news sitemap (Google's extension of them).

use std::io;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use quick_xml::events::Event;
use quick_xml::events::{BytesEnd, BytesStart};

use super::db::{NewsRow, PageRow, Place};
use super::xml::{Xml, document, write_element, write_text};
use crate::http::publication::Publication;
use crate::http::reference::Urls;

pub(super) const MEDIA_TYPE: &str = "application/xml; charset=utf-8";

const SITEMAP: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
const NEWS: &str = "http://www.google.com/schemas/sitemap-news/0.9";

/// What a publication without a name is called where a name is needed.
const UNNAMED: &str = "Verbatim";

/// A part of a sitemap that is too large to be one.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) month: NaiveDate,
    /// The article before the first one of the part, where that is not the first of its month.
    pub(super) after: Option<Place>,
    pub(super) modified_at: DateTime<Utc>,
}

/// Writes a sitemap of articles. Those without a page on the site are left out.
pub(super) fn write_pages(rows: Vec<PageRow>, urls: &Urls) -> io::Result<Vec<u8>> {
    write_list("urlset", &[("xmlns", SITEMAP)], |xml| {
        for PageRow { slug, canonical_url, modified_at } in rows {
            if let Some(page) = page_on_site(urls, canonical_url, &slug) {
                write_element(xml, "url", |xml| {
                    write_text(xml, "loc", &page)?;
                    write_text(xml, "lastmod", &instant(modified_at))
                })?;
            }
        }
        Ok(())
    })
}

/// Writes an index of parts.
pub(super) fn write_index(parts: &[Part], urls: &Urls) -> io::Result<Vec<u8>> {
    write_list("sitemapindex", &[("xmlns", SITEMAP)], |xml| {
        for Part { month, after, modified_at } in parts {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("month", &month.format("%Y-%m").to_string());
            if let Some(after) = after {
                query.append_pair("after", &after.to_string());
            }
            write_element(xml, "sitemap", |xml| {
                write_text(xml, "loc", &format!("{}/sitemaps/articles.xml?{}", urls.base(), query.finish()))?;
                write_text(xml, "lastmod", &instant(*modified_at))
            })?;
        }
        Ok(())
    })
}

/// Writes a news sitemap. Articles without a page on the site are left out.
pub(super) fn write_news(rows: Vec<NewsRow>, urls: &Urls, publication: &Publication) -> io::Result<Vec<u8>> {
    let name = publication.name().unwrap_or(UNNAMED);
    write_list("urlset", &[("xmlns", SITEMAP), ("xmlns:news", NEWS)], |xml| {
        for NewsRow { slug, canonical_url, language, title, published_at } in rows {
            let Some(page) = page_on_site(urls, canonical_url, &slug) else { continue };
            write_element(xml, "url", |xml| {
                write_text(xml, "loc", &page)?;
                write_element(xml, "news:news", |xml| {
                    write_element(xml, "news:publication", |xml| {
                        write_text(xml, "news:name", name)?;
                        write_text(xml, "news:language", &news_language(&language))
                    })?;
                    write_text(xml, "news:publication_date", &instant(published_at))?;
                    write_text(xml, "news:title", &title)
                })
            })?;
        }
        Ok(())
    })
}

/// Search engines take a sitemap for what its site has, and for nothing else.
fn page_on_site(urls: &Urls, own: Option<String>, slug: &str) -> Option<String> {
    urls.page_of_article(own, slug).filter(|page| urls.is_of_the_site(page))
}

/// A language as news sitemaps have it: two or three letters, and two Chinese ones.
fn news_language(tag: &str) -> String {
    let tag = tag.to_ascii_lowercase();
    let mut parts = tag.split('-');
    match parts.next() {
        Some("zh") if parts.any(|part| matches!(part, "hant" | "tw" | "hk" | "mo")) => "zh-tw".to_owned(),
        Some("zh") => "zh-cn".to_owned(),
        language => language.unwrap_or_default().to_owned(),
    }
}

fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn write_list(
    name: &str,
    attributes: &[(&str, &str)],
    write: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    document(|xml| {
        xml.write_event(Event::Start(BytesStart::new(name).with_attributes(attributes.iter().copied())))?;
        write(xml)?;
        xml.write_event(Event::End(BytesEnd::new(name)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_told_as_news_sitemaps_have_it() {
        for (tag, told) in [("en", "en"), ("en-GB", "en"), ("gsw", "gsw"), ("zh", "zh-cn"), ("zh-Hant-HK", "zh-tw")] {
            assert_eq!(news_language(tag), told);
        }
    }
}
