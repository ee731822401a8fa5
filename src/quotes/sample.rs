//! A sample of quotes over HTTP: chosen by a seed, the same each time.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::api::QuoteView;
use super::db::{self, QuoteFilter};
use super::offsets::OffsetParameters;
use super::wire::{self, Quote};
use crate::access::{Caller, Read};
use crate::db::Audience;
use crate::http::document::{AccessProblems, ListProblems, QUOTES};
use crate::http::error::ApiError;
use crate::http::explain::Reading;
use crate::http::extract::Query;
use crate::http::page::List;
use crate::http::parameters::CommaList;
use crate::labels::filter::{LabelParameters, label_filter};
use crate::people::filter::people_named;
use crate::state::State;

/// What to choose from and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SampleParameters {
    /// Decides which quotes are chosen: any text, such as the day's date. None is the empty text, a seed like others.
    #[serde(default)]
    #[param(required = false, default = "", example = "2026-11-22")]
    seed: String,
    /// How many quotes to choose.
    #[serde(default = "one")]
    #[param(minimum = 1, maximum = 100, default = 1, example = 3)]
    n: u32,
    /// Only quotes of one of these people. Ids, slugs, names or aliases.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["maren-tolliver-haag"]))]
    speaker: Option<CommaList<String>>,
    /// Only quotes of at most so many characters.
    #[param(minimum = 1, maximum = 100000, example = 280)]
    max_length: Option<u32>,
}

fn one() -> u32 {
    1
}

/// Sample quotes
///
/// Quotes chosen evenly at random out of all that pass the filters, by a seed: the same seed gives the same quotes in
/// the same order, such as a quote of the day with the date as the seed. Fewer than `n` only where fewer pass.
///
/// Each quote has a number made of the seed and its id (MD5), and the `n` smallest are the sample. So each quote is as
/// likely as any other, whatever the size of the collection; with a larger `n` the sample of the smaller one comes
/// first; and k new quotes replace at most k of those chosen.
///
/// The choice is exact at any size, which has a price: the number is made for every quote that passes, for each request.
/// Half a million quotes take 0.6 to 1.1 seconds, and the time grows with their number; `speaker` and labels on few
/// articles make it less. Nothing is sorted but the sample.
#[utoipa::path(
    tag = QUOTES,
    params(SampleParameters, LabelParameters, QuoteView, OffsetParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "The sample, in the order that the seed gives.", body = List<Quote>), ListProblems, AccessProblems),
)]
#[get("/v1/quotes/sample")]
pub(super) async fn sample_quotes(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(parameters): Query<SampleParameters>,
    Query(labels): Query<LabelParameters>,
    Query(view): Query<QuoteView>,
    Query(offsets): Query<OffsetParameters>,
) -> Result<HttpResponse, ApiError> {
    let SampleParameters { seed, n, speaker, max_length } = parameters;
    let audience = Audience::Public { now: state.clock.now() };
    let connection = state.connection().await?;
    let mut reading = Reading::default();
    let labels = label_filter(&connection, labels, audience, &mut reading).await?;
    let speakers = people_named(&connection, "speaker", speaker, audience, &mut reading).await?;
    ApiError::refuse(reading.faults)?;
    let filter = QuoteFilter { labels, speakers, max_length, ..QuoteFilter::default() };
    let rows = db::sample_quotes(&connection, &filter, &seed, n, audience).await?;
    let mut quotes = wire::quotes(&connection, rows, view.has_whole_speakers(), &state.urls, audience).await?;
    offsets.apply(&connection, wire::printings(&mut quotes)).await?;
    Ok(List::respond_whole(&request, &state.urls, n, quotes))
}
