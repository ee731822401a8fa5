//! The HTTP server: routes mounted, middleware in order, run, drain.

use std::net::SocketAddr;
use std::net::TcpListener;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::http::header;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use tracing_actix_web::TracingLogger;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::changes::follower::Follower;
use crate::config::{Config, CorsOrigins};
use crate::delivery::middleware::{AnyOrigin, answer_at_the_door, keep_answers};
use crate::delivery::rules::Rules;
use crate::http::body::BodyRules;
use crate::http::middleware::{self, CacheControl, REQUEST_ID, TimeLimit};
use crate::http::parameters::ParameterRules;
use crate::http::publication::Publication;
use crate::http::request_log::RequestLog;
use crate::http::{document, fallback, validators};
use crate::import_jobs::Uploads;
use crate::metrics::Metrics;
use crate::metrics::api::PublicMetrics;
use crate::pages::api::Document;
use crate::state::State;
use crate::webhooks::reach::Reach;
use crate::{
    access, articles, batch, changes, citations, feeds, import_jobs, labels, merges, metrics, pages, people, quotes,
    search, voices, webhooks,
};

/// The longest a client may take over the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

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
    webhook_reach: Reach,
    publication: Publication,
    public_metrics: PublicMetrics,
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
            webhook_reach: if config.webhooks_allow_private { Reach::Anywhere } else { Reach::Public },
            publication: Publication(config.publication.clone()),
            public_metrics: PublicMetrics(config.public_metrics),
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
    feeds::api::mount(config);
    citations::api::mount(config);
    merges::api::mount(config);
    batch::api::mount(config);
    changes::api::mount(config);
    webhooks::api::mount(config);
    import_jobs::api::mount(config);
    metrics::api::mount(config);
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
/// `follower` gives event streams what they send; stop it first, since requests under way are streams too.
pub fn start(
    listener: TcpListener,
    state: State,
    settings: ServerSettings,
    follower: Follower,
) -> std::io::Result<Server> {
    let json = openapi_json();
    let described = serde_json::from_str(&json).map_err(std::io::Error::other)?;
    let parameter_rules = web::Data::new(ParameterRules::from_document(&described));
    let delivery_rules = web::Data::new(Rules::from_document(&described));
    let any_origin = web::Data::new(AnyOrigin(settings.cors_origins == CorsOrigins::Any));
    let body_rules = BodyRules::from_document(&described, settings.max_body).map_err(std::io::Error::other)?;
    let body_rules = web::Data::new(body_rules);
    let document = web::Data::new(Document(json.into()));
    let urls = web::Data::new(state.urls.clone());
    let follower = web::Data::new(follower);
    let webhook_reach = web::Data::new(settings.webhook_reach);
    let workers = settings.workers;
    let uploads = web::Data::new(settings.uploads);
    let time_limit = web::Data::new(TimeLimit(settings.request_timeout));
    let cache_control = web::Data::new(settings.cache_control);
    let publication = web::Data::new(settings.publication);
    let public_metrics = web::Data::new(settings.public_metrics);
    let metrics = web::Data::new(Metrics::new().map_err(std::io::Error::other)?);
    metrics.watch(state.pool.clone());
    let cors_origins = settings.cors_origins;
    let server = HttpServer::new(move || {
        // A worker drives its own connections: an answer of PostgreSQL wakes the thread that waits for it and no other.
        let state = match state.pool.share_of(workers) {
            Ok(pool) => {
                metrics.watch(pool.clone());
                State { pool, ..state.clone() }
            }
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
            .app_data(follower.clone())
            .app_data(webhook_reach.clone())
            .app_data(parameter_rules.clone())
            .app_data(body_rules.clone())
            .app_data(uploads.clone())
            .app_data(document.clone())
            .app_data(delivery_rules.clone())
            .app_data(any_origin.clone())
            .app_data(time_limit.clone())
            .app_data(cache_control.clone())
            .app_data(publication.clone())
            .app_data(metrics.clone())
            .app_data(public_metrics.clone())
            .configure(mount)
            .map(|app| app.configure(pages::api::mount_pages).default_service(web::to(fallback::answer)))
            .into_app()
            // The order of the middleware: the last one here sees a request first and its response last.
            .wrap(from_fn(middleware::check_parameters))
            .wrap(from_fn(middleware::answer_head))
            .wrap(from_fn(middleware::limit_time))
            .wrap(from_fn(middleware::render_problems))
            .wrap(from_fn(validators::make_tag))
            .wrap(from_fn(keep_answers))
            .wrap(Compress::default())
            .wrap(from_fn(validators::answer_unmodified))
            .wrap(cors(&cors_origins))
            .wrap(from_fn(middleware::add_headers))
            .wrap(TracingLogger::<RequestLog>::new())
            .wrap(from_fn(answer_at_the_door))
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
    // `Vary` and what pages may see is the same for every answer, see `middleware::StandardHeaders`.
    let cors = Cors::default().max_age(3600).disable_vary_header();
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
