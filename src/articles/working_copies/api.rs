//! Working copies over HTTP.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use serde_json::Value;
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, WorkingCopyRow};
use super::wire::{WorkingCopy, working_copy};
use crate::access::{Caller, Drafts, Write};
use crate::articles::db as articles_db;
use crate::articles::wire::{Article, ArticleDraft, ArticlePatch, ArticleView};
use crate::articles::write::{self as article_write, Articles};
use crate::db::moved::Kind;
use crate::http::body::Json;
use crate::http::document::{ARTICLES, AccessProblems, FetchProblems, WriteProblems};
use crate::http::error::ApiError;
use crate::http::extract::Path;
use crate::http::fields::Fields;
use crate::http::moved::answer_absence;
use crate::http::page::Single;
use crate::http::precondition::{Preconditions, PutPreconditions, WritePrecondition};
use crate::http::problem::ProblemCode;
use crate::http::reference::ArticlePath;
use crate::state::State;
use crate::values::id::ArticleId;
use crate::values::reference::Reference;
use crate::writing::Writer;
use crate::writing::request::{Answer, IdempotencyParameters, WriteParameters, rehearse, write};
use crate::writing::resource;
use crate::writing::writable::{Writable, answer};

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(get_working_copy)
        .service(preview_working_copy)
        .service(update_working_copy)
        .service(discard_working_copy)
        .service(publish_working_copy);
}

/// Get the working copy of an article
///
/// The article as it is to become, while readers get it as it is. 404 where nobody has begun one.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath),
    security(("key" = ["drafts"])),
    responses((status = 200, description = "The working copy.", body = Single<WorkingCopy>), FetchProblems, AccessProblems),
)]
#[get("/v1/articles/{ref}/working-copy")]
async fn get_working_copy(
    caller: Caller<Drafts>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let article = articles_db::find_article(&connection, &Reference::parse(&reference), audience).await?;
    let Some((article, _)) = article else {
        return answer_absence(&connection, &request, &state.urls, Kind::Article, &reference, audience).await;
    };
    let row = db::find_working_copy(&connection, article.id).await?.ok_or_else(no_working_copy)?;
    Single::respond(vec![working_copy(row, article.version, &state.urls)?], &Fields::default())
}

/// Preview the working copy of an article
///
/// The article with its body and its quotes as it would be if the working copy were published now. Nothing is kept: ids of
/// what would be new are others each time.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath),
    security(("key" = ["drafts"])),
    responses(
        (status = 200, description = "The article as it would be.", body = Single<Article>),
        WriteProblems, FetchProblems, AccessProblems,
    ),
)]
#[get("/v1/articles/{ref}/working-copy/preview")]
async fn preview_working_copy(
    caller: Caller<Drafts>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
) -> Result<HttpResponse, ApiError> {
    let data = rehearse(&state, &caller, &request, async |writer| {
        let target = writer.living_target(resource::ARTICLES, &reference).await?;
        let id = ArticleId(target.id);
        let row = db::find_working_copy(writer.connection(), id).await?.ok_or_else(no_working_copy)?;
        Articles::replace(writer, id, content(row)?).await?;
        let view = ArticleView { has_quotes: true, ..ArticleView::default() };
        article_write::shown(writer, id, view, &state.urls).await
    })
    .await?;
    // Not with the version as its tag: that version is not there.
    Ok(HttpResponse::Ok().json(Single { data }))
}

/// Change the working copy of an article
///
/// Changes what the body names and leaves the rest (RFC 7396), in the working copy alone: readers get the article as it
/// is. The first change begins one from the article. It is checked as if it were published.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, WriteParameters, PutPreconditions),
    request_body(content((ArticlePatch = "application/merge-patch+json"), (ArticlePatch = "application/json"))),
    security(("key" = ["write"])),
    responses(
        (status = 200, description = "The working copy as it is now.", body = Single<WorkingCopy>),
        (status = 201, description = "The working copy, which is new.", body = Single<WorkingCopy>,
            headers(("Location" = String, description = "Where to fetch it."))),
        WriteProblems,
    ),
)]
#[patch("/v1/articles/{ref}/working-copy")]
async fn update_working_copy(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
    body: Json<ArticlePatch>,
) -> Result<HttpResponse, ApiError> {
    let patch = body.read_value().await?;
    let preconditions = Preconditions::of(&request)?;
    write(&state, &caller, &request, async |writer| {
        let target = writer.living_target(resource::ARTICLES, &reference).await?;
        let id = ArticleId(target.id);
        let before = db::find_working_copy(writer.connection(), id).await?;
        match &before {
            Some(before) => preconditions.check(before.version)?,
            None => preconditions.check_absent(None)?,
        }
        let is_new = before.is_none();
        let row = changed(writer, id, target.version, before, patch).await?;
        let to_become: ArticleDraft = content(row.clone())?;
        writer.rehearse(async |writer| Articles::replace(writer, id, to_become).await).await?;
        db::save_working_copy(writer.connection(), &row).await?;
        let copy = working_copy(row, target.version, &state.urls)?;
        let answer = Answer::resource(&copy)?;
        Ok(if is_new { answer.created(&copy.url) } else { answer })
    })
    .await
}

/// Discard the working copy of an article
///
/// The article stays as it is.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, WriteParameters, WritePrecondition),
    security(("key" = ["write"])),
    responses((status = 204, description = "It is discarded."), WriteProblems),
)]
#[delete("/v1/articles/{ref}/working-copy")]
async fn discard_working_copy(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
) -> Result<HttpResponse, ApiError> {
    let preconditions = Preconditions::of(&request)?;
    write(&state, &caller, &request, async |writer| {
        let target = writer.living_target(resource::ARTICLES, &reference).await?;
        let id = ArticleId(target.id);
        let row = db::find_working_copy(writer.connection(), id).await?.ok_or_else(no_working_copy)?;
        preconditions.check(row.version)?;
        db::delete_working_copy(writer.connection(), id).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Publish the working copy of an article
///
/// The article becomes what the working copy says, as one new version, and the working copy is gone. `If-Match` names the
/// working copy. Where the article has changed since it was begun, the answer is 412 and nothing is written; `If-Match: *`
/// writes over what changed.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The article as it is now.", body = Single<Article>), WriteProblems),
)]
#[post("/v1/articles/{ref}/working-copy/publish")]
async fn publish_working_copy(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
) -> Result<HttpResponse, ApiError> {
    let preconditions = Preconditions::of(&request)?;
    write(&state, &caller, &request, async |writer| {
        let target = writer.living_target(resource::ARTICLES, &reference).await?;
        let id = ArticleId(target.id);
        let row = db::find_working_copy(writer.connection(), id).await?.ok_or_else(no_working_copy)?;
        preconditions.check(row.version)?;
        if row.based_on != target.version && !preconditions.takes_any_version() {
            let (based_on, current) = (row.based_on, target.version);
            let detail = format!(
                "the article is at version {current} now, and the working copy was begun from version {based_on}: \
                 compare them, then publish over it with If-Match: *, or discard the working copy"
            );
            return Err(ApiError::precondition_failed(Some(current), detail));
        }
        Articles::replace(writer, id, content(row)?).await?;
        db::delete_working_copy(writer.connection(), id).await?;
        answer::<Articles>(writer, id, &state.urls).await
    })
    .await
}

/// The working copy with a patch merged into it, begun from the article where there is none yet.
async fn changed(
    writer: &Writer<'_>,
    id: ArticleId,
    article_version: i32,
    before: Option<WorkingCopyRow>,
    patch: Value,
) -> Result<WorkingCopyRow, ApiError> {
    let (based_on, version, created_at, draft) = match before {
        Some(row) => (row.based_on, row.version + 1, row.created_at, content(row)?),
        None => (article_version, 1, writer.now(), Articles::draft(writer, id).await?),
    };
    let draft = article_write::patched_draft(&draft, patch)?;
    Ok(WorkingCopyRow {
        article_id: id,
        version,
        based_on,
        document: serde_json::to_value(&draft).map_err(ApiError::internal)?,
        actor: writer.actor().to_owned(),
        created_at,
        updated_at: writer.now(),
    })
}

/// The article that a working copy says it is to become.
fn content(row: WorkingCopyRow) -> Result<ArticleDraft, ApiError> {
    serde_json::from_value(row.document).map_err(ApiError::internal)
}

fn no_working_copy() -> ApiError {
    ApiError::new(ProblemCode::NotFound, "the article has no working copy")
}
