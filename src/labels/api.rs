//! Labels over HTTP.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, LabelListFilter};
use super::filter::labels_named;
use super::resolve::resolve_labels;
use super::wire::{self, Label, LabelDraft, LabelPatch};
use super::write::Labels;
use super::{LabelSort, LabelSortTerm};
use crate::access::{Caller, Read, Write};
use crate::db::Audience;
use crate::db::keyset::Order;
use crate::db::moved::Kind;
use crate::http::body::Json;
use crate::http::document::{AccessProblems, CreateProblems, FetchProblems, LABELS, ListProblems, WriteProblems};
use crate::http::error::ApiError;
use crate::http::explain::{COUNTED_ALONE, Preferences, Reading};
use crate::http::extract::{Path, Query};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::moved::answer_absence;
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::parameters::CommaList;
use crate::http::precondition::{PutPreconditions, WritePrecondition};
use crate::http::reference::{ExternalPath, LabelPath};
use crate::search::filter::name_words;
use crate::state::State;
use crate::values::reference::Reference;
use crate::writing::operations::{create, delete, get_by_external_id, put_by_external_id, restore, update};
use crate::writing::request::{DeleteParameters, IdempotencyParameters, WriteParameters};

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    // Resolving stands before the label, whose path would match it.
    config
        .service(list_labels)
        .service(resolve_labels)
        .service(get_label_by_external_id)
        .service(put_label_by_external_id)
        .service(get_label)
        .service(create_label)
        .service(update_label)
        .service(delete_label)
        .service(restore_label);
}

/// Which labels to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LabelListParameters {
    /// Only labels with a name or alias like this one: each word begins one of the name's, or a part of the name is
    /// spelled nearly so, in upper or lower case, with or without accents.
    #[param(min_length = 1, max_length = 300, example = "ferry")]
    q: Option<String>,
    /// Only labels that belong to one of these wider labels. Ids, slugs, names or aliases.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["harbour"]))]
    parent: Option<CommaList<String>>,
    /// Only labels on at least so many articles.
    #[param(minimum = 1, maximum = 100000, example = 2)]
    min_articles: Option<u32>,
    /// What to sort by, the most important first; `-` turns a column round. The id decides between equals.
    #[param(inline, min_items = 1, value_type = Option<Vec<LabelSortTerm>>, style = Form, explode = false, example = json!(["name"]))]
    sort: Option<CommaList<LabelSortTerm>>,
}

/// List labels
///
/// Every label that a public article bears, the newest first: the one whose first article became public last.
#[utoipa::path(
    tag = LABELS,
    params(LabelListParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of labels.", body = List<Label>), ListProblems, AccessProblems),
)]
#[get("/v1/labels")]
async fn list_labels(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(parameters): Query<LabelListParameters>,
    Query(fields): Query<FieldParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let LabelListParameters { q, parent, min_articles, sort } = parameters;
    let newest_first = LabelSortTerm { key: LabelSort::PublishedAt, is_descending: true };
    let terms = sort.map_or_else(|| vec![newest_first], |CommaList(terms)| terms);
    let order = Order { columns: terms.iter().map(|term| term.column()).collect(), id_column: "labels.id" };
    let page = Page::new(&request, page, order, Audience::Public { now: state.clock.now() })?;
    let connection = state.connection().await?;
    let mut reading = Reading::default();
    let name_words = name_words(q.as_deref(), &mut reading);
    let parents = labels_named(&connection, "parent", parent, page.audience(), &mut reading).await?;
    ApiError::refuse(std::mem::take(&mut reading.faults))?;
    let filter = LabelListFilter { parents, min_articles, name_words };
    let rows = db::list_labels(&connection, &filter, page.window()).await?;
    let (rows, place) = page.cut(rows, |row| row.position(&terms)).into_parts();
    let labels = wire::labels(&connection, rows, &state.urls).await?;
    // Labels are few: to count them is as cheap as to estimate.
    let total =
        page.total(|| std::future::ready(Ok(None)), || db::count_labels(&connection, &filter, page.audience())).await?;
    let alone = || db::count_labels_alone(&connection, &filter, COUNTED_ALONE, page.audience());
    let explain = page.explain(&state.urls, reading, labels.is_empty(), alone).await?;
    page.respond(&state.urls, labels, &Fields::from(fields), place, About { total, explain, ..About::default() })
}

/// Get a label
///
/// One label with its other names and the wider label it belongs to. Its articles are at `/v1/articles?label={ref}`
/// and at `/v1/labels/{ref}/articles`.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, FieldParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The label.", body = Single<Label>), FetchProblems, AccessProblems),
)]
#[get("/v1/labels/{ref}")]
async fn get_label(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let Some(row) = db::find_label(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Label, &reference, audience).await;
    };
    let labels = wire::labels(&connection, vec![row], &state.urls).await?;
    Single::respond(labels, &Fields::from(fields))
}

/// Create a label
///
/// A label that stands by itself: it is public at once, whatever articles bear it.
#[utoipa::path(
    tag = LABELS,
    params(WriteParameters, IdempotencyParameters),
    security(("key" = ["write"])),
    responses(
        (status = 201, description = "The label.", body = Single<Label>,
            headers(("Location" = String, description = "Where to fetch it."))),
        CreateProblems, AccessProblems,
    ),
)]
#[post("/v1/labels")]
async fn create_label(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    body: Json<LabelDraft>,
) -> Result<HttpResponse, ApiError> {
    create::<Labels>(&state, &caller, &request, body).await
}

/// Change a label
///
/// Changes what the body names and leaves the rest (RFC 7396). A new slug leaves the former one leading to it.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, WriteParameters, WritePrecondition),
    request_body(content((LabelPatch = "application/merge-patch+json"), (LabelPatch = "application/json"))),
    security(("key" = ["write"])),
    responses((status = 200, description = "The label as it is now.", body = Single<Label>), WriteProblems),
)]
#[patch("/v1/labels/{ref}")]
async fn update_label(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    body: Json<LabelPatch>,
) -> Result<HttpResponse, ApiError> {
    update::<Labels>(&state, &caller, &request, &reference, body).await
}

/// Delete a label
///
/// Withdraws it: it is gone from every list and article and answers 410 with the reason, until it is restored.
/// `purge=true` removes it for good, with its slugs; that takes a key with the scope `admin`.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, DeleteParameters, WriteParameters, WritePrecondition),
    security(("key" = ["write"])),
    responses((status = 204, description = "It is deleted."), WriteProblems),
)]
#[delete("/v1/labels/{ref}")]
async fn delete_label(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    Query(parameters): Query<DeleteParameters>,
) -> Result<HttpResponse, ApiError> {
    delete::<Labels>(&state, &caller, &request, &reference, parameters).await
}

/// Restore a label
///
/// Takes the deletion back: the label is what it was.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The label.", body = Single<Label>), WriteProblems),
)]
#[post("/v1/labels/{ref}/restore")]
async fn restore_label(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
) -> Result<HttpResponse, ApiError> {
    restore::<Labels>(&state, &caller, &request, &reference).await
}

/// Get a label by another system's id
///
/// The label that `source` calls `id`.
#[utoipa::path(
    tag = LABELS,
    params(ExternalPath),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The label.", body = Single<Label>), FetchProblems, AccessProblems),
)]
#[get("/v1/labels/external/{source}/{id}")]
async fn get_label_by_external_id(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(path): Path<ExternalPath>,
) -> Result<HttpResponse, ApiError> {
    get_by_external_id::<Labels>(&state, &caller, &request, path).await
}

/// Create or replace a label by another system's id
///
/// Makes the label that `source` calls `id`, or gives it exactly this content. What is there already takes `If-Match`;
/// `If-None-Match: *` only creates.
#[utoipa::path(
    tag = LABELS,
    params(ExternalPath, WriteParameters, PutPreconditions),
    security(("key" = ["write"])),
    responses(
        (status = 200, description = "The label as it is now.", body = Single<Label>),
        (status = 201, description = "The label, which is new.", body = Single<Label>,
            headers(("Location" = String, description = "Where to fetch it."))),
        WriteProblems,
    ),
)]
#[put("/v1/labels/external/{source}/{id}")]
async fn put_label_by_external_id(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(path): Path<ExternalPath>,
    body: Json<LabelDraft>,
) -> Result<HttpResponse, ApiError> {
    put_by_external_id::<Labels>(&state, &caller, &request, path, body).await
}
