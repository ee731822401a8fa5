//! JSON Feed 1.1.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::feed::{Feed, authors, labels, updated_at, urn};
use crate::articles::wire::Article;

pub(super) const MEDIA_TYPE: &str = "application/feed+json";

/// A feed (JSON Feed 1.1).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JsonFeed {
    /// The version of the format, as its address.
    #[schema(example = "https://jsonfeed.org/version/1.1")]
    version: &'static str,
    /// The name of the publication, and what the feed was filtered by.
    #[schema(example = "The Pellinmouth Register: label=ferry-line")]
    title: String,
    /// Which articles it has.
    #[schema(example = "The articles with label=ferry-line, the newest first.")]
    description: String,
    /// Where the site begins that publishes the articles. Absent where not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Uri, example = "https://register.example/")]
    home_page_url: Option<String>,
    /// Where this page of the feed is.
    #[schema(format = UriReference, example = "/feeds/articles.json?label=ferry-line")]
    feed_url: String,
    /// The next page. Absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = UriReference, example = "/feeds/articles.json?label=ferry-line&after=AXZ7")]
    next_url: Option<String>,
    /// The language of all of its articles. Absent where they have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "en")]
    language: Option<String>,
    /// The articles, the newest first.
    items: Vec<JsonFeedItem>,
}

/// An article in a feed.
#[derive(Debug, Serialize, ToSchema)]
struct JsonFeedItem {
    /// Its id, which never changes.
    #[schema(example = "urn:uuid:0193562a-2d7c-7d51-3e60-a0603a1a8451")]
    id: String,
    /// Its page. Absent where not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Uri, example = "https://register.example/articles/the-ferry-bell-comes-home")]
    url: Option<String>,
    /// Its title.
    #[schema(example = "The Ferry Bell Comes Home")]
    title: String,
    /// A few sentences that stand for it. Absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The bell of the old ferry hangs again.")]
    summary: Option<String>,
    /// All of it, as safe HTML.
    #[schema(example = "<p>The bell came back on the morning boat.</p>")]
    content_html: String,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    date_published: Option<DateTime<Utc>>,
    /// When it last changed.
    date_modified: DateTime<Utc>,
    /// Who wrote it.
    authors: Vec<JsonFeedAuthor>,
    /// The names of its labels.
    #[schema(example = json!(["Ferry Line"]))]
    tags: Vec<String>,
    /// The language it is written in.
    #[schema(example = "en")]
    language: String,
}

/// Who wrote an article.
#[derive(Debug, Serialize, ToSchema)]
struct JsonFeedAuthor {
    /// The name.
    #[schema(example = "Eleanor Vosk")]
    name: String,
}

impl From<&Feed> for JsonFeed {
    fn from(feed: &Feed) -> Self {
        Self {
            version: "https://jsonfeed.org/version/1.1",
            title: feed.title.clone(),
            description: feed.description.clone(),
            home_page_url: feed.site.clone(),
            feed_url: feed.links.this.clone(),
            next_url: feed.links.next.clone(),
            language: feed.language().map(str::to_owned),
            items: feed.articles.iter().map(item).collect(),
        }
    }
}

fn item(article: &Article) -> JsonFeedItem {
    JsonFeedItem {
        id: urn(article.id.0),
        url: article.canonical_url.clone(),
        title: article.title.clone(),
        summary: article.summary.clone(),
        content_html: article.body_html.clone().unwrap_or_default(),
        date_published: article.published_at,
        date_modified: updated_at(article),
        authors: authors(article).map(|name| JsonFeedAuthor { name: name.to_owned() }).collect(),
        tags: labels(article).map(|(_, name)| name.to_owned()).collect(),
        language: article.language.clone(),
    }
}
