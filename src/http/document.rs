//! The API document: its head, and the responses that operations share.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ArrayItems, Object, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, tag::TagBuilder,
};
use utoipa::{IntoParams, IntoResponses, ToSchema};

use super::problem::{Fault, MEDIA_TYPE, Problem};
use super::validators::Revalidation;

/// Groups of operations, in the order the explorer shows them.
pub const ARTICLES: &str = "Articles";
/// See [`ARTICLES`].
pub const QUOTES: &str = "Quotes";
/// See [`ARTICLES`].
pub const PEOPLE: &str = "People";
/// See [`ARTICLES`].
pub const LABELS: &str = "Labels";
/// See [`ARTICLES`].
pub const VOICES: &str = "Voices";
/// See [`ARTICLES`].
pub const SEARCH: &str = "Search";
/// See [`ARTICLES`].
pub const FEEDS: &str = "Feeds";
/// See [`ARTICLES`].
pub const MERGES: &str = "Merges";
/// See [`ARTICLES`].
pub const BATCHES: &str = "Batches";
/// See [`ARTICLES`].
pub const CHANGES: &str = "Changes";
/// See [`ARTICLES`].
pub const WEBHOOKS: &str = "Webhooks";
/// See [`ARTICLES`].
pub const KEYS: &str = "Keys";
/// What the document calls the operations on imports.
pub const IMPORTS: &str = "Imports";
/// See [`ARTICLES`].
pub const SERVICE: &str = "Service";

/// The longest text of a query parameter that does not say otherwise, in characters.
const MAX_TEXT: usize = 300;

const DESCRIPTION: &str = "\
Articles, the quotes in them, the people who said them and the labels that group them.

Every quote is word for word what the article prints, at the offsets it names, attributed as the article attributed it.

**References.** Wherever a path or a filter takes a reference, it takes an id (`art_…`, `quo_…`, `per_…`, `lab_…`) or a \
slug; quotes have ids only. A former slug, or the id of what was merged into another, answers 308.

**Lists** run from the newest to the oldest, or as `sort` or `q` asks, in pages of `limit` rows. Follow `links.next`, \
or the `Link` header, until it is null: a walk neither skips nor repeats a row that did not move, however long the \
list is.

**Members** of an object are absent when they were not asked for, and null when they are known to be empty.

**Access.** What is public can be read without a key, unless the server is set up otherwise. Everything else takes a key, \
in the header `Authorization: Bearer vb_…` and never in a URL, with the scope that the operation names or one that \
includes it: `admin` includes `write`, that `drafts`, and that `read`. Bodies are checked as a whole, and every fault is \
named at once.

**Tags.** Every answer to a GET has an `ETag`, which changes whenever anything in it does: send it back in `If-None-Match`, \
and the answer is 304 without a body while nothing has changed. The tag of a resource fetched without parameters is \
strong, and begins with its `version`; all others are weak (`W/`).

**Problems** are `application/problem+json` (RFC 9457). `code` tells a program what is wrong, `errors` lists every fault \
of the request at once, and `type` leads to an explanation.";

/// What the document calls the way keys are shown.
const SECURITY_SCHEME: &str = "key";

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
            tag(VOICES, "Who speaks on what, and how much."),
            tag(SEARCH, "Everything at once, by words or by the beginning of a name."),
            tag(FEEDS, "Articles and quotes as other programs read them: feeds, sitemaps, JSON-LD, citations, embeds."),
            tag(MERGES, "People and labels that became part of another, and how to undo that."),
            tag(BATCHES, "Many writes at once, all or nothing."),
            tag(CHANGES, "What changed, for whoever keeps a copy."),
            tag(WEBHOOKS, "Whom to tell of changes. Only for keys with the scope `admin`."),
            tag(IMPORTS, "Files that become articles, and what became of them."),
            tag(KEYS, "Who may do what. Only for keys with the scope `admin`."),
            tag(SERVICE, "About the server itself."),
        ]))
        .build()
}

/// Adds what the handlers do not bring along: the schemas that only shared responses use, and references.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("vb_…")
        .description(Some("A key. The scope that an operation names is the least that its key must have."));
    components.add_security_scheme(SECURITY_SCHEME, SecurityScheme::Http(scheme.build()));
    for (name, schema) in [
        (Problem::name(), <Problem as utoipa::PartialSchema>::schema()),
        (Fault::name(), <Fault as utoipa::PartialSchema>::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    describe_problems(components);
    for (name, schema) in &mut components.schemas {
        refer_to_the_resource(name, schema);
    }
    bound_texts(document);
    name_fields(document);
    describe_tags(document);
    describe_dry_runs(document);
    move_examples(document);
}

/// Says of every write that can run dry what it answers then, where that is another status.
fn describe_dry_runs(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten() {
            let runs_dry = operation
                .parameters
                .iter()
                .flatten()
                .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "dry_run"));
            if runs_dry {
                let described =
                    ResponseBuilder::new().description("With `dry_run=true`: what it would be. Nothing is kept.");
                let responses = &mut operation.responses.responses;
                responses.entry("200".to_owned()).or_insert_with(|| described.build().into());
            }
        }
    }
}

/// What the document calls the header of answers to a GET, and the answer to who has it already.
const ENTITY_TAG: &str = "ETag";
const UNMODIFIED: &str = "Unmodified";

/// Says of every GET what `validators` does for all of them.
fn describe_tags(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let text = ObjectBuilder::new().schema_type(Type::String);
    let tag = HeaderBuilder::new()
        .schema(Some(text))
        .description(Some("The state of what is shown, for `If-None-Match` and, where it is strong, `If-Match`."))
        .example(Some("\"3.230d8358dc8e8890b4c58deeb62912ee\"".into()));
    components.headers.insert(ENTITY_TAG.to_owned(), tag.build().into());
    let tag = || RefOr::Ref(Ref::new(format!("#/components/headers/{ENTITY_TAG}")));
    let mut unmodified = Response::new("Nothing has changed since the answer that `If-None-Match` names.");
    unmodified.headers.insert(ENTITY_TAG.to_owned(), tag());
    components.responses.insert(UNMODIFIED.to_owned(), unmodified.into());
    for operation in document.paths.paths.values_mut().filter_map(|item| item.get.as_mut()) {
        let responses = &mut operation.responses.responses;
        // What a stream will say is not known when it begins.
        if matches!(responses.get("200"), Some(RefOr::T(found)) if found.content.contains_key("text/event-stream")) {
            continue;
        }
        if let Some(RefOr::T(found)) = responses.get_mut("200") {
            found.headers.insert(ENTITY_TAG.to_owned(), tag());
        }
        responses.insert("304".to_owned(), Ref::from_response_name(UNMODIFIED).into());
        let parameters = Revalidation::into_params(|| None).into_iter().map(RefOr::T);
        operation.parameters.get_or_insert_default().extend(parameters);
    }
}

/// How deep a dotted field leads.
const FIELD_DEPTH: usize = 3;

/// Lists what `fields` may be, for each operation that has it: the attributes of the resource it answers with.
fn name_fields(document: &mut OpenApi) {
    let Some(components) = document.components.as_ref() else { return };
    let schemas = serde_json::to_value(&components.schemas).unwrap_or_default();
    for item in document.paths.paths.values_mut() {
        let Some(operation) = item.get.as_mut() else { continue };
        let Some(resource) = answered_resource(operation) else { continue };
        let mut names = Vec::new();
        collect_fields(&schemas, &schemas[resource.as_str()], "", FIELD_DEPTH, &mut names);
        for parameter in operation.parameters.iter_mut().flatten() {
            let RefOr::T(parameter) = parameter else { continue };
            if parameter.name == "fields"
                && let Some(RefOr::T(Schema::Array(list))) = &mut parameter.schema
            {
                let text = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names.clone()));
                list.items = ArrayItems::RefOrSchema(Box::new(RefOr::T(Schema::Object(text.build()))));
            }
        }
    }
}

/// `Article` of an operation that answers with `List_Article` or `Single_Article`.
fn answered_resource(operation: &utoipa::openapi::path::Operation) -> Option<String> {
    let response = serde_json::to_value(operation.responses.responses.get("200")?).ok()?;
    let schema = response["content"]["application/json"]["schema"]["$ref"].as_str()?.rsplit('/').next()?.to_owned();
    schema.split_once('_').map(|(_, resource)| resource.to_owned())
}

fn collect_fields(schemas: &Value, schema: &Value, prefix: &str, depth: usize, names: &mut Vec<String>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{prefix}{name}");
        names.push(name.clone());
        if depth > 1 {
            collect_fields(schemas, described(schemas, property), &format!("{name}."), depth - 1, names);
        }
    }
}

/// What a property holds: behind a reference, in a list, or the richest of several alternatives.
fn described<'s>(schemas: &'s Value, property: &'s Value) -> &'s Value {
    if let Some(name) = property["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return described(schemas, &schemas[name]);
    }
    let alternatives = property["anyOf"].as_array().or_else(|| property["oneOf"].as_array());
    match (alternatives.and_then(|all| all.iter().find(|schema| schema["type"] != "null")), &property["items"]) {
        (Some(alternative), _) => described(schemas, alternative),
        (None, items) if items.is_object() => described(schemas, items),
        _ => property,
    }
}

/// Moves the examples of optional parameters into their schemas: the explorer fills a form with an example of a parameter,
/// and a form with every filter filled in finds nothing.
fn move_examples(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for parameter in item.get.iter_mut().flat_map(|operation| operation.parameters.iter_mut().flatten()) {
            let RefOr::T(parameter) = parameter else { continue };
            // The example of a parameter can be set, but not read, except as JSON.
            let Ok(mut described) = serde_json::to_value(&*parameter) else { continue };
            let is_optional = described["required"] != true;
            let example = described.as_object_mut().and_then(|parameter| parameter.remove("example"));
            if let (true, Some(example)) = (is_optional, example) {
                described["schema"]["examples"] = serde_json::json!([example]);
                if let Ok(moved) = serde_json::from_value(described) {
                    *parameter = moved;
                }
            }
        }
    }
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

/// A problem that many operations share: the document describes it once, and they refer to it.
struct SharedProblem {
    status: &'static str,
    /// What the document calls it.
    name: &'static str,
    description: &'static str,
}

const fn shared(status: &'static str, name: &'static str, description: &'static str) -> SharedProblem {
    SharedProblem { status, name, description }
}

fn describe_problems(components: &mut Components) {
    for SharedProblem { name, description, .. } in WRITE_PROBLEMS.into_iter().chain([INVALID]) {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
        let problem = ResponseBuilder::new().description(description).content(MEDIA_TYPE, content);
        components.responses.insert(name.to_owned(), problem.build().into());
    }
    components.responses.insert(MOVED.to_owned(), moved().into());
}

fn problems(shared: &[SharedProblem]) -> BTreeMap<String, RefOr<Response>> {
    shared.iter().map(|problem| (problem.status.to_owned(), Ref::from_response_name(problem.name).into())).collect()
}

/// What the document calls the answer to who asks for a resource by a former name.
const MOVED: &str = "Moved";

/// Where a resource is now that was renamed or merged into another.
fn moved() -> Response {
    let url = ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::Custom("uri-reference".into())));
    let description = "The reference is a former slug, or a resource that was merged into another: `Location` is where \
                       to find it now, with the same query.";
    ResponseBuilder::new().description(description).header("Location", Header::new(url)).build()
}

const INVALID: SharedProblem =
    shared("400", "InvalidParameter", "A parameter is unknown, repeated or wrong; `errors` names each.");
const MISSING: SharedProblem = shared("404", "NotFound", "Nothing that the caller may see has this id or slug.");
const GONE: SharedProblem =
    shared("410", "Gone", "It was public and is deleted; `detail` says why, where a reason was given.");
const FAILED: SharedProblem =
    shared("500", "ServerError", "The server failed; the `request_id` finds the reason in its log.");
const AWAY: SharedProblem = shared(
    "503",
    "Unavailable",
    "The database is away, too many writes wait, or the request took too long. Try again after `Retry-After` seconds.",
);

const UNAUTHORIZED: SharedProblem =
    shared("401", "Unauthorized", "A key is needed and there is none, or the one shown is not valid.");
const FORBIDDEN: SharedProblem = shared("403", "Forbidden", "The key is valid, but lacks the scope that this takes.");
const MALFORMED: SharedProblem =
    shared("400", "MalformedRequest", "A parameter is unknown, repeated or wrong, or the body is not JSON.");
const CLASH: SharedProblem = shared(
    "409",
    "Conflict",
    "What is written clashes with what is there, or the reference is a former one: `current` is what to write to.",
);
const STALE: SharedProblem = shared(
    "412",
    "PreconditionFailed",
    "The resource has changed since: `current_version` is the version it has now. Nothing was written.",
);
const UNCONDITIONAL: SharedProblem =
    shared("428", "PreconditionRequired", "The write does not say in `If-Match` what it is based on.");
const TOO_LARGE: SharedProblem = shared("413", "ContentTooLarge", "The body is larger than the server takes.");
const UNSUPPORTED: SharedProblem =
    shared("415", "UnsupportedMediaType", "The body is not of a media type that this reads.");
const INVALID_BODY: SharedProblem =
    shared("422", "InvalidBody", "Something in the body is not as it must be; `errors` names each place.");

/// What a write may meet, which is all that there is but what a read is told of its parameters.
const WRITE_PROBLEMS: [SharedProblem; 13] = [
    MALFORMED,
    UNAUTHORIZED,
    FORBIDDEN,
    MISSING,
    CLASH,
    GONE,
    STALE,
    TOO_LARGE,
    UNSUPPORTED,
    INVALID_BODY,
    UNCONDITIONAL,
    FAILED,
    AWAY,
];

/// The problems of an operation that asks who calls.
#[derive(Debug)]
pub struct AccessProblems;

/// The problems of an operation that reads a body.
#[derive(Debug)]
pub struct BodyProblems;

/// The problems of an operation that changes a resource: what it is based on is checked, and where the resource is.
#[derive(Debug)]
pub struct WriteProblems;

/// The problems of an operation on a resource that leaves nothing behind: neither moved nor gone.
#[derive(Debug)]
pub struct AbsenceProblems;

/// The problems of an operation that ends something: what is over already cannot be ended.
#[derive(Debug)]
pub struct EndProblems;

impl IntoResponses for EndProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[CLASH])
    }
}

impl IntoResponses for AccessProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[UNAUTHORIZED, FORBIDDEN])
    }
}

/// The problems of an operation that creates.
#[derive(Debug)]
pub struct CreateProblems;

impl IntoResponses for CreateProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[MALFORMED, CLASH, TOO_LARGE, UNSUPPORTED, INVALID_BODY, FAILED, AWAY])
    }
}

/// The problems of an operation that writes to many resources at once.
#[derive(Debug)]
pub struct BatchProblems;

impl IntoResponses for BatchProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = CreateProblems::responses();
        responses.extend(problems(&[STALE]));
        responses
    }
}

impl IntoResponses for BodyProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[MALFORMED, TOO_LARGE, UNSUPPORTED, INVALID_BODY, FAILED, AWAY])
    }
}

impl IntoResponses for WriteProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&WRITE_PROBLEMS)
    }
}

impl IntoResponses for AbsenceProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, MISSING, FAILED, AWAY])
    }
}

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
        let mut responses = problems(&[INVALID, MISSING, GONE, FAILED, AWAY]);
        responses.insert("308".to_owned(), Ref::from_response_name(MOVED).into());
        responses
    }
}

/// The problems of an operation that finds what an address names, which may be gone.
#[derive(Debug)]
pub struct GoneProblems;

impl IntoResponses for GoneProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, MISSING, GONE, FAILED, AWAY])
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
