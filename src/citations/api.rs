//! Citations and embeds over HTTP.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::CitationStyle;
use super::citation::Citation;
use super::db;
use super::embed::{Embed, Room};
use crate::access::{Caller, Read};
use crate::articles::db as articles_db;
use crate::articles::wire::{self as articles_wire, Article, ArticleView};
use crate::db::moved::{Kind, Whereabouts, whereabouts};
use crate::db::{Audience, Connection};
use crate::http::document::{AccessProblems, FEEDS, FetchProblems, GoneProblems, QUOTES};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::moved::answer_absence;
use crate::http::publication::Publication;
use crate::http::reference::{Addressed, QuotePath};
use crate::quotes::db as quotes_db;
use crate::quotes::wire::{self as quotes_wire, Quote};
use crate::state::State;
use crate::values::id::{ArticleId, QuoteId};
use crate::values::reference::Reference;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(cite_quote).service(get_embed);
}

/// How to cite.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CitationParameters {
    /// How to write the citation; `text` where not given.
    #[serde(default = "plain_text")]
    #[param(inline, required = false, example = "bibtex")]
    style: CitationStyle,
}

fn plain_text() -> CitationStyle {
    CitationStyle::Text
}

/// Cite a quote
///
/// The words as an article prints them, with who said them, as what, and where: as text, HTML, Markdown, CSL-JSON for
/// reference managers, or BibTeX. Nothing in the words has a meaning in the style. The address leads to the passage itself
/// where the article has a page (`#:~:text=`). Of several printings the earliest that can be linked to is cited.
#[utoipa::path(
    tag = QUOTES,
    params(QuotePath, CitationParameters),
    security((), ("key" = ["read"])),
    responses(
        (status = 200, description = "The citation.", content(
            (String = "text/plain"),
            (String = "text/html"),
            (String = "text/markdown"),
            (Vec<serde_json::Value> = "application/vnd.citationstyles.csl+json"),
            (String = "application/x-bibtex"),
        )),
        FetchProblems,
        AccessProblems,
    ),
)]
#[get("/v1/quotes/{ref}/cite")]
async fn cite_quote(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    publication: web::Data<Publication>,
    Path(QuotePath { reference }): Path<QuotePath>,
    Query(CitationParameters { style }): Query<CitationParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let connection = state.connection().await?;
    let Some(quote) = find_quote(&connection, &reference, &state, audience).await? else {
        return answer_absence(&connection, &request, &state.urls, Kind::Quote, &reference, audience).await;
    };
    let citation = Citation::of_quote(&connection, quote, &state.urls, &publication, audience).await?;
    let written = style.write(&citation);
    let mut response = HttpResponse::Ok();
    if style == CitationStyle::Html {
        response.insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"));
    }
    Ok(response.insert_header((header::CONTENT_TYPE, style.media_type())).body(written))
}

async fn find_quote(
    connection: &Connection,
    reference: &str,
    state: &State,
    audience: Audience,
) -> Result<Option<Quote>, ApiError> {
    let id: QuoteId = reference.parse().map_err(|_| ApiError::not_found("quote", reference))?;
    let Some(row) = quotes_db::find_quote(connection, id, audience).await? else { return Ok(None) };
    Ok(quotes_wire::quotes(connection, vec![row], false, &state.urls, audience).await?.pop())
}

/// What an embed is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EmbedFormat {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
}

/// What to embed, and into how much room.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EmbedParameters {
    /// The address of an article's page, or of an article or a quote in this API. What follows `#` does not matter.
    #[param(
        min_length = 1,
        max_length = 4000,
        pattern = r"^[^\x00]+$",
        example = "/v1/articles/the-ferry-bell-comes-home"
    )]
    url: String,
    /// What to answer in; `json` where not given.
    #[serde(default)]
    #[param(inline, required = false, example = "json")]
    format: EmbedFormat,
    /// How many pixels there are for the width.
    #[param(minimum = 1, maximum = 10000, example = 400)]
    maxwidth: Option<u32>,
    /// How many pixels there are for the height.
    #[param(minimum = 1, maximum = 10000, example = 300)]
    maxheight: Option<u32>,
}

/// Embed an article or a quote
///
/// What a page shows in place of an address (oEmbed 1.0): HTML without scripts, styles or images. A quote is shown as its
/// citation in HTML, an article as its title and its summary, or its first words. Former addresses lead to what they lead
/// to everywhere.
#[utoipa::path(
    tag = FEEDS,
    params(EmbedParameters),
    security((), ("key" = ["read"])),
    responses(
        (status = 200, description = "The embed.", content((Embed = "application/json"), (String = "text/xml"))),
        GoneProblems,
        AccessProblems,
    ),
)]
#[get("/oembed")]
async fn get_embed(
    caller: Caller<Read>,
    state: web::Data<State>,
    publication: web::Data<Publication>,
    Query(EmbedParameters { url, format, maxwidth, maxheight }): Query<EmbedParameters>,
) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience(state.clock.now());
    let room = Room { width: maxwidth, height: maxheight };
    let connection = state.connection().await?;
    let embed = match state.urls.named(&url) {
        Addressed::Quote(reference) => {
            let current = current(&connection, Kind::Quote, reference, audience).await?;
            let quote = find_quote(&connection, &current, &state, audience).await?;
            let quote = quote.ok_or_else(|| ApiError::not_found("quote", reference))?;
            let citation = Citation::of_quote(&connection, quote, &state.urls, &publication, audience).await?;
            Embed::of_quote(&citation, &state.urls, &publication, room)
        }
        Addressed::Article(reference) => {
            let current = current(&connection, Kind::Article, reference, audience).await?;
            let article = find_article(&connection, &Reference::parse(&current), &state, audience).await?;
            let article = article.ok_or_else(|| ApiError::not_found("article", reference))?;
            Embed::of_article(&article, &state.urls, &publication, room)
        }
        Addressed::Page(page) => {
            let unknown = || ApiError::not_found("article or quote", &url);
            let id = db::article_at(&connection, page, audience).await?.ok_or_else(unknown)?;
            let article = find_article(&connection, &Reference::Id(id), &state, audience).await?.ok_or_else(unknown)?;
            Embed::of_article(&article, &state.urls, &publication, room)
        }
    };
    Ok(match format {
        EmbedFormat::Json => HttpResponse::Ok().json(embed),
        EmbedFormat::Xml => {
            let written = embed.to_xml().map_err(ApiError::internal)?;
            HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/xml; charset=utf-8")).body(written)
        }
    })
}

/// What a reference, perhaps a former one, leads to now.
async fn current(connection: &Connection, kind: Kind, reference: &str, audience: Audience) -> Result<String, ApiError> {
    let resource = if kind == Kind::Quote { "quote" } else { "article" };
    match whereabouts(connection, kind, reference, audience).await? {
        Whereabouts::Now(current) => Ok(current),
        Whereabouts::Gone(reason) => Err(ApiError::gone(resource, reference, reason.as_deref())),
        Whereabouts::Unknown => Err(ApiError::not_found(resource, reference)),
    }
}

async fn find_article(
    connection: &Connection,
    reference: &Reference<ArticleId>,
    state: &State,
    audience: Audience,
) -> Result<Option<Article>, ApiError> {
    let found = articles_db::find_article(connection, reference, audience).await?;
    let rows = found.into_iter().map(|(row, body)| (row, Some(body))).collect();
    Ok(articles_wire::articles(connection, rows, ArticleView::default(), &state.urls, audience).await?.pop())
}
