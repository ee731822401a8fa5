//! People over HTTP.

use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::db;
use super::wire::{self, Person};
use crate::http::document::{FetchProblems, ListProblems, PEOPLE};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::page::{List, Page, PageParameters, Single};
use crate::http::reference::PersonPath;
use crate::state::State;
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_people).service(get_person);
}

/// List people
///
/// Everyone who speaks or writes in a public article, persons, organizations and groups alike, the newest first: the
/// one whose first article became public last.
#[utoipa::path(
    tag = PEOPLE,
    params(PageParameters),
    responses((status = 200, description = "A page of people.", body = List<Person>), ListProblems),
)]
#[get("/v1/people")]
async fn list_people(
    request: HttpRequest,
    state: web::Data<State>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let page = Page::new(&request, page, now)?;
    let connection = state.connection().await?;
    let mut rows = db::list_people(&connection, &page.window()).await?;
    let next = page.cut(&mut rows, db::PersonRow::position);
    let people = wire::people(&connection, rows, &state.urls, now).await?;
    Ok(page.respond(&state.urls, people, next))
}

/// Get a person
///
/// One person, organization or group, with other names and affiliations. What the person said is at
/// `/v1/people/{ref}/quotes`.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath),
    responses((status = 200, description = "The person.", body = Single<Person>), FetchProblems),
)]
#[get("/v1/people/{ref}")]
async fn get_person(
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let connection = state.connection().await?;
    let row = db::find_person(&connection, &Reference::parse(&reference), now)
        .await?
        .ok_or_else(|| ApiError::not_found("person", &reference))?;
    let people = wire::people(&connection, vec![row], &state.urls, now).await?;
    Ok(Single::respond(people))
}
