//! Which articles a list shows: the parameters that all lists of articles share, feeds among them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ArticleStatus;
use super::db::{self, ArticleFilter, ArticleRow, BodyRow};
use crate::db::filter::InstantRange;
use crate::db::{Audience, Connection, DatabaseError};
use crate::http::error::ApiError;
use crate::http::explain::Reading;
use crate::http::parameters::CommaList;
use crate::http::reference::external_ids_named;
use crate::labels::filter::{LabelParameters, label_filter};
use crate::people::filter::people_named;
use crate::search::filter::article_words;
use crate::values::id::ArticleId;

/// Which articles to list, besides by label.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArticleParameters {
    /// Only articles with these words in their title, summary or body (its first 500,000 characters), in any form that
    /// the language of the article gives them, with or without accents. As on the web: all of the words, `"a phrase"`,
    /// `one or other`, `-not`. Without `sort` the best matches come first.
    #[param(min_length = 1, max_length = 300, example = "bell")]
    q: Option<String>,
    /// Only articles by one of these people. Ids, slugs, names or aliases.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["eleanor-vosk"]))]
    author: Option<CommaList<String>>,
    /// Only articles that quote one of these people.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["maren-tolliver-haag"]))]
    quoted: Option<CommaList<String>>,
    /// Only articles in one of these states: `published` where not given. Everything else takes a key with the scope
    /// `drafts`: `draft`, `scheduled` for a time to come, `archived`.
    #[param(inline, min_items = 1, value_type = Option<Vec<ArticleStatus>>, style = Form, explode = false, example = json!(["published"]))]
    status: Option<CommaList<ArticleStatus>>,
    /// Only articles in one of these languages, as BCP 47 tags.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["en"]))]
    language: Option<CommaList<String>>,
    /// Only articles with one of these slugs.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["the-ferry-bell-comes-home"]))]
    slug: Option<CommaList<String>>,
    /// Only articles that another system calls so: `source:id`.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["sample:the-ferry-bell-comes-home.txt"]))]
    external_id: Option<CommaList<String>>,
    /// Only articles published at this instant or later.
    #[serde(rename = "published_at[gte]")]
    #[param(example = "2023-01-01T00:00:00Z")]
    published_from: Option<DateTime<Utc>>,
    /// Only articles published before this instant.
    #[serde(rename = "published_at[lt]")]
    #[param(example = "2027-01-01T00:00:00Z")]
    published_until: Option<DateTime<Utc>>,
    /// Only articles whose content last changed at this instant or later.
    #[serde(rename = "updated_at[gte]")]
    #[param(example = "2023-01-01T00:00:00Z")]
    updated_from: Option<DateTime<Utc>>,
    /// Only articles whose content last changed before this instant.
    #[serde(rename = "updated_at[lt]")]
    #[param(example = "2100-01-01T00:00:00Z")]
    updated_until: Option<DateTime<Utc>>,
}

impl ArticleParameters {
    /// The states that are asked for.
    pub fn statuses(&self) -> Option<&[ArticleStatus]> {
        self.status.as_ref().map(|CommaList(statuses)| statuses.as_slice())
    }

    /// The words that are looked for.
    pub fn words(&self) -> Option<&str> {
        self.q.as_deref()
    }
}

/// The filter that parameters ask for; everything they name in vain is refused at once.
pub async fn article_filter(
    connection: &Connection,
    labels: LabelParameters,
    parameters: ArticleParameters,
    audience: Audience,
    reading: &mut Reading,
) -> Result<ArticleFilter, ApiError> {
    let ArticleParameters {
        q,
        author,
        quoted,
        status,
        language,
        slug,
        external_id,
        published_from,
        published_until,
        updated_from,
        updated_until,
    } = parameters;
    let languages = language.map(|CommaList(languages)| languages);
    let filter = ArticleFilter {
        words: article_words(connection, q.as_deref(), languages.as_deref(), reading).await?,
        statuses: status.map(|CommaList(statuses)| statuses),
        labels: label_filter(connection, labels, audience, reading).await?,
        authors: people_named(connection, "author", author, audience, reading).await?,
        quoted: people_named(connection, "quoted", quoted, audience, reading).await?,
        quoted_too: None,
        languages,
        slugs: slug.map(|CommaList(slugs)| slugs),
        external_ids: external_ids_named("external_id", external_id, reading),
        published_at: InstantRange { from: published_from, until: published_until },
        updated_at: InstantRange { from: updated_from, until: updated_until },
    };
    ApiError::refuse(std::mem::take(&mut reading.faults))?;
    Ok(filter)
}

/// Rows with their bodies, in the same order, at the cost of one query.
pub async fn with_bodies(
    connection: &Connection,
    rows: Vec<ArticleRow>,
) -> Result<Vec<(ArticleRow, Option<BodyRow>)>, DatabaseError> {
    let ids: Vec<ArticleId> = rows.iter().map(|row| row.id).collect();
    let mut bodies: HashMap<_, _> = db::bodies_of(connection, &ids).await?.into_iter().collect();
    let with_body = |row: ArticleRow| {
        let body = bodies.remove(&row.id);
        (row, body)
    };
    Ok(rows.into_iter().map(with_body).collect())
}
