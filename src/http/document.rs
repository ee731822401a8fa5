//! The API document: its head, and the responses that operations share.

use std::collections::BTreeMap;

use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ArrayItems, Object, Schema, SchemaType, Type};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, tag::TagBuilder,
};
use utoipa::{IntoResponses, ToSchema};

use super::problem::{Fault, MEDIA_TYPE, Problem};

/// Groups of operations, in the order the explorer shows them.
pub const ARTICLES: &str = "Articles";
/// See [`ARTICLES`].
pub const QUOTES: &str = "Quotes";
/// See [`ARTICLES`].
pub const PEOPLE: &str = "People";
/// See [`ARTICLES`].
pub const LABELS: &str = "Labels";
/// See [`ARTICLES`].
pub const SEARCH: &str = "Search";
/// See [`ARTICLES`].
pub const SERVICE: &str = "Service";

/// The longest text of a query parameter that does not say otherwise, in characters.
const MAX_TEXT: usize = 300;

const DESCRIPTION: &str = "\
Articles, the quotes in them, the people who said them and the labels that group them.

Every quote is word for word what the article prints, at the offsets it names, attributed as the article attributed it.

**References.** Wherever a path or a filter takes a reference, it takes an id (`art_…`, `quo_…`, `per_…`, `lab_…`) or a \
slug; quotes have ids only.

**Lists** run from the newest to the oldest, or as `sort` or `q` asks, in pages of `limit` rows. Follow `links.next`, \
or the `Link` header, until it is null: a walk neither skips nor repeats a row that did not move, however long the \
list is.

**Keys** are absent when they were not asked for, and null when they are known to be empty.

**Problems** are `application/problem+json` (RFC 9457). `code` tells a program what is wrong, `errors` lists every fault \
of the request at once, and `type` leads to an explanation.";

/// The document before the handlers add themselves to it.
pub fn head() -> OpenApi {
    let tag = |name: &str, description: &str| TagBuilder::new().name(name).description(Some(description)).build();
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Verbatim")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(license))
                .build(),
        )
        .tags(Some([
            tag(ARTICLES, "Titled texts with their authors, labels and quotes."),
            tag(QUOTES, "What somebody said, with every printing of it."),
            tag(PEOPLE, "Persons, organizations and groups that speak or write."),
            tag(LABELS, "Named groups of articles."),
            tag(SEARCH, "Everything at once, by words or by the beginning of a name."),
            tag(SERVICE, "About the server itself."),
        ]))
        .build()
}

/// Adds what the handlers do not bring along: the schemas that only shared responses use, and references.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, schema) in [
        (Problem::name(), <Problem as utoipa::PartialSchema>::schema()),
        (Fault::name(), <Fault as utoipa::PartialSchema>::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    for (name, schema) in &mut components.schemas {
        refer_to_the_resource(name, schema);
    }
    bound_texts(document);
}

/// Gives every text in a query string a bound, where its declaration has none.
fn bound_texts(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for parameter in item.get.iter_mut().flat_map(|operation| operation.parameters.iter_mut().flatten()) {
            let RefOr::T(parameter) = parameter else { continue };
            match &mut parameter.schema {
                Some(RefOr::T(Schema::Object(text))) => bound_text(text),
                Some(RefOr::T(Schema::Array(list))) => {
                    if let ArrayItems::RefOrSchema(items) = &mut list.items
                        && let RefOr::T(Schema::Object(text)) = items.as_mut()
                    {
                        bound_text(text);
                    }
                }
                _ => {}
            }
        }
    }
}

fn bound_text(text: &mut Object) {
    let is_text = matches!(&text.schema_type, SchemaType::Type(Type::String));
    if is_text && text.enum_values.is_none() && text.format.is_none() {
        text.max_length.get_or_insert(MAX_TEXT);
    }
}

/// The envelopes are generic, and utoipa writes what is inside them out each time: a reference in its place gives
/// generated clients one type for each resource.
fn refer_to_the_resource(name: &str, schema: &mut RefOr<Schema>) {
    let Some((envelope, resource)) = name.split_once('_') else { return };
    let RefOr::T(Schema::Object(object)) = schema else { return };
    let Some(data) = object.properties.get_mut("data") else { return };
    let resource = Ref::from_schema_name(resource);
    match (envelope, data) {
        ("List", RefOr::T(Schema::Array(rows))) => rows.items = ArrayItems::RefOrSchema(Box::new(resource.into())),
        (_, data) => *data = resource.into(),
    }
}

/// Describes an enum that is either the whole of a resource or a reference to it.
///
/// The whole has every field of the reference and more, so both may match: `anyOf`, where utoipa would write `oneOf`.
macro_rules! impl_whole_or_reference {
    ($name:ident, $whole:ident, $reference:ident) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::AnyOfBuilder::new()
                    .item(utoipa::openapi::Ref::from_schema_name(stringify!($whole)))
                    .item(utoipa::openapi::Ref::from_schema_name(stringify!($reference)))
                    .description(Some("The whole, where `include` asks for it; else a reference."))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
                use utoipa::PartialSchema;
                schemas.push(($whole::name().into_owned(), $whole::schema()));
                schemas.push(($reference::name().into_owned(), $reference::schema()));
                $whole::schemas(schemas);
                $reference::schemas(schemas);
            }
        }
    };
}
pub(crate) use impl_whole_or_reference;

fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build().into()
}

fn problems(descriptions: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    descriptions.iter().map(|(status, description)| ((*status).to_owned(), problem(description))).collect()
}

const INVALID: (&str, &str) = ("400", "A parameter is unknown, repeated or wrong; `errors` names each.");
const MISSING: (&str, &str) = ("404", "Nothing public has this id or slug.");
const FAILED: (&str, &str) = ("500", "The server failed; the `request_id` finds the reason in its log.");
const AWAY: (&str, &str) =
    ("503", "The database is away, or the request took too long. Try again after `Retry-After` seconds.");

/// The problems of an operation that lists.
#[derive(Debug)]
pub struct ListProblems;

/// The problems of an operation that fetches one resource, or a list that belongs to one.
#[derive(Debug)]
pub struct FetchProblems;

/// The problems of an operation that needs no database.
#[derive(Debug)]
pub struct ServiceProblems;

impl IntoResponses for ListProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, FAILED, AWAY])
    }
}

impl IntoResponses for FetchProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, MISSING, FAILED, AWAY])
    }
}

impl IntoResponses for ServiceProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, FAILED])
    }
}

/// The problem of an operation that asks the database and can fail in no other way.
#[derive(Debug)]
pub struct AwayProblem;

impl IntoResponses for AwayProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[AWAY])
    }
}
