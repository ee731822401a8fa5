//! A line in the log for each request, in a span that bears its id.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use uuid::Uuid;

/// A span around each request that bears its id, and a line when it is answered.
pub struct RequestLog;

/// The span of a request.
pub fn span(id: &Uuid, method: &Method, target: &Uri) -> Span {
    tracing::info_span!("request", request_id = %id, %method, target = without_secrets(target))
}

/// Logs in the present span that a request was answered.
pub fn answered(status: StatusCode, arrived: Option<Instant>) {
    let microseconds = arrived.map(|arrived| arrived.elapsed().as_micros());
    tracing::info!(target: "verbatim::request", status = status.as_u16(), microseconds, "answered");
}

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
    fn on_request_start(request: &ServiceRequest) -> Span {
        let mut extensions = request.extensions_mut();
        extensions.insert(Arrival(Instant::now()));
        let id = extensions.get::<RequestId>().map(|id| **id).unwrap_or_default();
        span(&id, request.method(), request.uri())
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let arrived = outcome.as_ref().ok().and_then(|r| r.request().extensions().get::<Arrival>().map(|a| a.0));
        span.in_scope(|| answered(status, arrived));
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
