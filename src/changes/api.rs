//! Following changes over HTTP: page by page, or as a stream of events.

use std::time::{Duration, Instant};

use actix_web::http::header::{self, ContentEncoding};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::cursor::Cursor;
use super::follower::{Event, Follower, Recent, event};
use super::wire::{self, Change};
use super::{ResourceType, Told, db};
use crate::access::{Caller, Read, Scope};
use crate::db::{Connection, DatabaseError};
use crate::http::document::{AccessProblems, CHANGES, ListProblems};
use crate::http::error::ApiError;
use crate::http::extract::Query;
use crate::http::parameters::CommaList;
use crate::http::problem::{Fault, ProblemCode};
use crate::state::State;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_changes).service(follow_changes);
}

/// Rows on a page when the client does not say.
const DEFAULT_LIMIT: u32 = 100;

/// After which a stream without events says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After which a stream ends; the client goes on with a new one, for which its key is checked again.
const LONGEST_STREAM: Duration = Duration::from_secs(15 * 60);

/// How long a client waits before it connects again, in milliseconds.
const RETRY: u32 = 2000;

/// How many announcements a stream reads from the database at once.
const CATCHING_UP: i64 = 100;

/// How long a stream waits before it asks a database again that was away.
const PAUSE: Duration = Duration::from_secs(1);

/// The header with which a client goes on (WHATWG HTML, "The `Last-Event-ID` header").
const LAST_EVENT_ID: &str = "last-event-id";

/// Which changes to tell of.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ChangeParameters {
    /// Tell of what came after this place: `meta.cursor` of an earlier answer, or the `cursor` of a change.
    #[param(
        nullable = false,
        min_length = 1,
        max_length = 100,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "AQAAAAAAAAAAAAAAAAAAAAAA"
    )]
    since: Option<String>,
    /// Tell of resources of these types only.
    #[serde(default, rename = "type")]
    #[param(inline, min_items = 1, value_type = Vec<ResourceType>, required = false, style = Form, explode = false, example = json!(["article", "label"]))]
    types: CommaList<ResourceType>,
    /// Whether to tell of what is not public too, such as drafts. Takes a key with the scope `drafts`. Its places are others
    /// than those of what the public is told.
    #[serde(default)]
    #[param(required = false, default = false, example = false)]
    drafts: bool,
}

/// How many changes to tell of at once.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ChangeLimit {
    /// How many changes to show at most.
    #[param(minimum = 1, maximum = 1000, default = 100, example = 2)]
    #[serde(default = "default_limit")]
    limit: u32,
}

fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

/// Where a stream goes on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "what the document says of a header that `follow_changes` reads")]
struct LastEvent {
    /// The `id` of the last event that was seen. Browsers send it by themselves. Goes before `since`.
    #[param(rename = "Last-Event-ID", nullable = false, example = "AQAAAAAAAAAAAAAAAAAAAAAA")]
    last_event_id: Option<String>,
}

impl ChangeParameters {
    /// Who is told; refuses a caller who asks for more than they may see.
    fn told(&self, caller: &Caller<Read>) -> Result<Told, ApiError> {
        if !self.drafts {
            return Ok(Told::Public);
        }
        match caller.key() {
            None => Err(ApiError::missing_key()),
            Some(_) => caller.needs(Scope::Drafts).map(|()| Told::Editors),
        }
    }

    /// The place that `since` names, if it is given.
    async fn since(&self, connection: &Connection, told: Told) -> Result<Option<Cursor>, ApiError> {
        let Some(text) = &self.since else { return Ok(None) };
        let fault =
            |detail: &str| ApiError::fault(Fault::new(ProblemCode::InvalidCursor, "since", format!("since {detail}")));
        let cursor: Cursor =
            text.parse().map_err(|_| fault("is not a place in the changes: take one out of meta.cursor"))?;
        if cursor.told != told {
            return Err(fault("is of other changes: with drafts=true there are other places than without"));
        }
        if !db::is_known(connection, cursor).await? {
            return Err(fault("is not a place in the changes of this database: start again without it"));
        }
        Ok(Some(cursor))
    }
}

/// A part of the changes.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeList {
    /// The changes, the oldest first.
    data: Vec<Change>,
    /// About this part.
    meta: ChangesMeta,
    /// Where this part is, and where it goes on.
    links: ChangesLinks,
}

/// About a part of the changes.
#[derive(Debug, Serialize, ToSchema)]
struct ChangesMeta {
    /// How many changes a part shows at most.
    #[schema(example = 100)]
    limit: u32,
    /// The place after this part: send it in `since` the next time.
    #[schema(example = "AQAAAAAAAAAABwAGJ2pWvJoA")]
    cursor: String,
    /// Whether there is more already.
    #[schema(example = false)]
    has_more: bool,
}

/// Where a part of the changes is.
#[derive(Debug, Serialize, ToSchema)]
struct ChangesLinks {
    /// This part.
    #[serde(rename = "self")]
    #[schema(format = UriReference, example = "/v1/changes?limit=2")]
    this: String,
    /// What comes next; where there is no more yet, it is empty until there is.
    #[schema(format = UriReference, example = "/v1/changes?since=AQAAAAAAAAAABwAGJ2pWvJoA&limit=2")]
    next: String,
}

/// List changes
///
/// What changed, in the order in which it did, from the beginning or since a place. Whoever starts without `since`, follows
/// `links.next` while `meta.has_more`, and comes back with `meta.cursor`, misses nothing, however long the transactions
/// took that made the changes. `added` and `updated` mean: fetch `url` and keep what it shows. `removed` means: drop what
/// you keep, or put its `successor` in its place. Each change of a resource is told once; what was never public is told to
/// nobody without `drafts=true`. A scheduled article is `added` when its time comes, and with it whatever only it shows.
#[utoipa::path(
    tag = CHANGES,
    params(ChangeParameters, ChangeLimit),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "A part of the changes.", body = ChangeList), ListProblems, AccessProblems),
)]
#[get("/v1/changes")]
async fn list_changes(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(parameters): Query<ChangeParameters>,
    Query(ChangeLimit { limit }): Query<ChangeLimit>,
) -> Result<HttpResponse, ApiError> {
    let told = parameters.told(&caller)?;
    let connection = state.connection().await?;
    let since = parameters.since(&connection, told).await?.unwrap_or(Cursor::start(told));
    let part = Part::read(&connection, since, &parameters.types.0, i64::from(limit)).await?;
    let Part { rows, place, has_more } = part;
    let path = format!("{}{}", state.urls.base(), request.path());
    let next = {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "since");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        format!("{path}?{}", query.extend_pairs(pairs).append_pair("since", &place.to_string()).finish())
    };
    let query = request.query_string();
    let links = ChangesLinks { this: format!("{path}{}{query}", if query.is_empty() { "" } else { "?" }), next };
    let data = rows.into_iter().map(|row| wire::change(told, row, &state.urls)).collect();
    let meta = ChangesMeta { limit, cursor: place.to_string(), has_more };
    let mut response = HttpResponse::Ok();
    if has_more {
        response.insert_header((header::LINK, format!("<{}>; rel=\"next\"", links.next)));
    }
    Ok(response.json(ChangeList { data, meta, links }))
}

/// A part of what an audience was told.
struct Part {
    rows: Vec<db::AnnouncementRow>,
    /// The place after it.
    place: Cursor,
    has_more: bool,
}

impl Part {
    async fn read(
        connection: &Connection,
        since: Cursor,
        types: &[ResourceType],
        limit: i64,
    ) -> Result<Self, DatabaseError> {
        // First the end, so that there is nothing between the rows and a place that stands for all of them.
        let end = db::head(connection, since.told).await?;
        let range = (since.position, end.position);
        let mut rows = db::announcements_between(connection, since.told, range, types, limit + 1).await?;
        let has_more = rows.len() as i64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let place = match rows.last() {
            Some(last) if has_more => Cursor::new(since.told, last.position, last.announced_at),
            _ => end,
        };
        Ok(Self { rows, place, has_more })
    }
}

/// Follow changes
///
/// The same changes as a stream of server-sent events, as they happen: each is an event `change` whose `data` is the
/// change and whose `id` is its place. A client that comes back with `Last-Event-ID` (browsers do by themselves) is told
/// first what it missed; one that sends neither that nor `since` is told what happens from now on, or from a moment ago. Where the place is not
/// known any more, an event `reset` says so: read everything again from `/v1/changes`, and go on with the stream. Every 15
/// seconds without an event a comment shows that the stream is alive. It ends when the server stops, and after 15 minutes:
/// connect again.
#[utoipa::path(
    tag = CHANGES,
    params(ChangeParameters, LastEvent),
    security((), ("key" = ["read"])),
    responses(
        (status = 200, description = "Events, until the stream ends.", body = String, content_type = "text/event-stream"),
        ListProblems, AccessProblems,
    ),
)]
#[get("/v1/events")]
async fn follow_changes(
    caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    follower: web::Data<Follower>,
    Query(parameters): Query<ChangeParameters>,
) -> Result<HttpResponse, ApiError> {
    let told = parameters.told(&caller)?;
    let last_event = request.headers().get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
    let (place, greeting) = match last_event {
        Some(id) => match known_event(&state, &follower, told, id).await? {
            Some(place) => (place, greeting(place)),
            None => {
                let head = db::head(&*state.connection().await?, told).await?;
                (head, reset(head))
            }
        },
        None => {
            let place = match (&parameters.since, follower.head(told)) {
                // From memory, so that thousands may come at once.
                (None, Some(head)) => head,
                _ => {
                    let connection = state.connection().await?;
                    match parameters.since(&connection, told).await? {
                        Some(place) => place,
                        None => db::head(&connection, told).await?,
                    }
                }
            };
            (place, greeting(place))
        }
    };
    let stream = Stream::new(state.clone(), follower.as_ref().clone(), place, parameters.types.0, greeting);
    let events = futures_util::stream::unfold(stream, async |mut stream| {
        let bytes = stream.next().await?;
        Some((Ok::<Bytes, ApiError>(bytes), stream))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Nothing on the way may hold events back: neither our own compression nor a proxy.
        .insert_header(ContentEncoding::Identity)
        .insert_header(("x-accel-buffering", "no"))
        .streaming(events))
}

/// The place of an event that a client has seen, where it is one.
async fn known_event(
    state: &State,
    follower: &Follower,
    told: Told,
    id: &str,
) -> Result<Option<Cursor>, DatabaseError> {
    let Some(place) = id.parse::<Cursor>().ok().filter(|place| place.told == told) else { return Ok(None) };
    let is_known = follower.knows(place) || db::is_known(&*state.connection().await?, place).await?;
    Ok(Some(place).filter(|_| is_known))
}

/// What a stream begins with: a client that sees nothing else knows where to go on.
fn greeting(place: Cursor) -> Bytes {
    format!("retry: {RETRY}\nid: {place}\n\n").into()
}

fn reset(place: Cursor) -> Bytes {
    let data = "{\"detail\":\"the place is not known: read everything again from /v1/changes, and go on here\"}";
    format!("retry: {RETRY}\nevent: reset\nid: {place}\ndata: {data}\n\n").into()
}

fn heartbeat(place: Cursor) -> Bytes {
    format!(": {place} is up to date\nid: {place}\n\n").into()
}

/// One client's stream: its place, and nothing that waits for it.
struct Stream {
    state: web::Data<State>,
    follower: Follower,
    moved: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
    place: Cursor,
    types: Vec<ResourceType>,
    greeting: Option<Bytes>,
    ends_at: Instant,
}

impl Stream {
    fn new(
        state: web::Data<State>,
        follower: Follower,
        place: Cursor,
        types: Vec<ResourceType>,
        greeting: Bytes,
    ) -> Self {
        let (moved, stopping) = (follower.moved(), follower.stopping());
        let ends_at = Instant::now() + LONGEST_STREAM;
        Self { state, follower, moved, stopping, place, types, greeting: Some(greeting), ends_at }
    }

    /// What is to be sent next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        loop {
            if *self.stopping.borrow() || Instant::now() >= self.ends_at {
                return None;
            }
            // Before looking, so that what comes right after it wakes the stream.
            self.moved.borrow_and_update();
            let (events, longest_wait) = match self.follower.recent(self.place) {
                Recent::Events(events) => (events, HEARTBEAT),
                Recent::UpToDate => (Vec::new(), HEARTBEAT),
                Recent::NotKept => match self.catch_up().await {
                    Ok(events) => (events, HEARTBEAT),
                    Err(_) => (Vec::new(), PAUSE),
                },
            };
            if let Some(last) = events.last() {
                self.place = last.cursor;
                if let Some(bytes) = self.wanted(&events) {
                    return Some(bytes);
                }
                continue;
            }
            tokio::select! {
                _ = self.moved.changed() => {}
                _ = self.stopping.changed() => {}
                () = tokio::time::sleep(longest_wait) => return Some(heartbeat(self.place)),
            }
        }
    }

    /// Those of the wanted types, as one.
    fn wanted(&self, events: &[Event]) -> Option<Bytes> {
        let wanted = |event: &&Event| self.types.is_empty() || self.types.contains(&event.resource_type);
        let mut wanted: Vec<Bytes> = events.iter().filter(wanted).map(|event| event.bytes.clone()).collect();
        match wanted.len() {
            0 => None,
            1 => wanted.pop(),
            _ => Some(wanted.concat().into()),
        }
    }

    /// Reads what comes next from the database.
    async fn catch_up(&self) -> Result<Vec<Event>, DatabaseError> {
        let connection = self.state.connection().await?;
        let Part { rows, .. } = Part::read(&connection, self.place, &[], CATCHING_UP).await?;
        Ok(rows.into_iter().map(|row| event(self.place.told, row, &self.state.urls)).collect())
    }
}
