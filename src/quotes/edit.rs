//! Changing quotes over HTTP: made, corrected, withdrawn, joined and split.

use actix_web::{HttpRequest, HttpResponse, delete, patch, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::{Quote, QuoteDraft, QuoteJoin, QuotePatch, QuoteSplit};
use super::write::{self as quote_write, Quotes};
use crate::access::{Caller, Scope, Write};
use crate::http::body::Json;
use crate::http::document::{AccessProblems, CreateProblems, QUOTES, WriteProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::page::Single;
use crate::http::precondition::WritePrecondition;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::QuotePath;
use crate::state::State;
use crate::writing::operations::{create, delete, restore, update, write_to};
use crate::writing::request::{Answer, DeleteParameters, IdempotencyParameters, WriteParameters};
use crate::writing::writable::{answer, created};

/// Create a quote
///
/// A quote that no article prints yet. It stands by itself: it is public at once, with its speaker.
#[utoipa::path(
    tag = QUOTES,
    params(WriteParameters, IdempotencyParameters),
    security(("key" = ["write"])),
    responses(
        (status = 201, description = "The quote.", body = Single<Quote>,
            headers(("Location" = String, description = "Where to fetch it."))),
        CreateProblems, AccessProblems,
    ),
)]
#[post("/v1/quotes")]
pub(super) async fn create_quote(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    body: Json<QuoteDraft>,
) -> Result<HttpResponse, ApiError> {
    create::<Quotes>(&state, &caller, &request, body).await
}

/// Change a quote
///
/// Changes what the body names and leaves the rest (RFC 7396). Who said it and when is an editor's decision from then on:
/// all its printings show it, and nothing that is found in an article later changes it. The text of a quote that an
/// article prints is its longest public printing, and cannot be changed here.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath, WriteParameters, WritePrecondition),
    request_body(content((QuotePatch = "application/merge-patch+json"), (QuotePatch = "application/json"))),
    security(("key" = ["write"])),
    responses((status = 200, description = "The quote as it is now.", body = Single<Quote>), WriteProblems),
)]
#[patch("/v1/quotes/{ref}")]
pub(super) async fn update_quote(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(QuotePath { reference }): Path<QuotePath>,
    body: Json<QuotePatch>,
) -> Result<HttpResponse, ApiError> {
    update::<Quotes>(&state, &caller, &request, &reference, body).await
}

/// What stands in the place of a quote that is deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SuccessorParameter {
    /// The id of the quote that readers are led to instead. Not with `purge`.
    #[param(pattern = "^quo_[0-7][0-9a-hjkmnp-tv-z]{25}$", example = "quo_01jdb2q9x5g9vb3rkpe7wd0n4m")]
    successor: Option<String>,
}

/// Delete a quote
///
/// Withdraws it: it is gone from every list and article and from all counts, and answers 410 with the reason, until it is
/// restored. With a `successor` it answers 308 with that. `purge=true` removes it for good, with its printings and with
/// every quote that was joined to it; that takes a key with the scope `admin`.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath, DeleteParameters, SuccessorParameter, WriteParameters, WritePrecondition),
    security(("key" = ["write"])),
    responses((status = 204, description = "It is deleted."), WriteProblems),
)]
#[delete("/v1/quotes/{ref}")]
pub(super) async fn delete_quote(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(QuotePath { reference }): Path<QuotePath>,
    Query(parameters): Query<DeleteParameters>,
    Query(SuccessorParameter { successor }): Query<SuccessorParameter>,
) -> Result<HttpResponse, ApiError> {
    let Some(successor) = successor else {
        return delete::<Quotes>(&state, &caller, &request, &reference, parameters).await;
    };
    let DeleteParameters { reason, purge } = parameters;
    if purge {
        caller.needs(Scope::Admin)?;
        let detail = "successor: what is purged leaves nothing that could lead on; give one or the other";
        return Err(ApiError::fault(Fault::new(ProblemCode::InvalidParameter, "successor", detail)));
    }
    write_to::<Quotes>(&state, &caller, &request, &reference, async |writer, id| {
        quote_write::withdraw_for(writer, id, reason.as_deref(), Some(&successor)).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Restore a quote
///
/// Takes the deletion back: the quote is what it was. One that was joined to another is not restored, but split from it.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The quote.", body = Single<Quote>), WriteProblems),
)]
#[post("/v1/quotes/{ref}/restore")]
pub(super) async fn restore_quote(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(QuotePath { reference }): Path<QuotePath>,
) -> Result<HttpResponse, ApiError> {
    restore::<Quotes>(&state, &caller, &request, &reference).await
}

/// Join a quote to another
///
/// Says that two quotes are one, for good: all printings of this one become printings of `into`, whatever is found in
/// their articles later, and this one's id leads to `into` (308). `into` takes over the speaker and the day where it has
/// none. Quotes of two speakers are refused: correct the speaker of one first.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The quote `into` as it is now.", body = Single<Quote>), WriteProblems),
)]
#[post("/v1/quotes/{ref}/join")]
pub(super) async fn join_quotes(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(QuotePath { reference }): Path<QuotePath>,
    body: Json<QuoteJoin>,
) -> Result<HttpResponse, ApiError> {
    let QuoteJoin { into } = body.read().await?;
    write_to::<Quotes>(&state, &caller, &request, &reference, async |writer, id| {
        quote_write::join(writer, id, into).await?;
        answer::<Quotes>(writer, into, &state.urls).await
    })
    .await
}

/// Split a quote
///
/// Says that some printings of a quote print another one, for good: they become a new quote of the same speaker, whatever
/// is found in their articles later.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses(
        (status = 201, description = "The new quote.", body = Single<Quote>,
            headers(("Location" = String, description = "Where to fetch it."))),
        WriteProblems,
    ),
)]
#[post("/v1/quotes/{ref}/split")]
pub(super) async fn split_quote(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(QuotePath { reference }): Path<QuotePath>,
    body: Json<QuoteSplit>,
) -> Result<HttpResponse, ApiError> {
    let QuoteSplit { occurrences } = body.read().await?;
    write_to::<Quotes>(&state, &caller, &request, &reference, async |writer, id| {
        let id = quote_write::split(writer, id, &occurrences).await?;
        created::<Quotes>(writer, id, &state.urls).await
    })
    .await
}
