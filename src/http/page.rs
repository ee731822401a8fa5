//! Lists: the envelope, the page parameters, cursors and links (RFC 8288).

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::error::ApiError;
use super::problem::{Fault, ProblemCode};
use super::reference::Urls;
use crate::db::keyset::{Position, Window};

/// Rows on a page when the client does not say.
const DEFAULT_LIMIT: u32 = 20;

/// Parameters that do not change which rows a list holds or their order.
const NOT_PART_OF_THE_QUERY: &[&str] = &["after", "include", "limit"];

/// A list and what surrounds it.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows of this page.
    pub data: Vec<T>,
    /// About this page.
    pub meta: ListMeta,
    /// Where this page is and where the list goes on.
    pub links: ListLinks,
}

/// One resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct Single<T> {
    /// The resource.
    pub data: T,
}

impl<T: Serialize> Single<T> {
    /// The one resource of `data` as a response.
    pub fn respond(data: Vec<T>) -> HttpResponse {
        match data.into_iter().next() {
            Some(data) => HttpResponse::Ok().json(Self { data }),
            None => HttpResponse::InternalServerError().finish(),
        }
    }
}

/// About a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListMeta {
    /// How many rows a page of this list holds at most.
    #[schema(example = 20)]
    pub limit: u32,
}

/// Where a page is and where the list goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListLinks {
    /// This page.
    #[serde(rename = "self")]
    #[schema(format = UriReference, example = "/v1/articles?limit=2")]
    pub this: String,
    /// The next page; null on the last one.
    #[schema(required = true, format = UriReference, example = "/v1/articles?limit=2&after=AWQ3bm8")]
    pub next: Option<String>,
}

/// Which part of a list to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// How many rows to show at most.
    #[param(minimum = 1, maximum = 100, default = 20, example = 2)]
    #[serde(default = "default_limit")]
    limit: u32,
    /// Show the rows after those of another page: the cursor out of its `links.next`. It holds only for the filters
    /// it was made with.
    #[param(min_length = 44, max_length = 44, pattern = "^[A-Za-z0-9_-]{44}$")]
    after: Option<String>,
}

fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

/// The page that a request asks for.
#[derive(Debug)]
pub struct Page {
    limit: u32,
    now: DateTime<Utc>,
    after: Option<Position>,
    path: String,
    pairs: Vec<(String, String)>,
    query: [u8; CURSOR_QUERY],
}

impl Page {
    /// Reads the page parameters of a request.
    pub fn new(request: &HttpRequest, parameters: PageParameters, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(request.query_string()).unwrap_or_default();
        let path = request.path().to_owned();
        let query = query_digest(&path, &pairs);
        let after = parameters.after.as_deref().map(|cursor| read_cursor(cursor, &query)).transpose()?;
        Ok(Self { limit: parameters.limit, now, after, path, pairs, query })
    }

    /// The instant the page is seen at.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// What to ask the database for: one row more than is shown, which tells whether there is a next page.
    pub fn window(&self) -> Window {
        Window { now: self.now, after: self.after, rows: i64::from(self.limit) + 1 }
    }

    /// Cuts the rows of [`window`](Self::window) to the page and returns where the next one starts.
    pub fn cut<Row>(&self, rows: &mut Vec<Row>, position: impl Fn(&Row) -> Position) -> Option<Position> {
        let limit = self.limit as usize;
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        rows.last().map(position)
    }

    /// The page as a response; `next` is what [`cut`](Self::cut) returned.
    pub fn respond<T: Serialize>(&self, urls: &Urls, data: Vec<T>, next: Option<Position>) -> HttpResponse {
        let own = self.pairs.iter().find(|(name, _)| name == "after").map(|(_, cursor)| cursor.clone());
        let this = self.link(urls, own.as_deref());
        let next = next.map(|position| self.link(urls, Some(&write_cursor(position, &self.query))));
        let mut response = HttpResponse::Ok();
        if let Some(next) = &next {
            response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
        }
        response.json(List { data, meta: ListMeta { limit: self.limit }, links: ListLinks { this, next } })
    }

    fn link(&self, urls: &Urls, cursor: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs.iter().filter(|(name, _)| name != "after") {
            query.append_pair(name, value);
        }
        if let Some(cursor) = cursor {
            query.append_pair("after", cursor);
        }
        let query = query.finish();
        let separator = if query.is_empty() { "" } else { "?" };
        format!("{}{}{separator}{query}", urls.base(), self.path)
    }
}

/// The bytes of a cursor: a version, the query it belongs to, the instant in microseconds, the id.
const CURSOR_VERSION: u8 = 1;
const CURSOR_QUERY: usize = 8;
const CURSOR_LENGTH: usize = 1 + CURSOR_QUERY + 8 + 16;

/// Names a list by its path and everything that decides its rows and their order.
fn query_digest(path: &str, pairs: &[(String, String)]) -> [u8; CURSOR_QUERY] {
    let mut relevant: Vec<_> =
        pairs.iter().filter(|(name, _)| !NOT_PART_OF_THE_QUERY.contains(&name.as_str())).collect();
    relevant.sort();
    let mut hasher = Sha256::new();
    hasher.update(path);
    for (name, value) in relevant {
        for part in [name, value] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    let mut digest = [0; CURSOR_QUERY];
    digest.copy_from_slice(&hasher.finalize()[..CURSOR_QUERY]);
    digest
}

fn write_cursor(position: Position, query: &[u8; CURSOR_QUERY]) -> String {
    let mut bytes = Vec::with_capacity(CURSOR_LENGTH);
    bytes.push(CURSOR_VERSION);
    bytes.extend_from_slice(query);
    bytes.extend_from_slice(&position.public_from.timestamp_micros().to_be_bytes());
    bytes.extend_from_slice(position.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(cursor: &str, query: &[u8; CURSOR_QUERY]) -> Result<Position, ApiError> {
    let fault = |detail: &str| ApiError::fault(Fault::new(ProblemCode::InvalidCursor, "after", detail));
    let foreign = || fault("after is not a cursor of this API: use the one in links.next");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| foreign())?;
    let bytes: [u8; CURSOR_LENGTH] = bytes.try_into().map_err(|_| foreign())?;
    if bytes[0] != CURSOR_VERSION {
        return Err(foreign());
    }
    if bytes[1..=CURSOR_QUERY] != query[..] {
        return Err(fault(
            "after belongs to a list with another path or other filters: start that list again without it",
        ));
    }
    let (instant, id) = bytes[1 + CURSOR_QUERY..].split_at(8);
    let micros = i64::from_be_bytes(instant.try_into().map_err(|_| foreign())?);
    let public_from = DateTime::from_timestamp_micros(micros).ok_or_else(foreign)?;
    Ok(Position { public_from, id: Uuid::from_slice(id).map_err(|_| foreign())? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &[(&str, &str)]) -> Vec<(String, String)> {
        text.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn a_list_is_the_same_whatever_the_order_of_its_filters_and_the_size_of_its_pages() {
        let one = query_digest("/v1/quotes", &pairs(&[("label", "a"), ("speaker", "b"), ("limit", "5")]));
        let other = query_digest("/v1/quotes", &pairs(&[("speaker", "b"), ("label", "a"), ("include", "speaker")]));
        assert_eq!(one, other);
        assert_ne!(one, query_digest("/v1/quotes", &pairs(&[("label", "ab"), ("speaker", "")])));
        assert_ne!(one, query_digest("/v1/articles", &pairs(&[("label", "a"), ("speaker", "b")])));
    }

    proptest! {
        #[test]
        fn every_place_survives_the_way_through_a_cursor(micros in 0..4_000_000_000_000_000_i64, id: u128, query: [u8; CURSOR_QUERY]) {
            let position = Position { public_from: DateTime::from_timestamp_micros(micros).unwrap(), id: Uuid::from_u128(id) };
            let cursor = write_cursor(position, &query);
            prop_assert_eq!(cursor.len(), 44);
            prop_assert_eq!(read_cursor(&cursor, &query).unwrap(), position);
            let mut other = query;
            other[0] ^= 1;
            prop_assert!(read_cursor(&cursor, &other).is_err());
        }

        #[test]
        fn no_text_is_too_strange_to_be_refused(text in any::<String>()) {
            let _ = read_cursor(&text, &[0; CURSOR_QUERY]);
        }
    }
}
