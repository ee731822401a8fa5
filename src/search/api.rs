//! Search over HTTP.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use tokio::try_join;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, NameWords};
use super::filter::nothing_in_name;
use super::wire::{self, SearchResults, SearchWords, Suggestions};
use crate::access::{Caller, Read};
use crate::db::Audience;
use crate::http::document::{AccessProblems, ListProblems, SEARCH};
use crate::http::error::ApiError;
use crate::http::extract::Query;
use crate::http::page::Single;
use crate::state::State;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(search_content).service(suggest_names);
}

/// What to look for everywhere.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchParameters {
    /// What to look for: words in articles and quotes, in web-search syntax (`"a phrase"`, `one or other`, `-not`), and
    /// names of people and labels.
    #[param(min_length = 1, max_length = 300, example = "ferry")]
    q: String,
    /// How many of each resource to show at most.
    #[serde(default = "default_search_limit")]
    #[param(required = false, minimum = 1, maximum = 20, default = 5, example = 3)]
    limit: u32,
}

fn default_search_limit() -> u32 {
    5
}

/// What to complete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SuggestParameters {
    /// The beginning of a name, or of several words of it, in upper or lower case, with or without accents.
    #[param(min_length = 1, max_length = 300, example = "fer")]
    q: String,
    /// How many to show at most.
    #[serde(default = "default_suggest_limit")]
    #[param(required = false, minimum = 1, maximum = 20, default = 10, example = 5)]
    limit: u32,
}

fn default_suggest_limit() -> u32 {
    10
}

/// Search everything
///
/// The best matches among articles, quotes, people and labels at once, as references. For more of one resource, with
/// filters and pages, give `q` to its own list, such as `/v1/articles?q=…`.
#[utoipa::path(
    tag = SEARCH,
    params(SearchParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "What is found, by resource.", body = Single<SearchResults>), ListProblems, AccessProblems),
)]
#[get("/v1/search")]
async fn search_content(
    _caller: Caller<Read>,
    state: web::Data<State>,
    Query(parameters): Query<SearchParameters>,
) -> Result<HttpResponse, ApiError> {
    let SearchParameters { q, limit } = parameters;
    let names = NameWords::parse(&q).ok_or_else(|| ApiError::fault(nothing_in_name()))?;
    let audience = Audience::Public { now: state.clock.now() };
    let connection = state.connection().await?;
    let (articles, quotes) = try_join!(db::article_words(&connection, &q, None), db::quote_words(&connection, &q))?;
    let words = SearchWords { articles, quotes, names };
    let results = wire::search_results(&connection, words, limit, &state.urls, audience).await?;
    Ok(HttpResponse::Ok().json(Single { data: results }))
}

/// Complete a name
///
/// People and labels whose names or aliases begin so, or have words that begin so, then those that are spelled nearly
/// so: for a field that completes what is typed.
#[utoipa::path(
    tag = SEARCH,
    params(SuggestParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "People and labels, the likeliest first.", body = Suggestions), ListProblems, AccessProblems),
)]
#[get("/v1/suggest")]
async fn suggest_names(
    _caller: Caller<Read>,
    state: web::Data<State>,
    Query(parameters): Query<SuggestParameters>,
) -> Result<HttpResponse, ApiError> {
    let SuggestParameters { q, limit } = parameters;
    let words = NameWords::parse(&q).ok_or_else(|| ApiError::fault(nothing_in_name()))?;
    let connection = state.connection().await?;
    let data =
        wire::suggestions(&connection, words, limit, &state.urls, Audience::Public { now: state.clock.now() }).await?;
    Ok(HttpResponse::Ok().json(Suggestions { data }))
}
