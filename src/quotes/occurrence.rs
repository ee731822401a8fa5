//! Printings over HTTP, one by one.

use actix_web::{HttpRequest, HttpResponse, get, patch, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::db;
use super::offsets::OffsetParameters;
use super::wire::{self, Occurrence, OccurrencePatch};
use super::write as quote_write;
use crate::access::{Caller, Read, Write};
use crate::http::body::Json;
use crate::http::document::{AbsenceProblems, AccessProblems, QUOTES, WriteProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::page::Single;
use crate::http::parameters::CommaList;
use crate::http::precondition::{Preconditions, WritePrecondition};
use crate::http::reference::OccurrencePath;
use crate::state::State;
use crate::writing::patch::patched;
use crate::writing::request::{WriteParameters, write};

/// What can be shown with a printing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
enum OccurrenceInclude {
    /// How an edited pull quote differs from the body.
    #[serde(rename = "word_diff")]
    WordDiff,
}

/// How to show a printing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OccurrenceView {
    /// What to show besides.
    #[serde(default)]
    #[param(inline, min_items = 1, value_type = Vec<OccurrenceInclude>, required = false, style = Form, explode = false, example = json!(["word_diff"]))]
    include: CommaList<OccurrenceInclude>,
}

/// Get a printing
///
/// One printing of a quote, one that left its article with an edit too. A printing is part of its article: the tag begins
/// with the version of that, which a change of the printing is based on.
#[utoipa::path(
    tag = QUOTES,
    params(OccurrencePath, OccurrenceView, OffsetParameters, FieldParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The printing.", body = Single<Occurrence>), AbsenceProblems, AccessProblems),
)]
#[get("/v1/occurrences/{ref}")]
pub(super) async fn get_occurrence(
    caller: Caller<Read>,
    state: web::Data<State>,
    Path(OccurrencePath { reference }): Path<OccurrencePath>,
    Query(view): Query<OccurrenceView>,
    Query(offsets): Query<OffsetParameters>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("occurrence", &reference);
    let id = reference.parse().map_err(|_| missing())?;
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let linked = db::find_occurrence(&connection, id, audience).await?.ok_or_else(missing)?;
    let mut printings = wire::occurrences(&connection, vec![linked], false, &state.urls, audience).await?;
    offsets.apply(&connection, printings.iter_mut()).await?;
    if view.include.0.contains(&OccurrenceInclude::WordDiff) {
        wire::add_word_diffs(&connection, &mut printings).await?;
    }
    Single::respond(printings, &Fields::from(fields))
}

/// Correct a printing
///
/// Changes what the body names and leaves the rest (RFC 7396): the role and the organization that the speaker had then. It
/// is an editor's decision from then on, and nothing that is found in the article later changes it. The words and the
/// attribution stay as they are printed; the speaker is the quote's. The version of the article rises, which is the one
/// that `If-Match` takes.
#[utoipa::path(
    tag = QUOTES,
    params(OccurrencePath, WriteParameters, WritePrecondition),
    request_body(content((OccurrencePatch = "application/merge-patch+json"), (OccurrencePatch = "application/json"))),
    security(("key" = ["write"])),
    responses((status = 200, description = "The printing as it is now.", body = Single<Occurrence>), WriteProblems),
)]
#[patch("/v1/occurrences/{ref}")]
pub(super) async fn update_occurrence(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(OccurrencePath { reference }): Path<OccurrencePath>,
    body: Json<OccurrencePatch>,
) -> Result<HttpResponse, ApiError> {
    let patch = body.read_value().await?;
    let preconditions = Preconditions::of(&request)?;
    write(&state, &caller, &request, async |writer| {
        let printing = quote_write::printing(writer, &reference).await?;
        preconditions.check(printing.article_version)?;
        let draft = patched(&quote_write::occurrence_draft(&printing), patch)?;
        quote_write::correct(writer, &printing, &draft).await?;
        quote_write::occurrence_answer(writer, printing.occurrence.id, &state.urls).await
    })
    .await
}
