//! A feed before it is written in any format.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::articles::wire::Article;
use crate::http::page::{ListLinks, Page};
use crate::http::publication::Publication;
use crate::http::reference::Urls;
use crate::labels::wire::RelatedLabel;
use crate::people::wire::RelatedPerson;

/// What a feed is called where nobody has named the publication.
const UNNAMED: &str = "Articles";

/// A page of a feed.
#[derive(Debug)]
pub(super) struct Feed {
    /// Its id: the same on every page and in every format.
    pub(super) id: String,
    pub(super) title: String,
    /// Which articles it has.
    pub(super) description: String,
    /// The name of the publication, or what stands for it.
    pub(super) publisher: String,
    /// Where the site that publishes the articles begins.
    pub(super) site: Option<String>,
    /// The first page, and where this one is.
    pub(super) first: String,
    pub(super) links: ListLinks,
    pub(super) articles: Vec<Article>,
}

impl Feed {
    pub(super) fn new(
        page: &Page,
        links: ListLinks,
        urls: &Urls,
        publication: &Publication,
        articles: Vec<Article>,
    ) -> Self {
        let mut filters: Vec<(&str, &str)> = page.filters().collect();
        filters.sort_unstable();
        let filtered: Vec<String> = filters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let filtered = filtered.join(", ");
        let name = publication.name().unwrap_or(UNNAMED);
        let (title, description) = match filtered.as_str() {
            "" => (name.to_owned(), "All articles, the newest first.".to_owned()),
            filtered => (format!("{name}: {filtered}"), format!("The articles with {filtered}, the newest first.")),
        };
        Self {
            id: feed_id(urls.base(), &filters),
            title,
            description,
            publisher: name.to_owned(),
            site: urls.site(),
            first: page.first(urls),
            links,
            articles,
        }
    }

    /// When any of its articles last changed; of an empty feed the beginning of time.
    pub(super) fn updated_at(&self) -> DateTime<Utc> {
        self.articles.iter().map(updated_at).max().unwrap_or_default()
    }

    /// The language of all of its articles, where that is one.
    pub(super) fn language(&self) -> Option<&str> {
        let (first, others) = self.articles.split_first()?;
        others.iter().all(|article| article.language == first.language).then_some(&*first.language)
    }
}

/// A UUID (RFC 9562 §5.8) made from what is the same in every page and format.
fn feed_id(base: &str, filters: &[(&str, &str)]) -> String {
    let mut hasher = Sha256::new();
    for part in [base].into_iter().chain(filters.iter().flat_map(|(name, value)| [*name, *value])) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    urn(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The name of something that has a UUID (RFC 9562 §4), whatever its address is.
pub(super) fn urn(id: Uuid) -> String {
    format!("urn:uuid:{id}")
}

/// When an article last changed for its readers: by an edit, or by becoming public.
pub(super) fn updated_at(article: &Article) -> DateTime<Utc> {
    article.published_at.map_or(article.updated_at, |published_at| published_at.max(article.updated_at))
}

/// The names of the authors.
pub(super) fn authors(article: &Article) -> impl Iterator<Item = &str> {
    article.authors.iter().map(RelatedPerson::name)
}

/// The slug and the name of each label.
pub(super) fn labels(article: &Article) -> impl Iterator<Item = (&str, &str)> {
    article.labels.iter().map(|label| match label {
        RelatedLabel::Whole(label) => (&*label.slug, &*label.name),
        RelatedLabel::Reference(label) => (&*label.slug, &*label.name),
    })
}
