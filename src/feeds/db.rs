//! What sitemaps ask PostgreSQL. Each asks for one range of the index that lists of articles run along.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel::Queryable;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::sql::{Sql, sql};
use crate::db::{Audience, Connection, Result};
use crate::values::id::ArticleId;

/// The articles that became public in one month.
#[derive(Debug, Clone, Copy)]
pub struct Month {
    /// Its first day, in UTC.
    pub first_day: NaiveDate,
    /// How many.
    pub articles: i64,
    /// When any of them last changed or became public.
    pub modified_at: DateTime<Utc>,
}

/// The place of an article in the order in which articles became public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When it became public.
    pub public_from: DateTime<Utc>,
    /// Its id.
    pub id: ArticleId,
}

/// A place is written as microseconds since 1970, `_`, and the id.
impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}_{}", self.public_from.timestamp_micros(), self.id)
    }
}

/// What was read is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> std::result::Result<Self, NoPlace> {
        let (micros, id) = text.split_once('_').ok_or(NoPlace)?;
        let public_from = micros.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(NoPlace)?;
        let place = Self { public_from, id: id.parse().map_err(|_| NoPlace)? };
        // Nothing is written in two ways, and PostgreSQL knows no instant beyond these.
        let is_known = (1..=9999).contains(&public_from.year());
        if is_known && place.to_string() == text { Ok(place) } else { Err(NoPlace) }
    }
}

/// What a sitemap tells of an article.
#[derive(Debug)]
pub struct PageRow {
    /// Its slug.
    pub slug: String,
    /// Its own address.
    pub canonical_url: Option<String>,
    /// When it last changed or became public.
    pub modified_at: DateTime<Utc>,
}

/// What a news sitemap tells of an article.
#[derive(Debug, Queryable)]
pub struct NewsRow {
    /// Its slug.
    pub slug: String,
    /// Its own address.
    pub canonical_url: Option<String>,
    /// The language it is written in.
    pub language: String,
    /// Its title.
    pub title: String,
    /// When it became public.
    pub published_at: DateTime<Utc>,
}

fn is_public(now: DateTime<Utc>) -> Sql {
    Audience::Public { now }.sees("articles.public_from")
}

/// The condition that an article became public in the month that begins with this day.
fn is_in(month: NaiveDate) -> Sql {
    sql("articles.public_from >= (")
        .bind(month)
        .text("::timestamp AT TIME ZONE 'UTC') AND articles.public_from < ((")
        .bind(month)
        .text("::timestamp + interval '1 month') AT TIME ZONE 'UTC')")
}

/// The months in which articles became public, the earliest first. Reads an index, and no article.
///
/// Each month is a range of the index: grouped by a function of the instant, all articles would have to be sorted again.
pub async fn months(mut connection: &Connection, now: DateTime<Utc>) -> Result<Vec<Month>> {
    let rows: Vec<(NaiveDate, i64, DateTime<Utc>)> = sql(
        "SELECT months.month::date, counted.articles, counted.modified_at FROM generate_series(date_trunc('month', \
         (SELECT min(articles.public_from) FROM articles WHERE ",
    )
    .append(is_public(now))
    .text(") AT TIME ZONE 'UTC'), ")
    .bind(now)
    .text(
        " AT TIME ZONE 'UTC', interval '1 month') AS months (month) CROSS JOIN LATERAL (SELECT count(*) AS articles, \
         max(greatest(articles.updated_at, articles.public_from)) AS modified_at FROM articles \
         WHERE articles.public_from >= months.month AT TIME ZONE 'UTC' \
         AND articles.public_from < (months.month + interval '1 month') AT TIME ZONE 'UTC' AND ",
    )
    .append(is_public(now))
    .text(") AS counted WHERE counted.articles > 0 ORDER BY months.month")
    .statement::<(Date, BigInt, Timestamptz)>()
    .load(&mut connection)
    .await?;
    let month = |(first_day, articles, modified_at)| Month { first_day, articles, modified_at };
    Ok(rows.into_iter().map(month).collect())
}

/// The place of every `step`th article of a month, in order.
pub async fn places(
    mut connection: &Connection,
    month: NaiveDate,
    step: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Place>> {
    let rows: Vec<(DateTime<Utc>, ArticleId)> = sql("SELECT numbered.public_from, numbered.id FROM (SELECT \
         articles.public_from, articles.id, row_number() OVER (ORDER BY articles.public_from, articles.id) AS number \
         FROM articles WHERE ")
    .append(is_in(month))
    .text(" AND ")
    .append(is_public(now))
    .text(") AS numbered WHERE numbered.number % ")
    .bind(step)
    .text(" = 0 ORDER BY numbered.number")
    .statement::<(Timestamptz, Uuid)>()
    .load(&mut connection)
    .await?;
    Ok(rows.into_iter().map(|(public_from, id)| Place { public_from, id }).collect())
}

/// Up to `most` public articles in the order in which they became public: all, or those of one month after a place.
pub async fn pages(
    mut connection: &Connection,
    part: Option<(NaiveDate, Option<Place>)>,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Vec<PageRow>> {
    let mut query = sql("SELECT articles.slug, articles.canonical_url, greatest(articles.updated_at, \
         articles.public_from) FROM articles WHERE ")
    .append(is_public(now));
    if let Some((month, after)) = part {
        query = query.text(" AND ").append(is_in(month));
        if let Some(Place { public_from, id }) = after {
            let row = " AND (articles.public_from, articles.id) > (";
            query = query.text(row).bind(public_from).text(", ").bind(id.0).text(")");
        }
    }
    let rows: Vec<(String, Option<String>, DateTime<Utc>)> = query
        .text(" ORDER BY articles.public_from, articles.id LIMIT ")
        .bind(most)
        .statement::<(Text, Nullable<Text>, Timestamptz)>()
        .load(&mut connection)
        .await?;
    let page = |(slug, canonical_url, modified_at)| PageRow { slug, canonical_url, modified_at };
    Ok(rows.into_iter().map(page).collect())
}

/// Up to `most` articles that became public after `since`, the newest first.
pub async fn news(
    mut connection: &Connection,
    since: DateTime<Utc>,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Vec<NewsRow>> {
    Ok(sql("SELECT articles.slug, \
         articles.canonical_url, articles.language, articles.title, articles.public_from FROM articles WHERE ")
    .append(is_public(now))
    .text(" AND articles.public_from > ")
    .bind(since)
    .text(" ORDER BY articles.public_from DESC, articles.id DESC LIMIT ")
    .bind(most)
    .statement::<(Text, Nullable<Text>, Text, Text, Timestamptz)>()
    .load(&mut connection)
    .await?)
}
