//! Pages, the document and health over HTTP.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::html;
use crate::db::DatabaseError;
use crate::http::document::{AwayProblem, SERVICE, ServiceProblems};
use crate::http::error::ApiError;
use crate::http::extract::Path;
use crate::http::problem::CATALOGUE;
use crate::state::State;

/// The finished API document, as it is served.
#[derive(Debug, Clone)]
pub struct Document(pub web::Bytes);

/// Mounts the operations that the document describes.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(get_openapi).service(get_liveness).service(get_readiness);
}

/// Mounts the pages for people, which the document leaves out.
pub fn mount_pages(config: &mut web::ServiceConfig) {
    let explorer = Config::new(["/openapi.json"]).try_it_out_enabled(true).validator_url("none").use_base_layout();
    config
        .service(welcome)
        .service(problems)
        .service(problem)
        .route("/docs", web::get().to(|| async { redirect("/docs/") }))
        .service(SwaggerUi::new("/docs/{_:.*}").config(explorer));
}

fn redirect(to: &str) -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, to)).finish()
}

fn page(html: String) -> HttpResponse {
    // Nothing on these pages runs or loads.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .body(html)
}

#[get("/")]
async fn welcome() -> HttpResponse {
    page(html::welcome())
}

#[get("/problems")]
async fn problems() -> HttpResponse {
    page(html::problems())
}

#[get("/problems/{code}")]
async fn problem(Path(code): Path<String>) -> Result<HttpResponse, ApiError> {
    let entry = CATALOGUE.iter().find(|entry| entry.code == code);
    entry.map(|entry| page(html::problem(entry))).ok_or_else(|| ApiError::not_found("problem", &code))
}

/// Get this document
///
/// The OpenAPI 3.1 document of this API, generated from its handlers.
#[utoipa::path(tag = SERVICE, security(()), responses((status = 200, description = "The document.", body = serde_json::Value), ServiceProblems))]
#[get("/openapi.json")]
async fn get_openapi(document: web::Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
}

/// Whether the server is well.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`; anything else is a problem document.
    #[schema(example = "ok")]
    status: &'static str,
}

/// How the server is now, which no cache can know.
fn well() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok" })
}

/// Is the server alive?
///
/// Answers as long as the server runs, whatever its database does: when this fails, restart it.
#[utoipa::path(tag = SERVICE, security(()), responses((status = 200, description = "It is.", body = Health), ServiceProblems))]
#[get("/health/live")]
async fn get_liveness() -> HttpResponse {
    well()
}

/// Is the server ready?
///
/// Answers 200 when the database answers: when this fails, send requests elsewhere.
#[utoipa::path(
    tag = SERVICE,
    security(()),
    responses((status = 200, description = "It is.", body = Health), ServiceProblems, AwayProblem),
)]
#[get("/health/ready")]
async fn get_readiness(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let mut connection = state.writing_connection().await?;
    diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    Ok(well())
}
