//! People over HTTP.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, PersonFilter};
use super::filter::people_named;
use super::wire::{self, Person, PersonDraft, PersonPatch};
use super::write::People;
use super::{PersonKind, PersonSort, PersonSortTerm};
use crate::access::{Caller, Read, Write};
use crate::db::filter::Named;
use crate::db::keyset::Order;
use crate::db::moved::Kind;
use crate::db::{Audience, Connection};
use crate::http::body::Json;
use crate::http::document::{
    AccessProblems, CreateProblems, FetchProblems, LABELS, ListProblems, PEOPLE, WriteProblems,
};
use crate::http::error::ApiError;
use crate::http::explain::{COUNTED_ALONE, Preferences, Reading};
use crate::http::extract::{Path, Query, read_query};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::moved::answer_absence;
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::parameters::CommaList;
use crate::http::precondition::{PutPreconditions, WritePrecondition};
use crate::http::reference::{ExternalPath, LabelPath, PersonPath};
use crate::labels::db as labels_db;
use crate::labels::filter::labels_named;
use crate::search::filter::name_words;
use crate::state::State;
use crate::values::reference::Reference;
use crate::writing::operations::{create, delete, get_by_external_id, put_by_external_id, restore, update};
use crate::writing::request::{DeleteParameters, IdempotencyParameters, WriteParameters};

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(list_people)
        .service(list_label_people)
        .service(get_person_by_external_id)
        .service(put_person_by_external_id)
        .service(get_person)
        .service(create_person)
        .service(update_person)
        .service(delete_person)
        .service(restore_person);
}

/// Which people to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PersonParameters {
    /// Only people with a name or alias like this one: each word begins one of the name's, or a part of the name is
    /// spelled nearly so, in upper or lower case, with or without accents.
    #[param(min_length = 1, max_length = 300, example = "tolliver")]
    q: Option<String>,
    /// Only people of one of these kinds.
    #[param(inline, min_items = 1, value_type = Option<Vec<PersonKind>>, style = Form, explode = false, example = json!(["person"]))]
    kind: Option<CommaList<PersonKind>>,
    /// Only people who are or were at one of these organizations. Ids, slugs, names or aliases.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["pellinmouth-harbour-trust"]))]
    affiliation: Option<CommaList<String>>,
    /// Only people quoted in an article that bears one of these labels.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["harbour"]))]
    quoted_on_label: Option<CommaList<String>>,
    /// Only people who said at least so many quotes.
    #[param(minimum = 1, maximum = 100000, example = 2)]
    min_quotes: Option<u32>,
    /// What to sort by, the most important first; `-` turns a column round. The id decides between equals.
    #[param(inline, min_items = 1, value_type = Option<Vec<PersonSortTerm>>, style = Form, explode = false, example = json!(["name"]))]
    sort: Option<CommaList<PersonSortTerm>>,
}

/// List people
///
/// Everyone who speaks or writes in a public article, persons, organizations and groups alike, the newest first: the
/// one whose first article became public last.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of people.", body = List<Person>), ListProblems, AccessProblems),
)]
#[get("/v1/people")]
async fn list_people(
    _caller: Caller<Read>,
    state: web::Data<State>,
    mut listing: PersonListing,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let filter = listing.filter(&connection).await?;
    listing.respond(&state, &connection, filter).await
}

/// List the people of a label
///
/// Everyone who is quoted in a public article that bears the label: the same as `/v1/people?quoted_on_label={ref}`, with
/// every filter that list has. Who is quoted most is at `/v1/labels/{ref}/voices`.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, PersonParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of people.", body = List<Person>), FetchProblems, AccessProblems),
)]
#[get("/v1/labels/{ref}/people")]
async fn list_label_people(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    mut listing: PersonListing,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let audience = listing.page.audience();
    let Some(label) = labels_db::find_label(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Label, &reference, audience).await;
    };
    let mut filter = listing.filter(&connection).await?;
    filter.quoted_on_label_too = Some(label.id);
    listing.reading.note("ref", "labels", &Named { name: reference, id: label.id, slug: label.slug });
    listing.respond(&state, &connection, filter).await
}

/// A list of people that is asked for: every parameter such a list has.
struct PersonListing {
    parameters: PersonParameters,
    fields: Fields,
    terms: Vec<PersonSortTerm>,
    page: Page,
    reading: Reading,
}

impl FromRequest for PersonListing {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl PersonListing {
    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut parameters: PersonParameters = read_query(request)?;
        let newest_first = PersonSortTerm { key: PersonSort::PublishedAt, is_descending: true };
        let terms = parameters.sort.take().map_or_else(|| vec![newest_first], |CommaList(terms)| terms);
        let order = Order { columns: terms.iter().map(|term| term.column()).collect(), id_column: "people.id" };
        let page =
            Page::new(request, read_query(request)?, order, Audience::Public { now: State::of(request)?.clock.now() })?;
        let fields = Fields::from(read_query::<FieldParameters>(request)?);
        Ok(Self { parameters, fields, terms, page, reading: Reading::default() })
    }

    /// The filter that the parameters ask for; everything they name in vain is refused at once.
    async fn filter(&mut self, connection: &Connection) -> Result<PersonFilter, ApiError> {
        let PersonParameters { q, kind, affiliation, quoted_on_label, min_quotes, sort: _ } =
            std::mem::take(&mut self.parameters);
        let (audience, reading) = (self.page.audience(), &mut self.reading);
        let filter = PersonFilter {
            name_words: name_words(q.as_deref(), reading),
            kinds: kind.map(|CommaList(kinds)| kinds),
            organizations: people_named(connection, "affiliation", affiliation, audience, reading).await?,
            quoted_on_labels: labels_named(connection, "quoted_on_label", quoted_on_label, audience, reading).await?,
            quoted_on_label_too: None,
            min_quotes,
        };
        ApiError::refuse(std::mem::take(&mut reading.faults))?;
        Ok(filter)
    }

    async fn respond(
        self,
        state: &State,
        connection: &Connection,
        filter: PersonFilter,
    ) -> Result<HttpResponse, ApiError> {
        let Self { fields, terms, page, reading, parameters: _ } = self;
        let rows = db::list_people(connection, &filter, page.window()).await?;
        let (rows, place) = page.cut(rows, |row| row.position(&terms)).into_parts();
        let people = wire::people(connection, rows, &state.urls, page.audience()).await?;
        let total = page
            .total(
                || db::estimate_people(connection, &filter, page.audience()),
                || db::count_people(connection, &filter, page.audience()),
            )
            .await?;
        let alone = || db::count_people_alone(connection, &filter, COUNTED_ALONE, page.audience());
        let explain = page.explain(&state.urls, reading, people.is_empty(), alone).await?;
        page.respond(&state.urls, people, &fields, place, About { total, explain, ..About::default() })
    }
}

/// Get a person
///
/// One person, organization or group, with other names and affiliations. What the person said is at
/// `/v1/people/{ref}/quotes`.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, FieldParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The person.", body = Single<Person>), FetchProblems, AccessProblems),
)]
#[get("/v1/people/{ref}")]
async fn get_person(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let Some(row) = db::find_person(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Person, &reference, audience).await;
    };
    let people = wire::people(&connection, vec![row], &state.urls, audience).await?;
    Single::respond(people, &Fields::from(fields))
}

/// Create a person
///
/// A person, an organization or a group that stands by itself: it is public at once, whatever articles name it. Several
/// may bear one name: a text that only tells the name then means none of them.
#[utoipa::path(
    tag = PEOPLE,
    params(WriteParameters, IdempotencyParameters),
    security(("key" = ["write"])),
    responses(
        (status = 201, description = "The person.", body = Single<Person>,
            headers(("Location" = String, description = "Where to fetch it."))),
        CreateProblems, AccessProblems,
    ),
)]
#[post("/v1/people")]
async fn create_person(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    body: Json<PersonDraft>,
) -> Result<HttpResponse, ApiError> {
    create::<People>(&state, &caller, &request, body).await
}

/// Change a person
///
/// Changes what the body names and leaves the rest (RFC 7396). A new slug leaves the former one leading to it.
/// `affiliations` are those that editors wrote; what articles print of the person stays beside them.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, WriteParameters, WritePrecondition),
    request_body(content((PersonPatch = "application/merge-patch+json"), (PersonPatch = "application/json"))),
    security(("key" = ["write"])),
    responses((status = 200, description = "The person as it is now.", body = Single<Person>), WriteProblems),
)]
#[patch("/v1/people/{ref}")]
async fn update_person(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
    body: Json<PersonPatch>,
) -> Result<HttpResponse, ApiError> {
    update::<People>(&state, &caller, &request, &reference, body).await
}

/// Delete a person
///
/// Withdraws it: it is gone from every list, no article names it as author and no quote as speaker or organization, and it
/// answers 410 with the reason, until it is restored. `purge=true` removes it for good, with its slugs: what it said stays,
/// word for word, and is unattributed from then on. That takes a key with the scope `admin`.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, DeleteParameters, WriteParameters, WritePrecondition),
    security(("key" = ["write"])),
    responses((status = 204, description = "It is deleted."), WriteProblems),
)]
#[delete("/v1/people/{ref}")]
async fn delete_person(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
    Query(parameters): Query<DeleteParameters>,
) -> Result<HttpResponse, ApiError> {
    delete::<People>(&state, &caller, &request, &reference, parameters).await
}

/// Restore a person
///
/// Takes the deletion back: the person is what it was, and articles and quotes name it again.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The person.", body = Single<Person>), WriteProblems),
)]
#[post("/v1/people/{ref}/restore")]
async fn restore_person(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
) -> Result<HttpResponse, ApiError> {
    restore::<People>(&state, &caller, &request, &reference).await
}

/// Get a person by another system's id
///
/// The person that `source` calls `id`.
#[utoipa::path(
    tag = PEOPLE,
    params(ExternalPath),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The person.", body = Single<Person>), FetchProblems, AccessProblems),
)]
#[get("/v1/people/external/{source}/{id}")]
async fn get_person_by_external_id(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(path): Path<ExternalPath>,
) -> Result<HttpResponse, ApiError> {
    get_by_external_id::<People>(&state, &caller, &request, path).await
}

/// Create or replace a person by another system's id
///
/// Makes the person that `source` calls `id`, or gives it exactly this content. What is there already takes `If-Match`;
/// `If-None-Match: *` only creates.
#[utoipa::path(
    tag = PEOPLE,
    params(ExternalPath, WriteParameters, PutPreconditions),
    security(("key" = ["write"])),
    responses(
        (status = 200, description = "The person as it is now.", body = Single<Person>),
        (status = 201, description = "The person, which is new.", body = Single<Person>,
            headers(("Location" = String, description = "Where to fetch it."))),
        WriteProblems,
    ),
)]
#[put("/v1/people/external/{source}/{id}")]
async fn put_person_by_external_id(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(path): Path<ExternalPath>,
    body: Json<PersonDraft>,
) -> Result<HttpResponse, ApiError> {
    put_by_external_id::<People>(&state, &caller, &request, path, body).await
}
