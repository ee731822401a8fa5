//! `facets`: how often each value occurs among the rows of a whole list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::reference::Urls;
use crate::db::facets::{FacetRow, FacetRows};
use crate::values::id::{LabelId, PersonId};

/// Values of each facet when the client does not say.
const DEFAULT_LIMIT: u32 = 20;

/// How many values of each facet to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FacetLimit {
    /// How many values of each facet to show, the most frequent first.
    #[param(minimum = 1, maximum = 100, default = 20, example = 5)]
    #[serde(default = "default_limit")]
    pub facet_limit: u32,
}

fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

/// How often each value occurs among all the rows of a list, not only those of the page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Facets {
    /// Whether all rows were counted. From 100,000 rows on only the newest 100,000 are, unless `count=exact`.
    #[schema(example = true)]
    pub is_exact: bool,
    /// The values of each facet that was asked for, the most frequent first.
    #[serde(flatten)]
    pub values: BTreeMap<String, Vec<FacetCount>>,
}

/// How often one value occurs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum FacetCount {
    /// Of a resource.
    Reference {
        /// The resource.
        #[serde(rename = "ref")]
        reference: FacetReference,
        /// How many rows have it.
        count: i64,
    },
    /// Of a plain value.
    Value {
        /// The value: a language, a kind, a year such as `2024` or a month such as `2024-03`.
        value: String,
        /// How many rows have it.
        count: i64,
    },
}

/// A label, a person or an organization that is counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetReference {
    /// Its id.
    #[schema(example = "lab_01jdb2q9wye9prh3x6d1z8m5fc")]
    pub id: String,
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

/// The collection of the resource that a row counts, and its id as it is shown.
fn identity(row: &FacetRow) -> (&'static str, String) {
    let uuid: Uuid = row.value.parse().unwrap_or_default();
    match row.facet.as_str() {
        "label" => ("labels", LabelId(uuid).to_string()),
        _ => ("people", PersonId(uuid).to_string()),
    }
}

impl Facets {
    /// Counted rows as they are shown. Every name in `asked` gets a list, empty where nothing was counted.
    pub fn new(counted: FacetRows, asked: &[&'static str], urls: &Urls) -> Self {
        let mut values: BTreeMap<String, Vec<FacetCount>> =
            asked.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        for row in counted.rows {
            let (collection, id) = identity(&row);
            let count = match row.resource {
                Some((slug, name)) => FacetCount::Reference {
                    reference: FacetReference { id, url: urls.resource(collection, &slug), slug, name },
                    count: row.count,
                },
                None => FacetCount::Value { value: row.value, count: row.count },
            };
            values.entry(row.facet).or_default().push(count);
        }
        Self { is_exact: counted.is_exact, values }
    }
}
