//! Articles over HTTP.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, ArticleFilter, ArticleRow, BodyRow};
use super::listing::{ArticleParameters, article_filter, with_bodies};
use super::source::get_article_source;
use super::wire::{self, Article, ArticleDraft, ArticlePatch, ArticleView};
use super::write::Articles;
use super::{ArticleFacet, ArticleSort, ArticleSortTerm};
use crate::access::{Caller, Read, Scope, Write};
use crate::db::filter::Named;
use crate::db::moved::Kind;
use crate::db::{Audience, Connection};
use crate::http::body::Json;
use crate::http::document::{
    ARTICLES, AccessProblems, CreateProblems, FetchProblems, LABELS, ListProblems, PEOPLE, WriteProblems,
};
use crate::http::error::ApiError;
use crate::http::explain::{COUNTED_ALONE, Preferences, Reading};
use crate::http::extract::{Path, Query, read_query};
use crate::http::facets::{FacetLimit, Facets};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::moved::answer_absence;
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::parameters::CommaList;
use crate::http::precondition::{PutPreconditions, WritePrecondition};
use crate::http::reference::{ArticlePath, ExternalPath, LabelPath, PersonPath};
use crate::labels::db as labels_db;
use crate::labels::filter::LabelParameters;
use crate::people::db as people_db;
use crate::quotes::offsets::OffsetParameters;
use crate::quotes::wire::Occurrence;
use crate::search::filter::needs_words;
use crate::state::State;
use crate::values::reference::Reference;
use crate::writing::operations::{create, delete, get_by_external_id, put_by_external_id, restore, update};
use crate::writing::request::{DeleteParameters, IdempotencyParameters, WriteParameters};

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(list_articles)
        .service(get_article_by_external_id)
        .service(put_article_by_external_id)
        .service(get_article)
        .service(get_article_source)
        .service(create_article)
        .service(update_article)
        .service(delete_article)
        .service(restore_article)
        .service(list_label_articles)
        .service(list_person_articles);
}

/// What can be shown with an article, or shown whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub enum ArticleInclude {
    /// The authors, with other names and affiliations.
    #[serde(rename = "authors")]
    Authors,
    /// The labels, with other names and parents.
    #[serde(rename = "labels")]
    Labels,
    /// What it prints of quotes.
    #[serde(rename = "quotes")]
    Quotes,
    /// What it prints of quotes, each with its whole speaker.
    #[serde(rename = "quotes.speaker")]
    QuotesSpeaker,
}

/// How to show articles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ArticleViewParameters {
    /// What to show with each article: `quotes` adds its quotes in text order, the others show whole what is a
    /// reference otherwise.
    #[serde(default)]
    #[param(inline, min_items = 1, value_type = Vec<ArticleInclude>, required = false, style = Form, explode = false, example = json!(["quotes.speaker", "labels"]))]
    include: CommaList<ArticleInclude>,
}

impl ArticleViewParameters {
    /// What to show; fields of quotes ask for quotes.
    fn view(&self, fields: &Fields) -> ArticleView {
        let has = |wanted| self.include.0.contains(&wanted);
        let has_speakers = has(ArticleInclude::QuotesSpeaker);
        ArticleView {
            has_authors: has(ArticleInclude::Authors),
            has_labels: has(ArticleInclude::Labels),
            has_quotes: has_speakers || has(ArticleInclude::Quotes) || fields.names("quotes"),
            has_speakers,
        }
    }
}

/// What can be marked in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationKind {
    /// What it prints of quotes.
    Quotes,
}

/// What to mark in the body.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnnotationParameters {
    /// Marks each anchored quote in `body_html` as `<mark data-occurrence="occ_…" data-quote="quo_…">`. A quote over
    /// several elements has a mark in each; where quotes overlap one mark has the ids of all, parted by blanks, for
    /// `[data-occurrence~="occ_…"]`. The text is the same as without.
    #[param(inline, nullable = false, value_type = Option<AnnotationKind>, example = "quotes")]
    annotate: Option<AnnotationKind>,
}

/// Whether to show where articles were found.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HighlightParameter {
    /// Whether to show where the words of `q` were found, as `highlight` of each article. Only with `q`.
    #[serde(default)]
    #[param(required = false, default = false, example = true)]
    highlight: bool,
}

/// What to count articles by.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ArticleFacetParameters {
    /// Count the articles of the whole list by these, for `meta.facets`.
    #[serde(default)]
    #[param(inline, min_items = 1, value_type = Vec<ArticleFacet>, required = false, style = Form, explode = false, example = json!(["label", "year"]))]
    facets: CommaList<ArticleFacet>,
}

/// How to sort articles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ArticleOrder {
    /// What to sort by, the most important first; `-` turns a column round. The id decides between equals.
    /// `relevance` begins with the best match for `q`: where and how often the words stand, and how new the article is
    /// (five years halve its weight). A list by relevance holds the newest 1,000 matches; `meta.total` counts them all.
    #[param(inline, min_items = 1, value_type = Option<Vec<ArticleSortTerm>>, style = Form, explode = false, example = json!(["-published_at"]))]
    sort: Option<CommaList<ArticleSortTerm>>,
}

impl ArticleOrder {
    fn terms(self, q: Option<&str>) -> Result<Vec<ArticleSortTerm>, ApiError> {
        let first = match q {
            Some(_) => ArticleSortTerm { key: ArticleSort::Relevance, is_descending: false },
            None => ArticleSortTerm { key: ArticleSort::PublishedAt, is_descending: true },
        };
        let terms = self.sort.map_or_else(|| vec![first], |CommaList(terms)| terms);
        needs_words("sort", q, terms.iter().any(|term| term.key == ArticleSort::Relevance))?;
        Ok(terms)
    }
}

/// List articles
///
/// The public articles, the newest first, without their bodies; with `q`, those that have its words, the best match
/// first. With a key that may read drafts, `status` lists what is not public.
#[utoipa::path(
    tag = ARTICLES,
    params(LabelParameters, ArticleParameters, HighlightParameter, ArticleOrder, ArticleFacetParameters, FacetLimit, ArticleViewParameters, OffsetParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of articles.", body = List<Article>), ListProblems, AccessProblems),
)]
#[get("/v1/articles")]
async fn list_articles(
    caller: Caller<Read>,
    state: web::Data<State>,
    listing: ArticleListing,
) -> Result<HttpResponse, ApiError> {
    let mut listing = listing.seen_by(&caller)?;
    let connection = state.connection().await?;
    let filter = listing.filter(&connection).await?;
    listing.respond(&state, &connection, filter).await
}

/// Get an article
///
/// One article with its body. With `include=quotes.speaker,labels` it is all that a page about it needs. A key that may
/// read drafts shows it whatever its state.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, ArticleViewParameters, AnnotationParameters, OffsetParameters, FieldParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The article.", body = Single<Article>), FetchProblems, AccessProblems),
)]
#[get("/v1/articles/{ref}")]
async fn get_article(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
    Query(view): Query<ArticleViewParameters>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let AnnotationParameters { annotate } = read_query(&request)?;
    let offsets: OffsetParameters = read_query(&request)?;
    let connection = state.connection().await?;
    let Some((row, body)) = db::find_article(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Article, &reference, audience).await;
    };
    let fields = Fields::from(fields);
    let view = view.view(&fields);
    let needed = ArticleView { has_quotes: view.has_quotes || annotate.is_some(), ..view };
    let mut articles = wire::articles(&connection, vec![(row, Some(body))], needed, &state.urls, audience).await?;
    if annotate == Some(AnnotationKind::Quotes) {
        articles.iter_mut().for_each(wire::mark_quotes);
    }
    if !view.has_quotes {
        articles.iter_mut().for_each(|article| article.quotes = None);
    }
    offsets.apply(&connection, printings(&mut articles)).await?;
    Single::respond(articles, &fields)
}

/// List the articles of a label
///
/// The same as `/v1/articles?label={ref}`, with every filter that list has. With `descendants=true` the label stands for
/// every label that belongs to it, too.
#[utoipa::path(
    tag = LABELS,
    params(LabelPath, LabelParameters, ArticleParameters, HighlightParameter, ArticleOrder, ArticleFacetParameters, FacetLimit, ArticleViewParameters, OffsetParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of articles.", body = List<Article>), FetchProblems, AccessProblems),
)]
#[get("/v1/labels/{ref}/articles")]
async fn list_label_articles(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(LabelPath { reference }): Path<LabelPath>,
    listing: ArticleListing,
) -> Result<HttpResponse, ApiError> {
    let mut listing = listing.seen_by(&caller)?;
    let connection = state.connection().await?;
    let audience = listing.audience();
    let Some(label) = labels_db::find_label(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Label, &reference, audience).await;
    };
    // One more label that must be there, like those of `label[all]`.
    listing.labels.label_all.get_or_insert_default().0.push(label.id.to_string());
    let filter = listing.filter(&connection).await?;
    listing.respond(&state, &connection, filter).await
}

/// List the articles that quote a person
///
/// The same as `/v1/articles?quoted={ref}`, with every filter that list has. What the person wrote is at
/// `/v1/articles?author={ref}`.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath, LabelParameters, ArticleParameters, HighlightParameter, ArticleOrder, ArticleFacetParameters, FacetLimit, ArticleViewParameters, OffsetParameters, FieldParameters, PageParameters, Preferences),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of articles.", body = List<Article>), FetchProblems, AccessProblems),
)]
#[get("/v1/people/{ref}/articles")]
async fn list_person_articles(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
    listing: ArticleListing,
) -> Result<HttpResponse, ApiError> {
    let mut listing = listing.seen_by(&caller)?;
    let connection = state.connection().await?;
    let audience = listing.audience();
    let Some(person) = people_db::find_person(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Person, &reference, audience).await;
    };
    let mut filter = listing.filter(&connection).await?;
    // Those that quote the person and one of the others, should others be asked for too.
    filter.quoted_too = Some(person.id);
    listing.reading.note("ref", "people", &Named { name: reference, id: person.id, slug: person.slug });
    listing.respond(&state, &connection, filter).await
}

/// What articles show of quotes.
fn printings(articles: &mut [Article]) -> impl Iterator<Item = &mut Occurrence> {
    articles.iter_mut().flat_map(|article| article.quotes.iter_mut().flatten())
}

/// The attributes that a list leaves out unless they are asked for.
const BODY_FIELDS: &[&str] = &["body_format", "body_html", "body_text", "text_rule"];

/// Rows with their bodies, where fields of those are asked for.
async fn with_wanted_bodies(
    connection: &Connection,
    rows: Vec<ArticleRow>,
    fields: &Fields,
) -> Result<Vec<(ArticleRow, Option<BodyRow>)>, ApiError> {
    if BODY_FIELDS.iter().any(|field| fields.names(field)) {
        return Ok(with_bodies(connection, rows).await?);
    }
    Ok(rows.into_iter().map(|row| (row, None)).collect())
}

/// A list of articles that is asked for: every parameter such a list has.
struct ArticleListing {
    labels: LabelParameters,
    parameters: ArticleParameters,
    is_highlighted: bool,
    facets: Vec<ArticleFacet>,
    facet_limit: u32,
    view: ArticleView,
    offsets: OffsetParameters,
    fields: Fields,
    terms: Vec<ArticleSortTerm>,
    page: Page,
    reading: Reading,
}

impl FromRequest for ArticleListing {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl ArticleListing {
    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let parameters: ArticleParameters = read_query(request)?;
        let words = parameters.words();
        let HighlightParameter { highlight: is_highlighted } = read_query(request)?;
        needs_words("highlight", words, is_highlighted)?;
        let terms = read_query::<ArticleOrder>(request)?.terms(words)?;
        let order = db::order(&terms, parameters.statuses());
        let ArticleFacetParameters { facets: CommaList(mut facets) } = read_query(request)?;
        facets.sort_unstable();
        facets.dedup();
        let FacetLimit { facet_limit } = read_query(request)?;
        let fields = Fields::from(read_query::<FieldParameters>(request)?);
        let view = read_query::<ArticleViewParameters>(request)?.view(&fields);
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

    /// The list for this caller: as the public sees it, unless it asks for what is not public and the caller may see that.
    fn seen_by(mut self, caller: &Caller<Read>) -> Result<Self, ApiError> {
        if !db::asks_only_for_public(self.parameters.statuses()) {
            caller.needs(Scope::Drafts)?;
            let audience = caller.audience(self.audience().now());
            self.page = self.page.seen_by(audience);
        }
        Ok(self)
    }

    /// For whom the list is.
    fn audience(&self) -> Audience {
        self.page.audience()
    }

    /// The filter that the parameters ask for; everything they name in vain is refused at once.
    async fn filter(&mut self, connection: &Connection) -> Result<ArticleFilter, ApiError> {
        let (labels, parameters) = (std::mem::take(&mut self.labels), std::mem::take(&mut self.parameters));
        article_filter(connection, labels, parameters, self.audience(), &mut self.reading).await
    }

    async fn count_facets(
        &self,
        state: &State,
        connection: &Connection,
        filter: &ArticleFilter,
    ) -> Result<Option<Facets>, ApiError> {
        if self.facets.is_empty() {
            return Ok(None);
        }
        let (facets, limit, is_exact) = (&self.facets, self.facet_limit, self.page.is_exact());
        let counted = db::count_article_facets(connection, filter, facets, limit, is_exact, self.audience()).await?;
        let asked: Vec<&str> = facets.iter().map(|facet| facet.as_str()).collect();
        Ok(Some(Facets::new(counted, &asked, &state.urls)))
    }

    async fn respond(
        self,
        state: &State,
        connection: &Connection,
        filter: ArticleFilter,
    ) -> Result<HttpResponse, ApiError> {
        let facets = self.count_facets(state, connection, &filter).await?;
        let Self { is_highlighted, view, offsets, fields, terms, page, reading, .. } = self;
        let listed = db::list_articles(connection, &filter, page.window()).await?;
        let (listed, place) = page.cut(listed, |listed| listed.row.position(&terms, listed.distance)).into_parts();
        let rows = listed.into_iter().map(|listed| listed.row).collect();
        let rows = with_wanted_bodies(connection, rows, &fields).await?;
        let mut articles = wire::articles(connection, rows, view, &state.urls, page.audience()).await?;
        offsets.apply(connection, printings(&mut articles)).await?;
        if let Some(words) = filter.words.as_ref().filter(|_| is_highlighted) {
            wire::add_highlights(connection, &mut articles, words).await?;
        }
        let total = page
            .total(
                || db::estimate_articles(connection, &filter, page.audience()),
                || db::count_articles(connection, &filter, page.audience()),
            )
            .await?;
        let alone = || db::count_articles_alone(connection, &filter, COUNTED_ALONE, page.audience());
        let explain = page.explain(&state.urls, reading, articles.is_empty(), alone).await?;
        page.respond(&state.urls, articles, &fields, place, About { total, facets, explain })
    }
}

/// Create an article
///
/// The article with its labels, its authors and its quotes, all at once or not at all. The direct quotations of its body
/// are found and attributed. It is a draft unless `status` says otherwise.
#[utoipa::path(
    tag = ARTICLES,
    params(WriteParameters, IdempotencyParameters),
    security(("key" = ["write"])),
    responses(
        (status = 201, description = "The article.", body = Single<Article>,
            headers(("Location" = String, description = "Where to fetch it."))),
        CreateProblems, AccessProblems,
    ),
)]
#[post("/v1/articles")]
async fn create_article(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    body: Json<ArticleDraft>,
) -> Result<HttpResponse, ApiError> {
    create::<Articles>(&state, &caller, &request, body).await
}

/// Change an article
///
/// Changes what the body names and leaves the rest (RFC 7396). When the article's body changes, its quotes are anchored
/// again: those whose words are found keep their ids, new ones are found, and those whose words are gone stay as orphans,
/// under `/v1/quotes?anchor=orphaned`.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, WriteParameters, WritePrecondition),
    request_body(content((ArticlePatch = "application/merge-patch+json"), (ArticlePatch = "application/json"))),
    security(("key" = ["write"])),
    responses((status = 200, description = "The article as it is now.", body = Single<Article>), WriteProblems),
)]
#[patch("/v1/articles/{ref}")]
async fn update_article(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
    body: Json<ArticlePatch>,
) -> Result<HttpResponse, ApiError> {
    update::<Articles>(&state, &caller, &request, &reference, body).await
}

/// Delete an article
///
/// Withdraws it: it is gone from every list, with what only it prints, and answers 410 with the reason, until it is
/// restored. `purge=true` removes it for good, with its slugs and revisions; that takes a key with the scope `admin`.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, DeleteParameters, WriteParameters, WritePrecondition),
    security(("key" = ["write"])),
    responses((status = 204, description = "It is deleted."), WriteProblems),
)]
#[delete("/v1/articles/{ref}")]
async fn delete_article(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
    Query(parameters): Query<DeleteParameters>,
) -> Result<HttpResponse, ApiError> {
    delete::<Articles>(&state, &caller, &request, &reference, parameters).await
}

/// Restore an article
///
/// Takes the deletion back: the article is what it was, where it was in its life.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath, WriteParameters, WritePrecondition, IdempotencyParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The article.", body = Single<Article>), WriteProblems),
)]
#[post("/v1/articles/{ref}/restore")]
async fn restore_article(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
) -> Result<HttpResponse, ApiError> {
    restore::<Articles>(&state, &caller, &request, &reference).await
}

/// Get an article by another system's id
///
/// The article that `source` calls `id`, with its body.
#[utoipa::path(
    tag = ARTICLES,
    params(ExternalPath),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The article.", body = Single<Article>), FetchProblems, AccessProblems),
)]
#[get("/v1/articles/external/{source}/{id}")]
async fn get_article_by_external_id(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(path): Path<ExternalPath>,
) -> Result<HttpResponse, ApiError> {
    get_by_external_id::<Articles>(&state, &caller, &request, path).await
}

/// Create or replace an article by another system's id
///
/// Makes the article that `source` calls `id`, or gives it exactly this content. What is there already takes `If-Match`;
/// `If-None-Match: *` only creates.
#[utoipa::path(
    tag = ARTICLES,
    params(ExternalPath, WriteParameters, PutPreconditions),
    security(("key" = ["write"])),
    responses(
        (status = 200, description = "The article as it is now.", body = Single<Article>),
        (status = 201, description = "The article, which is new.", body = Single<Article>,
            headers(("Location" = String, description = "Where to fetch it."))),
        WriteProblems,
    ),
)]
#[put("/v1/articles/external/{source}/{id}")]
async fn put_article_by_external_id(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(path): Path<ExternalPath>,
    body: Json<ArticleDraft>,
) -> Result<HttpResponse, ApiError> {
    put_by_external_id::<Articles>(&state, &caller, &request, path, body).await
}
