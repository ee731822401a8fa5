//! A line in the log for each request, in a span that bears its id.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use uuid::Uuid;

/// A span around each request that bears its id, and a line when it is answered.
pub struct RequestLog;

/// Logs that a request was answered: a line that stands by itself, so that an answer from memory needs no span.
///
/// A target has no spaces (RFC 3986 §2), so nothing is quoted that would have to be escaped first.
pub fn answered(id: &Uuid, method: &Method, target: &Uri, status: StatusCode, took: Duration) {
    tracing::info!(
        target: "verbatim::request",
        parent: None,
        request_id = %id,
        %method,
        target = %without_secrets(target),
        status = status.as_u16(),
        microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
}

/// A target as the log shows it. No key belongs there, but a client may have put one in.
fn without_secrets(target: &Uri) -> Cow<'_, str> {
    let target = target.path_and_query().map_or("", PathAndQuery::as_str);
    match target.split_once("vb_") {
        Some((before, _)) => format!("{before}vb_[hidden]").into(),
        None => target.into(),
    }
}

/// A request as it came in: what is answered may have another form.
struct Arrival {
    instant: Instant,
    method: Method,
    target: Uri,
}

impl RootSpanBuilder for RequestLog {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let (method, target) = (request.method().clone(), request.uri().clone());
        let mut extensions = request.extensions_mut();
        let request_id = extensions.get::<RequestId>().map(|id| **id).unwrap_or_default();
        let span = tracing::info_span!("request", %request_id, %method, target = %without_secrets(&target));
        extensions.insert(Arrival { instant: Instant::now(), method, target });
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                let status = error.as_response_error().status_code();
                span.in_scope(|| tracing::info!(target: "verbatim::request", status = status.as_u16(), "answered"));
                return;
            }
        };
        let extensions = response.request().extensions();
        let (Some(id), Some(arrival)) = (extensions.get::<RequestId>(), extensions.get::<Arrival>()) else { return };
        answered(id, &arrival.method, &arrival.target, response.status(), arrival.instant.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_target_does_not_reach_the_log() {
        let shown = |target: &str| without_secrets(&target.parse().unwrap()).into_owned();
        assert_eq!(shown("/v1/articles?limit=2"), "/v1/articles?limit=2");
        assert_eq!(shown("/v1/articles?key=vb_9bBqLZ0yP4mR7sT2uV5w&limit=2"), "/v1/articles?key=vb_[hidden]");
    }
}
