//! What an article was made from, over HTTP.

use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::db;
use crate::access::{Caller, Drafts};
use crate::db::moved::Kind;
use crate::http::document::{ARTICLES, AccessProblems, FetchProblems};
use crate::http::error::ApiError;
use crate::http::extract::Path;
use crate::http::moved::answer_absence;
use crate::http::reference::ArticlePath;
use crate::state::State;
use crate::values::reference::Reference;

/// Get the source of an article
///
/// The bytes that the article was imported from, as they came; the spans of `provenance` count in them. Of an article that
/// was not imported, the body as it is written.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath),
    security(("key" = ["drafts"])),
    responses(
        (status = 200, description = "The source.", body = Vec<u8>, content_type = "application/octet-stream"),
        FetchProblems, AccessProblems,
    ),
)]
#[get("/v1/articles/{ref}/source")]
pub(super) async fn get_article_source(
    caller: Caller<Drafts>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let article = db::find_article_reference(&connection, &Reference::parse(&reference), audience).await?;
    let Some(article) = article.map(|article| article.id) else {
        return answer_absence(&connection, &request, &state.urls, Kind::Article, &reference, audience).await;
    };
    let source = match db::source_of(&connection, article).await? {
        Some(imported) => imported,
        None => db::article_content(&connection, article).await?.body_source.into_bytes(),
    };
    // Whatever a browser takes the bytes for, it does not run them here.
    let attachment = (CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(HttpResponse::Ok().content_type("application/octet-stream").insert_header(attachment).body(source))
}
