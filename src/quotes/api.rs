//! Quotes over HTTP.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, QuoteFilter};
use super::edit::{create_quote, delete_quote, join_quotes, restore_quote, split_quote, update_quote};
use super::occurrence::{get_occurrence, update_occurrence};
use super::offsets::OffsetParameters;
use super::sample::sample_quotes;
use super::wire::{self, Quote};
use super::{Fidelity, OccurrenceKind, QuoteFacet, QuoteSort, QuoteSortTerm};
use crate::access::{Caller, Read};
use crate::articles::db as articles_db;
use crate::articles::filter::articles_named;
use crate::db::filter::{InstantRange, Named};
use crate::db::keyset::Order;
use crate::db::moved::Kind;
use crate::db::{Audience, Connection};
use crate::http::document::{ARTICLES, AccessProblems, FetchProblems, ListProblems, PEOPLE, QUOTES};
use crate::http::error::ApiError;
use crate::http::explain::{COUNTED_ALONE, Preferences, Reading};
use crate::http::extract::{Path, Query, read_query};
use crate::http::facets::{FacetLimit, Facets};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::moved::answer_absence;
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::parameters::CommaList;
use crate::http::reference::{ArticlePath, PersonPath, QuotePath};
use crate::labels::filter::{LabelParameters, label_filter};
use crate::people::db as people_db;
use crate::people::filter::people_named;
use crate::search::filter::{needs_words, quote_words};
use crate::state::State;
use crate::values::anchor::AnchorState;
use crate::values::id::QuoteId;
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    // The sample stands before the quote, whose path would match it.
    config
        .service(list_quotes)
        .service(sample_quotes)
        .service(get_quote)
        .service(create_quote)
        .service(update_quote)
        .service(delete_quote)
        .service(restore_quote)
        .service(join_quotes)
        .service(split_quote)
        .service(get_occurrence)
        .service(update_occurrence)
        .service(list_person_quotes)
        .service(list_article_quotes);
}

/// What can be shown whole with a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub enum QuoteInclude {
    /// The speaker, with other names and affiliations.
    #[serde(rename = "speaker")]
    Speaker,
}

/// How to show quotes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct QuoteView {
    /// What to show whole instead of by reference.
    #[serde(default)]
    #[param(inline, min_items = 1, value_type = Vec<QuoteInclude>, required = false, style = Form, explode = false, example = json!(["speaker"]))]
    include: CommaList<QuoteInclude>,
}

impl QuoteView {
    pub(super) fn has_whole_speakers(&self) -> bool {
        self.include.0.contains(&QuoteInclude::Speaker)
    }
}

/// Which quotes to list, besides by label. What concerns printings must hold of one and the same printing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QuoteParameters {
    /// Only quotes with these words in their text or in the name of their speaker, with or without accents. As on the
    /// web: all of the words, `"a phrase"`, `one or other`, `-not`. Words are compared as English ones are, so that
    /// "ring" finds "rings"; those of other languages mostly as they are written. Without `sort` the best matches come
    /// first.
    #[param(min_length = 1, max_length = 300, example = "bell")]
    q: Option<String>,
    /// Whether to show where the words of `q` were found, as `highlight` of each quote. Only with `q`.
    #[serde(default)]
    #[param(required = false, default = false, example = true)]
    highlight: bool,
    /// Only quotes of one of these people. Ids, slugs, names or aliases.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["maren-tolliver-haag"]))]
    speaker: Option<CommaList<String>>,
    /// Only quotes of speakers who were at one of these organizations then, as the article prints it.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["pellinmouth-harbour-trust"]))]
    affiliation: Option<CommaList<String>>,
    /// Only quotes of speakers who had one of these roles then, as the article prints it, whatever the case.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["harbour master"]))]
    role: Option<CommaList<String>>,
    /// Only quotes printed in one of these articles. Ids or slugs.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["the-ferry-bell-comes-home"]))]
    article: Option<CommaList<String>>,
    /// Only quotes of which one printing is of one of these kinds.
    #[param(inline, min_items = 1, value_type = Option<Vec<OccurrenceKind>>, style = Form, explode = false, example = json!(["pull"]))]
    kind: Option<CommaList<OccurrenceKind>>,
    /// Only quotes of which one printing has an anchor in one of these states; `orphaned` shows what left its article.
    #[param(inline, min_items = 1, value_type = Option<Vec<AnchorState>>, style = Form, explode = false, example = json!(["exact"]))]
    anchor: Option<CommaList<AnchorState>>,
    /// Only quotes of which one pull quote compares with the body in one of these ways.
    #[param(inline, min_items = 1, value_type = Option<Vec<Fidelity>>, style = Form, explode = false, example = json!(["verbatim"]))]
    fidelity: Option<CommaList<Fidelity>>,
    /// Only quotes said on this day or later.
    #[serde(rename = "said_on[gte]")]
    #[param(example = "2023-01-01")]
    said_from: Option<NaiveDate>,
    /// Only quotes said before this day.
    #[serde(rename = "said_on[lt]")]
    #[param(example = "2027-01-01")]
    said_until: Option<NaiveDate>,
    /// Only quotes whose first printing became public at this instant or later.
    #[serde(rename = "published_at[gte]")]
    #[param(example = "2023-01-01T00:00:00Z")]
    published_from: Option<DateTime<Utc>>,
    /// Only quotes whose first printing became public before this instant.
    #[serde(rename = "published_at[lt]")]
    #[param(example = "2027-01-01T00:00:00Z")]
    published_until: Option<DateTime<Utc>>,
    /// Only quotes of at least so many characters.
    #[param(minimum = 1, maximum = 100000, example = 10)]
    min_length: Option<u32>,
    /// Only quotes of at most so many characters.
    #[param(minimum = 1, maximum = 100000, example = 500)]
    max_length: Option<u32>,
    /// Only quotes that somebody is known to have said, or that nobody is.
    #[param(example = true)]
    attributed: Option<bool>,
}

/// What to count quotes by.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QuoteFacetParameters {
    /// Count the quotes of the whole list by these, for `meta.facets`.
    #[serde(default)]
    #[param(inline, min_items = 1, value_type = Vec<QuoteFacet>, required = false, style = Form, explode = false, example = json!(["label", "year"]))]
    facets: CommaList<QuoteFacet>,
}

/// How to sort quotes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QuoteOrder {
    /// What to sort by, the most important first; `-` turns a column round. The id decides between equals.
    /// `relevance` begins with the best match for `q`: how the words stand in it, and how new it is (five years halve
    /// its weight). A list by relevance holds the newest 1,000 matches; `meta.total` counts them all.
    #[param(inline, min_items = 1, value_type = Option<Vec<QuoteSortTerm>>, style = Form, explode = false, example = json!(["-published_at"]))]
    sort: Option<CommaList<QuoteSortTerm>>,
}

impl QuoteOrder {
    fn terms(self, q: Option<&str>) -> Result<Vec<QuoteSortTerm>, ApiError> {
        let first = match q {
            Some(_) => QuoteSortTerm { key: QuoteSort::Relevance, is_descending: false },
            None => QuoteSortTerm { key: QuoteSort::PublishedAt, is_descending: true },
        };
        let terms = self.sort.map_or_else(|| vec![first], |CommaList(terms)| terms);
        needs_words("sort", q, terms.iter().any(|term| term.key == QuoteSort::Relevance))?;
        Ok(terms)
    }
}

/// The filter that parameters ask for; everything they name in vain is refused at once.
async fn quote_filter(
    connection: &Connection,
    labels: LabelParameters,
    parameters: QuoteParameters,
    audience: Audience,
    reading: &mut Reading,
) -> Result<QuoteFilter, ApiError> {
    let QuoteParameters {
        q,
        highlight: _,
        speaker,
        affiliation,
        role,
        article,
        kind,
        anchor,
        fidelity,
        said_from,
        said_until,
        published_from,
        published_until,
        min_length,
        max_length,
        attributed,
    } = parameters;
    let filter = QuoteFilter {
        words: quote_words(connection, q.as_deref(), reading).await?,
        labels: label_filter(connection, labels, audience, reading).await?,
        speakers: people_named(connection, "speaker", speaker, audience, reading).await?,
        organizations: people_named(connection, "affiliation", affiliation, audience, reading).await?,
        roles: role.map(|CommaList(roles)| roles),
        articles: articles_named(connection, "article", article, audience, reading).await?,
        kinds: kind.map(|CommaList(kinds)| kinds),
        anchors: anchor.map(|CommaList(anchors)| anchors),
        fidelities: fidelity.map(|CommaList(fidelities)| fidelities),
        said_on: (said_from, said_until),
        published_at: InstantRange { from: published_from, until: published_until },
        min_length,
        max_length,
        is_attributed: attributed,
    };
    ApiError::refuse(std::mem::take(&mut reading.faults))?;
    Ok(filter)
}

/// List quotes
///
/// Every quote that a public article prints, the newest first: the one whose first printing became public last. With
/// `q`, those that have its words, the best match first.
#[utoipa::path(
    tag = QUOTES,
    params(LabelParameters, QuoteParameters, QuoteOrder, QuoteFacetParameters, FacetLimit, QuoteView, OffsetParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of quotes.", body = List<Quote>), ListProblems, AccessProblems),
)]
#[get("/v1/quotes")]
async fn list_quotes(
    _caller: Caller<Read>,
    state: web::Data<State>,
    mut listing: QuoteListing,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let filter = listing.filter(&connection).await?;
    listing.respond(&state, &connection, filter).await
}

/// Get a quote
///
/// One quote with every public printing of it; with a key that may read drafts, with every printing.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath, QuoteView, OffsetParameters, FieldParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The quote.", body = Single<Quote>), FetchProblems, AccessProblems),
)]
#[get("/v1/quotes/{ref}")]
async fn get_quote(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(QuotePath { reference }): Path<QuotePath>,
    Query(view): Query<QuoteView>,
    Query(offsets): Query<OffsetParameters>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("quote", &reference);
    let id: QuoteId = reference.parse().map_err(|_| missing())?;
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let Some(row) = db::find_quote(&connection, id, audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Quote, &reference, audience).await;
    };
    let mut quotes = wire::quotes(&connection, vec![row], view.has_whole_speakers(), &state.urls, audience).await?;
    offsets.apply(&connection, wire::printings(&mut quotes)).await?;
    Single::respond(quotes, &Fields::from(fields))
}

/// List what a person said
///
/// The quotes of one speaker, the newest first.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, LabelParameters, QuoteParameters, QuoteOrder, QuoteFacetParameters, FacetLimit, QuoteView, OffsetParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of quotes.", body = List<Quote>), FetchProblems, AccessProblems),
)]
#[get("/v1/people/{ref}/quotes")]
async fn list_person_quotes(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
    mut listing: QuoteListing,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let audience = listing.audience();
    let Some(person) = people_db::find_person(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Person, &reference, audience).await;
    };
    let mut filter = listing.filter(&connection).await?;
    filter.speakers = Some(match filter.speakers {
        Some(others) if !others.contains(&person.id) => Vec::new(),
        _ => vec![person.id],
    });
    listing.reading.note("ref", "people", &Named { name: reference, id: person.id, slug: person.slug });
    listing.respond(&state, &connection, filter).await
}

/// List the quotes of an article
///
/// What one article prints, as quotes with all their printings. For the printings of the article itself, in text
/// order, get the article with `include=quotes`.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, LabelParameters, QuoteParameters, QuoteOrder, QuoteFacetParameters, FacetLimit, QuoteView, OffsetParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of quotes.", body = List<Quote>), FetchProblems, AccessProblems),
)]
#[get("/v1/articles/{ref}/quotes")]
async fn list_article_quotes(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
    mut listing: QuoteListing,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let audience = listing.audience();
    let Some(article) =
        articles_db::find_article_reference(&connection, &Reference::parse(&reference), audience).await?
    else {
        return answer_absence(&connection, &request, &state.urls, Kind::Article, &reference, audience).await;
    };
    let mut filter = listing.filter(&connection).await?;
    filter.articles = Some(match filter.articles {
        Some(others) if !others.contains(&article.id) => Vec::new(),
        _ => vec![article.id],
    });
    listing.reading.note("ref", "articles", &Named { name: reference, id: article.id, slug: article.slug });
    listing.respond(&state, &connection, filter).await
}

/// A list of quotes that is asked for: every parameter such a list has.
struct QuoteListing {
    labels: LabelParameters,
    parameters: QuoteParameters,
    is_highlighted: bool,
    facets: Vec<QuoteFacet>,
    facet_limit: u32,
    view: QuoteView,
    offsets: OffsetParameters,
    fields: Fields,
    terms: Vec<QuoteSortTerm>,
    page: Page,
    reading: Reading,
}

impl FromRequest for QuoteListing {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl QuoteListing {
    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let parameters: QuoteParameters = read_query(request)?;
        let words = parameters.q.as_deref();
        let is_highlighted = parameters.highlight;
        needs_words("highlight", words, is_highlighted)?;
        let terms = read_query::<QuoteOrder>(request)?.terms(words)?;
        let order = Order { columns: terms.iter().map(|term| term.column()).collect(), id_column: "quotes.id" };
        let QuoteFacetParameters { facets: CommaList(mut facets) } = read_query(request)?;
        facets.sort_unstable();
        facets.dedup();
        let FacetLimit { facet_limit } = read_query(request)?;
        let fields = Fields::from(read_query::<FieldParameters>(request)?);
        let view = read_query(request)?;
        let offsets = read_query(request)?;
        let labels = read_query(request)?;
        let page =
            Page::new(request, read_query(request)?, order, Audience::Public { now: State::of(request)?.clock.now() })?;
        let reading = Reading::default();
        Ok(Self {
            labels,
            parameters,
            is_highlighted,
            facets,
            facet_limit,
            view,
            offsets,
            fields,
            terms,
            page,
            reading,
        })
    }

    /// For whom the list is.
    fn audience(&self) -> Audience {
        self.page.audience()
    }

    /// The filter that the parameters ask for; everything they name in vain is refused at once.
    async fn filter(&mut self, connection: &Connection) -> Result<QuoteFilter, ApiError> {
        let (labels, parameters) = (std::mem::take(&mut self.labels), std::mem::take(&mut self.parameters));
        quote_filter(connection, labels, parameters, self.audience(), &mut self.reading).await
    }

    async fn count_facets(
        &self,
        state: &State,
        connection: &Connection,
        filter: &QuoteFilter,
    ) -> Result<Option<Facets>, ApiError> {
        if self.facets.is_empty() {
            return Ok(None);
        }
        let (facets, limit, is_exact) = (&self.facets, self.facet_limit, self.page.is_exact());
        let counted = db::count_quote_facets(connection, filter, facets, limit, is_exact, self.audience()).await?;
        let asked: Vec<&str> = facets.iter().map(|facet| facet.as_str()).collect();
        Ok(Some(Facets::new(counted, &asked, &state.urls)))
    }

    async fn respond(
        self,
        state: &State,
        connection: &Connection,
        filter: QuoteFilter,
    ) -> Result<HttpResponse, ApiError> {
        let facets = self.count_facets(state, connection, &filter).await?;
        let Self { is_highlighted, view, offsets, fields, terms, page, reading, .. } = self;
        let listed = db::list_quotes(connection, &filter, page.window()).await?;
        let (listed, place) = page.cut(listed, |listed| listed.row.position(&terms, listed.distance)).into_parts();
        let rows = listed.into_iter().map(|listed| listed.row).collect();
        let mut quotes =
            wire::quotes(connection, rows, view.has_whole_speakers(), &state.urls, page.audience()).await?;
        offsets.apply(connection, wire::printings(&mut quotes)).await?;
        if let Some(words) = filter.words.as_ref().filter(|_| is_highlighted) {
            wire::add_highlights(connection, &mut quotes, words).await?;
        }
        let total = page
            .total(
                || db::estimate_quotes(connection, &filter, page.audience()),
                || db::count_quotes(connection, &filter, page.audience()),
            )
            .await?;
        let alone = || db::count_quotes_alone(connection, &filter, COUNTED_ALONE, page.audience());
        let explain = page.explain(&state.urls, reading, quotes.is_empty(), alone).await?;
        page.respond(&state.urls, quotes, &fields, place, About { total, facets, explain })
    }
}
