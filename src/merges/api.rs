//! Merges over HTTP.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, MergeRow};
use super::wire::{self, LabelMerge, Merge, PersonMerge};
use super::write as merge_write;
use crate::access::{Caller, Write};
use crate::db::Connection;
use crate::db::keyset::{Order, SortColumn, SortKind};
use crate::http::body::Json;
use crate::http::document::{AbsenceProblems, AccessProblems, LABELS, ListProblems, MERGES, PEOPLE, WriteProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::precondition::{Preconditions, WritePrecondition};
use crate::http::problem::ProblemCode;
use crate::http::reference::{LabelPath, MergePath, PersonPath};
use crate::labels::write::Labels;
use crate::people::write::People;
use crate::state::State;
use crate::values::id::MergeId;
use crate::writing::operations::write_to;
use crate::writing::request::{IdempotencyParameters, WriteParameters, write};

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(merge_person).service(merge_label).service(list_merges).service(get_merge).service(undo_merge);
}

/// Merge a person into another
///
/// Makes the person of the path part of the one that `into` names: what it said and wrote, what it was, who was with it
/// and its names are the survivor's from then on. Its id, its slugs and its names lead to the survivor, in paths and in
/// filters. Quotes of the two that have the same words stay two quotes. Only the versions of the two rise. An
/// organization becomes part of an organization only. `If-Match` is about the person of the path; with `dry_run=true` the
/// answer tells how many rows are touched, and nothing is.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses(
        (status = 201, description = "The merge, by which it can be undone.", body = Single<Merge>,
            headers(("Location" = String, description = "Where to fetch it."))),
        WriteProblems,
    ),
)]
#[post("/v1/people/{ref}/merge")]
async fn merge_person(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
    body: Json<PersonMerge>,
) -> Result<HttpResponse, ApiError> {
    let PersonMerge { into } = body.read().await?;
    write_to::<People>(&state, &caller, &request, &reference, async |writer, id| {
        let id = merge_write::merge_people(writer, id, &into).await?;
        Ok(merge_write::answer(writer, id, &state.urls).await?.created(&state.urls.resource("merges", &id)))
    })
    .await
}

/// Merge a label into another
///
/// Makes the label of the path part of the one that `into` names: articles that bear it bear the survivor, the labels
/// below it stand below the survivor, and its names are other names of the survivor. Its id, its slugs and its names lead
/// to the survivor, in paths and in filters. Where the survivor stood below it, the survivor takes its place. Only the
/// versions of the two rise. `If-Match` is about the label of the path; with `dry_run=true` the answer tells how many rows
/// are touched, and nothing is.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses(
        (status = 201, description = "The merge, by which it can be undone.", body = Single<Merge>,
            headers(("Location" = String, description = "Where to fetch it."))),
        WriteProblems,
    ),
)]
#[post("/v1/labels/{ref}/merge")]
async fn merge_label(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    body: Json<LabelMerge>,
) -> Result<HttpResponse, ApiError> {
    let LabelMerge { into } = body.read().await?;
    write_to::<Labels>(&state, &caller, &request, &reference, async |writer, id| {
        let id = merge_write::merge_labels(writer, id, &into).await?;
        Ok(merge_write::answer(writer, id, &state.urls).await?.created(&state.urls.resource("merges", &id)))
    })
    .await
}

/// List merges
///
/// Of people and of labels, undone ones included, the newest first.
#[utoipa::path(
    tag = MERGES,
    params(FieldParameters, PageParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "A page of merges.", body = List<Merge>), ListProblems, AccessProblems),
)]
#[get("/v1/merges")]
async fn list_merges(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(fields): Query<FieldParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let newest_first = SortColumn { column: "merges.merged_at", kind: SortKind::Instant, is_descending: true };
    let order = Order { columns: vec![newest_first], id_column: "merges.id" };
    let page = Page::new(&request, page, order, caller.audience(state.clock.now()))?;
    let connection = state.connection().await?;
    let rows = db::list_merges(&connection, page.window()).await?;
    let (rows, place) = page.cut(rows, MergeRow::position).into_parts();
    let merges = wire::merges(&connection, rows, &state.urls).await?;
    // Merges are few: to count them is as cheap as to estimate.
    let total = page.total(|| std::future::ready(Ok(None)), || db::count_merges(&connection)).await?;
    page.respond(&state.urls, merges, &Fields::from(fields), place, About { total, ..About::default() })
}

/// Get a merge
///
/// One merge: of what into what, by whom, how many rows it touched, and whether it was undone.
#[utoipa::path(
    tag = MERGES,
    params(MergePath, FieldParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The merge.", body = Single<Merge>), AbsenceProblems, AccessProblems),
)]
#[get("/v1/merges/{ref}")]
async fn get_merge(
    _caller: Caller<Write>,
    state: web::Data<State>,
    Path(MergePath { reference }): Path<MergePath>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let row = find(&connection, &reference).await?;
    Single::respond(wire::merges(&connection, vec![row], &state.urls).await?, &Fields::from(fields))
}

/// Undo a merge
///
/// The merged one stands again, under its own id, slugs and names. Everything that the merge moved goes back, as far as it
/// is where the merge put it: what was changed since stays changed, and what came to the survivor since stays there. Merges
/// into one survivor can be undone in any order. It is a clash, and nothing is undone, where the survivor was merged on
/// (undo that merge first) or is deleted (restore it first), where another label has the name of the merged one by now, and
/// where it was undone already. A purge of either takes the merge with it.
#[utoipa::path(
    tag = MERGES,
    params(MergePath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The merge, undone.", body = Single<Merge>), WriteProblems),
)]
#[post("/v1/merges/{ref}/undo")]
async fn undo_merge(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(MergePath { reference }): Path<MergePath>,
) -> Result<HttpResponse, ApiError> {
    let preconditions = Preconditions::of(&request)?;
    write(&state, &caller, &request, async |writer| {
        let row = find(writer.connection(), &reference).await?;
        preconditions.check(row.version())?;
        merge_write::undo(writer, &row).await?;
        merge_write::answer(writer, row.id, &state.urls).await
    })
    .await
}

async fn find(connection: &Connection, reference: &str) -> Result<MergeRow, ApiError> {
    let row = match reference.parse::<MergeId>() {
        Ok(id) => db::find_merge(connection, id).await?,
        Err(_) => None,
    };
    row.ok_or_else(|| ApiError::new(ProblemCode::NotFound, format!("there is no merge {reference:?}")))
}
