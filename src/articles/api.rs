//! Articles over HTTP.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, ArticleFilter};
use super::wire::{self, Article, ArticleView};
use crate::db::Connection;
use crate::http::document::{ARTICLES, FetchProblems, LABELS, ListProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::page::{List, Page, PageParameters, Single};
use crate::http::parameters::CommaList;
use crate::http::reference::{ArticlePath, LabelPath};
use crate::labels::db as labels_db;
use crate::labels::filter::labels_named;
use crate::state::State;
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_articles).service(get_article).service(list_label_articles);
}

/// What can be shown with an article, or shown whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub enum ArticleInclude {
    /// The authors, with other names and affiliations.
    #[serde(rename = "authors")]
    Authors,
    /// The labels, with other names and parents.
    #[serde(rename = "labels")]
    Labels,
    /// What it prints of quotes.
    #[serde(rename = "quotes")]
    Quotes,
    /// What it prints of quotes, each with its whole speaker.
    #[serde(rename = "quotes.speaker")]
    QuotesSpeaker,
}

/// How to show articles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ArticleViewParameters {
    /// What to show with each article: `quotes` adds its quotes in text order, the others show whole what is a
    /// reference otherwise.
    #[serde(default)]
    #[param(inline, value_type = Vec<ArticleInclude>, required = false, style = Form, explode = false, example = json!(["quotes.speaker", "labels"]))]
    include: CommaList<ArticleInclude>,
}

impl ArticleViewParameters {
    fn view(&self) -> ArticleView {
        let has = |wanted| self.include.0.contains(&wanted);
        let has_speakers = has(ArticleInclude::QuotesSpeaker);
        ArticleView {
            has_authors: has(ArticleInclude::Authors),
            has_labels: has(ArticleInclude::Labels),
            has_quotes: has_speakers || has(ArticleInclude::Quotes),
            has_speakers,
        }
    }
}

/// Which articles to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ArticleParameters {
    /// Only articles that bear this label; several, parted by commas: any of them. Ids or slugs.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["ferry-line"]))]
    label: Option<CommaList<String>>,
}

/// List articles
///
/// The public articles, the newest first, without their bodies.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticleParameters, ArticleViewParameters, PageParameters),
    responses((status = 200, description = "A page of articles.", body = List<Article>), ListProblems),
)]
#[get("/v1/articles")]
async fn list_articles(
    request: HttpRequest,
    state: web::Data<State>,
    Query(parameters): Query<ArticleParameters>,
    Query(view): Query<ArticleViewParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let page = Page::new(&request, page, state.clock.now())?;
    let connection = state.connection().await?;
    let labels = labels_named(&connection, "label", parameters.label, page.now()).await?;
    respond(&state, &connection, ArticleFilter { labels }, view.view(), page).await
}

/// Get an article
///
/// One article with its body. With `include=quotes.speaker,labels` it is all that a page about it needs.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, ArticleViewParameters),
    responses((status = 200, description = "The article.", body = Single<Article>), FetchProblems),
)]
#[get("/v1/articles/{ref}")]
async fn get_article(
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
    Query(view): Query<ArticleViewParameters>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let connection = state.connection().await?;
    let (row, body) = db::find_article(&connection, &Reference::parse(&reference), now)
        .await?
        .ok_or_else(|| ApiError::not_found("article", &reference))?;
    let articles = wire::articles(&connection, vec![(row, Some(body))], view.view(), &state.urls, now).await?;
    Ok(Single::respond(articles))
}

/// List the articles of a label
///
/// The same as `/v1/articles?label={ref}`.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, ArticleViewParameters, PageParameters),
    responses((status = 200, description = "A page of articles.", body = List<Article>), FetchProblems),
)]
#[get("/v1/labels/{ref}/articles")]
async fn list_label_articles(
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    Query(view): Query<ArticleViewParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let page = Page::new(&request, page, state.clock.now())?;
    let connection = state.connection().await?;
    let label = labels_db::find_label(&connection, &Reference::parse(&reference), page.now())
        .await?
        .ok_or_else(|| ApiError::not_found("label", &reference))?;
    let filter = ArticleFilter { labels: Some(vec![label.id]) };
    respond(&state, &connection, filter, view.view(), page).await
}

async fn respond(
    state: &State,
    connection: &Connection,
    filter: ArticleFilter,
    view: ArticleView,
    page: Page,
) -> Result<HttpResponse, ApiError> {
    let mut rows = db::list_articles(connection, &filter, &page.window()).await?;
    let next = page.cut(&mut rows, db::ArticleRow::position);
    let rows = rows.into_iter().map(|row| (row, None)).collect();
    let articles = wire::articles(connection, rows, view, &state.urls, page.now()).await?;
    Ok(page.respond(&state.urls, articles, next))
}
