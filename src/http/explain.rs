//! Answers that explain themselves: what a list understood of its parameters, and why it is empty.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::page::NOT_PART_OF_THE_QUERY;
use super::parameters::CommaList;
use super::problem::Fault;
use super::reference::Urls;
use crate::db::filter::Named;

/// The header that asks for an explanation (RFC 7240 §2).
pub const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The header that says that it was given (RFC 7240 §3).
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The preference.
pub const EXPLAIN: &str = "explain";

/// Matches of one filter alone are counted up to here.
pub const COUNTED_ALONE: i64 = 1_000;

/// How to answer.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "what the document says of a header that `wants_explanation` reads")]
pub struct Preferences {
    /// `explain` adds `meta.explain`: the filters as they were understood, what names led to, and why a list is empty.
    /// Other preferences are ignored (RFC 7240).
    #[param(rename = "Prefer", example = "explain")]
    prefer: Option<String>,
}

/// Whether a request prefers an explained answer.
pub fn wants_explanation(request: &HttpRequest) -> bool {
    let headers = request.headers().get_all(PREFER).filter_map(|value| value.to_str().ok());
    headers.flat_map(|header| header.split(',')).any(|preference| {
        preference.split([';', '=']).next().is_some_and(|name| name.trim().eq_ignore_ascii_case(EXPLAIN))
    })
}

/// What is learnt while the parameters of a filter are read.
#[derive(Debug, Default)]
pub struct Reading {
    /// What is wrong with them.
    pub faults: Vec<Fault>,
    /// What their names led to.
    references: Vec<Resolved>,
}

/// What one name led to.
#[derive(Debug)]
struct Resolved {
    parameter: String,
    resource: &'static str,
    name: String,
    id: String,
    slug: String,
}

impl Reading {
    /// Notes what a name led to; `resource` is its collection, such as `people`.
    pub fn note<Id: ToString>(&mut self, parameter: &str, resource: &'static str, named: &Named<Id>) {
        self.references.push(Resolved {
            parameter: parameter.to_owned(),
            resource,
            name: named.name.clone(),
            id: named.id.to_string(),
            slug: named.slug.clone(),
        });
    }
}

/// How a list was understood. Only with the header `Prefer: explain`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// What rows must meet, all of it.
    pub filters: Vec<ExplainedFilter>,
    /// Why there are no rows. Only where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub why_empty: Option<WhyEmpty>,
}

/// One parameter as it was understood.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedFilter {
    /// The parameter; `ref` is that of the path.
    #[schema(example = "label")]
    pub parameter: String,
    /// Its values: any of them will do, except for `label[all]` and `label[none]`.
    #[schema(example = json!(["Harbour"]))]
    pub values: Vec<String>,
    /// What the values name. Only where they name resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub references: Vec<ExplainedReference>,
}

/// What a name led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedReference {
    /// The name as it was given: an id, a slug current or former, a name or an alias.
    #[schema(example = "Harbour")]
    pub name: String,
    /// The id of what it names; of what was merged, that of what it was merged into.
    #[schema(example = "lab_01jdb2q9x3e2tbvq6d9m4y8k1s")]
    pub id: String,
    /// The current slug.
    #[schema(example = "harbour")]
    pub slug: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/labels/harbour")]
    pub url: String,
}

/// Why a page has no rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhyEmpty {
    /// The reason in a sentence.
    #[schema(example = "Nothing meets speaker, whatever else is asked for.")]
    pub detail: String,
    /// How many public rows meet each filter by itself.
    pub alone: Vec<MatchesAlone>,
}

/// How many public rows meet one filter by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchesAlone {
    /// The parameter; `label` stands for all its forms together.
    #[schema(example = "speaker")]
    pub parameter: &'static str,
    /// The rows, counted up to 1,000.
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub matches: i64,
}

impl Explanation {
    /// Explains the query `pairs` with what was learnt from it; `why_empty` where there are no rows.
    pub fn new(pairs: &[(String, String)], reading: Reading, urls: &Urls, why_empty: Option<WhyEmpty>) -> Self {
        let given = pairs.iter().filter(|(name, _)| name != "sort" && !NOT_PART_OF_THE_QUERY.contains(&name.as_str()));
        let mut filters: Vec<ExplainedFilter> = given
            .map(|(name, value)| ExplainedFilter {
                parameter: name.clone(),
                values: values(name, value),
                references: Vec::new(),
            })
            .collect();
        for Resolved { parameter, resource, name, id, slug } in reading.references {
            let url = format!("{}/v1/{resource}/{slug}", urls.base());
            let reference = ExplainedReference { name: name.clone(), id, slug, url };
            match filters.iter_mut().find(|filter| filter.parameter == parameter && filter.values.contains(&name)) {
                Some(filter) => filter.references.push(reference),
                // What the path names.
                None => filters.push(ExplainedFilter {
                    parameter: "ref".to_owned(),
                    values: vec![name],
                    references: vec![reference],
                }),
            }
        }
        Self { filters, why_empty }
    }
}

/// The values of a parameter; words to look for are never split.
fn values(parameter: &str, value: &str) -> Vec<String> {
    let whole = || vec![value.to_owned()];
    if parameter == "q" {
        return whole();
    }
    CommaList::<String>::parse(value).map_or_else(|_| whole(), |CommaList(values)| values)
}

impl WhyEmpty {
    /// Why nothing meets filters, of which each by itself is met by so many rows.
    pub fn of_filters(alone: Vec<(&'static str, i64)>) -> Self {
        let unmet: Vec<&str> = alone.iter().filter(|(_, matches)| *matches == 0).map(|(name, _)| *name).collect();
        let detail = match (alone.is_empty(), unmet.as_slice()) {
            (true, _) => "There is nothing public yet.".to_owned(),
            (false, []) if alone.len() == 1 => "Nothing meets it at this place of the list.".to_owned(),
            (false, []) => "Each filter is met by something, but nothing meets all of them together.".to_owned(),
            (false, unmet) => format!("Nothing meets {}, whatever else is asked for.", unmet.join(" or ")),
        };
        let alone = alone.into_iter().map(|(parameter, matches)| MatchesAlone { parameter, matches }).collect();
        Self { detail, alone }
    }

    /// The page lies beyond the end of the list.
    pub fn beyond_the_end() -> Self {
        Self { detail: "The list has rows, but none at this place of it.".to_owned(), alone: Vec::new() }
    }
}
