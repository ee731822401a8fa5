//! Quotes over HTTP.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, QuoteFilter};
use super::wire::{self, Quote};
use crate::articles::db as articles_db;
use crate::http::document::{ARTICLES, FetchProblems, ListProblems, PEOPLE, QUOTES};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::page::{List, Page, PageParameters, Single};
use crate::http::parameters::CommaList;
use crate::http::reference::{ArticlePath, PersonPath, QuotePath};
use crate::labels::filter::labels_named;
use crate::people::db as people_db;
use crate::state::State;
use crate::values::id::QuoteId;
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_quotes).service(get_quote).service(list_person_quotes).service(list_article_quotes);
}

/// What can be shown whole with a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub enum QuoteInclude {
    /// The speaker, with other names and affiliations.
    #[serde(rename = "speaker")]
    Speaker,
}

/// How to show quotes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QuoteView {
    /// What to show whole instead of by reference.
    #[serde(default)]
    #[param(inline, value_type = Vec<QuoteInclude>, required = false, style = Form, explode = false, example = json!(["speaker"]))]
    include: CommaList<QuoteInclude>,
}

impl QuoteView {
    fn has_whole_speakers(&self) -> bool {
        self.include.0.contains(&QuoteInclude::Speaker)
    }
}

/// Which quotes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QuoteParameters {
    /// Only quotes printed in an article that bears this label; several, parted by commas: any of them. Ids or slugs.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["ferry-line"]))]
    label: Option<CommaList<String>>,
}

/// List quotes
///
/// Every quote that a public article prints, the newest first: the one whose first printing became public last.
#[utoipa::path(
    tag = QUOTES,
    params(QuoteParameters, QuoteView, PageParameters),
    responses((status = 200, description = "A page of quotes.", body = List<Quote>), ListProblems),
)]
#[get("/v1/quotes")]
async fn list_quotes(
    request: HttpRequest,
    state: web::Data<State>,
    Query(parameters): Query<QuoteParameters>,
    Query(view): Query<QuoteView>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let page = Page::new(&request, page, state.clock.now())?;
    let connection = state.connection().await?;
    let labels = labels_named(&connection, "label", parameters.label, page.now()).await?;
    let filter = QuoteFilter { labels, ..QuoteFilter::default() };
    respond(&state, &connection, filter, view, page).await
}

/// Get a quote
///
/// One quote with every public printing of it.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath, QuoteView),
    responses((status = 200, description = "The quote.", body = Single<Quote>), FetchProblems),
)]
#[get("/v1/quotes/{ref}")]
async fn get_quote(
    state: web::Data<State>,
    Path(QuotePath { reference }): Path<QuotePath>,
    Query(view): Query<QuoteView>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("quote", &reference);
    let id: QuoteId = reference.parse().map_err(|_| missing())?;
    let now = state.clock.now();
    let connection = state.connection().await?;
    let row = db::find_quote(&connection, id, now).await?.ok_or_else(missing)?;
    let quotes = wire::quotes(&connection, vec![row], view.has_whole_speakers(), &state.urls, now).await?;
    Ok(Single::respond(quotes))
}

/// List what a person said
///
/// The quotes of one speaker, the newest first.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, QuoteView, PageParameters),
    responses((status = 200, description = "A page of quotes.", body = List<Quote>), FetchProblems),
)]
#[get("/v1/people/{ref}/quotes")]
async fn list_person_quotes(
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
    Query(view): Query<QuoteView>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let page = Page::new(&request, page, state.clock.now())?;
    let connection = state.connection().await?;
    let person = people_db::find_person(&connection, &Reference::parse(&reference), page.now())
        .await?
        .ok_or_else(|| ApiError::not_found("person", &reference))?;
    let filter = QuoteFilter { speaker: Some(person.id), ..QuoteFilter::default() };
    respond(&state, &connection, filter, view, page).await
}

/// List the quotes of an article
///
/// What one article prints, as quotes with all their printings. For the printings of the article itself, in text
/// order, get the article with `include=quotes`.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, QuoteView, PageParameters),
    responses((status = 200, description = "A page of quotes.", body = List<Quote>), FetchProblems),
)]
#[get("/v1/articles/{ref}/quotes")]
async fn list_article_quotes(
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
    Query(view): Query<QuoteView>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let page = Page::new(&request, page, state.clock.now())?;
    let connection = state.connection().await?;
    let article = articles_db::find_article_id(&connection, &Reference::parse(&reference), page.now())
        .await?
        .ok_or_else(|| ApiError::not_found("article", &reference))?;
    let filter = QuoteFilter { article: Some(article), ..QuoteFilter::default() };
    respond(&state, &connection, filter, view, page).await
}

async fn respond(
    state: &State,
    connection: &crate::db::Connection,
    filter: QuoteFilter,
    view: QuoteView,
    page: Page,
) -> Result<HttpResponse, ApiError> {
    let mut rows = db::list_quotes(connection, &filter, &page.window()).await?;
    let next = page.cut(&mut rows, db::QuoteRow::position);
    let quotes = wire::quotes(connection, rows, view.has_whole_speakers(), &state.urls, page.now()).await?;
    Ok(page.respond(&state.urls, quotes, next))
}
