//! How a resource is shown where it is only referred to, and the addresses of resources.

use std::fmt::{Display, Write};

use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;
use super::explain::Reading;
use super::parameters::CommaList;
use super::problem::{Fault, ProblemCode};
use crate::db::DatabaseError;
use crate::db::filter::Named;
use crate::values::id::{ArticleId, LabelId, PersonId, QuoteId};

/// Makes the addresses that answers hold. They are made from the configuration, never from a `Host` header.
#[derive(Debug, Clone, Default)]
pub struct Urls {
    public_url: String,
    article_url: Option<String>,
}

impl Urls {
    /// `public_url` stands before every path and has no slash at its end; `article_url` holds `{slug}`.
    pub fn new(public_url: Option<String>, article_url: Option<String>) -> Self {
        Self { public_url: public_url.unwrap_or_default(), article_url }
    }

    /// What stands before every path: empty when addresses are paths.
    pub fn base(&self) -> &str {
        &self.public_url
    }

    /// The page of an article on the site that publishes it: its `own` address, or as far as the configuration tells.
    pub fn page_of_article(&self, own: Option<String>, slug: &str) -> Option<String> {
        own.or_else(|| self.article_url.as_ref().map(|url| url.replace(SLUG, slug)))
    }

    /// Where the site that publishes the articles begins, with a slash at its end, as far as the configuration tells.
    pub fn site(&self) -> Option<String> {
        let url = Url::parse(self.article_url.as_deref()?).ok()?;
        Some(format!("{}/", url.origin().ascii_serialization()))
    }

    /// Whether a page belongs to the site that publishes the articles, as far as the configuration tells.
    pub fn is_of_the_site(&self, page: &str) -> bool {
        self.site().is_none_or(|site| page.starts_with(&site))
    }

    /// What an address names. What is no address of ours may be the page of an article.
    pub fn named<'u>(&self, url: &'u str) -> Addressed<'u> {
        let (url, _) = url.split_once('#').unwrap_or((url, ""));
        if let Some(named) = self.path_of(url).and_then(named_by_path) {
            return named;
        }
        let slug = self.article_url.as_deref().and_then(|template| {
            let (before, _) = template.split_once(SLUG)?;
            let rest = url.strip_prefix(before)?;
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
            (template.replace(SLUG, &rest[..end]) == url).then_some(&rest[..end])
        });
        match slug {
            Some(slug) if !slug.is_empty() => Addressed::Article(slug),
            _ => Addressed::Page(url),
        }
    }

    /// The path of an address of ours. Where nobody has said what is ours, that is every path, and this machine's.
    fn path_of<'u>(&self, url: &'u str) -> Option<&'u str> {
        let path = match self.public_url.as_str() {
            "" if url.starts_with('/') => url,
            "" => {
                let rest = url.strip_prefix("http://")?;
                let (host, path) = rest.split_at(rest.find('/')?);
                let name = match host.rsplit_once(':') {
                    Some((name, _)) if !host.ends_with(']') => name,
                    _ => host,
                };
                matches!(name, "localhost" | "127.0.0.1" | "[::1]").then_some(path)?
            }
            base => url.strip_prefix(base)?,
        };
        Some(path.split_once('?').map_or(path, |(path, _)| path))
    }

    /// The address of one resource of a collection.
    pub fn resource(&self, collection: &str, reference: &dyn Display) -> String {
        // A page has a hundred of them: what they are made of is put together without growing.
        let mut url = String::with_capacity(self.public_url.len() + collection.len() + LENGTH_OF_THE_REST);
        for part in [&self.public_url, "/v1/", collection, "/"] {
            url.push_str(part);
        }
        let _ = write!(url, "{reference}");
        url
    }
}

/// Room in the address of a resource for all but where it begins and its collection; some slugs are longer.
const LENGTH_OF_THE_REST: usize = 64;

/// What stands for the slug in the address of an article's page.
const SLUG: &str = "{slug}";

/// What an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressed<'u> {
    /// An article, by its id or slug.
    Article(&'u str),
    /// A quote, by its id.
    Quote(&'u str),
    /// A page of some site, without what follows `#`.
    Page(&'u str),
}

fn named_by_path(path: &str) -> Option<Addressed<'_>> {
    let (collection, reference) = path.strip_prefix("/v1/")?.split_once('/')?;
    let is_one = !reference.is_empty() && !reference.contains('/');
    match collection {
        "articles" if is_one => Some(Addressed::Article(reference)),
        "quotes" if is_one => Some(Addressed::Quote(reference)),
        _ => None,
    }
}

/// Declares the path parameter that names a resource.
macro_rules! path_parameter {
    ($(#[$attribute:meta])* $name:ident, $description:literal, $example:literal) => {
        $(#[$attribute])*
        #[derive(Debug, Deserialize, IntoParams)]
        #[into_params(parameter_in = Path)]
        pub struct $name {
            #[doc = $description]
            #[serde(rename = "ref")]
            #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 120, example = $example)]
            pub reference: String,
        }
    };
}

path_parameter!(
    /// Names an article in a path.
    ArticlePath, "The article's id or slug.", "the-ferry-bell-comes-home"
);
path_parameter!(
    /// Names a quote in a path.
    QuotePath, "The quote's id.", "quo_01jdb2q9x3e2tbvq6d9m4y8k1s"
);
path_parameter!(
    /// Names a printing in a path.
    OccurrencePath, "The printing's id.", "occ_01jdb2q9x4fbr9w2h7z5n3c6pt"
);
path_parameter!(
    /// Names a person in a path.
    PersonPath, "The person's id or slug.", "maren-tolliver-haag"
);
path_parameter!(
    /// Names a label in a path.
    LabelPath, "The label's id or slug.", "ferry-line"
);

path_parameter!(
    /// Names a merge in a path.
    MergePath, "The merge's id.", "mer_01jdb2q9x7c5sm2w8k4t9e6hvf"
);

path_parameter!(
    /// Names a webhook in a path.
    WebhookPath, "The webhook's id.", "hook_01jdb2q9x8k3tcv5r0w7n2m4ha"
);

path_parameter!(
    /// Names a message to a webhook in a path.
    DeliveryPath, "The message's id.", "msg_01jdb2q9x9n4vdw6s1x8p3n5jb"
);

path_parameter!(
    /// Names a key in a path.
    KeyPath, "The key's id.", "key_01jdb2q9x6h0vcn4t8w3r5k7zd"
);

path_parameter!(
    /// Names an import in a path.
    ImportPath, "The import's id.", "imp_01jdb2q9x8e4tw6h2k9r5c7msz"
);

/// Names a resource in a path by what another system calls it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ExternalPath {
    /// The other system.
    #[param(pattern = "^[a-z0-9][a-z0-9._-]{0,62}$", example = "cms")]
    pub source: String,
    /// Its id there.
    #[param(min_length = 1, max_length = 500, example = "4711")]
    pub id: String,
}

impl ExternalPath {
    /// The same, where it is one that can be kept.
    pub fn checked(self) -> Result<Self, ApiError> {
        let is_source = |source: &str| {
            let mut bytes = source.bytes();
            bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
                && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
        };
        let is_kept =
            self.source.len() <= 63 && is_source(&self.source) && (1..=500).contains(&self.id.chars().count());
        if is_kept {
            return Ok(self);
        }
        let detail = "the path names another system by up to 63 lower-case letters, digits, '.', '_' and '-', and an id \
                      there of 1 to 500 characters";
        Err(ApiError::new(ProblemCode::MalformedRequest, detail))
    }
}

/// An article that is only referred to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleReference {
    /// Its id.
    pub id: ArticleId,
    /// Its slug.
    #[schema(example = "the-ferry-bell-comes-home")]
    pub slug: String,
    /// Its title.
    #[schema(example = "The Ferry Bell Comes Home")]
    pub title: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/articles/the-ferry-bell-comes-home")]
    pub url: String,
}

/// A quote that is only referred to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuoteReference {
    /// Its id.
    pub id: QuoteId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/quotes/quo_01jdb2q9x3e2tbvq6d9m4y8k1s")]
    pub url: String,
}

/// A person, an organization or a group that is only referred to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonReference {
    /// Its id.
    pub id: PersonId,
    /// Its slug.
    #[schema(example = "maren-tolliver-haag")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Maren Tolliver-Haag")]
    pub name: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/people/maren-tolliver-haag")]
    pub url: String,
}

/// A label that is only referred to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LabelReference {
    /// Its id.
    pub id: LabelId,
    /// Its slug.
    #[schema(example = "ferry-line")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Ferry Line")]
    pub name: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/labels/ferry-line")]
    pub url: String,
}

/// External ids as a parameter names them, `source:id`; the source ends at the first colon.
pub fn external_ids_named(
    parameter: &str,
    names: Option<CommaList<String>>,
    reading: &mut Reading,
) -> Option<Vec<(String, String)>> {
    let CommaList(names) = names?;
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        match name.split_once(':') {
            Some((source, id)) if !source.is_empty() && !id.is_empty() => ids.push((source.to_owned(), id.to_owned())),
            _ => {
                let detail = format!("{parameter} must be source:id, not {name:?}");
                reading.faults.push(Fault::new(ProblemCode::InvalidParameter, parameter, detail));
            }
        }
    }
    Some(ids)
}

/// The ids of what a parameter names, in its order. `found` is what the names lead to; each name that leads nowhere is
/// a fault, with the slugs that `similar` gives for it. `resource` is one of `collection`: a person of people.
pub async fn ids_named<Id: Copy + ToString>(
    parameter: &str,
    (resource, collection): (&str, &'static str),
    names: &[String],
    found: &[Named<Id>],
    similar: impl AsyncFn(&str) -> Result<Vec<String>, DatabaseError>,
    reading: &mut Reading,
) -> Result<Vec<Id>, ApiError> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        match found.iter().find(|named| named.name == *name) {
            Some(named) => {
                reading.note(parameter, collection, named);
                ids.push(named.id);
            }
            None => reading.faults.push(unknown_reference(parameter, resource, name, similar(name).await?)),
        }
    }
    Ok(ids)
}

/// A parameter names a resource that does not exist or is not public.
fn unknown_reference(parameter: &str, resource: &str, name: &str, near: Vec<String>) -> Fault {
    let detail = format!("{parameter}: there is no public {resource} {name:?}");
    Fault::new(ProblemCode::UnknownReference, parameter, detail).did_you_mean(near)
}

/// What another system calls a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalId {
    /// The other system: lower-case letters, digits, `.`, `_` and `-`.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9][a-z0-9._-]{0,62}$", example = "file")]
    pub source: String,
    /// Its id there.
    #[schema(min_length = 1, max_length = 500, example = "the-ferry-bell-comes-home.txt")]
    pub id: String,
}

/// External ids as rows hold them, as they are shown.
pub fn external_ids(rows: Vec<(String, String)>) -> Vec<ExternalId> {
    rows.into_iter().map(|(source, id)| ExternalId { source, id }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(public_url: &str, article_url: &str) -> Urls {
        Urls::new(
            (!public_url.is_empty()).then(|| public_url.into()),
            (!article_url.is_empty()).then(|| article_url.into()),
        )
    }

    #[test]
    fn an_address_names_an_article_or_a_quote() {
        let site = urls("https://api.example", "https://paper.example/{slug}.html?from={slug}");
        for (url, named) in [
            ("https://api.example/v1/articles/tide", Addressed::Article("tide")),
            ("https://api.example/v1/quotes/quo_1?include=speaker#x", Addressed::Quote("quo_1")),
            ("https://paper.example/tide.html?from=tide#:~:text=a", Addressed::Article("tide")),
            ("https://paper.example/tide.html?from=ebb", Addressed::Page("https://paper.example/tide.html?from=ebb")),
            ("https://paper.example/.html?from=", Addressed::Page("https://paper.example/.html?from=")),
            ("https://api.example.org/v1/quotes/quo_1", Addressed::Page("https://api.example.org/v1/quotes/quo_1")),
            ("https://api.example/v1/people/ada", Addressed::Page("https://api.example/v1/people/ada")),
            ("/v1/quotes/quo_1", Addressed::Page("/v1/quotes/quo_1")),
            ("", Addressed::Page("")),
        ] {
            assert_eq!(site.named(url), named, "{url}");
        }
    }

    #[test]
    fn without_an_address_of_its_own_a_server_knows_paths_and_this_machine() {
        let bare = urls("", "");
        for url in ["/v1/quotes/quo_1", "http://localhost:8080/v1/quotes/quo_1", "http://[::1]/v1/quotes/quo_1"] {
            assert_eq!(bare.named(url), Addressed::Quote("quo_1"), "{url}");
        }
        for url in [
            "http://localhost.example/v1/quotes/quo_1",
            "https://other.example/v1/quotes/quo_1",
            "http://",
            "v1/quotes/quo_1",
        ] {
            assert_eq!(bare.named(url), Addressed::Page(url), "{url}");
        }
    }
}
