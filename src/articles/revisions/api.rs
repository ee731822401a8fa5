//! Revisions over HTTP.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::difference::{RevisionDifference, difference};
use super::wire::{Revision, revision};
use super::{RevisedArticle, db};
use crate::access::{Caller, Drafts, Write};
use crate::articles::db as articles_db;
use crate::articles::wire::Article;
use crate::articles::write::Articles;
use crate::db::Connection;
use crate::db::moved::Kind;
use crate::http::document::{ARTICLES, AccessProblems, FetchProblems, WriteProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::fields::Fields;
use crate::http::moved::answer_absence;
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::precondition::WritePrecondition;
use crate::http::problem::ProblemCode;
use crate::http::reference::ArticlePath;
use crate::state::State;
use crate::values::id::ArticleId;
use crate::values::reference::Reference;
use crate::writing::operations::write_to;
use crate::writing::request::{IdempotencyParameters, WriteParameters};
use crate::writing::writable::answer;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_revisions).service(get_revision).service(compare_revisions).service(restore_revision);
}

/// Names a version of an article in a path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct RevisionPath {
    /// The article's id or slug.
    #[serde(rename = "ref")]
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 120, example = "the-ferry-bell-comes-home")]
    reference: String,
    /// The version.
    // A text here, since what is no number names no version, which only who may read drafts is told.
    #[param(value_type = i32, minimum = 1, example = 1)]
    version: String,
}

/// What to compare with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ComparisonParameters {
    /// The version to compare with; the article's newest where not given, so that the difference is what restoring this
    /// one would change.
    #[param(minimum = 1, example = 1)]
    against: Option<i32>,
}

/// List the revisions of an article
///
/// Every version that the article had, the newest first: when it was written, and by whom.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, PageParameters),
    security(("key" = ["drafts"])),
    responses((status = 200, description = "A page of revisions.", body = List<Revision>), FetchProblems, AccessProblems),
)]
#[get("/v1/articles/{ref}/revisions")]
async fn list_revisions(
    caller: Caller<Drafts>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let page = Page::new(&request, page, db::order(), audience)?;
    let connection = state.connection().await?;
    let article = articles_db::find_article_reference(&connection, &Reference::parse(&reference), audience).await?;
    let Some(article) = article.map(|article| article.id) else {
        return answer_absence(&connection, &request, &state.urls, Kind::Article, &reference, audience).await;
    };
    let rows = db::list_revisions(&connection, article, page.window()).await?;
    let (rows, place) = page.cut(rows, |row| row.position(article)).into_parts();
    let revisions = rows.into_iter().map(|row| revision(article, row, None, &state.urls)).collect();
    // The revisions of one article are few: to count them is as cheap as to estimate.
    let count = || db::count_revisions(&connection, article);
    let total = page.total(|| std::future::ready(Ok(None)), count).await?;
    page.respond(&state.urls, revisions, &Fields::default(), place, About { total, ..About::default() })
}

/// Get a revision of an article
///
/// The whole article as it was at that version: what was written, its labels and authors, and what it printed of quotes.
#[utoipa::path(
    tag = ARTICLES,
    params(RevisionPath),
    security(("key" = ["drafts"])),
    responses((status = 200, description = "The revision.", body = Single<Revision>), FetchProblems, AccessProblems),
)]
#[get("/v1/articles/{ref}/revisions/{version}")]
async fn get_revision(
    caller: Caller<Drafts>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(RevisionPath { reference, version }): Path<RevisionPath>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let article = articles_db::find_article_reference(&connection, &Reference::parse(&reference), audience).await?;
    let Some(article) = article.map(|article| article.id) else {
        return answer_absence(&connection, &request, &state.urls, Kind::Article, &reference, audience).await;
    };
    let found = match version.parse() {
        Ok(number) => db::find_revision(&connection, article, number).await?,
        Err(_) => None,
    };
    let (row, content) = found.ok_or_else(|| unknown_version(&version))?;
    Single::respond(vec![revision(article, row, Some(content), &state.urls)], &Fields::default())
}

/// Compare two revisions of an article
///
/// What differs between a version and another: each member with what it was before and after, the body word by word. The
/// version of the path is the one after.
#[utoipa::path(
    tag = ARTICLES,
    params(RevisionPath, ComparisonParameters),
    security(("key" = ["drafts"])),
    responses(
        (status = 200, description = "What differs.", body = Single<RevisionDifference>),
        FetchProblems, AccessProblems,
    ),
)]
#[get("/v1/articles/{ref}/revisions/{version}/diff")]
async fn compare_revisions(
    caller: Caller<Drafts>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(RevisionPath { reference, version }): Path<RevisionPath>,
    Query(ComparisonParameters { against }): Query<ComparisonParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let article = articles_db::find_article(&connection, &Reference::parse(&reference), audience).await?;
    let Some((article, _)) = article else {
        return answer_absence(&connection, &request, &state.urls, Kind::Article, &reference, audience).await;
    };
    let against = against.unwrap_or(article.version).to_string();
    let before = content_of(&connection, article.id, &against).await?;
    let after = content_of(&connection, article.id, &version).await?;
    drop(connection);
    // Bodies may be long: the worker answers others meanwhile.
    let data = web::block(move || difference(before, after)).await.map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().json(Single { data: data.map_err(ApiError::internal)? }))
}

/// Restore a revision of an article
///
/// Gives the article the content that it had at that version, as a new version: title, slug, summary, language, body,
/// labels, authors, quotes and other systems' ids. Its `status` and `published_at` stay as they are. Where the content is
/// what the article has already, nothing changes.
#[utoipa::path(
    tag = ARTICLES,
    params(RevisionPath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The article as it is now.", body = Single<Article>), WriteProblems),
)]
#[post("/v1/articles/{ref}/revisions/{version}/restore")]
async fn restore_revision(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(RevisionPath { reference, version }): Path<RevisionPath>,
) -> Result<HttpResponse, ApiError> {
    write_to::<Articles>(&state, &caller, &request, &reference, async |writer, id| {
        let (_, content) = content_of(writer.connection(), id, &version).await?;
        super::restore(writer, id, content).await?;
        answer::<Articles>(writer, id, &state.urls).await
    })
    .await
}

/// The content that an article had at the version that a text names.
async fn content_of(
    connection: &Connection,
    article: ArticleId,
    version: &str,
) -> Result<(i32, RevisedArticle), ApiError> {
    let number: i32 = version.parse().map_err(|_| unknown_version(version))?;
    let content = db::find_content(connection, article, number).await?;
    content.map(|content| (number, content)).ok_or_else(|| unknown_version(version))
}

fn unknown_version(version: &str) -> ApiError {
    ApiError::new(ProblemCode::NotFound, format!("the article has no version {version}"))
}
