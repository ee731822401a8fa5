//! Batches as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::changes::ResourceType;

/// Writes that are done together or not at all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// What to do, in this order.
    #[schema(min_items = 1, max_items = 1000, example = json!([
        { "op": "create", "type": "label", "local_id": "@ferries", "data": { "name": "Island Ferries" } },
        {
            "op": "create", "type": "article",
            "data": { "title": "A New Boat", "labels": ["@ferries"], "authors": ["Ida Marlow"] },
        },
    ]))]
    pub operations: Vec<Operation>,
}

/// One write of a batch.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Operation {
    /// Makes a resource out of a draft.
    Create {
        #[serde(rename = "type")]
        resource_type: ResourceType,
        local_id: Option<String>,
        data: Value,
    },
    /// Merges a patch into a resource.
    Update {
        #[serde(rename = "type")]
        resource_type: ResourceType,
        #[serde(rename = "ref")]
        reference: String,
        if_match: IfMatch,
        data: Value,
    },
    /// Withdraws a resource.
    Delete {
        #[serde(rename = "type")]
        resource_type: ResourceType,
        #[serde(rename = "ref")]
        reference: String,
        if_match: IfMatch,
        #[serde(default)]
        data: Deletion,
    },
}

impl Operation {
    /// What sort of resource it is about.
    pub fn resource_type(&self) -> ResourceType {
        match self {
            Self::Create { resource_type, .. }
            | Self::Update { resource_type, .. }
            | Self::Delete { resource_type, .. } => *resource_type,
        }
    }
}

/// What a write to an existing resource is based on.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum IfMatch {
    /// A version.
    Version(i32),
    /// An entity tag, or `*`.
    Tag(String),
}

/// How to delete.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    /// Why, as readers are told.
    pub reason: Option<String>,
}

/// What an operation is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// It makes a resource.
    Create,
    /// It changes one.
    Update,
    /// It withdraws one.
    Delete,
}

/// What came of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchReport {
    /// What came of each operation, in their order.
    pub data: Vec<OperationReport>,
}

/// What came of one operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationReport {
    /// What it was.
    pub op: Op,
    /// What sort of resource it was about.
    #[serde(rename = "type")]
    pub resource_type: ResourceType,
    /// What the batch calls the resource. Only where it gave it such a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "@ferries")]
    pub local_id: Option<String>,
    /// The HTTP status that it has as a request of its own.
    #[schema(example = 201)]
    pub status: u16,
    /// The resource as it was after the operation; null where it was deleted.
    #[schema(value_type = WrittenResource)]
    pub data: Value,
}

/// A resource that a batch wrote.
#[derive(Debug)]
pub struct WrittenResource;

/// The resources that a batch can write: the type, and the names of its draft, its patch and the resource itself in the
/// document.
const WRITABLE: &[(ResourceType, &str, &str, &str)] = &[
    (ResourceType::Article, "ArticleDraft", "ArticlePatch", "Article"),
    (ResourceType::Person, "PersonDraft", "PersonPatch", "Person"),
    (ResourceType::Label, "LabelDraft", "LabelPatch", "Label"),
    (ResourceType::Quote, "QuoteDraft", "QuotePatch", "Quote"),
];

impl PartialSchema for WrittenResource {
    fn schema() -> RefOr<Schema> {
        let null = ObjectBuilder::new().schema_type(Type::Null);
        let resources = WRITABLE.iter().map(|(.., resource)| Ref::from_schema_name(*resource));
        let schema = resources.fold(AnyOfBuilder::new(), AnyOfBuilder::item).item(null);
        schema.description(Some("A resource that a batch wrote; null where it was deleted.")).into()
    }
}

impl ToSchema for WrittenResource {}

/// One alternative for each operation on each type, so that `data` is checked as the body of a request of its own is.
impl PartialSchema for Operation {
    fn schema() -> RefOr<Schema> {
        let mut operations = OneOfBuilder::new().description(Some("One write of a batch."));
        for (resource_type, draft, patch, _) in WRITABLE {
            let resource_type = resource_type.as_str();
            operations = operations
                .item(
                    operation("create", resource_type)
                        .property("local_id", local_id())
                        .property("data", Ref::from_schema_name(*draft))
                        .required("data"),
                )
                .item(
                    existing("update", resource_type).property("data", Ref::from_schema_name(*patch)).required("data"),
                )
                .item(existing("delete", resource_type).property("data", deletion()));
        }
        operations.into()
    }
}

impl ToSchema for Operation {
    fn name() -> std::borrow::Cow<'static, str> {
        "BatchOperation".into()
    }
}

fn operation(op: &str, resource_type: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .title(Some(format!("{op} {resource_type}")))
        .property("op", word(op).description(Some("What to do.")))
        .required("op")
        .property("type", word(resource_type).description(Some("What sort of resource.")))
        .required("type")
        .additional_properties(Some(utoipa::openapi::schema::AdditionalProperties::FreeForm(false)))
}

/// An operation on what is there.
fn existing(op: &str, resource_type: &str) -> ObjectBuilder {
    operation(op, resource_type)
        .property("ref", reference())
        .required("ref")
        .property("if_match", if_match())
        .required("if_match")
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn word(word: &str) -> ObjectBuilder {
    text().enum_values(Some([word]))
}

fn local_id() -> ObjectBuilder {
    let description = "What later operations of the batch call the resource, wherever a reference to such a one stands: \
                       `@` and letters, digits, `_` or `-`. It is kept nowhere.";
    text().pattern(Some("^@[A-Za-z0-9_-]{1,63}$")).description(Some(description)).examples([json!("@ferries")])
}

fn reference() -> ObjectBuilder {
    let description = "The resource: its id, its slug, or the `local_id` of an earlier operation.";
    text()
        .pattern(Some("^@?[A-Za-z0-9_-]+$"))
        .max_length(Some(120))
        .description(Some(description))
        .examples([json!("harbour")])
}

fn if_match() -> OneOfBuilder {
    let version =
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).minimum(Some(1)).maximum(Some(i32::MAX));
    let tag = text().pattern(Some(r#"^(\*|(W/)?"[^"\s]*")$"#)).max_length(Some(200));
    let description = "What the write is based on: the version of the resource, or its strong `ETag`. `*` writes over any \
                       version.";
    OneOfBuilder::new().item(version).item(tag).description(Some(description)).examples([json!(1)])
}

fn deletion() -> ObjectBuilder {
    let reason = text().min_length(Some(1)).max_length(Some(1000)).description(Some("Why, as readers are told."));
    ObjectBuilder::new()
        .property("reason", reason)
        .additional_properties(Some(utoipa::openapi::schema::AdditionalProperties::FreeForm(false)))
        .description(Some("More about the deletion."))
}
