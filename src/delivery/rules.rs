//! Which operations are kept, and which changes their answers depend on: the one place that says so.
//!
//! An answer depends on single resources, which it *shows*, and on whole *collections*, from which it was chosen or counted.
//! It is out of date when one of these resources changes, or any resource of one of these collections, as far as the public
//! sees it: answers are kept for those without a key alone, so that what only drafts show, before and after a write, leaves
//! them as they are. `announce_changes` in the database decides that. It names a resource for a change of its own content,
//! so what follows from such a change for others must be covered by a collection:
//!
//! - What a label, a person or a quote shows besides its own content (affiliations, texts and printings as far as they are
//!   public) follows from articles and quotes: their answers depend on these collections.
//! - Which rows a list holds and in which order follows from its own collection and from those that its filters name.
//! - The whole of an article follows from itself and from the labels, people and quotes that it shows, and from nothing
//!   else: it is the one answer that outlives other articles' changes.
//!
//! What an answer shows is read out of its finished body, which names everything by its id. Where a parameter may take ids
//! out (`fields`), bring in more (`include`), or choose by something that is not shown (any filter by name), the answer
//! depends on all collections.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use uuid::Uuid;

use crate::changes::ResourceType;
use crate::values::id::{ArticleId, LabelId, PersonId, QuoteId};

/// The longest `Surrogate-Key` that is sent, in bytes: some networks take no more.
const MAX_SURROGATE_KEY: usize = 4000;

/// All resources of some types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collections(u8);

const NONE: Collections = Collections(0);
const ARTICLES: Collections = Collections::of(ResourceType::Article);
const QUOTES: Collections = Collections::of(ResourceType::Quote);
const PEOPLE: Collections = Collections::of(ResourceType::Person);
const LABELS: Collections = Collections::of(ResourceType::Label);
const ALL: Collections = ARTICLES.and(QUOTES).and(PEOPLE).and(LABELS);

/// Every operation that is kept, with the collections that its answer depends on when it is asked for without more than
/// [`PLAIN`] parameters. A path that fits two templates is the first one's.
const OPERATIONS: &[(&str, Collections)] = &[
    // What feeds and embeds show they name by addresses, which are not read out of them.
    ("/feeds/articles.atom", ALL),
    ("/feeds/articles.rss", ALL),
    ("/feeds/articles.json", ALL),
    ("/oembed", ALL),
    ("/sitemap.xml", ARTICLES),
    ("/sitemaps/articles.xml", ARTICLES),
    // It also ends when its oldest article is too old: see `HoldsUntil`.
    ("/news-sitemap.xml", ARTICLES),
    ("/v1/articles", ARTICLES),
    ("/v1/articles/{ref}", NONE),
    // What it shows it names by other ids.
    ("/v1/articles/{ref}/json-ld", ALL),
    ("/v1/articles/{ref}/quotes", ARTICLES.and(QUOTES)),
    ("/v1/articles/external/{source}/{id}", NONE),
    ("/v1/people", PEOPLE.and(QUOTES).and(ARTICLES)),
    ("/v1/people/{ref}", QUOTES.and(ARTICLES)),
    ("/v1/people/{ref}/json-ld", ALL),
    ("/v1/people/{ref}/quotes", PEOPLE.and(QUOTES).and(ARTICLES)),
    ("/v1/people/{ref}/articles", PEOPLE.and(QUOTES).and(ARTICLES)),
    ("/v1/people/{ref}/co-quoted", ALL),
    ("/v1/people/external/{source}/{id}", QUOTES.and(ARTICLES)),
    ("/v1/labels", LABELS.and(ARTICLES)),
    ("/v1/labels/resolve", ALL),
    ("/v1/labels/{ref}", ARTICLES),
    ("/v1/labels/{ref}/articles", LABELS.and(ARTICLES)),
    ("/v1/labels/{ref}/people", ALL),
    ("/v1/labels/{ref}/voices", ALL),
    ("/v1/labels/{ref}/related", ALL),
    ("/v1/labels/external/{source}/{id}", ARTICLES),
    ("/v1/quotes", QUOTES.and(ARTICLES)),
    ("/v1/quotes/sample", QUOTES.and(ARTICLES)),
    ("/v1/quotes/{ref}", QUOTES.and(ARTICLES)),
    ("/v1/quotes/{ref}/cite", ALL),
    ("/v1/quotes/{ref}/json-ld", ALL),
    ("/v1/occurrences/{ref}", QUOTES.and(ARTICLES)),
    ("/v1/voices", ALL),
    ("/v1/search", ALL),
    ("/v1/suggest", ALL),
];

/// Parameters that neither name other resources nor change what is shown of them.
const PLAIN: &[&str] = &[
    "after",
    "annotate",
    "before",
    "count",
    "include=quotes",
    "kind",
    "language",
    "limit",
    "month",
    "n",
    "offsets",
    "page",
    "published_at[gte]",
    "published_at[lt]",
    "seed",
    "status",
    "updated_at[gte]",
    "updated_at[lt]",
];

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependence {
    collections: Collections,
    /// Of the other types, in order.
    resources: Box<[(ResourceType, Uuid)]>,
}

/// The operations that are kept, with the defaults of their parameters as the document tells them.
#[derive(Debug)]
pub struct Rules(Vec<Rule>);

/// The route of an operation that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its place among all of them.
    pub number: usize,
    /// Its path, as in the document.
    pub template: &'static str,
}

/// One operation that is kept.
#[derive(Debug)]
pub struct Rule {
    route: Route,
    plain: Collections,
    defaults: BTreeMap<String, String>,
}

impl Collections {
    const fn of(resource_type: ResourceType) -> Self {
        Self(1 << resource_type as u8)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, resource_type: ResourceType) -> bool {
        self.0 & Self::of(resource_type).0 != 0
    }
}

impl Rules {
    /// The rules, with the defaults that the API document declares.
    pub fn from_document(document: &Value) -> Self {
        let rule = |(number, (template, plain)): (usize, &(&'static str, Collections))| {
            let parameters = document["paths"][*template]["get"]["parameters"].as_array().into_iter().flatten();
            let defaults = parameters.filter(|parameter| parameter["in"] == "query").filter_map(|parameter| {
                let text = match &parameter["schema"]["default"] {
                    Value::String(text) => text.clone(),
                    value @ (Value::Bool(_) | Value::Number(_)) => value.to_string(),
                    _ => return None,
                };
                Some((parameter["name"].as_str()?.to_owned(), text))
            });
            Rule { route: Route { number, template }, plain: *plain, defaults: defaults.collect() }
        };
        Self(OPERATIONS.iter().enumerate().map(rule).collect())
    }

    /// The rule for a path, where its operation is one that is kept.
    pub fn of_path(&self, path: &str) -> Option<&Rule> {
        self.0.iter().find(|rule| fits(rule.route.template, path))
    }

    /// The paths of the operations that are kept, as in the document.
    pub fn templates() -> impl Iterator<Item = &'static str> {
        OPERATIONS.iter().map(|(template, _)| *template)
    }
}

/// Whether a path is one that a template describes.
fn fits(template: &str, path: &str) -> bool {
    let (mut parts, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part == given || part.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

impl Rule {
    /// The route of the operation.
    pub fn route(&self) -> Route {
        self.route
    }

    /// Whether a parameter says what holds without it too.
    pub fn is_default(&self, name: &str, value: &str) -> bool {
        self.defaults.get(name).is_some_and(|default| default == value)
    }

    /// What an answer with this body depends on; `query` is that of the request.
    pub fn dependence(&self, query: &str, body: &[u8]) -> Dependence {
        let is_plain = |pair: &str| {
            let name = pair.split('=').next().unwrap_or_default();
            PLAIN.contains(&name) || PLAIN.contains(&pair)
        };
        let is_plain = query.is_empty() || query.split('&').all(is_plain);
        let collections = if is_plain { self.plain } else { ALL };
        let mut resources = if collections == ALL { Vec::new() } else { shown(body, collections) };
        resources.sort_unstable();
        resources.dedup();
        Dependence { collections, resources: resources.into() }
    }
}

/// The resources whose ids stand in a body, but for those of some collections.
fn shown(body: &[u8], but: Collections) -> Vec<(ResourceType, Uuid)> {
    /// The prefix of an id, `_`, and what an id has behind it.
    const LENGTH: usize = 30;
    memchr::memchr_iter(b'_', body)
        .filter(|index| *index >= 3)
        .filter_map(|index| {
            let text = std::str::from_utf8(body.get(index - 3..index - 3 + LENGTH)?).ok()?;
            let resource_type = match &text[..3] {
                ArticleId::PREFIX => ResourceType::Article,
                QuoteId::PREFIX => ResourceType::Quote,
                PersonId::PREFIX => ResourceType::Person,
                LabelId::PREFIX => ResourceType::Label,
                _ => return None,
            };
            if but.has(resource_type) {
                return None;
            }
            let id = match resource_type {
                ResourceType::Article => text.parse::<ArticleId>().ok()?.0,
                ResourceType::Quote => text.parse::<QuoteId>().ok()?.0,
                ResourceType::Person => text.parse::<PersonId>().ok()?.0,
                ResourceType::Label => text.parse::<LabelId>().ok()?.0,
            };
            Some((resource_type, id))
        })
        .collect()
}

impl Dependence {
    /// On which articles there are.
    pub fn on_articles() -> Self {
        Self { collections: ARTICLES, resources: Box::default() }
    }

    /// Whether a change of this resource makes the answer out of date.
    pub fn is_on(&self, resource_type: ResourceType, id: Uuid) -> bool {
        self.collections.has(resource_type) || self.resources.binary_search(&(resource_type, id)).is_ok()
    }

    /// Whether it matters which articles are public.
    pub fn is_on_time(&self) -> bool {
        self.collections.has(ResourceType::Article)
    }

    /// The value of the header `Surrogate-Key`: the ids and the collections. Too many ids are told as all collections.
    pub fn surrogate_key(&self) -> String {
        let mut keys = String::new();
        for (resource_type, name) in [
            (ResourceType::Article, "articles"),
            (ResourceType::Quote, "quotes"),
            (ResourceType::Person, "people"),
            (ResourceType::Label, "labels"),
        ] {
            if self.collections.has(resource_type) {
                let _ = write!(keys, "{name} ");
            }
        }
        for (resource_type, id) in &self.resources {
            let _ = match resource_type {
                ResourceType::Article => write!(keys, "{} ", ArticleId(*id)),
                ResourceType::Quote => write!(keys, "{} ", QuoteId(*id)),
                ResourceType::Person => write!(keys, "{} ", PersonId(*id)),
                ResourceType::Label => write!(keys, "{} ", LabelId(*id)),
            };
        }
        if keys.len() > MAX_SURROGATE_KEY {
            return Self { collections: ALL, resources: Box::default() }.surrogate_key();
        }
        keys.truncate(keys.trim_end().len());
        keys
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        size_of_val::<[_]>(&self.resources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::from_document(&Value::Null)
    }

    fn dependence(path: &str, query: &str, body: &str) -> Dependence {
        rules().of_path(path).unwrap().dependence(query, body.as_bytes())
    }

    #[test]
    fn every_operation_is_found_by_its_path() {
        let rules = rules();
        for template in Rules::templates() {
            let path = template.replace("{ref}", "tide").replace("{source}", "cms").replace("{id}", "7");
            assert_eq!(rules.of_path(&path).map(|rule| rule.route.template), Some(template));
        }
        for other in ["/v1/keys", "/v1/articles/", "/v1/articles/tide/", "/v1/articles/tide/revisions", "/", ""] {
            assert!(rules.of_path(other).is_none(), "{other}");
        }
    }

    #[test]
    fn an_article_depends_on_what_it_shows_and_a_list_on_all_that_it_was_chosen_from() {
        let (article, label, other) = (ArticleId::generate(), LabelId::generate(), ArticleId::generate());
        let body = format!("{{\"id\":\"{article}\",\"labels\":[{{\"id\":\"{label}\"}}],\"text\":\"art_0 é_ lab_\"}}");
        let whole = dependence("/v1/articles/tide", "include=quotes&offsets=utf16", &body);
        assert!(whole.is_on(ResourceType::Article, article.0) && whole.is_on(ResourceType::Label, label.0));
        assert!(!whole.is_on(ResourceType::Article, other.0) && !whole.is_on(ResourceType::Label, article.0));
        assert_eq!(whole.surrogate_key(), format!("{article} {label}"));
        let list = dependence("/v1/articles", "limit=3", &body);
        assert!(list.is_on(ResourceType::Article, other.0) && list.is_on(ResourceType::Label, label.0));
        assert!(!list.is_on(ResourceType::Person, other.0));
        assert_eq!(list.surrogate_key(), format!("articles {label}"));
    }

    #[test]
    fn what_may_hide_ids_or_names_something_depends_on_everything() {
        for query in ["fields=title", "include=quotes,labels", "label=sea", "limit=3&q=tide", "label%5Ball%5D=sea"] {
            let everything = dependence("/v1/articles", query, "");
            assert_eq!(everything.surrogate_key(), "articles quotes people labels", "{query}");
        }
    }

    #[test]
    fn too_many_keys_are_told_as_all_collections() {
        let ids: String = (0..200).map(|_| format!("{} ", PersonId::generate())).collect();
        assert_eq!(dependence("/v1/articles/tide", "", &ids).surrogate_key(), "articles quotes people labels");
        let (first, _) = ids.split_at(30 * 100);
        assert!(dependence("/v1/articles/tide", "", first).surrogate_key().starts_with("per_"));
    }
}
