//! A write over HTTP: one transaction that does everything or nothing, and the answer to it.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use diesel::sql_query;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use uuid::Uuid;

use super::stored::{self, Known};
use super::{Origin, Writer};
use crate::access::{Caller, Right};
use crate::changes::ResourceType;
use crate::db::{Connection, DatabaseError, Transaction, exclude_other_writers};
use crate::http::body::BodyDigest;
use crate::http::entity_tag::EntityTag;
use crate::http::error::ApiError;
use crate::http::extract::read_query;
use crate::http::middleware::request_id_of;
use crate::http::page::{Single, Versioned};
use crate::http::problem::ProblemCode;
use crate::state::State;

/// What a client may call a request that creates.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The longest such name, in characters.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// How to write.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WriteParameters {
    /// Whether to do everything but keep it: the answer is what it would be, with `meta.dry_run`, and nothing changes.
    #[serde(default)]
    #[param(required = false, default = false, example = true)]
    dry_run: bool,
}

/// How to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteParameters {
    /// Why, as readers are told.
    #[param(min_length = 1, max_length = 1000, example = "It named the wrong ferry.")]
    pub reason: Option<String>,
    /// Whether to remove it for good. Takes a key with the scope `admin`.
    #[serde(default)]
    #[param(required = false, default = false, example = false)]
    pub purge: bool,
}

/// How to send a request again without doing it twice.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "what the document says of a header that `write` reads")]
pub struct IdempotencyParameters {
    /// A name for this request, such as a UUID. Sent again with the same name within 24 hours, the same request gets the
    /// first answer and does nothing; another one is refused.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        example = "2f1c1a52-7f0d-4a35-9e0a-9d9f7d0b7c11"
    )]
    idempotency_key: Option<String>,
}

/// The answer to a write.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Where what was made can be fetched.
    pub location: Option<String>,
    /// The version of the resource in `body`.
    pub version: Option<i32>,
    /// JSON.
    pub body: Vec<u8>,
    /// What was made, where the answer shows a secret of it: such an answer is given once and not kept.
    pub shown_once: Option<String>,
}

impl Answer {
    /// The resource as it is now, with its version.
    pub fn resource<T: Serialize + Versioned>(resource: &T) -> Result<Self, ApiError> {
        // Not by way of a JSON value, which knows no short form of 32-bit numbers: the answer is what a GET shows.
        let body = serde_json::to_vec(&Single { data: resource }).map_err(ApiError::internal)?;
        Ok(Self {
            status: StatusCode::OK.as_u16(),
            location: None,
            version: resource.version(),
            body,
            shown_once: None,
        })
    }

    /// The same for a resource that was just made and can be fetched at `url`.
    pub fn created(self, url: &str) -> Self {
        Self { status: StatusCode::CREATED.as_u16(), location: Some(url.to_owned()), ..self }
    }

    /// The same, where it shows the secret of what was made: it is not kept for a request that is sent again.
    pub fn shown_once(self, id: String) -> Self {
        Self { shown_once: Some(id), ..self }
    }

    /// It is done, and there is nothing to show.
    pub fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT.as_u16(),
            location: None,
            version: None,
            body: Vec::new(),
            shown_once: None,
        }
    }

    /// What was done, where there is no resource to show.
    pub fn report<T: Serialize>(report: &T) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(report).map_err(ApiError::internal)?;
        Ok(Self { status: StatusCode::OK.as_u16(), location: None, version: None, body, shown_once: None })
    }

    /// The same, as what would be: nothing was kept.
    fn of_dry_run(self) -> Result<Self, ApiError> {
        let mut body = match self.body.as_slice() {
            [] => json!({}),
            body => serde_json::from_slice(body).map_err(ApiError::internal)?,
        };
        if self.shown_once.is_some()
            && let Some(data) = body["data"].as_object_mut()
        {
            // Of what is not there nobody needs the secret.
            data.remove("secret");
        }
        body["meta"]["dry_run"] = Value::Bool(true);
        let body = serde_json::to_vec(&body).map_err(ApiError::internal)?;
        Ok(Self { status: StatusCode::OK.as_u16(), location: None, version: None, body, shown_once: None })
    }

    fn respond(self, method: &Method) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if self.body.is_empty() {
            return response.finish();
        }
        let mut response = response.content_type("application/json").body(self.body.clone());
        // The tag that a reader of the whole resource gets. A PUT has none, since what is kept is not what was sent, byte
        // for byte (RFC 9110 §9.3.4).
        if let Some(version) = self.version.filter(|_| method != Method::PUT) {
            response.extensions_mut().insert(EntityTag::of(&self.body, Some(version), true));
        }
        response
    }
}

/// Why a transaction ends without being kept.
enum Stop {
    /// Something is wrong.
    Failed(ApiError),
    /// Nothing is, but nothing is to be kept.
    Answered(Answer),
}

impl From<DatabaseError> for Stop {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

/// Does `work` in one transaction, which is kept only when all of it succeeds, and answers.
///
/// A dry run does everything and keeps nothing. A POST with an `Idempotency-Key` that was answered before gets that
/// answer again.
pub async fn write<R: Right>(
    state: &State,
    caller: &Caller<R>,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&mut Writer<'_>) -> Result<Answer, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let WriteParameters { dry_run } = read_query(request)?;
    perform(state, caller, request, dry_run, work).await
}

/// The same for what a dry run is a thing to be kept, such as an import that only reports.
pub async fn write_always<R: Right>(
    state: &State,
    caller: &Caller<R>,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&mut Writer<'_>) -> Result<Answer, ApiError>,
) -> Result<HttpResponse, ApiError> {
    perform(state, caller, request, false, work).await
}

async fn perform<R: Right>(
    state: &State,
    caller: &Caller<R>,
    request: &HttpRequest,
    dry_run: bool,
    work: impl AsyncFnOnce(&mut Writer<'_>) -> Result<Answer, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { actor: caller.actor(), request_id: Some(request_id_of(request)) };
    let repeatable = repeatable(request, &origin.actor)?;
    let turns = state.pool.turns();
    let named = repeatable.as_ref().map(|repeatable| turns.take_name(repeatable.name()).ok_or_else(in_flight));
    let _named = named.transpose()?;
    let _turn = turns.wait().await?;
    let now = state.clock.now();
    let transaction = Transaction::begin(state.writing_connection().await?).await?;
    match attempt(&transaction, repeatable.as_ref(), now, origin, dry_run, work).await {
        Ok((answer, changed)) => {
            let under_way = state.cache.before_commit(changed);
            transaction.commit().await?;
            // From here on no reader is answered from before.
            drop(under_way);
            Ok(answer.respond(request.method()))
        }
        Err(stop) => {
            transaction.roll_back().await?;
            match stop {
                Stop::Answered(answer) => Ok(answer.respond(request.method())),
                Stop::Failed(error) => Err(error),
            }
        }
    }
}

/// Does `work` in one transaction that is never kept, and gives what it found out.
pub async fn rehearse<R: Right, T>(
    state: &State,
    caller: &Caller<R>,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&mut Writer<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let origin = Origin { actor: caller.actor(), request_id: Some(request_id_of(request)) };
    let _turn = state.pool.turns().wait().await?;
    let now = state.clock.now();
    let transaction = Transaction::begin(state.writing_connection().await?).await?;
    let found = match exclude_other_writers(&transaction).await {
        Ok(()) => work(&mut Writer::new(&transaction, now, origin)).await,
        Err(error) => Err(error.into()),
    };
    transaction.roll_back().await?;
    found
}

impl Writer<'_> {
    /// Does `work` and takes all of it back; gives what it found out.
    pub async fn rehearse<T>(
        &self,
        work: impl AsyncFnOnce(&mut Writer<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut connection = self.connection;
        sql_query("SAVEPOINT rehearsal").execute(&mut connection).await.map_err(DatabaseError::from)?;
        let found = work(&mut Writer::new(self.connection, self.now, self.origin.clone())).await;
        sql_query("ROLLBACK TO SAVEPOINT rehearsal").execute(&mut connection).await.map_err(DatabaseError::from)?;
        found
    }
}

/// Does the work in an open transaction.
async fn attempt(
    connection: &Connection,
    repeatable: Option<&stored::Request>,
    now: DateTime<Utc>,
    origin: Origin,
    is_dry_run: bool,
    work: impl AsyncFnOnce(&mut Writer<'_>) -> Result<Answer, ApiError>,
) -> Result<(Answer, Vec<(ResourceType, Uuid)>), Stop> {
    if let Some(repeatable) = repeatable {
        match stored::look_up(connection, repeatable, now).await? {
            Known::Nothing => {}
            Known::InFlight => return Err(in_flight().into()),
            Known::Another => return Err(reused().into()),
            Known::Answered(Answer { shown_once: Some(id), .. }) => return Err(shown_once(id).into()),
            Known::Answered(answer) => return Err(Stop::Answered(answer)),
        }
    }
    exclude_other_writers(connection).await?;
    let mut writer = Writer::new(connection, now, origin);
    let answer = work(&mut writer).await?;
    let changed = writer.finish().await?;
    if is_dry_run {
        return Err(Stop::Answered(answer.of_dry_run()?));
    }
    if let Some(repeatable) = repeatable {
        stored::keep(connection, repeatable, &answer, now).await?;
    }
    Ok((answer, changed))
}

/// What the client calls the request, where it is a POST that it gave a name.
fn repeatable(request: &HttpRequest, actor: &str) -> Result<Option<stored::Request>, ApiError> {
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    if request.method() != Method::POST {
        return Ok(None);
    }
    let malformed = || {
        let detail = format!("Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters");
        ApiError::new(ProblemCode::MalformedRequest, detail)
    };
    let name = value.to_str().map_err(|_| malformed())?;
    if name.is_empty() || name.len() > MAX_IDEMPOTENCY_KEY || request.headers().get_all(IDEMPOTENCY_KEY).count() > 1 {
        return Err(malformed());
    }
    let body = request.extensions().get::<BodyDigest>().map(|digest| digest.0.to_vec()).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [request.method().as_str().as_bytes(), b" ", request.uri().to_string().as_bytes(), b"\n", &body] {
        digest.update(part);
    }
    let digest = digest.finalize().to_vec();
    Ok(Some(stored::Request { actor: actor.to_owned(), idempotency_key: name.to_owned(), digest }))
}

fn in_flight() -> ApiError {
    let detail = "a request with this Idempotency-Key is being answered at this moment; ask again";
    ApiError::new(ProblemCode::IdempotencyKeyInFlight, detail)
}

fn shown_once(id: String) -> ApiError {
    let detail = format!("the request was done when it was first sent, and made {id}; its answer is not shown again");
    ApiError::new(ProblemCode::AnswerShownOnce, detail).with_current(id)
}

fn reused() -> ApiError {
    let detail = "another request had this Idempotency-Key within the last 24 hours; give this one a name of its own";
    ApiError::new(ProblemCode::IdempotencyKeyReused, detail)
}
