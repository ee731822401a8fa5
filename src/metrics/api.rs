//! Metrics over HTTP.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use prometheus::TEXT_FORMAT;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Condition, Metrics};
use crate::access::{Caller, Drafts};
use crate::http::document::{AccessProblems, AwayProblem, SERVICE, ServiceProblems};
use crate::http::error::ApiError;
use crate::state::State;
use crate::webhooks::db as webhooks_db;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(get_metrics);
}

/// Whether anybody may see metrics.
#[derive(Debug, Clone, Copy)]
pub struct PublicMetrics(pub bool);

/// Get metrics
///
/// What is counted of this server, and how it is at the moment, in the text format of Prometheus: requests and how long
/// they took by route, answers in memory, connections to the database, how long ago changes of other instances were heard,
/// messages that wait for webhooks. That something is written can be read from them, so they take a key that may read
/// drafts, unless the server is set up to show them to everybody (`VERBATIM_PUBLIC_METRICS`).
#[utoipa::path(
    tag = SERVICE,
    security(("key" = ["drafts"])),
    responses(
        (status = 200, description = "The metrics.", body = String, content_type = "text/plain"),
        ServiceProblems, AccessProblems, AwayProblem,
    ),
)]
#[get("/metrics")]
async fn get_metrics(
    caller: Result<Caller<Drafts>, ApiError>,
    state: web::Data<State>,
    metrics: web::Data<Metrics>,
    public: web::Data<PublicMetrics>,
) -> Result<HttpResponse, ApiError> {
    if !public.0 {
        caller?;
    }
    // Of a database that is away they tell just that.
    let queue = async { webhooks_db::queue(&*state.writing_connection().await?, state.clock.now()).await };
    let condition = Condition {
        cache: state.cache.filling(),
        is_current: state.cache.is_current(),
        hearing_age: state.cache.hearing_age(),
        queue: queue.await.ok(),
    };
    let told = metrics.tell(&condition).map_err(ApiError::internal)?;
    let mut response = HttpResponse::Ok();
    Ok(response
        .insert_header((header::CONTENT_TYPE, TEXT_FORMAT))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(told))
}
