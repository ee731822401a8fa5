//! Webhooks over HTTP.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::TimeDelta;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::DeliveryStatus;
use super::db::{self, DeliveryRow, NewWebhook, WebhookChanges, WebhookRow};
use super::dispatcher::TRIES;
use super::reach::Reach;
use super::secret::SigningSecret;
use super::wire::{self, Delivery, Webhook, WebhookDraft, WebhookPatch};
use crate::access::{Admin, Caller};
use crate::changes::{Told, db as changes_db};
use crate::db::Connection;
use crate::db::keyset::{Order, SortColumn, SortKind};
use crate::http::body::{Json, body_fault};
use crate::http::document::{AbsenceProblems, AccessProblems, CreateProblems, ListProblems, WEBHOOKS, WriteProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::precondition::{Preconditions, WritePrecondition};
use crate::http::problem::ProblemCode;
use crate::http::reference::{DeliveryPath, WebhookPath};
use crate::state::State;
use crate::values::id::{MessageId, WebhookId};
use crate::writing::request::{Answer, IdempotencyParameters, WriteParameters, write};

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(list_webhooks)
        .service(get_webhook)
        .service(create_webhook)
        .service(update_webhook)
        .service(rotate_webhook_secret)
        .service(list_deliveries)
        .service(get_delivery)
        .service(replay_delivery)
        .service(delete_webhook);
}

/// How many webhooks there may be.
const MOST: i64 = 100;

/// How long messages are signed with the former secret too.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// List every webhook
///
/// Disabled ones included, the newest first. Secrets are not shown.
#[utoipa::path(
    tag = WEBHOOKS,
    params(FieldParameters, PageParameters),
    security(("key" = ["admin"])),
    responses((status = 200, description = "A page of webhooks.", body = List<Webhook>), ListProblems, AccessProblems),
)]
#[get("/v1/webhooks")]
async fn list_webhooks(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(fields): Query<FieldParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let newest_first = SortColumn { column: "webhooks.created_at", kind: SortKind::Instant, is_descending: true };
    let order = Order { columns: vec![newest_first], id_column: "webhooks.id" };
    let page = Page::new(&request, page, order, caller.audience(state.clock.now()))?;
    let connection = state.connection().await?;
    let rows = db::list_webhooks(&connection, page.window()).await?;
    let (rows, place) = page.cut(rows, WebhookRow::place).into_parts();
    // Webhooks are few: to count them is as cheap as to estimate.
    let total = page.total(|| std::future::ready(Ok(None)), || db::count_webhooks(&connection)).await?;
    let webhooks = rows.into_iter().map(|row| wire::webhook(row, None, &state.urls)).collect();
    page.respond(&state.urls, webhooks, &Fields::from(fields), place, About { total, ..About::default() })
}

/// Get a webhook
///
/// One webhook: where messages go, and what it is told of.
#[utoipa::path(
    tag = WEBHOOKS,
    params(WebhookPath, FieldParameters),
    security(("key" = ["admin"])),
    responses((status = 200, description = "The webhook.", body = Single<Webhook>), AbsenceProblems, AccessProblems),
)]
#[get("/v1/webhooks/{ref}")]
async fn get_webhook(
    _caller: Caller<Admin>,
    state: web::Data<State>,
    Path(WebhookPath { reference }): Path<WebhookPath>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let row = find(&*state.connection().await?, &reference).await?;
    Single::respond(vec![wire::webhook(row, None, &state.urls)], &Fields::from(fields))
}

/// Create a webhook
///
/// From now on each change is sent to `endpoint` as a JSON message `{type, timestamp, data}`, where `data` is the change as
/// `/v1/changes` shows it. Messages are signed as Standard Webhooks has it, with the `secret` of the answer, which is shown
/// once: `webhook-signature` holds `v1,` and the base64 HMAC-SHA256 of `webhook-id`, `webhook-timestamp` and the body,
/// joined by dots. An answer of 2xx takes a message; 410 ends the webhook; anything else, a redirect included, and silence
/// for ten seconds is tried again, ten times in all, after pauses that grow from seconds to a day. Messages can arrive more
/// than once and out of order: `webhook-id` tells the same one, `data.version` the newer one.
///
/// Sent again under its `Idempotency-Key` the request makes no second webhook, and gets no second look at the secret: it is
/// 409 `answer_shown_once`, with the id of the webhook as `current`. A dry run shows no secret.
#[utoipa::path(
    tag = WEBHOOKS,
    params(WriteParameters, IdempotencyParameters),
    security(("key" = ["admin"])),
    responses(
        (status = 201, description = "The webhook, with its secret.", body = Single<Webhook>,
            headers(("Location" = String, description = "Where to fetch it, without its secret."))),
        CreateProblems, AccessProblems,
    ),
)]
#[post("/v1/webhooks")]
async fn create_webhook(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    reach: web::Data<Reach>,
    body: Json<WebhookDraft>,
) -> Result<HttpResponse, ApiError> {
    let WebhookDraft { name, endpoint, events, has_drafts } = body.read().await?;
    check_endpoint(&reach, &endpoint)?;
    write(&state, &caller, &request, async |writer| {
        let connection = writer.connection();
        if db::count_webhooks(connection).await? >= MOST {
            let detail = format!("there are {MOST} webhooks already: delete one first");
            return Err(ApiError::new(ProblemCode::Conflict, detail));
        }
        let secret = SigningSecret::generate().map_err(ApiError::internal)?;
        let new = NewWebhook {
            id: WebhookId::generate(),
            name: &name,
            url: &endpoint,
            events: &events,
            has_drafts,
            secret: &secret.0,
            position: head(connection, has_drafts).await?,
            is_enabled: true,
            created_by: writer.actor(),
            created_at: writer.now(),
            updated_at: writer.now(),
        };
        let row = db::insert_webhook(connection, &new).await?;
        let id = row.id.to_string();
        let webhook = wire::webhook(row, Some(secret), &state.urls);
        Ok(Answer::resource(&webhook)?.created(&webhook.url).shown_once(id))
    })
    .await
}

/// Change a webhook
///
/// Changes what the body names and leaves the rest (RFC 7396). Messages that wait are sent to the new `endpoint`.
#[utoipa::path(
    tag = WEBHOOKS,
    params(WebhookPath, WriteParameters, WritePrecondition),
    request_body(content((WebhookPatch = "application/merge-patch+json"), (WebhookPatch = "application/json"))),
    security(("key" = ["admin"])),
    responses((status = 200, description = "The webhook as it is now.", body = Single<Webhook>), WriteProblems),
)]
#[patch("/v1/webhooks/{ref}")]
async fn update_webhook(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    reach: web::Data<Reach>,
    Path(WebhookPath { reference }): Path<WebhookPath>,
    body: Json<WebhookPatch>,
) -> Result<HttpResponse, ApiError> {
    let WebhookPatch { name, endpoint, events, has_drafts, is_enabled } = body.read().await?;
    if let Some(endpoint) = &endpoint {
        check_endpoint(&reach, endpoint)?;
    }
    let preconditions = Preconditions::of(&request)?;
    write(&state, &caller, &request, async |writer| {
        let row = based_on(writer.connection(), &reference, &preconditions).await?;
        let sees_others = has_drafts.is_some_and(|has_drafts| has_drafts != row.has_drafts);
        let is_back = is_enabled == Some(true) && !row.is_enabled;
        let position = match sees_others || is_back {
            true => Some(head(writer.connection(), has_drafts.unwrap_or(row.has_drafts)).await?),
            false => None,
        };
        let changes = WebhookChanges {
            name,
            url: endpoint,
            events,
            has_drafts,
            is_enabled,
            disabled_reason: is_back.then_some(None),
            position,
            version: row.version + 1,
            updated_at: writer.now(),
            ..WebhookChanges::default()
        };
        let row = changed(writer.connection(), row.id, &changes).await?;
        Answer::resource(&wire::webhook(row, None, &state.urls))
    })
    .await
}

/// Give a webhook a new secret
///
/// The answer shows it, once: sent again under its `Idempotency-Key` the request is 409 `answer_shown_once`. For 24 hours messages are signed with the former one too: `webhook-signature` holds both
/// signatures, parted by a blank, and a receiver that knows either secret finds its own.
#[utoipa::path(
    tag = WEBHOOKS,
    params(WebhookPath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["admin"])),
    responses((status = 200, description = "The webhook, with its new secret.", body = Single<Webhook>), WriteProblems),
)]
#[post("/v1/webhooks/{ref}/rotate-secret")]
async fn rotate_webhook_secret(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(WebhookPath { reference }): Path<WebhookPath>,
) -> Result<HttpResponse, ApiError> {
    let preconditions = Preconditions::of(&request)?;
    write(&state, &caller, &request, async |writer| {
        let row = based_on(writer.connection(), &reference, &preconditions).await?;
        let secret = SigningSecret::generate().map_err(ApiError::internal)?;
        let changes = WebhookChanges {
            secret: Some(secret.0.to_vec()),
            former_secret: Some(db::secret_of(writer.connection(), row.id).await?),
            former_secret_until: Some(Some(writer.now() + OVERLAP)),
            version: row.version + 1,
            updated_at: writer.now(),
            ..WebhookChanges::default()
        };
        let row = changed(writer.connection(), row.id, &changes).await?;
        let id = row.id.to_string();
        Ok(Answer::resource(&wire::webhook(row, Some(secret), &state.urls))?.shown_once(id))
    })
    .await
}

/// Delete a webhook
///
/// It is told nothing more, and its messages are forgotten.
#[utoipa::path(
    tag = WEBHOOKS,
    params(WebhookPath, WriteParameters, WritePrecondition),
    security(("key" = ["admin"])),
    responses((status = 204, description = "It is deleted."), WriteProblems),
)]
#[delete("/v1/webhooks/{ref}")]
async fn delete_webhook(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(WebhookPath { reference }): Path<WebhookPath>,
) -> Result<HttpResponse, ApiError> {
    let preconditions = Preconditions::of(&request)?;
    write(&state, &caller, &request, async |writer| {
        let row = based_on(writer.connection(), &reference, &preconditions).await?;
        match db::delete_webhook(writer.connection(), row.id, row.version).await? {
            true => Ok(Answer::nothing()),
            false => Err(overtaken()),
        }
    })
    .await
}

/// Which messages to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeliveryParameters {
    /// Show those with which it went so.
    #[param(inline, nullable = false, value_type = Option<DeliveryStatus>, example = "pending")]
    status: Option<DeliveryStatus>,
}

/// List the messages of a webhook
///
/// With how each try went, the newest first. What is done with is kept for 30 days.
#[utoipa::path(
    tag = WEBHOOKS,
    params(WebhookPath, DeliveryParameters, FieldParameters, PageParameters),
    security(("key" = ["admin"])),
    responses(
        (status = 200, description = "A page of messages.", body = List<Delivery>), ListProblems, AbsenceProblems,
        AccessProblems,
    ),
)]
#[get("/v1/webhooks/{ref}/deliveries")]
async fn list_deliveries(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(WebhookPath { reference }): Path<WebhookPath>,
    Query(DeliveryParameters { status }): Query<DeliveryParameters>,
    Query(fields): Query<FieldParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let column = SortColumn { column: "webhook_deliveries.created_at", kind: SortKind::Instant, is_descending: true };
    let order = Order { columns: vec![column], id_column: "webhook_deliveries.id" };
    let page = Page::new(&request, page, order, caller.audience(state.clock.now()))?;
    let connection = state.connection().await?;
    let webhook = find(&connection, &reference).await?.id;
    let rows = db::list_deliveries(&connection, webhook, status, page.window()).await?;
    let (rows, place) = page.cut(rows, DeliveryRow::place).into_parts();
    let count = || db::count_deliveries(&connection, webhook, status);
    let total = page.total(|| std::future::ready(Ok(None)), count).await?;
    let deliveries = rows.into_iter().map(|row| wire::delivery(row, &state.urls)).collect();
    page.respond(&state.urls, deliveries, &Fields::from(fields), place, About { total, ..About::default() })
}

/// Get a message
///
/// One message to a webhook: what it says, and how each try went.
#[utoipa::path(
    tag = WEBHOOKS,
    params(DeliveryPath, FieldParameters),
    security(("key" = ["admin"])),
    responses((status = 200, description = "The message.", body = Single<Delivery>), AbsenceProblems, AccessProblems),
)]
#[get("/v1/deliveries/{ref}")]
async fn get_delivery(
    _caller: Caller<Admin>,
    state: web::Data<State>,
    Path(DeliveryPath { reference }): Path<DeliveryPath>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let row = match reference.parse::<MessageId>() {
        Ok(id) => db::find_delivery(&*state.connection().await?, id).await?,
        Err(_) => None,
    };
    let row = row.ok_or_else(|| ApiError::not_found("message", &reference))?;
    Single::respond(vec![wire::delivery(row, &state.urls)], &Fields::from(fields))
}

/// Send a message again
///
/// Whether it was taken or given up: it is due at once, and tried ten times more. It has the same `webhook-id` and says the
/// same, with the time of the new try.
#[utoipa::path(
    tag = WEBHOOKS,
    params(DeliveryPath, WriteParameters, IdempotencyParameters),
    security(("key" = ["admin"])),
    responses(
        (status = 200, description = "The message.", body = Single<Delivery>), CreateProblems, AbsenceProblems,
        AccessProblems,
    ),
)]
#[post("/v1/deliveries/{ref}/replay")]
async fn replay_delivery(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(DeliveryPath { reference }): Path<DeliveryPath>,
) -> Result<HttpResponse, ApiError> {
    write(&state, &caller, &request, async |writer| {
        let row = match reference.parse::<MessageId>() {
            Ok(id) => db::replay_delivery(writer.connection(), id, TRIES, writer.now()).await?,
            Err(_) => None,
        };
        let row = row.ok_or_else(|| ApiError::not_found("message", &reference))?;
        Answer::resource(&wire::delivery(row, &state.urls))
    })
    .await
}

/// Refuses a URL that no message will be sent to. What its name leads to is looked at when one is.
fn check_endpoint(reach: &Reach, endpoint: &str) -> Result<(), ApiError> {
    match reach.objection(endpoint) {
        None => Ok(()),
        Some(objection) => {
            let detail = format!("endpoint {objection}");
            Err(ApiError::body_faults(vec![body_fault(ProblemCode::InvalidValue, "/endpoint", detail)]))
        }
    }
}

async fn find(connection: &Connection, reference: &str) -> Result<WebhookRow, ApiError> {
    let row = match reference.parse::<WebhookId>() {
        Ok(id) => db::find_webhook(connection, id).await?,
        Err(_) => None,
    };
    row.ok_or_else(|| ApiError::not_found("webhook", reference))
}

/// The webhook, where it is in the state that a write is based on.
async fn based_on(
    connection: &Connection,
    reference: &str,
    preconditions: &Preconditions,
) -> Result<WebhookRow, ApiError> {
    let row = find(connection, reference).await?;
    preconditions.check(row.version)?;
    Ok(row)
}

async fn changed(connection: &Connection, id: WebhookId, changes: &WebhookChanges) -> Result<WebhookRow, ApiError> {
    db::update_webhook(connection, id, changes).await?.ok_or_else(overtaken)
}

/// Somebody else changed it between the look and the write.
fn overtaken() -> ApiError {
    ApiError::new(ProblemCode::PreconditionFailed, "the webhook was changed at the same time: look at it again")
}

/// Where what is to be told begins: with what comes next.
async fn head(connection: &Connection, has_drafts: bool) -> Result<i64, ApiError> {
    let told = if has_drafts { Told::Editors } else { Told::Public };
    Ok(changes_db::head(connection, told).await?.position)
}
