//! The operations that resources have in common: made, changed, withdrawn, restored, and reached by another system's id.
//!
//! The handler of each resource has its path, its types and its words for the document, and leaves the rest to these.

use actix_web::{HttpRequest, HttpResponse};

use super::Writer;
use super::request::{Answer, DeleteParameters, write};
use super::resource::external_reference;
use super::writable::{Writable, answer, created};
use crate::access::{Caller, Read, Scope, Write};
use crate::http::body::Json;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::moved::answer_external_absence;
use crate::http::page::Single;
use crate::http::precondition::Preconditions;
use crate::http::reference::{ExternalId, ExternalPath};
use crate::state::State;

/// Makes a resource out of the draft in the body.
pub async fn create<R: Writable>(
    state: &State,
    caller: &Caller<Write>,
    request: &HttpRequest,
    body: Json<R::Draft>,
) -> Result<HttpResponse, ApiError> {
    let draft = body.read().await?;
    write(state, caller, request, async |writer| {
        let id = R::create(writer, draft).await?;
        created::<R>(writer, id, &state.urls).await
    })
    .await
}

/// Does `work` on the resource that a reference names: not a deleted one, and only in the version that the request is
/// based on.
pub async fn write_to<R: Writable>(
    state: &State,
    caller: &Caller<Write>,
    request: &HttpRequest,
    reference: &str,
    work: impl AsyncFnOnce(&mut Writer<'_>, R::Id) -> Result<Answer, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let preconditions = Preconditions::of(request)?;
    write(state, caller, request, async |writer| {
        let target = writer.living_target(R::TABLES, reference).await?;
        preconditions.check(target.version)?;
        work(writer, target.id.into()).await
    })
    .await
}

/// Merges the patch in the body into a resource.
pub async fn update<R: Writable>(
    state: &State,
    caller: &Caller<Write>,
    request: &HttpRequest,
    reference: &str,
    body: Json<R::Patch>,
) -> Result<HttpResponse, ApiError> {
    let patch = body.read_value().await?;
    write_to::<R>(state, caller, request, reference, async |writer, id| {
        R::change(writer, id, patch).await?;
        answer::<R>(writer, id, &state.urls).await
    })
    .await
}

/// Withdraws a resource, or removes it for good, deleted or not.
pub async fn delete<R: Writable>(
    state: &State,
    caller: &Caller<Write>,
    request: &HttpRequest,
    reference: &str,
    DeleteParameters { reason, purge }: DeleteParameters,
) -> Result<HttpResponse, ApiError> {
    if !purge {
        return write_to::<R>(state, caller, request, reference, async |writer, id| {
            R::withdraw(writer, id, reason.as_deref()).await?;
            Ok(Answer::nothing())
        })
        .await;
    }
    caller.needs(Scope::Admin)?;
    let preconditions = Preconditions::of(request)?;
    write(state, caller, request, async |writer| {
        let target = writer.target(R::TABLES, reference).await?;
        preconditions.check(target.version)?;
        R::purge(writer, target.id.into()).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Takes the withdrawal of a resource back; one that is not deleted stays as it is.
pub async fn restore<R: Writable>(
    state: &State,
    caller: &Caller<Write>,
    request: &HttpRequest,
    reference: &str,
) -> Result<HttpResponse, ApiError> {
    let preconditions = Preconditions::of(request)?;
    write(state, caller, request, async |writer| {
        let target = writer.target(R::TABLES, reference).await?;
        preconditions.check(target.version)?;
        let id = target.id.into();
        if target.is_deleted {
            R::restore(writer, id).await?;
        }
        answer::<R>(writer, id, &state.urls).await
    })
    .await
}

/// Shows the resource that another system calls so.
pub async fn get_by_external_id<R: Writable>(
    state: &State,
    caller: &Caller<Read>,
    request: &HttpRequest,
    ExternalPath { source, id }: ExternalPath,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let called = format!("{source}:{id}");
    let Some(id) = external_reference(&connection, R::TABLES, &source, &id).await?.map(R::Id::from) else {
        return Err(ApiError::not_found(R::TABLES.resource_type.as_str(), &called));
    };
    match R::find(&connection, id, &state.urls, audience).await? {
        Some(shown) => Single::respond(vec![shown], &Fields::default()),
        None => {
            let (urls, kind, id) = (&state.urls, R::TABLES.kind, id.to_string());
            answer_external_absence(&connection, request, urls, kind, &id, &called, audience).await
        }
    }
}

/// Makes the resource that another system calls so, or gives it exactly the content in the body.
pub async fn put_by_external_id<R: Writable>(
    state: &State,
    caller: &Caller<Write>,
    request: &HttpRequest,
    path: ExternalPath,
    body: Json<R::Draft>,
) -> Result<HttpResponse, ApiError> {
    let ExternalPath { source, id } = path.checked()?;
    let mut draft = R::whole(body.read().await?);
    let own = ExternalId { source: source.clone(), id: id.clone() };
    let external_ids = R::external_ids(&mut draft);
    if !external_ids.contains(&own) {
        external_ids.push(own);
    }
    let preconditions = Preconditions::of(request)?;
    write(state, caller, request, async |writer| {
        let Some(target) = writer.external_target(R::TABLES, &source, &id).await? else {
            preconditions.check_absent(None)?;
            let id = R::create(writer, draft).await?;
            return created::<R>(writer, id, &state.urls).await;
        };
        preconditions.check(target.version)?;
        let id = target.id.into();
        if target.is_deleted {
            R::restore(writer, id).await?;
        }
        R::replace(writer, id, draft).await?;
        answer::<R>(writer, id, &state.urls).await
    })
    .await
}
