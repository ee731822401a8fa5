//! Keys over HTTP.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, NewKey};
use super::secret::Secret;
use super::wire::{Key, KeyDraft, key};
use super::{Admin, Caller, Scope};
use crate::db::keyset::{Order, SortColumn, SortKind};
use crate::http::body::{Json, body_fault};
use crate::http::document::{AbsenceProblems, AccessProblems, CreateProblems, KEYS, ListProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::problem::ProblemCode;
use crate::http::reference::KeyPath;
use crate::state::State;
use crate::values::id::KeyId;
use crate::writing::request::{Answer, IdempotencyParameters, WriteParameters, write};

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_keys).service(get_key).service(create_key).service(revoke_key);
}

/// List every key
///
/// Expired and revoked ones included, the newest first. The secrets themselves are not shown: they are stored
/// nowhere.
#[utoipa::path(
    tag = KEYS,
    params(FieldParameters, PageParameters),
    security(("key" = ["admin"])),
    responses((status = 200, description = "A page of keys.", body = List<Key>), ListProblems, AccessProblems),
)]
#[get("/v1/keys")]
async fn list_keys(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(fields): Query<FieldParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let newest_first = SortColumn { column: "keys.created_at", kind: SortKind::Instant, is_descending: true };
    let order = Order { columns: vec![newest_first], id_column: "keys.id" };
    let page = Page::new(&request, page, order, caller.audience(state.clock.now()))?;
    let connection = state.connection().await?;
    let rows = db::list_keys(&connection, page.window()).await?;
    let (rows, place) = page.cut(rows, db::KeyRow::position).into_parts();
    let keys = rows.into_iter().map(|row| key(row, None, &state.urls)).collect();
    // Keys are few: to count them is as cheap as to estimate.
    let total = page.total(|| std::future::ready(Ok(None)), || db::count_keys(&connection)).await?;
    page.respond(&state.urls, keys, &Fields::from(fields), place, About { total, ..About::default() })
}

/// Get one key
///
/// One key, expired and revoked ones included: its name, what it may do, when it was last used.
#[utoipa::path(
    tag = KEYS,
    params(KeyPath, FieldParameters),
    security(("key" = ["admin"])),
    responses((status = 200, description = "The key.", body = Single<Key>), AbsenceProblems, AccessProblems),
)]
#[get("/v1/keys/{ref}")]
async fn get_key(
    _caller: Caller<Admin>,
    state: web::Data<State>,
    Path(KeyPath { reference }): Path<KeyPath>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let row = match reference.parse::<KeyId>() {
        Ok(id) => db::find_key(&connection, id).await?,
        Err(_) => None,
    };
    let row = row.ok_or_else(|| unknown_key(&reference))?;
    Single::respond(vec![key(row, None, &state.urls)], &Fields::from(fields))
}

/// Create a key
///
/// Makes a key and shows it, once: the answer's `secret` goes behind `Bearer` in the `Authorization` header of requests.
/// Sent again under its `Idempotency-Key` the request makes no second key, and gets no second look at the first one: it is
/// 409 `answer_shown_once`, with the id of the key as `current`. A dry run shows no secret.
#[utoipa::path(
    tag = KEYS,
    params(WriteParameters, IdempotencyParameters),
    security(("key" = ["admin"])),
    responses(
        (status = 201, description = "The key, with its secret.", body = Single<Key>,
            headers(("Location" = String, description = "Where to fetch the key, without its secret."))),
        CreateProblems, AccessProblems,
    ),
)]
#[post("/v1/keys")]
async fn create_key(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    body: Json<KeyDraft>,
) -> Result<HttpResponse, ApiError> {
    let KeyDraft { name, scopes, expires_at } = body.read().await?;
    let now = state.clock.now();
    if expires_at.is_some_and(|expiry| expiry <= now) {
        let detail = "expires_at must be an instant in the future";
        return Err(ApiError::body_faults(vec![body_fault(ProblemCode::InvalidValue, "/expires_at", detail)]));
    }
    let scopes: Vec<Scope> = scopes.into_iter().collect();
    write(&state, &caller, &request, async |writer| {
        let secret = Secret::generate().map_err(ApiError::internal)?;
        let new = NewKey {
            id: KeyId::generate(),
            name: &name,
            digest: &secret.digest(),
            scopes: &scopes,
            created_at: now,
            created_by: writer.actor(),
            created_request_id: writer.request_id(),
            expires_at,
        };
        let row = db::insert_key(writer.connection(), &new).await?;
        let id = row.id.to_string();
        let key = key(row, Some(secret), &state.urls);
        Ok(Answer::resource(&key)?.created(&key.url).shown_once(id))
    })
    .await
}

/// Revoke a key
///
/// From now on the key is refused. It stays in the list, with the instant at which it was revoked; to revoke it again
/// changes nothing.
#[utoipa::path(
    tag = KEYS,
    params(KeyPath, WriteParameters),
    security(("key" = ["admin"])),
    responses((status = 200, description = "The key, revoked.", body = Single<Key>), AbsenceProblems, AccessProblems),
)]
#[delete("/v1/keys/{ref}")]
async fn revoke_key(
    caller: Caller<Admin>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(KeyPath { reference }): Path<KeyPath>,
) -> Result<HttpResponse, ApiError> {
    write(&state, &caller, &request, async |writer| {
        let by = (writer.actor(), writer.request_id());
        let row = match reference.parse::<KeyId>() {
            Ok(id) => db::revoke_key(writer.connection(), id, writer.now(), by).await?,
            Err(_) => None,
        };
        Answer::resource(&key(row.ok_or_else(|| unknown_key(&reference))?, None, &state.urls))
    })
    .await
}

fn unknown_key(reference: &str) -> ApiError {
    ApiError::new(ProblemCode::NotFound, format!("there is no key {reference:?}"))
}
