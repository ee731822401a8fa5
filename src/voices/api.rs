//! Voices over HTTP.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, VoiceFilter};
use super::wire::{self, CoQuotedPerson, RelatedLabelCount, VoiceList};
use super::{Interval, VoiceKind};
use crate::access::{Caller, Read};
use crate::db::filter::InstantRange;
use crate::db::moved::Kind;
use crate::db::{Audience, Connection};
use crate::http::document::{AccessProblems, FetchProblems, LABELS, ListProblems, PEOPLE, VOICES};
use crate::http::error::ApiError;
use crate::http::explain::Reading;
use crate::http::extract::{Path, Query};
use crate::http::moved::answer_absence;
use crate::http::page::{List, ListLinks};
use crate::http::reference::{LabelPath, PersonPath};
use crate::labels::db as labels_db;
use crate::labels::filter::{LabelParameters, label_filter};
use crate::people::db as people_db;
use crate::state::State;
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_voices).service(list_label_voices).service(list_co_quoted).service(list_related_labels);
}

/// How many rows to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LargestParameters {
    /// How many rows to show at most: the largest ones. There is no further page.
    #[param(minimum = 1, maximum = 100, default = 20, example = 5)]
    #[serde(default = "default_limit")]
    limit: u32,
}

fn default_limit() -> u32 {
    20
}

/// What to count, besides by label.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VoiceParameters {
    /// What a voice is: `speaker`, whoever said a quote, or `affiliation`, the organization that an article prints the
    /// speaker as being at. `speaker` when not given.
    #[serde(default = "default_kind")]
    #[param(inline, required = false, example = "speaker")]
    by: VoiceKind,
    /// Adds to each voice a `series`: its quotes by month or by year.
    #[param(inline, example = "year")]
    interval: Option<Interval>,
    /// Only quotes whose first printing became public at this instant or later.
    #[serde(rename = "published_at[gte]")]
    #[param(example = "2023-01-01T00:00:00Z")]
    published_from: Option<DateTime<Utc>>,
    /// Only quotes whose first printing became public before this instant.
    #[serde(rename = "published_at[lt]")]
    #[param(example = "2027-01-01T00:00:00Z")]
    published_until: Option<DateTime<Utc>>,
}

fn default_kind() -> VoiceKind {
    VoiceKind::Speaker
}

/// List voices
///
/// Who speaks, and how much: the speakers, or with `by=affiliation` the organizations, with the most quotes. With
/// `label` it tells who speaks on a subject.
///
/// A quote is counted when at least one public article that passes the label filters prints it, once, however often it
/// is printed; `count` is what `/v1/quotes` with the same filters and `speaker={ref}` counts. It is dated by its
/// `published_at`, when its first printing became public, in whatever article that was. `words` are those of its longest
/// printing in the articles that pass. Quotes that nobody is known to have said are in no row, only in
/// `meta.total_quotes`.
///
/// With `by=affiliation` a quote counts for every organization that such a printing names, so that shares may add up to
/// more than 1, and a quote whose printings name none is in no row.
///
/// Every quote that passes is counted for each request: of half a million quotes, all of them take about two seconds,
/// those of a label on one article in fifty a quarter of a second.
#[utoipa::path(
    tag = VOICES,
    params(LabelParameters, VoiceParameters, LargestParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The largest voices.", body = VoiceList), ListProblems, AccessProblems),
)]
#[get("/v1/voices")]
async fn list_voices(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(labels): Query<LabelParameters>,
    Query(parameters): Query<VoiceParameters>,
    Query(largest): Query<LargestParameters>,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    respond(&request, &state, &connection, labels, parameters, largest).await
}

/// List the voices of a label
///
/// Who speaks in the articles of one label: the same as `/v1/voices?label={ref}`, with every parameter that list has.
/// Further labels narrow it down. With `descendants=true` the label stands for every label that belongs to it, too.
#[utoipa::path(
    tag = VOICES,
    params(LabelPath, LabelParameters, VoiceParameters, LargestParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The largest voices.", body = VoiceList), FetchProblems, AccessProblems),
)]
#[get("/v1/labels/{ref}/voices")]
async fn list_label_voices(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    Query(mut labels): Query<LabelParameters>,
    Query(parameters): Query<VoiceParameters>,
    Query(largest): Query<LargestParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = Audience::Public { now: state.clock.now() };
    let connection = state.connection().await?;
    let Some(label) = labels_db::find_label(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Label, &reference, audience).await;
    };
    // One more label that must be there, like those of `label[all]`.
    labels.label_all.get_or_insert_default().0.push(label.id.to_string());
    respond(&request, &state, &connection, labels, parameters, largest).await
}

async fn respond(
    request: &HttpRequest,
    state: &State,
    connection: &Connection,
    labels: LabelParameters,
    parameters: VoiceParameters,
    LargestParameters { limit }: LargestParameters,
) -> Result<HttpResponse, ApiError> {
    let VoiceParameters { by: kind, interval, published_from, published_until } = parameters;
    let audience = Audience::Public { now: state.clock.now() };
    let mut reading = Reading::default();
    let labels = label_filter(connection, labels, audience, &mut reading).await?;
    ApiError::refuse(reading.faults)?;
    let published_at = InstantRange { from: published_from, until: published_until };
    let filter = VoiceFilter { labels, published_at, kind };
    let (totals, rows) = db::voices(connection, &filter, interval, limit, audience).await?;
    let data = wire::voices(rows, totals, kind, interval.is_some(), &state.urls);
    let links = ListLinks::only_page(request, &state.urls);
    Ok(HttpResponse::Ok().json(VoiceList { data, meta: wire::meta(totals, limit), links }))
}

/// List the people quoted beside a person
///
/// Who is quoted in the public articles that quote this person, with the number of articles that quote both: the
/// largest number first, of equals the first by name. One page.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, LargestParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The people quoted beside the person most often.", body = List<CoQuotedPerson>), FetchProblems, AccessProblems),
)]
#[get("/v1/people/{ref}/co-quoted")]
async fn list_co_quoted(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
    Query(LargestParameters { limit }): Query<LargestParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = Audience::Public { now: state.clock.now() };
    let connection = state.connection().await?;
    let Some(person) = people_db::find_person(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Person, &reference, audience).await;
    };
    let rows = db::co_quoted(&connection, person.id, limit, audience).await?;
    let people = rows.into_iter().map(|row| wire::co_quoted_person(row, &state.urls)).collect();
    Ok(List::respond_whole(&request, &state.urls, limit, people))
}

/// List the labels related to a label
///
/// Which labels stand on the same public articles as this one, with the number of articles that bear both: the largest
/// number first, of equals the first by name. One page.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, LargestParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The labels that stand beside the label most often.", body = List<RelatedLabelCount>), FetchProblems, AccessProblems),
)]
#[get("/v1/labels/{ref}/related")]
async fn list_related_labels(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    Query(LargestParameters { limit }): Query<LargestParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = Audience::Public { now: state.clock.now() };
    let connection = state.connection().await?;
    let Some(label) = labels_db::find_label(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Label, &reference, audience).await;
    };
    let rows = db::related_labels(&connection, label.id, limit, audience).await?;
    let labels = rows.into_iter().map(|row| wire::related_label(row, &state.urls)).collect();
    Ok(List::respond_whole(&request, &state.urls, limit, labels))
}
