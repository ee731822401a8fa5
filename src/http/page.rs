//! Lists: the envelope, the page parameters, cursors, numbered pages and links (RFC 8288).

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;
use super::explain::{EXPLAIN, Explanation, PREFERENCE_APPLIED, Reading, WhyEmpty, wants_explanation};
use super::facets::Facets;
use super::fields::Fields;
use super::problem::{Fault, ProblemCode};
use super::reference::Urls;
use super::validators::Version;
use crate::db::keyset::{Order, Position, SortValue, Start, Window};
use crate::db::{Audience, DatabaseError};

/// Rows on a page when the client does not say.
const DEFAULT_LIMIT: u32 = 20;

/// The last row that a numbered page reaches.
const LAST_NUMBERED_ROW: u32 = 10_000;

/// Parameters that do not change which rows a list holds or their order.
pub(super) const NOT_PART_OF_THE_QUERY: &[&str] = &[
    "after",
    "before",
    "count",
    "facet_limit",
    "facets",
    "fields",
    "highlight",
    "include",
    "limit",
    "offsets",
    "page",
];

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

/// A resource that may have versions.
pub trait Versioned {
    /// The number that each change of its own content raises; `None` where there is none.
    fn version(&self) -> Option<i32>;
}

impl<T: Serialize + Versioned> Single<T> {
    /// The one resource of `data` as a response, with the fields that were asked for.
    pub fn respond(data: Vec<T>, fields: &Fields) -> Result<HttpResponse, ApiError> {
        let data = data.into_iter().next().ok_or_else(|| ApiError::internal("a resource that was found is gone"))?;
        let version = data.version();
        let mut response = if fields.is_everything() {
            HttpResponse::Ok().json(Self { data })
        } else {
            let data = fields.show(&data).map_err(ApiError::internal)?;
            HttpResponse::Ok().json(Single { data })
        };
        if let Some(version) = version {
            response.extensions_mut().insert(Version(version));
        }
        Ok(response)
    }
}

impl<T: Serialize> List<T> {
    /// All of a list that has one page only, as a response.
    pub fn respond_whole(request: &HttpRequest, urls: &Urls, limit: u32, data: Vec<T>) -> HttpResponse {
        let meta = ListMeta { limit, total: None, total_is_exact: None, facets: None, explain: None };
        HttpResponse::Ok().json(Self { data, meta, links: ListLinks::only_page(request, urls) })
    }

    /// The list as the body of a response. There is room for a usual page from the beginning.
    fn write(&self, mut response: HttpResponseBuilder) -> Result<HttpResponse, ApiError> {
        const USUAL: usize = 32 * 1024;
        let mut body = Vec::with_capacity(USUAL);
        serde_json::to_writer(&mut body, self).map_err(ApiError::internal)?;
        Ok(response.content_type(ContentType::json()).body(body))
    }
}

impl ListLinks {
    /// The links of a list that has one page only.
    pub fn only_page(request: &HttpRequest, urls: &Urls) -> Self {
        let query = request.query_string();
        let separator = if query.is_empty() { "" } else { "?" };
        Self { this: format!("{}{}{separator}{query}", urls.base(), request.path()), next: None, prev: None }
    }
}

/// About a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListMeta {
    /// How many rows a page of this list holds at most.
    #[schema(example = 20)]
    pub limit: u32,
    /// How many rows the whole list has. Only with `count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 30)]
    pub total: Option<i64>,
    /// Whether `total` was counted; otherwise it is estimated. Only with `count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    pub total_is_exact: Option<bool>,
    /// How often each value occurs in the whole list. Only with `facets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub facets: Option<Facets>,
    /// How the list was understood. Only with the header `Prefer: explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub explain: Option<Explanation>,
}

/// Where a page is and where the list goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListLinks {
    /// This page.
    #[serde(rename = "self")]
    #[schema(format = UriReference, example = "/v1/articles?limit=2")]
    pub this: String,
    /// The next page; null on the last one.
    #[schema(required = true, format = UriReference, example = "/v1/articles?limit=2&after=AXZ7")]
    pub next: Option<String>,
    /// The page before; null on the first one.
    #[schema(required = true, format = UriReference, example = "/v1/articles?limit=2&before=AXZ7")]
    pub prev: Option<String>,
}

/// Whether to count the rows of a whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Not at all.
    #[default]
    None,
    /// As the database's statistics tell: fast, however long the list is; short lists are counted.
    Estimated,
    /// Row by row.
    Exact,
}

/// How many rows a list has.
#[derive(Debug, Clone, Copy)]
pub struct Total {
    /// The number.
    pub rows: i64,
    /// Whether it was counted.
    pub is_exact: bool,
}

/// What a page tells besides its rows.
#[derive(Debug, Default)]
pub struct About {
    /// How many rows the whole list has.
    pub total: Option<Total>,
    /// How often each value occurs in the whole list.
    pub facets: Option<Facets>,
    /// How the list was understood.
    pub explain: Option<Explanation>,
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
    /// and the order it was made with.
    #[param(min_length = 1, max_length = 4096, pattern = "^[A-Za-z0-9_-]+$")]
    after: Option<String>,
    /// Show the rows before those of another page: the cursor out of its `links.prev`.
    #[param(min_length = 1, max_length = 4096, pattern = "^[A-Za-z0-9_-]+$")]
    before: Option<String>,
    /// Show the page of this number, counted from 1, instead of following links. Reaches to row 10,000; not together
    /// with `after` or `before`.
    #[param(minimum = 1, maximum = 10000, example = 1)]
    page: Option<u32>,
    /// Whether to count the rows of the whole list, for `meta.total`; `none` where not given.
    #[serde(default)]
    #[param(inline, required = false, example = "exact")]
    count: Count,
}

fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

/// Which part of a feed to show: feeds are read onwards only.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FeedPageParameters {
    /// How many articles to show at most.
    #[param(minimum = 1, maximum = 100, default = 20, example = 2)]
    #[serde(default = "default_limit")]
    limit: u32,
    /// Show the articles after those of another page: the cursor out of its link to the next page. It holds only for the
    /// filters it was made with.
    #[param(min_length = 1, max_length = 4096, pattern = "^[A-Za-z0-9_-]+$")]
    after: Option<String>,
}

impl From<FeedPageParameters> for PageParameters {
    fn from(FeedPageParameters { limit, after }: FeedPageParameters) -> Self {
        Self { limit, after, before: None, page: None, count: Count::None }
    }
}

/// The page that a request asks for.
#[derive(Debug)]
pub struct Page {
    limit: u32,
    count: Count,
    number: Option<u32>,
    window: Window,
    path: String,
    pairs: Vec<(String, String)>,
    query: QueryDigest,
    is_to_be_explained: bool,
}

/// The rows of a page, and where the list goes on.
#[derive(Debug)]
pub struct Rows<Row> {
    /// The rows.
    pub rows: Vec<Row>,
    next: Option<Position>,
    previous: Option<Position>,
}

impl Page {
    /// Reads the page parameters of a request for a list in the order `order`.
    pub fn new(
        request: &HttpRequest,
        parameters: PageParameters,
        order: Order,
        audience: Audience,
    ) -> Result<Self, ApiError> {
        let PageParameters { limit, after, before, page: number, count } = parameters;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(request.query_string()).unwrap_or_default();
        let path = request.path().to_owned();
        let query = query_digest(&path, &pairs);
        let start = start(limit, number, after.as_deref(), before.as_deref(), &order, &query)?;
        // One row more than is shown tells whether the list goes on.
        let window = Window { audience, order, start, rows: i64::from(limit) + 1 };
        let is_to_be_explained = wants_explanation(request);
        Ok(Self { limit, count, number, window, path, pairs, query, is_to_be_explained })
    }

    /// For whom the page is.
    pub fn audience(&self) -> Audience {
        self.window.audience
    }

    /// The same page, for somebody else.
    pub fn seen_by(mut self, audience: Audience) -> Self {
        self.window.audience = audience;
        self
    }

    /// What to ask the database for.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Whether what is counted must be counted in full, however long it takes.
    pub fn is_exact(&self) -> bool {
        self.count == Count::Exact
    }

    /// How many rows the whole list has, where the request asks: counted, or estimated where that is cheaper.
    pub async fn total<Estimated, Counted>(
        &self,
        estimate: impl FnOnce() -> Estimated,
        count: impl FnOnce() -> Counted,
    ) -> Result<Option<Total>, DatabaseError>
    where
        Estimated: Future<Output = Result<Option<i64>, DatabaseError>>,
        Counted: Future<Output = Result<i64, DatabaseError>>,
    {
        let estimated = match self.count {
            Count::None => return Ok(None),
            Count::Estimated => estimate().await?,
            Count::Exact => None,
        };
        Ok(Some(match estimated {
            Some(rows) => Total { rows, is_exact: false },
            None => Total { rows: count().await?, is_exact: true },
        }))
    }

    /// How the list was understood, where the request prefers to be told. `alone` counts the rows that meet each
    /// filter by itself; it is asked only where there are no rows.
    pub async fn explain<Counted>(
        &self,
        urls: &Urls,
        reading: Reading,
        is_empty: bool,
        alone: impl FnOnce() -> Counted,
    ) -> Result<Option<Explanation>, DatabaseError>
    where
        Counted: Future<Output = Result<Vec<(&'static str, i64)>, DatabaseError>>,
    {
        if !self.is_to_be_explained {
            return Ok(None);
        }
        let why_empty = match &self.window.start {
            _ if !is_empty => None,
            Start::Offset(0) => Some(WhyEmpty::of_filters(alone().await?)),
            _ => Some(WhyEmpty::beyond_the_end()),
        };
        Ok(Some(Explanation::new(&self.pairs, reading, urls, why_empty)))
    }

    /// Cuts the rows of [`window`](Self::window) to the page, in the order of the list.
    pub fn cut<Row>(&self, mut rows: Vec<Row>, position: impl Fn(&Row) -> Position) -> Rows<Row> {
        let limit = self.limit as usize;
        let goes_on = rows.len() > limit;
        rows.truncate(limit);
        let is_backwards = self.window.is_backwards();
        if is_backwards {
            rows.reverse();
        }
        // Behind a cursor there is at least the row it was made from.
        let (has_next, has_previous) = match &self.window.start {
            Start::Offset(offset) => (goes_on, *offset > 0),
            Start::After(_) => (goes_on, true),
            Start::Before(_) => (true, goes_on),
        };
        let next = rows.last().filter(|_| has_next).map(&position);
        let previous = rows.first().filter(|_| has_previous).map(&position);
        Rows { rows, next, previous }
    }

    /// The page as a response; `place` is what [`cut`](Self::cut) told of it.
    pub fn respond<T: Serialize>(
        &self,
        urls: &Urls,
        data: Vec<T>,
        fields: &Fields,
        place: (Option<Position>, Option<Position>),
        about: About,
    ) -> Result<HttpResponse, ApiError> {
        let ListLinks { this, next, prev } = self.links(urls, place);
        let links: Vec<String> = [("next", &next), ("prev", &prev)]
            .into_iter()
            .filter_map(|(relation, url)| url.as_ref().map(|url| format!("<{url}>; rel=\"{relation}\"")))
            .collect();
        let mut response = HttpResponse::Ok();
        if about.explain.is_some() {
            response.insert_header((PREFERENCE_APPLIED, EXPLAIN));
        }
        if !links.is_empty() {
            response.insert_header((header::LINK, links.join(", ")));
        }
        let meta = ListMeta {
            limit: self.limit,
            total: about.total.map(|total| total.rows),
            total_is_exact: about.total.map(|total| total.is_exact),
            facets: about.facets,
            explain: about.explain,
        };
        let links = ListLinks { this, next, prev };
        if fields.is_everything() {
            return List { data, meta, links }.write(response);
        }
        let data: Result<Vec<_>, _> = data.iter().map(|resource| fields.show(resource)).collect();
        List { data: data.map_err(ApiError::internal)?, meta, links }.write(response)
    }

    /// Where the page is, and where the list goes on; `place` is what [`cut`](Self::cut) told of it.
    pub fn links(&self, urls: &Urls, place: (Option<Position>, Option<Position>)) -> ListLinks {
        let (next, previous) = place;
        let turned = |to: Option<u32>, name: &'static str, position: Position| match to {
            Some(number) if number * self.limit <= LAST_NUMBERED_ROW => self.link(urls, "page", &number.to_string()),
            _ => self.link(urls, name, &write_cursor(&position, &self.query)),
        };
        let next = next.map(|position| turned(self.number.map(|number| number + 1), "after", position));
        let prev = previous.map(|position| turned(self.number.map(|number| number - 1), "before", position));
        let this = self.address(urls, self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        ListLinks { this, next, prev }
    }

    /// The first page of the list.
    pub fn first(&self, urls: &Urls) -> String {
        self.address(urls, self.without_place())
    }

    /// The parameters that say which rows the list holds.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.without_place().filter(|(name, _)| !NOT_PART_OF_THE_QUERY.contains(name))
    }

    /// The parameters without those that say where in the list the page is.
    fn without_place(&self) -> impl Iterator<Item = (&str, &str)> {
        let others = self.pairs.iter().filter(|(name, _)| !matches!(name.as_str(), "after" | "before" | "page"));
        others.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same list at another place.
    fn link(&self, urls: &Urls, name: &str, value: &str) -> String {
        self.address(urls, self.without_place().chain([(name, value)]))
    }

    fn address<'p>(&self, urls: &Urls, pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let separator = if query.is_empty() { "" } else { "?" };
        format!("{}{}{separator}{query}", urls.base(), self.path)
    }
}

impl<Row> Rows<Row> {
    /// The rows, and where the list goes on: after them and before them.
    pub fn into_parts(self) -> (Vec<Row>, (Option<Position>, Option<Position>)) {
        (self.rows, (self.next, self.previous))
    }
}

fn start(
    limit: u32,
    number: Option<u32>,
    after: Option<&str>,
    before: Option<&str>,
    order: &Order,
    query: &QueryDigest,
) -> Result<Start, ApiError> {
    let fault = |name: &str, detail: &str| ApiError::fault(Fault::new(ProblemCode::InvalidParameter, name, detail));
    match (number, after, before) {
        (Some(_), None, None) if number.is_some_and(|number| number * limit > LAST_NUMBERED_ROW) => {
            Err(fault("page", "page reaches to row 10,000; follow links.next to go further"))
        }
        (Some(number), None, None) => Ok(Start::Offset(i64::from((number - 1) * limit))),
        (None, None, None) => Ok(Start::Offset(0)),
        (None, Some(cursor), None) => read_cursor("after", cursor, order, query).map(Start::After),
        (None, None, Some(cursor)) => read_cursor("before", cursor, order, query).map(Start::Before),
        (Some(_), ..) => Err(fault("page", "page and a cursor cannot be given together")),
        (None, ..) => Err(fault("before", "after and before cannot be given together")),
    }
}

/// Names a list: its path and everything that decides its rows and their order.
type QueryDigest = [u8; 8];

fn query_digest(path: &str, pairs: &[(String, String)]) -> QueryDigest {
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
    let mut digest = QueryDigest::default();
    let hash = hasher.finalize();
    let (start, _) = hash.split_at(digest.len());
    digest.copy_from_slice(start);
    digest
}

/// What the content of a cursor begins with.
const CURSOR_VERSION: u8 = 2;

/// The longest text a list is sorted by, in characters: a longer one is not out of a cursor of ours.
const MAX_CURSOR_TEXT: usize = 500;

fn write_cursor(position: &Position, query: &QueryDigest) -> String {
    let mut bytes = vec![CURSOR_VERSION];
    bytes.extend_from_slice(query);
    bytes.extend(serde_json::to_vec(position).unwrap_or_default());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(name: &str, cursor: &str, order: &Order, query: &QueryDigest) -> Result<Position, ApiError> {
    let fault = |detail: String| ApiError::fault(Fault::new(ProblemCode::InvalidCursor, name, detail));
    let strange = || fault(format!("{name} is not a cursor of this API: use the one in links"));
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| strange())?;
    let (version, rest) = bytes.split_first().ok_or_else(strange)?;
    let (bound, position) = rest.split_at_checked(query.len()).ok_or_else(strange)?;
    if *version != CURSOR_VERSION {
        return Err(strange());
    }
    if bound != query {
        let detail = format!("{name} belongs to another list, other filters or another order: start without it");
        return Err(fault(detail));
    }
    let position: Position = serde_json::from_slice(position).map_err(|_| strange())?;
    let kinds = position.values.iter().map(SortValue::kind);
    let is_of_the_order = kinds.eq(order.columns.iter().map(|column| column.kind));
    let is_sound = position.values.iter().all(|value| match value {
        SortValue::Text(text) => text.chars().count() <= MAX_CURSOR_TEXT && !text.contains('\0'),
        SortValue::Instant(instant) => (0..=9999).contains(&instant.year()),
        SortValue::Integer(_) | SortValue::Never => true,
    });
    if is_of_the_order && is_sound { Ok(position) } else { Err(strange()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::keyset::{SortColumn, SortKind};
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

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

    fn order() -> Order {
        let column = |column, kind| SortColumn { column, kind, is_descending: true };
        let columns = vec![column("articles.public_from", SortKind::Instant), column("articles.title", SortKind::Text)];
        Order { columns, id_column: "articles.id" }
    }

    #[test]
    fn a_forged_place_is_refused() {
        let query = QueryDigest::default();
        let refused = |values: Vec<SortValue>| {
            let cursor = write_cursor(&Position { values, id: Uuid::nil() }, &query);
            read_cursor("after", &cursor, &order(), &query).is_err()
        };
        let text = || SortValue::Text("x".into());
        let instant = || SortValue::Instant(DateTime::UNIX_EPOCH);
        assert!(!refused(vec![instant(), text()]));
        assert!(refused(vec![text(), instant()]), "the kinds of another order");
        assert!(refused(vec![instant()]), "too few");
        assert!(refused(vec![SortValue::Instant(DateTime::<Utc>::MIN_UTC), text()]), "older than the database knows");
        assert!(refused(vec![instant(), SortValue::Text("\0".into())]));
    }

    proptest! {
        #[test]
        fn every_place_survives_the_way_through_a_cursor(
            micros in -60_000_000_000_000_000_i64..200_000_000_000_000_000,
            title in "[^\0]{0,500}",
            id: u128,
            query: QueryDigest,
        ) {
            let instant = DateTime::from_timestamp_micros(micros).unwrap();
            let position =
                Position { values: vec![SortValue::Instant(instant), SortValue::Text(title)], id: Uuid::from_u128(id) };
            let cursor = write_cursor(&position, &query);
            prop_assert_eq!(read_cursor("after", &cursor, &order(), &query).unwrap(), position);
            let mut other = query;
            other[0] ^= 1;
            prop_assert!(read_cursor("after", &cursor, &order(), &other).is_err());
        }

        #[test]
        fn no_text_is_too_strange_to_be_refused(text in any::<String>(), bytes: Vec<u8>) {
            let query = QueryDigest::default();
            let _ = read_cursor("after", &text, &order(), &query);
            let _ = read_cursor("after", &URL_SAFE_NO_PAD.encode([vec![CURSOR_VERSION; 1], vec![0; 8], bytes].concat()), &order(), &query);
        }
    }
}
