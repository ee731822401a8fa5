//! Feeds, sitemaps and linked data over HTTP.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{Datelike, NaiveDate, TimeDelta};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, Month, Place};
use super::feed::Feed;
use super::json_feed::JsonFeed;
use super::sitemap::{self, Part};
use super::{atom, json_feed, json_ld, rss};
use crate::access::{Caller, Read, Scope};
use crate::articles::db as articles_db;
use crate::articles::listing::{ArticleParameters, article_filter, with_bodies};
use crate::articles::wire::{self as articles_wire, ArticleView};
use crate::articles::{ArticleSort, ArticleSortTerm};
use crate::db::Audience;
use crate::db::moved::Kind;
use crate::http::document::{ARTICLES, AccessProblems, FEEDS, FetchProblems, ListProblems, PEOPLE, QUOTES};
use crate::http::error::ApiError;
use crate::http::explain::Reading;
use crate::http::extract::{Path, Query, read_query};
use crate::http::moved::answer_absence;
use crate::http::page::{FeedPageParameters, Page};
use crate::http::problem::{Fault, ProblemCode};
use crate::http::publication::Publication;
use crate::http::reference::{ArticlePath, PersonPath, QuotePath};
use crate::http::validators::HoldsUntil;
use crate::labels::filter::LabelParameters;
use crate::people::{db as people_db, wire as people_wire};
use crate::quotes::{db as quotes_db, wire as quotes_wire};
use crate::state::State;
use crate::values::id::QuoteId;
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(list_articles_as_atom)
        .service(list_articles_as_rss)
        .service(list_articles_as_json_feed)
        .service(get_sitemap)
        .service(get_article_sitemap)
        .service(get_news_sitemap)
        .service(get_article_json_ld)
        .service(get_quote_json_ld)
        .service(get_person_json_ld);
}

/// The order of a feed.
const NEWEST_FIRST: &[ArticleSortTerm] = &[ArticleSortTerm { key: ArticleSort::PublishedAt, is_descending: true }];

/// The page of a feed that a request asks for.
async fn feed(
    caller: &Caller<Read>,
    request: &HttpRequest,
    state: &State,
    publication: &Publication,
) -> Result<Feed, ApiError> {
    let labels: LabelParameters = read_query(request)?;
    let parameters: ArticleParameters = read_query(request)?;
    let place: FeedPageParameters = read_query(request)?;
    let order = articles_db::order(NEWEST_FIRST, parameters.statuses());
    let now = state.clock.now();
    let audience = if articles_db::asks_only_for_public(parameters.statuses()) {
        Audience::Public { now }
    } else {
        caller.needs(Scope::Drafts)?;
        caller.audience(now)
    };
    let page = Page::new(request, place.into(), order, audience)?;
    let connection = state.connection().await?;
    let filter = article_filter(&connection, labels, parameters, audience, &mut Reading::default()).await?;
    let listed = articles_db::list_articles(&connection, &filter, page.window()).await?;
    let (listed, place) = page.cut(listed, |listed| listed.row.position(NEWEST_FIRST, listed.distance)).into_parts();
    let rows = with_bodies(&connection, listed.into_iter().map(|listed| listed.row).collect()).await?;
    let articles = articles_wire::articles(&connection, rows, ArticleView::default(), &state.urls, audience).await?;
    Ok(Feed::new(&page, page.links(&state.urls, place), &state.urls, publication, articles))
}

fn respond(media_type: &'static str, body: impl Into<web::Bytes>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, media_type)).body(body.into())
}

/// Follow articles with Atom
///
/// The newest articles, whole, as an Atom feed (RFC 4287), with every filter that `/v1/articles` has. Follow the link
/// `next` for older ones (RFC 5005). The ids of articles never change, whatever their addresses do.
#[utoipa::path(
    tag = FEEDS,
    params(LabelParameters, ArticleParameters, FeedPageParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of the feed.", body = String, content_type = "application/atom+xml"), ListProblems, AccessProblems),
)]
#[get("/feeds/articles.atom")]
async fn list_articles_as_atom(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    publication: web::Data<Publication>,
) -> Result<HttpResponse, ApiError> {
    let feed = feed(&caller, &request, &state, &publication).await?;
    Ok(respond(atom::MEDIA_TYPE, atom::write(&feed).map_err(ApiError::internal)?))
}

/// Follow articles with RSS
///
/// The same as the Atom feed, as RSS 2.0: whole texts as `content:encoded`, authors as `dc:creator`, the address of the
/// next page as an `atom:link`.
#[utoipa::path(
    tag = FEEDS,
    params(LabelParameters, ArticleParameters, FeedPageParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of the feed.", body = String, content_type = "application/rss+xml"), ListProblems, AccessProblems),
)]
#[get("/feeds/articles.rss")]
async fn list_articles_as_rss(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    publication: web::Data<Publication>,
) -> Result<HttpResponse, ApiError> {
    let feed = feed(&caller, &request, &state, &publication).await?;
    Ok(respond(rss::MEDIA_TYPE, rss::write(&feed).map_err(ApiError::internal)?))
}

/// Follow articles with JSON Feed
///
/// The same as the Atom feed, as JSON Feed 1.1. `next_url` is the next page.
#[utoipa::path(
    tag = FEEDS,
    params(LabelParameters, ArticleParameters, FeedPageParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A page of the feed.", body = JsonFeed, content_type = "application/feed+json"), ListProblems, AccessProblems),
)]
#[get("/feeds/articles.json")]
async fn list_articles_as_json_feed(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    publication: web::Data<Publication>,
) -> Result<HttpResponse, ApiError> {
    let feed = feed(&caller, &request, &state, &publication).await?;
    let written = serde_json::to_vec(&JsonFeed::from(&feed)).map_err(ApiError::internal)?;
    Ok(respond(json_feed::MEDIA_TYPE, written))
}

/// How many articles a sitemap has at most. The protocol allows 50,000 and 50 MB; so many stay below both, however long
/// their addresses are, and a part that changed is soon read again.
const SITEMAP_ARTICLES: i64 = 10_000;

/// How many articles a news sitemap has at most, and how old they are: what its readers take.
const NEWS_ARTICLES: i64 = 1_000;
const NEWS_AGE: TimeDelta = TimeDelta::hours(48);

/// Get the sitemap
///
/// The page of every public article on the site that publishes it, with when it last changed. Above 10,000 articles it is
/// an index: a sitemap for each month in which articles became public, or several where a month has more than that.
///
/// An article's page is its `canonical_url`. Articles without one, and those whose page is on another site than
/// `VERBATIM_ARTICLE_URL` says, are left out.
#[utoipa::path(
    tag = FEEDS,
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The sitemap, or the index of several.", body = String, content_type = "application/xml"), ListProblems, AccessProblems),
)]
#[get("/sitemap.xml")]
async fn get_sitemap(_caller: Caller<Read>, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let connection = state.connection().await?;
    let months = db::months(&connection, now).await?;
    let written = if months.iter().map(|month| month.articles).sum::<i64>() <= SITEMAP_ARTICLES {
        let pages = db::pages(&connection, None, SITEMAP_ARTICLES, now).await?;
        sitemap::write_pages(pages, &state.urls)
    } else {
        let mut parts = Vec::new();
        for Month { first_day: month, articles, modified_at } in months {
            parts.push(Part { month, after: None, modified_at });
            if articles > SITEMAP_ARTICLES {
                let places = db::places(&connection, month, SITEMAP_ARTICLES, now).await?;
                // Behind the last place there is nothing where the parts come out even.
                let further = usize::try_from((articles - 1) / SITEMAP_ARTICLES).map_err(ApiError::internal)?;
                let further = places.into_iter().take(further);
                parts.extend(further.map(|after| Part { month, after: Some(after), modified_at }));
            }
        }
        sitemap::write_index(&parts, &state.urls)
    };
    Ok(respond(sitemap::MEDIA_TYPE, written.map_err(ApiError::internal)?))
}

/// Which part of the sitemap to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SitemapParameters {
    /// The articles that became public in this month, in UTC.
    #[param(min_length = 7, max_length = 7, pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "2026-05")]
    month: String,
    /// Only those after a place in the month, as the index names it.
    #[param(
        min_length = 32,
        max_length = 52,
        pattern = "^-?[0-9]{1,18}_art_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        example = "1709251200000000_art_01jdb2q9wxf8n8k5r0c3v7m2ha"
    )]
    after: Option<String>,
}

impl SitemapParameters {
    fn read(&self) -> Result<(NaiveDate, Option<Place>), ApiError> {
        let fault = |name: &str, detail: &str| Fault::new(ProblemCode::InvalidParameter, name, detail);
        let month = NaiveDate::parse_from_str(&format!("{}-01", self.month), "%Y-%m-%d").ok();
        let month = month.filter(|month| month.year() >= 1 && month.format("%Y-%m").to_string() == self.month);
        let after = self.after.as_ref().map(|after| after.parse::<Place>());
        let mut faults = Vec::new();
        if month.is_none() {
            faults.push(fault("month", "month must be a month such as 2024-03"));
        }
        if let Some(Err(_)) = after {
            faults.push(fault("after", "after must be a place as the index names it"));
        }
        match (month, after.transpose()) {
            (Some(month), Ok(after)) => Ok((month, after)),
            _ => Err(ApiError::faults(faults)),
        }
    }
}

/// Get a part of the sitemap
///
/// The pages of the articles that became public in one month, up to 10,000 of them. `/sitemap.xml` is the index of these
/// parts where it is one; follow it as it is.
#[utoipa::path(
    tag = FEEDS,
    params(SitemapParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The part.", body = String, content_type = "application/xml"), ListProblems, AccessProblems),
)]
#[get("/sitemaps/articles.xml")]
async fn get_article_sitemap(
    _caller: Caller<Read>,
    state: web::Data<State>,
    Query(parameters): Query<SitemapParameters>,
) -> Result<HttpResponse, ApiError> {
    let part = parameters.read()?;
    let connection = state.connection().await?;
    let pages = db::pages(&connection, Some(part), SITEMAP_ARTICLES, state.clock.now()).await?;
    let written = sitemap::write_pages(pages, &state.urls).map_err(ApiError::internal)?;
    Ok(respond(sitemap::MEDIA_TYPE, written))
}

/// Get the news sitemap
///
/// The pages of the articles that became public in the last 48 hours, the newest 1,000, with what search engines for news
/// want to know of them. Which articles have a page is decided as for `/sitemap.xml`.
#[utoipa::path(
    tag = FEEDS,
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The news sitemap.", body = String, content_type = "application/xml"), ListProblems, AccessProblems),
)]
#[get("/news-sitemap.xml")]
async fn get_news_sitemap(
    _caller: Caller<Read>,
    state: web::Data<State>,
    publication: web::Data<Publication>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let connection = state.connection().await?;
    let news = db::news(&connection, now - NEWS_AGE, NEWS_ARTICLES, now).await?;
    let first_end = news.iter().map(|news| news.published_at + NEWS_AGE).min();
    let written = sitemap::write_news(news, &state.urls, &publication).map_err(ApiError::internal)?;
    let mut response = respond(sitemap::MEDIA_TYPE, written);
    if let Some(instant) = first_end {
        response.extensions_mut().insert(HoldsUntil(instant));
    }
    Ok(response)
}

/// Get an article as linked data
///
/// A `NewsArticle` of schema.org as JSON-LD, with its authors and the quotes it prints, each a `Quotation` with its
/// speaker. It can be put into the article's page, in `<script type="application/ld+json">`, as it is: nothing in it ends
/// that element.
#[utoipa::path(
    tag = ARTICLES,
    params(ArticlePath),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The article.", body = serde_json::Value, content_type = "application/ld+json"), FetchProblems, AccessProblems),
)]
#[get("/v1/articles/{ref}/json-ld")]
async fn get_article_json_ld(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    publication: web::Data<Publication>,
    Path(ArticlePath { reference }): Path<ArticlePath>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let Some((row, _)) = articles_db::find_article(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Article, &reference, audience).await;
    };
    let view = ArticleView { has_authors: true, has_quotes: true, has_speakers: true, ..ArticleView::default() };
    let articles = articles_wire::articles(&connection, vec![(row, None)], view, &state.urls, audience).await?;
    linked_data(articles.first().map(|article| json_ld::article(article, &publication)))
}

/// Get a quote as linked data
///
/// A `Quotation` of schema.org as JSON-LD, with its speaker and the articles that print it.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The quote.", body = serde_json::Value, content_type = "application/ld+json"), FetchProblems, AccessProblems),
)]
#[get("/v1/quotes/{ref}/json-ld")]
async fn get_quote_json_ld(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(QuotePath { reference }): Path<QuotePath>,
) -> Result<HttpResponse, ApiError> {
    let id: QuoteId = reference.parse().map_err(|_| ApiError::not_found("quote", &reference))?;
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let Some(row) = quotes_db::find_quote(&connection, id, audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Quote, &reference, audience).await;
    };
    let quotes = quotes_wire::quotes(&connection, vec![row], true, &state.urls, audience).await?;
    linked_data(quotes.first().map(json_ld::quote))
}

/// Get a person as linked data
///
/// A `Person` or an `Organization` of schema.org as JSON-LD, with what a person was, where and when.
#[utoipa::path(
    tag = PEOPLE,
    params(PersonPath),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The person.", body = serde_json::Value, content_type = "application/ld+json"), FetchProblems, AccessProblems),
)]
#[get("/v1/people/{ref}/json-ld")]
async fn get_person_json_ld(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(PersonPath { reference }): Path<PersonPath>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let Some(row) = people_db::find_person(&connection, &Reference::parse(&reference), audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Person, &reference, audience).await;
    };
    let people = people_wire::people(&connection, vec![row], &state.urls, audience).await?;
    linked_data(people.first().map(json_ld::person))
}

fn linked_data(document: Option<serde_json::Value>) -> Result<HttpResponse, ApiError> {
    let document = document.ok_or_else(|| ApiError::internal("a resource that was found is gone"))?;
    Ok(respond(json_ld::MEDIA_TYPE, json_ld::to_text(&document)))
}
