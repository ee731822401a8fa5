//! Where requests meet the cache: at the door, where an answer that is kept is given at once, and behind the middleware
//! that finishes answers, where they are made and kept.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BoxBody, EitherBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, web};
use uuid::Uuid;

use super::answer::{Answer, Origin};
use super::encoding::Encoding;
use super::request::normal_query;
use super::rules::{Route, Rule, Rules};
use crate::http::entity_tag::EntityTag;
use crate::http::error::ApiError;
use crate::http::explain::wants_explanation;
use crate::http::middleware::StandardHeaders;
use crate::http::request_log;
use crate::http::validators::HoldsUntil;
use crate::metrics::Metrics;
use crate::state::State;

/// Whether pages of every origin may read, so that the answer to each is the same.
#[derive(Debug, Clone, Copy)]
pub struct AnyOrigin(pub bool);

/// Answers from memory what can be, before anything else is done; everything else goes on.
///
/// This is the outermost middleware. What it answers passes no other one, so it does what they do for every answer: it
/// gives it an id, the headers that all answers have, and a line in the log.
pub async fn answer_at_the_door<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<BoxBody, B>>, Error> {
    match kept_answer(&request) {
        Some(answer) => Ok(hand_out(request, &answer).map_into_left_body()),
        None => count(request, next).await.map(ServiceResponse::map_into_right_body),
    }
}

/// Has a request answered, and counts that.
async fn count<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let Some(metrics) = request.app_data::<web::Data<Metrics>>().cloned() else { return next.call(request).await };
    let (method, route, arrived) = (request.method().clone(), request.match_pattern(), Instant::now());
    let outcome = next.call(request).await;
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    metrics.answered(method.as_str(), route.as_deref(), status.as_str(), arrived.elapsed());
    outcome
}

fn kept_answer(request: &ServiceRequest) -> Option<Arc<Answer>> {
    let is_of_an_origin = request.headers().contains_key(header::ORIGIN);
    if !is_kept_for(request) || is_of_an_origin && !request.app_data::<web::Data<AnyOrigin>>()?.0 {
        return None;
    }
    let cache = &State::of(request.request()).ok()?.cache;
    if !cache.is_current() {
        return None;
    }
    let (path, query) = (request.path(), request.query_string());
    let encoding = Encoding::for_request(request)?;
    let is_explained = wants_explanation(request.request());
    if query.is_empty() {
        return cache.look_up(&key(encoding, is_explained, path, query));
    }
    let rule = request.app_data::<web::Data<Rules>>()?.of_path(path)?;
    cache.look_up(&key(encoding, is_explained, path, &normal_query(rule, query)))
}

fn hand_out(request: ServiceRequest, answer: &Answer) -> ServiceResponse<BoxBody> {
    let arrived = Instant::now();
    let id = Uuid::now_v7();
    let mut response = answer.respond(&request);
    StandardHeaders::of(&request).put_on(response.headers_mut(), id.to_string());
    let took = arrived.elapsed();
    request_log::answered(&id, request.method(), request.uri(), response.status(), took);
    if let Some(metrics) = request.app_data::<web::Data<Metrics>>() {
        let Route { number, template } = answer.route;
        let is_whole = response.status() == StatusCode::OK;
        metrics.answered_from_memory((number, template), is_whole, took);
    }
    request.into_response(response)
}

/// Makes answers, and keeps those that may be kept.
pub async fn keep_answers<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<BoxBody, B>>, Error> {
    let rules = request.app_data::<web::Data<Rules>>().cloned();
    let rule = rules.as_ref().and_then(|rules| rules.of_path(request.path())).filter(|_| is_read(request.method()));
    let Some(rule) = rule else {
        return next.call(request).await.map(ServiceResponse::map_into_right_body);
    };
    normalise(&mut request, rule);
    let state = State::of(request.request())?.clone();
    let encoding = Encoding::for_request(&request);
    let (Some(encoding), true) = (encoding, is_kept_for(&request) && state.cache.has_use()) else {
        return next.call(request).await.map(ServiceResponse::map_into_right_body);
    };
    let (path, query) = (request.path().to_owned(), request.query_string().to_owned());
    let is_explained = wants_explanation(request.request());
    if let Some(metrics) = request.app_data::<web::Data<Metrics>>() {
        metrics.missed();
    }
    let key = |encoding| key(encoding, is_explained, &path, &query);

    let making = Making::of(request);
    let make = async || making.make(&state, rule, &query, &next).await;
    let cache = &state.cache;
    let answer = if cache.is_current() {
        let arrived = cache.last_change();
        let plain = async || {
            let made = async || {
                let answer = make().await?;
                cache.keep(&key(Encoding::Identity), &answer);
                Some(answer)
            };
            cache.share(&key(Encoding::Identity), arrived, made).await
        };
        if encoding == Encoding::Identity {
            plain().await
        } else {
            let encoded = async || {
                let answer = encode(plain().await?, encoding).await;
                cache.keep(&key(encoding), &answer);
                Some(answer)
            };
            cache.share(&key(encoding), arrived, encoded).await
        }
    } else {
        match make().await {
            Some(answer) => Some(encode(answer, encoding).await),
            None => None,
        }
    };
    making.finish(answer)
}

/// A request on its way to be answered.
struct Making<B> {
    request: Cell<Option<ServiceRequest>>,
    /// The request after a handler has answered it.
    answered: Cell<Option<HttpRequest>>,
    /// What a handler answered that no other request can be answered with.
    passed: Cell<Option<Result<ServiceResponse<B>, Error>>>,
}

impl<B: MessageBody + 'static> Making<B> {
    fn of(request: ServiceRequest) -> Self {
        Self { request: Cell::new(Some(request)), answered: Cell::new(None), passed: Cell::new(None) }
    }

    /// Has a handler answer. Only a 200 is an answer for others too: problems name their request.
    async fn make(&self, state: &State, rule: &Rule, query: &str, next: &Next<B>) -> Option<Arc<Answer>> {
        let request = self.request.take()?;
        let cache = &state.cache;
        // In this order: what changes from here on is either seen by the handler or noted as later.
        let began = cache.last_change();
        let until = if cache.is_current() { cache.next_publication(&state.pool).await } else { Ok(None) };
        let response = match next.call(request).await {
            Ok(response) => response,
            Err(error) => {
                self.passed.set(Some(Err(error)));
                return None;
            }
        };
        let tag = response.response().extensions().get::<EntityTag>().cloned();
        let own_end = response.response().extensions().get::<HoldsUntil>().map(|HoldsUntil(instant)| *instant);
        let (Some(tag), StatusCode::OK, Ok(until)) = (tag, response.status(), until) else {
            self.passed.set(Some(Ok(response)));
            return None;
        };
        let (request, response) = response.into_parts();
        let (head, body) = response.into_parts();
        self.answered.set(Some(request));
        let Ok(body) = to_bytes(body).await else {
            self.passed.set(Some(Err(ApiError::internal("an answer cannot be read").into())));
            return None;
        };
        let dependence = rule.dependence(query, &body);
        let until = until.filter(|_| dependence.is_on_time()).into_iter().chain(own_end).min();
        let surrogate_key = cache.has_surrogate_keys().then(|| dependence.surrogate_key());
        let surrogate_key = surrogate_key.and_then(|key| HeaderValue::try_from(key).ok());
        let origin = Origin { route: rule.route(), dependence, began, until };
        Some(Arc::new(Answer::new(body, head.headers(), tag, surrogate_key, origin)?))
    }

    /// The response to the request.
    fn finish(self, answer: Option<Arc<Answer>>) -> Result<ServiceResponse<EitherBody<BoxBody, B>>, Error> {
        if let Some(passed) = self.passed.take() {
            return passed.map(ServiceResponse::map_into_right_body);
        }
        let unanswered = || self.request.take().map(|request| request.into_parts().0);
        match (self.answered.take().or_else(unanswered), answer) {
            (Some(request), Some(answer)) => Ok(ServiceResponse::new(request, answer.whole()).map_into_left_body()),
            _ => Err(ApiError::internal("a request was not answered").into()),
        }
    }
}

/// An answer in an encoding. A long one is encoded aside, so that other requests are not kept waiting.
async fn encode(answer: Arc<Answer>, encoding: Encoding) -> Arc<Answer> {
    /// About what is encoded in a millisecond.
    const SHORT: usize = 32 * 1024;
    if encoding == Encoding::Identity {
        return answer;
    }
    let encoded = if answer.length() <= SHORT {
        answer.encoded(encoding)
    } else {
        let plain = Arc::clone(&answer);
        web::block(move || plain.encoded(encoding)).await.map_err(std::io::Error::other).flatten()
    };
    match encoded {
        Ok(encoded) => Arc::new(encoded),
        Err(error) => {
            tracing::error!(%error, encoding = encoding.name(), "an answer was not encoded");
            answer
        }
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a request may be answered with what others were: it reads, and shows no key.
fn is_kept_for(request: &ServiceRequest) -> bool {
    is_read(request.method()) && !request.headers().contains_key(header::AUTHORIZATION)
}

/// Gives a request the normal form of its query, so that its answer is that of every request that means the same.
fn normalise(request: &mut ServiceRequest, rule: &Rule) {
    let normal = normal_query(rule, request.query_string()).into_owned();
    if normal == request.query_string() {
        return;
    }
    let separator = if normal.is_empty() { "" } else { "?" };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = format!("{}{separator}{normal}", request.uri().path()).parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.head_mut().uri = uri;
    }
}

fn key(encoding: Encoding, is_explained: bool, path: &str, query: &str) -> String {
    let explained = if is_explained { " explain" } else { "" };
    [encoding.name(), explained, " ", path, "?", query].concat()
}
