//! Doing a batch, operation by operation, each as a request of its own would.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::wire::{IfMatch, Op, Operation, OperationReport};
use crate::articles::write as article_write;
use crate::changes::ResourceType;
use crate::http::error::ApiError;
use crate::http::precondition::Preconditions;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::Urls;
use crate::labels::write as label_write;
use crate::people::write as people_write;
use crate::quotes::write as quote_write;
use crate::values::id::{ArticleId, LabelId, PersonId, QuoteId};
use crate::writing::Writer;
use crate::writing::request::{Answer, patched};
use crate::writing::resource::{ARTICLES, LABELS, PEOPLE, QUOTES, Tables, Target};

/// Does everything in its order. The first operation that fails decides; its faults have pointers into the batch.
pub async fn perform_all(
    writer: &mut Writer<'_>,
    operations: Vec<Operation>,
    urls: &Urls,
) -> Result<Vec<OperationReport>, ApiError> {
    writer.begin_batch();
    let mut reports = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        let report = perform(writer, operation, urls).await;
        reports.push(report.map_err(|error| error.below(&format!("/operations/{index}")))?);
    }
    Ok(reports)
}

/// Local ids that stand twice.
pub fn repeated_local_ids(operations: &[Operation]) -> Vec<Fault> {
    let mut seen = HashSet::new();
    let named =
        operations.iter().enumerate().filter_map(|(index, operation)| Some((index, given_local_id(operation)?)));
    let repeated = named.filter(|(_, name)| !seen.insert(*name));
    let fault = |(index, name)| {
        let pointer = format!("/operations/{index}/local_id");
        Fault::in_body(ProblemCode::InvalidValue, pointer, format!("{name} is the local_id of an earlier operation"))
    };
    repeated.map(fault).collect()
}

fn given_local_id(operation: &Operation) -> Option<&str> {
    match operation {
        Operation::Create { local_id, .. } => local_id.as_deref(),
        Operation::Update { .. } | Operation::Delete { .. } => None,
    }
}

async fn perform(writer: &mut Writer<'_>, operation: Operation, urls: &Urls) -> Result<OperationReport, ApiError> {
    match operation {
        Operation::Create { resource_type, local_id, data } => {
            let id = create(writer, resource_type, data).await.map_err(|error| error.below("/data"))?;
            if let Some(local_id) = &local_id {
                writer.remember(local_id.clone(), resource_type, id);
            }
            let data = shown(writer, resource_type, id, urls).await?;
            Ok(report(Op::Create, resource_type, StatusCode::CREATED, local_id, data))
        }
        Operation::Update { resource_type, reference, if_match, data } => {
            let id = target(writer, resource_type, &reference, &if_match).await?;
            update(writer, resource_type, id, data).await.map_err(|error| error.below("/data"))?;
            let data = shown(writer, resource_type, id, urls).await?;
            Ok(report(Op::Update, resource_type, StatusCode::OK, local_id_in(reference), data))
        }
        Operation::Delete { resource_type, reference, if_match, data } => {
            let id = target(writer, resource_type, &reference, &if_match).await?;
            delete(writer, resource_type, id, data.reason.as_deref()).await?;
            Ok(report(Op::Delete, resource_type, StatusCode::NO_CONTENT, local_id_in(reference), Value::Null))
        }
    }
}

fn report(
    op: Op,
    resource_type: ResourceType,
    status: StatusCode,
    local_id: Option<String>,
    data: Value,
) -> OperationReport {
    OperationReport { op, resource_type, local_id, status: status.as_u16(), data }
}

/// A reference, where it is a local id: no other has an `@`.
fn local_id_in(reference: String) -> Option<String> {
    reference.starts_with('@').then_some(reference)
}

/// The resource that an operation is about, in the version that it is based on.
async fn target(
    writer: &Writer<'_>,
    resource_type: ResourceType,
    reference: &str,
    if_match: &IfMatch,
) -> Result<Uuid, ApiError> {
    let target = writer.living_target(tables(resource_type), reference).await;
    let Target { id, version, .. } = target.map_err(|error| error.below("/ref"))?;
    let stated = match if_match {
        IfMatch::Version(version) => format!("\"{version}\""),
        IfMatch::Tag(tag) => tag.clone(),
    };
    let preconditions = Preconditions::matching(&stated)
        .map_err(|_| ApiError::new(ProblemCode::InvalidValue, "must be a version, the ETag of the resource, or *"));
    preconditions.and_then(|preconditions| preconditions.check(version)).map_err(|error| error.below("/if_match"))?;
    Ok(id)
}

// What follows is everything that differs from type to type.

fn tables(resource_type: ResourceType) -> Tables {
    match resource_type {
        ResourceType::Article => ARTICLES,
        ResourceType::Person => PEOPLE,
        ResourceType::Label => LABELS,
        ResourceType::Quote => QUOTES,
    }
}

async fn create(writer: &mut Writer<'_>, resource_type: ResourceType, draft: Value) -> Result<Uuid, ApiError> {
    match resource_type {
        ResourceType::Article => Ok(article_write::create(writer, typed(draft)?).await?.0),
        ResourceType::Person => Ok(people_write::create(writer, typed(draft)?).await?.0),
        ResourceType::Label => Ok(label_write::create(writer, typed(draft)?).await?.0),
        ResourceType::Quote => Ok(quote_write::create(writer, typed(draft)?).await?.0),
    }
}

async fn update(writer: &mut Writer<'_>, resource_type: ResourceType, id: Uuid, patch: Value) -> Result<(), ApiError> {
    match resource_type {
        ResourceType::Article => article_write::change(writer, ArticleId(id), patch).await,
        ResourceType::Label => {
            let draft = patched(&label_write::draft(writer, LabelId(id)).await?, patch)?;
            label_write::replace(writer, LabelId(id), draft).await
        }
        ResourceType::Person => {
            let draft = patched(&people_write::draft(writer, PersonId(id)).await?, patch)?;
            people_write::replace(writer, PersonId(id), draft).await
        }
        ResourceType::Quote => {
            let draft = patched(&quote_write::draft(writer, QuoteId(id)).await?, patch)?;
            quote_write::replace(writer, QuoteId(id), draft).await
        }
    }
}

async fn delete(
    writer: &mut Writer<'_>,
    resource_type: ResourceType,
    id: Uuid,
    reason: Option<&str>,
) -> Result<(), ApiError> {
    match resource_type {
        ResourceType::Article => article_write::withdraw(writer, ArticleId(id), reason).await,
        ResourceType::Person => Ok(writer.withdraw(PEOPLE, id, reason).await.map(drop)?),
        ResourceType::Label => Ok(writer.withdraw(LABELS, id, reason).await.map(drop)?),
        ResourceType::Quote => quote_write::withdraw(writer, QuoteId(id), reason, None).await,
    }
}

async fn answer(
    writer: &mut Writer<'_>,
    resource_type: ResourceType,
    id: Uuid,
    urls: &Urls,
) -> Result<Answer, ApiError> {
    match resource_type {
        ResourceType::Article => article_write::answer(writer, ArticleId(id), urls).await,
        ResourceType::Person => people_write::answer(writer, PersonId(id), urls).await,
        ResourceType::Label => label_write::answer(writer, LabelId(id), urls).await,
        ResourceType::Quote => quote_write::answer(writer, QuoteId(id), urls).await,
    }
}

/// The resource as a request of its own would answer with it.
async fn shown(writer: &mut Writer<'_>, resource_type: ResourceType, id: Uuid, urls: &Urls) -> Result<Value, ApiError> {
    let answer = answer(writer, resource_type, id, urls).await?;
    let mut body: Value = serde_json::from_slice(&answer.body).map_err(ApiError::internal)?;
    Ok(body["data"].take())
}

/// What fits its schema fits its type; a difference is shown to the client, who can do something about it.
fn typed<Draft: DeserializeOwned>(draft: Value) -> Result<Draft, ApiError> {
    serde_json::from_value(draft)
        .map_err(|error| ApiError::body_faults(vec![Fault::in_body(ProblemCode::InvalidValue, "", error.to_string())]))
}
