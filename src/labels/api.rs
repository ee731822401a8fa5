//! Labels over HTTP.

use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::db;
use super::wire::{self, Label};
use crate::http::document::{FetchProblems, LABELS, ListProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::page::{List, Page, PageParameters, Single};
use crate::http::reference::LabelPath;
use crate::state::State;
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_labels).service(get_label);
}

/// List labels
///
/// Every label that a public article bears, the newest first: the one whose first article became public last.
#[utoipa::path(
    tag = LABELS,
    params(PageParameters),
    responses((status = 200, description = "A page of labels.", body = List<Label>), ListProblems),
)]
#[get("/v1/labels")]
async fn list_labels(
    request: HttpRequest,
    state: web::Data<State>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let page = Page::new(&request, page, state.clock.now())?;
    let connection = state.connection().await?;
    let mut rows = db::list_labels(&connection, &page.window()).await?;
    let next = page.cut(&mut rows, db::LabelRow::position);
    let labels = wire::labels(&connection, rows, &state.urls).await?;
    Ok(page.respond(&state.urls, labels, next))
}

/// Get a label
///
/// One label with its other names and the wider label it belongs to. Its articles are at `/v1/articles?label={ref}`
/// and at `/v1/labels/{ref}/articles`.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath),
    responses((status = 200, description = "The label.", body = Single<Label>), FetchProblems),
)]
#[get("/v1/labels/{ref}")]
async fn get_label(
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let row = db::find_label(&connection, &Reference::parse(&reference), state.clock.now())
        .await?
        .ok_or_else(|| ApiError::not_found("label", &reference))?;
    let labels = wire::labels(&connection, vec![row], &state.urls).await?;
    Ok(Single::respond(labels))
}
