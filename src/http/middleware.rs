//! The middleware of our own. Their order is set in `server`.

use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use tracing_actix_web::RequestId;

use super::error::{ApiError, Occasion};
use super::parameters::ParameterRules;
use super::problem::{MEDIA_TYPE, ProblemCode};
use super::reference::Urls;

/// The header that names a request, the same as in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit(pub Duration);

/// How caches may keep what is public, as `Cache-Control` says it (RFC 9111 §5.2).
#[derive(Debug, Clone)]
pub struct CacheControl(pub HeaderValue);

/// What of a request an answer depends on, besides its method and target (RFC 9110 §12.5.5). It is the same for every
/// answer, since a cache holds to what the last one said.
const VARY: HeaderValue = HeaderValue::from_static("Accept-Encoding, Authorization, Origin, Prefer");

/// The headers of an answer that pages may see, beside those that any page may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "etag, link, location, preference-applied, ratelimit, retry-after, www-authenticate, x-request-id",
);

/// The headers that every response has, as a request decides them.
pub struct StandardHeaders {
    cache_control: Option<HeaderValue>,
    is_of_key: bool,
    is_of_origin: bool,
}

impl StandardHeaders {
    /// What the answer to a request has.
    pub fn of(request: &ServiceRequest) -> Self {
        let is_of_key = request.headers().contains_key(header::AUTHORIZATION);
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let public = || request.app_data::<web::Data<CacheControl>>().map(|public| public.0.clone());
        let cache_control = match is_of_key {
            true => Some(HeaderValue::from_static("private, no-store")),
            false if is_read => public(),
            false => None,
        };
        Self { cache_control, is_of_key, is_of_origin: request.headers().contains_key(header::ORIGIN) }
    }

    /// Puts them on the answer to the request of this id.
    pub fn put_on(self, headers: &mut HeaderMap, id: String) {
        let is_decided = !self.is_of_key && headers.contains_key(header::CACHE_CONTROL);
        if let Some(cache_control) = self.cache_control.filter(|_| !is_decided) {
            headers.insert(header::CACHE_CONTROL, cache_control);
        }
        headers.insert(header::VARY, VARY);
        if let Ok(id) = HeaderValue::from_maybe_shared(web::Bytes::from(id)) {
            headers.insert(REQUEST_ID, id);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.is_of_origin {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// Puts the headers on that every response has.
pub async fn add_headers<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let id = request_id(&request);
    let standard = StandardHeaders::of(&request);
    let mut response = next.call(request).await?;
    standard.put_on(response.headers_mut(), id);
    Ok(response)
}

/// Makes every error a problem document that names its path and request.
pub async fn render_problems<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let urls = request.app_data::<web::Data<Urls>>();
    let occasion = Occasion {
        path: request.path().to_owned(),
        request_id: request_id(&request),
        base_url: urls.map(|urls| urls.base().to_owned()).unwrap_or_default(),
    };
    let response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => return Err(locate(error, occasion).into()),
    };
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return Ok(response.map_into_left_body());
    }
    let problem = match response.response().error() {
        Some(error) => match error.as_error::<ApiError>() {
            Some(problem) => {
                log(problem);
                problem.respond(&occasion)
            }
            None => foreign(response.status(), error.to_string()).respond(&occasion),
        },
        None if is_problem(&response) => return Ok(response.map_into_left_body()),
        None => foreign(response.status(), String::new()).respond(&occasion),
    };
    Ok(response.into_response(problem).map_into_right_body())
}

/// An error of a middleware comes without the request, so the problem is told where it happened beforehand.
fn locate(error: Error, occasion: Occasion) -> LocatedError {
    let status = error.as_response_error().status_code();
    let response = match error.as_error::<ApiError>() {
        Some(problem) => {
            log(problem);
            problem.respond(&occasion)
        }
        None => foreign(status, error.to_string()).respond(&occasion),
    };
    let (parts, body) = response.into_parts();
    let body = body.try_into_bytes().unwrap_or_default();
    LocatedError { status: parts.status(), headers: parts.headers().clone(), body }
}

/// A problem that is already rendered.
#[derive(Debug)]
struct LocatedError {
    status: StatusCode,
    headers: HeaderMap,
    body: web::Bytes,
}

impl std::fmt::Display for LocatedError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.body))
    }
}

impl ResponseError for LocatedError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for header in &self.headers {
            response.insert_header(header);
        }
        response.body(self.body.clone())
    }
}

fn is_problem<B>(response: &ServiceResponse<B>) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE)
}

fn foreign(status: StatusCode, detail: String) -> ApiError {
    let problem = ApiError::from_status(status, detail);
    log(&problem);
    problem
}

fn log(problem: &ApiError) {
    if let Some(cause) = problem.cause() {
        tracing::error!(%cause, "{problem}");
    }
}

/// Gives a request up when it takes too long; what it was doing is dropped, an open transaction rolled back.
pub async fn limit_time<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    // A file to import takes as long as its way here does.
    if request.method() == Method::POST && request.path() == FILE_UPLOADS {
        return next.call(request).await;
    }
    let limit = request.app_data::<web::Data<TimeLimit>>().map_or(Duration::MAX, |limit| limit.0);
    match tokio::time::timeout(limit, next.call(request)).await {
        Ok(response) => response,
        Err(_) => Err(ApiError::new(
            ProblemCode::RequestTimeout,
            format!("the request was given up after {} seconds", limit.as_secs()),
        )
        .into()),
    }
}

/// Where files are sent to.
const FILE_UPLOADS: &str = "/v1/imports";

/// Answers HEAD as GET: the connection leaves the body out by itself (RFC 9110 §9.3.2). It would wait for the end of a
/// stream, which may have none.
pub async fn answer_head<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, ()>>, Error> {
    let is_head = request.method() == Method::HEAD;
    if is_head {
        request.head_mut().method = Method::GET;
    }
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| match body.size() {
        BodySize::Stream if is_head => EitherBody::right(()),
        _ => EitherBody::left(body),
    }))
}

/// Refuses what the document does not declare, and the one character that PostgreSQL cannot take.
pub async fn check_parameters<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if request.path().contains("%00") || request.path().contains('\0') {
        let problem = ApiError::new(ProblemCode::MalformedRequest, "the path holds a null character");
        return Ok(request.error_response(problem).map_into_right_body());
    }
    let faults = match (request.app_data::<web::Data<ParameterRules>>(), request.match_pattern()) {
        (Some(rules), Some(template)) => rules.check(request.method().as_str(), &template, request.query_string()),
        _ => Vec::new(),
    };
    if faults.is_empty() {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    Ok(request.error_response(ApiError::faults(faults)).map_into_right_body())
}

/// The id of a request, as its answer and the log name it.
pub fn request_id_of(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default()
}

fn request_id(request: &ServiceRequest) -> String {
    request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default()
}
