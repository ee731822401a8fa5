//! What a type of resource says of itself, so that all of them are written in the same ways.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::Writer;
use super::patch::patched;
use super::request::Answer;
use super::resource::Tables;
use crate::db::{Audience, Connection};
use crate::http::error::ApiError;
use crate::http::page::Versioned;
use crate::http::reference::{ExternalId, Urls};

/// A type of resource that is written. What differs from type to type stands in the `write.rs` of its folder; what is
/// alike, in [`operations`](super::operations) and in batches, knows no type.
#[allow(async_fn_in_trait, reason = "a write stays on the worker that has its connection")]
pub trait Writable {
    /// Its id.
    type Id: Copy + Display + From<Uuid> + Into<Uuid>;
    /// What is written of it.
    type Draft: Serialize + DeserializeOwned + 'static;
    /// The body of a change, as the document describes it.
    type Patch: DeserializeOwned + 'static;
    /// What is shown of it.
    type Shown: Serialize + Versioned;
    /// Where it is kept.
    const TABLES: Tables;

    /// Makes one.
    async fn create(writer: &mut Writer<'_>, draft: Self::Draft) -> Result<Self::Id, ApiError>;

    /// What is written of it now, as a draft that would change nothing.
    async fn draft(writer: &Writer<'_>, id: Self::Id) -> Result<Self::Draft, ApiError>;

    /// Gives it this content; its version rises where that changes anything.
    async fn replace(writer: &mut Writer<'_>, id: Self::Id, draft: Self::Draft) -> Result<(), ApiError>;

    /// Merges a patch, which must fit its schema, into it.
    async fn change(writer: &mut Writer<'_>, id: Self::Id, patch: Value) -> Result<(), ApiError> {
        let draft = patched(&Self::draft(writer, id).await?, patch)?;
        Self::replace(writer, id, draft).await
    }

    /// What other systems call it, according to a draft.
    fn external_ids(draft: &mut Self::Draft) -> &mut Vec<ExternalId>;

    /// A draft as all that there is to be: what it leaves out is empty, not what it was.
    fn whole(draft: Self::Draft) -> Self::Draft {
        draft
    }

    /// Withdraws it, for a reason that readers are told.
    async fn withdraw(writer: &mut Writer<'_>, id: Self::Id, reason: Option<&str>) -> Result<(), ApiError> {
        writer.withdraw(Self::TABLES, id.into(), reason).await?;
        Ok(())
    }

    /// Takes its withdrawal back.
    async fn restore(writer: &mut Writer<'_>, id: Self::Id) -> Result<(), ApiError> {
        writer.restore(Self::TABLES, id.into()).await?;
        Ok(())
    }

    /// Removes it for good.
    async fn purge(writer: &mut Writer<'_>, id: Self::Id) -> Result<(), ApiError>;

    /// It as this audience sees it, where it does.
    async fn find(
        connection: &Connection,
        id: Self::Id,
        urls: &Urls,
        audience: Audience,
    ) -> Result<Option<Self::Shown>, ApiError>;
}

/// The resource as it is now, as an answer: as one who may read drafts gets it.
pub async fn answer<R: Writable>(writer: &mut Writer<'_>, id: R::Id, urls: &Urls) -> Result<Answer, ApiError> {
    writer.settle().await?;
    let audience = Audience::Editors { now: writer.now() };
    let shown = R::find(writer.connection(), id, urls, audience).await?;
    Answer::resource(&shown.ok_or_else(|| ApiError::internal("what was written is gone"))?)
}

/// The same of a resource that was just made.
pub async fn created<R: Writable>(writer: &mut Writer<'_>, id: R::Id, urls: &Urls) -> Result<Answer, ApiError> {
    Ok(answer::<R>(writer, id, urls).await?.created(&urls.resource(R::TABLES.table, &id)))
}
