//! People over HTTP.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, PersonFilter};
use super::filter::people_named;
use super::wire::{self, Person};
use super::{PersonKind, PersonSort, PersonSortTerm};
use crate::access::{Caller, Read};
use crate::db::Audience;
use crate::db::keyset::Order;
use crate::db::moved::Kind;
use crate::http::document::{AccessProblems, FetchProblems, ListProblems, PEOPLE};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::moved::answer_absence;
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::parameters::CommaList;
use crate::http::reference::PersonPath;
use crate::labels::filter::labels_named;
use crate::search::filter::name_words;
use crate::state::State;
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_people).service(get_person);
}

/// Which people to list.
#[derive(Debug, Deserialize, IntoParams)]
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
    params(PersonParameters, FieldParameters, PageParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of people.", body = List<Person>), ListProblems, AccessProblems),
)]
#[get("/v1/people")]
async fn list_people(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(parameters): Query<PersonParameters>,
    Query(fields): Query<FieldParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let PersonParameters { q, kind, affiliation, quoted_on_label, min_quotes, sort } = parameters;
    let newest_first = PersonSortTerm { key: PersonSort::PublishedAt, is_descending: true };
    let terms = sort.map_or_else(|| vec![newest_first], |CommaList(terms)| terms);
    let order = Order { columns: terms.iter().map(|term| term.column()).collect(), id_column: "people.id" };
    let page = Page::new(&request, page, order, Audience::Public { now: state.clock.now() })?;
    let connection = state.connection().await?;
    let mut faults = Vec::new();
    let filter = PersonFilter {
        name_words: name_words(q.as_deref(), &mut faults),
        kinds: kind.map(|CommaList(kinds)| kinds),
        organizations: people_named(&connection, "affiliation", affiliation, page.audience(), &mut faults).await?,
        quoted_on_labels: labels_named(&connection, "quoted_on_label", quoted_on_label, page.audience(), &mut faults)
            .await?,
        min_quotes,
    };
    ApiError::refuse(faults)?;
    let rows = db::list_people(&connection, &filter, page.window()).await?;
    let (rows, place) = page.cut(rows, |row| row.position(&terms)).into_parts();
    let people = wire::people(&connection, rows, &state.urls, page.audience()).await?;
    let total = page
        .total(
            || db::estimate_people(&connection, &filter, page.audience()),
            || db::count_people(&connection, &filter, page.audience()),
        )
        .await?;
    page.respond(&state.urls, people, &Fields::from(fields), place, About { total, facets: None })
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
