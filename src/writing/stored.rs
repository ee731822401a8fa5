//! Answers kept for requests that are sent again, under the `Idempotency-Key` that their clients gave them.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::request::Answer;
use crate::db::schema::stored_answers;
use crate::db::sql::sql;
use crate::db::{Connection, Result};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// How many answers that are no longer kept are removed with each new one.
const REMOVED_AT_ONCE: i64 = 100;

/// What a client calls a request, and what the request is.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub actor: String,
    pub idempotency_key: String,
    /// SHA-256 of the method, the target and the body.
    pub digest: Vec<u8>,
}

impl Request {
    /// What tells it from every other client's and every other request.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.actor, self.idempotency_key)
    }
}

/// What is known of a request.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing: it is new.
    Nothing,
    /// It is being answered at this moment.
    InFlight,
    /// It was answered so.
    Answered(Answer),
    /// Another request was answered under its name.
    Another,
}

/// The digest of a request, and its answer: status, location, version, body. Of an answer that is shown once the body is
/// no JSON but the id of what was made, and the location is empty.
type Row = (Vec<u8>, i16, Option<String>, Option<i32>, Vec<u8>);

/// What is known of a request. When it is new, the present transaction is the one that answers it.
pub(super) async fn look_up(mut connection: &Connection, request: &Request, now: DateTime<Utc>) -> Result<Known> {
    let lock = sql("SELECT pg_try_advisory_xact_lock(hashtextextended(")
        .bind(request.name())
        .text(", 0))")
        .statement::<diesel::sql_types::Bool>();
    if !lock.get_result::<bool>(&mut connection).await? {
        return Ok(Known::InFlight);
    }
    let stored: Option<Row> = stored_answers::table
        .select((
            stored_answers::request_digest,
            stored_answers::status,
            stored_answers::location,
            stored_answers::version,
            stored_answers::body,
        ))
        .filter(stored_answers::actor.eq(&request.actor))
        .filter(stored_answers::idempotency_key.eq(&request.idempotency_key))
        .filter(stored_answers::created_at.gt(now - KEPT))
        .first(&mut connection)
        .await
        .optional()?;
    Ok(match stored {
        None => Known::Nothing,
        Some((digest, ..)) if digest != request.digest => Known::Another,
        Some((_, status, location, version, body)) => {
            let shown_once = (location.as_deref() == Some("")).then(|| String::from_utf8_lossy(&body).into_owned());
            Known::Answered(Answer { status: status.cast_unsigned(), location, version, body, shown_once })
        }
    })
}

/// Keeps an answer, in the transaction that it tells of, and removes some that are old.
pub(super) async fn keep(
    mut connection: &Connection,
    request: &Request,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Result<()> {
    sql("DELETE FROM stored_answers WHERE (actor, idempotency_key) IN (SELECT actor, idempotency_key \
         FROM stored_answers WHERE created_at <= ")
    .bind(now - KEPT)
    .text(" ORDER BY created_at LIMIT ")
    .bind(REMOVED_AT_ONCE)
    .text(")")
    .statement::<diesel::sql_types::Bool>()
    .execute(&mut connection)
    .await?;
    diesel::delete(
        stored_answers::table
            .filter(stored_answers::actor.eq(&request.actor))
            .filter(stored_answers::idempotency_key.eq(&request.idempotency_key)),
    )
    .execute(&mut connection)
    .await?;
    let (location, body) = match &answer.shown_once {
        Some(id) => (Some(""), id.as_bytes()),
        None => (answer.location.as_deref(), answer.body.as_slice()),
    };
    diesel::insert_into(stored_answers::table)
        .values((
            stored_answers::actor.eq(&request.actor),
            stored_answers::idempotency_key.eq(&request.idempotency_key),
            stored_answers::request_digest.eq(&request.digest),
            stored_answers::status.eq(answer.status.cast_signed()),
            stored_answers::location.eq(location),
            stored_answers::version.eq(answer.version),
            stored_answers::body.eq(body),
            stored_answers::created_at.eq(now),
        ))
        .execute(&mut connection)
        .await?;
    Ok(())
}
