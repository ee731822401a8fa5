//! Validators: each answer to a GET bears a tag of what it shows, and who already has that is told so in place of being
//! sent it again (RFC 9110 §8.8, §13.1.2).
//!
//! Two middleware, since a tag is made from what is sent before it is compressed, and names the compression.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AcceptEncoding, Encoding, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use chrono::{DateTime, Utc};
use utoipa::IntoParams;

use super::entity_tag::{Condition, EntityTag};
use super::error::ApiError;

/// What a client already has.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "what the document says of a header that `answer_unmodified` reads")]
pub struct Revalidation {
    /// The `ETag` of an earlier answer, or several: when what is asked for is still the same, the answer is 304 without
    /// a body. What is no list of entity tags is ignored.
    #[param(rename = "If-None-Match", nullable = false, example = "\"3.230d8358dc8e8890b4c58deeb62912ee\"")]
    if_none_match: Option<String>,
}

/// The version of the one resource that a response shows, among the response's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Version(pub i32);

/// Until when a response holds where nothing changes, among the response's extensions: it is about the last two days, say.
#[derive(Debug, Clone, Copy)]
pub struct HoldsUntil(pub DateTime<Utc>);

/// The headers of the answer in whose place a 304 stands that it has as well (RFC 9110 §15.4.5).
const KEPT: [header::HeaderName; 4] = [header::CACHE_CONTROL, header::CONTENT_LOCATION, header::EXPIRES, header::VARY];

/// Makes the tag of what a GET found, before it is compressed. Problems have none.
pub async fn make_tag<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_read = is_read(request.method());
    // Whatever the parameters of a single resource are, they show something else than its whole.
    let is_whole = request.query_string().is_empty();
    let response = next.call(request).await?.map_into_boxed_body();
    if !is_read || response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(bytes) => {
            let version = response.extensions().get::<Version>().map(|Version(version)| *version);
            response.extensions_mut().insert(EntityTag::of(&bytes, version, is_whole));
            BoxBody::new(bytes)
        }
        // A stream is not known before it is sent.
        Err(stream) => stream,
    };
    Ok(ServiceResponse::new(request, response.set_body(body)))
}

/// Puts the tag on as the header `ETag`, and answers 304 to who names it in `If-None-Match`.
pub async fn answer_unmodified<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    // A header that cannot be read names nothing that the client has: it is sent everything.
    let condition = Condition::of(request.headers(), &header::IF_NONE_MATCH).ok().flatten();
    let condition = condition.filter(|_| is_read(request.method()));
    let accepted = request.get_header::<AcceptEncoding>();
    let mut response = next.call(request).await?;
    let tag = response.response_mut().extensions_mut().remove::<EntityTag>();
    let Some(content) = tag else {
        return Ok(response.map_into_left_body());
    };
    let sent = content.encoded(encoding(response.headers()));
    let held = condition
        .and_then(|condition| condition.held(&content, &sent, |encoding| accepts(accepted.as_ref(), encoding)));
    let tag = held.as_ref().unwrap_or(&sent).to_header().map_err(ApiError::internal)?;
    let mut response = match held {
        Some(_) => unmodified(response).map_into_right_body(),
        None => response.map_into_left_body(),
    };
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The encoding that a response was compressed with.
fn encoding(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_ENCODING).and_then(|encoding| encoding.to_str().ok()).unwrap_or("identity")
}

/// Whether a client that sent this `Accept-Encoding`, or none, can read an encoding (RFC 9110 §12.5.3).
pub fn accepts(accepted: Option<&AcceptEncoding>, encoding: &str) -> bool {
    let (Some(accepted), Ok(encoding)) = (accepted, encoding.parse::<Encoding>()) else { return true };
    accepted.negotiate([&encoding].into_iter()).as_ref() == Some(&encoding)
}

/// The 304 in place of a response; nothing was compressed yet that is dropped here.
fn unmodified<B>(response: ServiceResponse<B>) -> ServiceResponse<BoxBody> {
    let mut unmodified = HttpResponse::NotModified();
    for name in KEPT {
        if let Some(value) = response.headers().get(&name) {
            unmodified.insert_header((name, value.clone()));
        }
    }
    response.into_response(unmodified.finish())
}
