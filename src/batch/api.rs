//! Batches over HTTP.

use actix_web::{HttpRequest, HttpResponse, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::wire::{Batch, BatchReport};
use super::write::{perform_all, repeated_local_ids};
use crate::access::{Caller, Write};
use crate::http::body::Json;
use crate::http::document::{AccessProblems, BATCHES, BatchProblems};
use crate::http::error::ApiError;
use crate::state::State;
use crate::writing::request::{Answer, IdempotencyParameters, WriteParameters, write};

/// Mounts the operation.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(write_batch);
}

/// Write many resources at once
///
/// Up to 1,000 operations in their order, in one transaction: all of them are done, or none.
///
/// `create` takes the draft that a `POST` of the resource takes, `update` a merge patch (RFC 7396), `delete` withdraws.
/// `update` and `delete` say in `if_match` what they are based on, as `If-Match` does. A `local_id` such as `@ferries`
/// names what an operation makes, for those after it: as `ref`, and in `data` wherever an id or a name may stand, such as
/// among the labels of an article. In a batch no such text is taken for a name.
///
/// Every operation is checked before anything is done, and all faults are named at once. What goes wrong after that, such
/// as a name that is taken (409) or a version that is not the present one (412), is the fault of the first operation that
/// fails. Every fault says where, such as `/operations/3/data/name`.
#[utoipa::path(
    tag = BATCHES,
    params(WriteParameters, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "What came of each operation.", body = BatchReport), BatchProblems, AccessProblems),
)]
#[post("/v1/batch")]
async fn write_batch(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    body: Json<Batch>,
) -> Result<HttpResponse, ApiError> {
    let Batch { operations } = body.read().await?;
    let repeated = repeated_local_ids(&operations);
    if !repeated.is_empty() {
        return Err(ApiError::body_faults(repeated));
    }
    write(&state, &caller, &request, async |writer| {
        Answer::report(&BatchReport { data: perform_all(writer, operations, &state.urls).await? })
    })
    .await
}
