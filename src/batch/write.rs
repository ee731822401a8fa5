//! Doing a batch, operation by operation, each as a request of its own would.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use serde_json::Value;

use super::wire::{IfMatch, Op, Operation, OperationReport};
use crate::articles::write::Articles;
use crate::changes::ResourceType;
use crate::http::error::ApiError;
use crate::http::precondition::Preconditions;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::Urls;
use crate::labels::write::Labels;
use crate::people::write::People;
use crate::quotes::write::Quotes;
use crate::writing::Writer;
use crate::writing::patch::typed;
use crate::writing::resource::Target;
use crate::writing::writable::{Writable, answer};

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
    match operation.resource_type() {
        ResourceType::Article => perform_on::<Articles>(writer, operation, urls).await,
        ResourceType::Person => perform_on::<People>(writer, operation, urls).await,
        ResourceType::Label => perform_on::<Labels>(writer, operation, urls).await,
        ResourceType::Quote => perform_on::<Quotes>(writer, operation, urls).await,
    }
}

async fn perform_on<R: Writable>(
    writer: &mut Writer<'_>,
    operation: Operation,
    urls: &Urls,
) -> Result<OperationReport, ApiError> {
    match operation {
        Operation::Create { resource_type, local_id, data } => {
            let id = create::<R>(writer, data).await.map_err(|error| error.below("/data"))?;
            if let Some(local_id) = &local_id {
                writer.remember(local_id.clone(), resource_type, id.into());
            }
            let data = shown::<R>(writer, id, urls).await?;
            Ok(report(Op::Create, resource_type, StatusCode::CREATED, local_id, data))
        }
        Operation::Update { resource_type, reference, if_match, data } => {
            let id = target::<R>(writer, &reference, &if_match).await?;
            R::change(writer, id, data).await.map_err(|error| error.below("/data"))?;
            let data = shown::<R>(writer, id, urls).await?;
            Ok(report(Op::Update, resource_type, StatusCode::OK, local_id_in(reference), data))
        }
        Operation::Delete { resource_type, reference, if_match, data } => {
            let id = target::<R>(writer, &reference, &if_match).await?;
            R::withdraw(writer, id, data.reason.as_deref()).await?;
            Ok(report(Op::Delete, resource_type, StatusCode::NO_CONTENT, local_id_in(reference), Value::Null))
        }
    }
}

async fn create<R: Writable>(writer: &mut Writer<'_>, draft: Value) -> Result<R::Id, ApiError> {
    R::create(writer, typed(draft)?).await
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
async fn target<R: Writable>(writer: &Writer<'_>, reference: &str, if_match: &IfMatch) -> Result<R::Id, ApiError> {
    let target = writer.living_target(R::TABLES, reference).await;
    let Target { id, version, .. } = target.map_err(|error| error.below("/ref"))?;
    let stated = match if_match {
        IfMatch::Version(version) => format!("\"{version}\""),
        IfMatch::Tag(tag) => tag.clone(),
    };
    let preconditions = Preconditions::matching(&stated)
        .map_err(|_| ApiError::new(ProblemCode::InvalidValue, "must be a version, the ETag of the resource, or *"));
    preconditions.and_then(|preconditions| preconditions.check(version)).map_err(|error| error.below("/if_match"))?;
    Ok(id.into())
}

/// The resource as a request of its own would answer with it.
async fn shown<R: Writable>(writer: &mut Writer<'_>, id: R::Id, urls: &Urls) -> Result<Value, ApiError> {
    let answer = answer::<R>(writer, id, urls).await?;
    let mut body: Value = serde_json::from_slice(&answer.body).map_err(ApiError::internal)?;
    Ok(body["data"].take())
}
