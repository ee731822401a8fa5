//! The HTTP server: routes mounted, middleware in order, run, drain.

use std::net::SocketAddr;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Error, HttpMessage, HttpServer, web};
use tracing_actix_web::{RequestId, RootSpanBuilder, TracingLogger};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::config::{Config, CorsOrigins};
use crate::http::body::BodyRules;
use crate::http::explain::PREFERENCE_APPLIED;
use crate::http::middleware::{self, CacheControl, REQUEST_ID, TimeLimit};
use crate::http::parameters::ParameterRules;
use crate::http::{document, fallback, validators};
use crate::import_jobs::Uploads;
use crate::pages::api::Document;
use crate::state::State;
use crate::{access, articles, batch, import_jobs, labels, merges, pages, people, quotes, search, voices};

/// The longest a client may take over the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The headers of an answer that pages may see, beside those that any page may.
const EXPOSED: [HeaderName; 8] = [
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    PREFERENCE_APPLIED,
    RATE_LIMIT,
    REQUEST_ID,
];

/// How much more a client may ask for.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What the server keeps to, out of the configuration.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    cors_origins: CorsOrigins,
    workers: usize,
    max_connections: usize,
    max_body: usize,
    uploads: Uploads,
    request_timeout: Duration,
    shutdown_timeout: Duration,
    cache_control: CacheControl,
}

impl ServerSettings {
    /// Where files that are sent are kept.
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }
}

impl From<&Config> for ServerSettings {
    fn from(config: &Config) -> Self {
        Self {
            cors_origins: config.cors_origins.clone(),
            workers: config.workers,
            max_connections: config.max_connections,
            max_body: config.max_body,
            uploads: Uploads { directory: config.data_dir.join("imports"), max_size: config.max_import },
            request_timeout: config.request_timeout,
            shutdown_timeout: config.shutdown_timeout,
            cache_control: CacheControl(config.cache_control.clone()),
        }
    }
}

/// Every operation, resource by resource.
fn mount(config: &mut ServiceConfig<'_>) {
    people::api::mount(config);
    labels::api::mount(config);
    articles::api::mount(config);
    articles::revisions::api::mount(config);
    articles::working_copies::api::mount(config);
    quotes::api::mount(config);
    voices::api::mount(config);
    search::api::mount(config);
    merges::api::mount(config);
    batch::api::mount(config);
    import_jobs::api::mount(config);
    access::api::mount(config);
    pages::api::mount(config);
}

/// The API document, generated from the handlers.
pub fn openapi() -> OpenApi {
    let (_, mut openapi) = App::new().into_utoipa_app().openapi(document::head()).configure(mount).split_for_parts();
    document::complete(&mut openapi);
    openapi
}

/// The API document as it is served and stored: JSON with a line break at its end.
pub fn openapi_json() -> String {
    let mut json = openapi().to_pretty_json().unwrap_or_default();
    json.push('\n');
    json
}

/// Binds `address`; fails when it is taken.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Starts to serve on `listener`. The server runs until its handle stops it; it then lets requests under way finish.
pub fn start(listener: TcpListener, state: State, settings: ServerSettings) -> std::io::Result<Server> {
    let json = openapi_json();
    let described = serde_json::from_str(&json).map_err(std::io::Error::other)?;
    let parameter_rules = web::Data::new(ParameterRules::from_document(&described));
    let body_rules = BodyRules::from_document(&described, settings.max_body).map_err(std::io::Error::other)?;
    let body_rules = web::Data::new(body_rules);
    let document = web::Data::new(Document(json.into()));
    let urls = web::Data::new(state.urls.clone());
    let workers = settings.workers;
    let uploads = web::Data::new(settings.uploads);
    let time_limit = web::Data::new(TimeLimit(settings.request_timeout));
    let cache_control = web::Data::new(settings.cache_control);
    let cors_origins = settings.cors_origins;
    let server = HttpServer::new(move || {
        // A worker drives its own connections: an answer of PostgreSQL wakes the thread that waits for it and no other.
        let state = match state.pool.share_of(workers) {
            Ok(pool) => State { pool, ..state.clone() },
            Err(error) => {
                tracing::error!(%error, "a worker shares the connections of another");
                state.clone()
            }
        };
        let state = web::Data::new(state);
        App::new()
            .into_utoipa_app()
            .app_data(state.clone())
            .app_data(urls.clone())
            .app_data(parameter_rules.clone())
            .app_data(body_rules.clone())
            .app_data(uploads.clone())
            .app_data(document.clone())
            .app_data(time_limit.clone())
            .app_data(cache_control.clone())
            .configure(mount)
            .map(|app| app.configure(pages::api::mount_pages).default_service(web::to(fallback::answer)))
            .into_app()
            // The order of the middleware: the last one here sees a request first and its response last.
            .wrap(from_fn(middleware::check_parameters))
            .wrap(from_fn(middleware::answer_head))
            .wrap(from_fn(middleware::limit_time))
            .wrap(from_fn(middleware::render_problems))
            .wrap(from_fn(validators::make_tag))
            .wrap(Compress::default())
            .wrap(from_fn(validators::answer_unmodified))
            .wrap(cors(&cors_origins))
            .wrap(from_fn(middleware::add_headers))
            .wrap(TracingLogger::<RequestLog>::new())
    });
    let server = server
        .workers(settings.workers)
        .max_connections(settings.max_connections)
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        .disable_signals()
        .listen(listener)?
        .run();
    Ok(server)
}

/// Any page may read what is public. A page that shows a key, or writes, is one that the configuration names.
fn cors(origins: &CorsOrigins) -> Cors {
    // `Vary` is the same for every answer, see `middleware::add_headers`.
    let cors = Cors::default().expose_headers(EXPOSED).max_age(3600).disable_vary_header();
    match origins {
        CorsOrigins::Any => cors
            .allow_any_origin()
            .send_wildcard()
            .allowed_methods(["GET", "HEAD", "OPTIONS"])
            .allowed_headers([header::ACCEPT, header::CONTENT_TYPE, header::IF_NONE_MATCH, REQUEST_ID])
            .allowed_header("prefer"),
        CorsOrigins::Only(origins) => origins
            .iter()
            .fold(cors, |cors, origin| cors.allowed_origin(origin))
            .allowed_methods(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
            .allow_any_header(),
    }
}

/// A span around each request that bears its id, and a line when it is answered.
struct RequestLog;

/// A target as the log shows it. No key belongs there, but a client may have put one in.
fn without_secrets(target: &Uri) -> String {
    let target = target.to_string();
    match target.find("vb_") {
        Some(start) => format!("{}vb_[hidden]", &target[..start]),
        None => target,
    }
}

/// When a request came in.
struct Arrival(Instant);

impl RootSpanBuilder for RequestLog {
    fn on_request_start(request: &ServiceRequest) -> tracing::Span {
        let mut extensions = request.extensions_mut();
        extensions.insert(Arrival(Instant::now()));
        let request_id = extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        tracing::info_span!("request", request_id, method = %request.method(), target = without_secrets(request.uri()))
    }

    fn on_request_end<B: MessageBody>(span: tracing::Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let arrival = outcome.as_ref().ok().and_then(|r| r.request().extensions().get::<Arrival>().map(|a| a.0));
        let microseconds = arrival.map(|arrival| arrival.elapsed().as_micros());
        span.in_scope(
            || tracing::info!(target: "verbatim::request", status = status.as_u16(), microseconds, "answered"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_target_does_not_reach_the_log() {
        let shown = |target: &str| without_secrets(&target.parse().unwrap());
        assert_eq!(shown("/v1/articles?limit=2"), "/v1/articles?limit=2");
        assert_eq!(shown("/v1/articles?key=vb_9bBqLZ0yP4mR7sT2uV5w&limit=2"), "/v1/articles?key=vb_[hidden]");
    }
}
