//! A finished answer in one encoding, as it is sent and kept.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, AcceptEncoding, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use chrono::{DateTime, Utc};

use super::encoding::Encoding;
use super::rules::{Dependence, Route};
use crate::http::entity_tag::{Condition, EntityTag};
use crate::http::validators::accepts;

/// The names by which networks drop what they keep.
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// About what a kept answer takes besides its texts: itself, and what the cache needs to keep it.
const OVERHEAD: usize = 768;

/// What a header takes besides its texts.
const HEADER: usize = size_of::<(HeaderName, HeaderValue)>();

/// A finished answer, with the state of 200.
#[derive(Debug)]
pub(super) struct Answer {
    /// The route that it is an answer of.
    pub(super) route: Route,
    body: Bytes,
    /// All but the tag and what every answer has.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The tag before it is encoded.
    content: EntityTag,
    /// The tag as it is sent.
    tag: HeaderValue,
    encoding: Encoding,
    /// What it depends on.
    pub(super) dependence: Arc<Dependence>,
    /// The number of the last change that was known when the work on it began.
    pub(super) began: u64,
    /// Up to which change it was found to be unchanged.
    pub(super) checked: AtomicU64,
    /// From when on it may be out of date by the passing of time.
    pub(super) until: Option<DateTime<Utc>>,
}

/// Where an answer comes from.
pub(super) struct Origin {
    pub(super) route: Route,
    pub(super) dependence: Dependence,
    pub(super) began: u64,
    pub(super) until: Option<DateTime<Utc>>,
}

impl Answer {
    /// An answer that is not encoded, with the headers that a handler gave it.
    pub(super) fn new(
        body: Bytes,
        headers: &HeaderMap,
        content: EntityTag,
        surrogate_key: Option<HeaderValue>,
        origin: Origin,
    ) -> Option<Self> {
        let Origin { route, dependence, began, until } = origin;
        let tag = content.to_header().ok()?;
        let mut headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.extend(surrogate_key.map(|key| (SURROGATE_KEY, key)));
        let (dependence, checked) = (Arc::new(dependence), AtomicU64::new(began));
        // What a handler wrote may stand in more memory than it needs.
        let body = Bytes::copy_from_slice(&body);
        Some(Self {
            route,
            body,
            headers,
            content,
            tag,
            encoding: Encoding::Identity,
            dependence,
            began,
            checked,
            until,
        })
    }

    /// The same in another encoding.
    pub(super) fn encoded(&self, encoding: Encoding) -> std::io::Result<Self> {
        let body = encoding.encode(&self.body)?;
        let tag = self.content.encoded(encoding.name()).to_header().map_err(std::io::Error::other)?;
        let mut headers = self.headers.clone();
        headers.push((header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name())));
        Ok(Self {
            route: self.route,
            body: body.into_boxed_slice().into(),
            headers,
            content: self.content.clone(),
            tag,
            encoding,
            dependence: Arc::clone(&self.dependence),
            began: self.began,
            checked: AtomicU64::new(self.began),
            until: self.until,
        })
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER);
        self.body.len() + headers.sum::<usize>() + self.dependence.size() + OVERHEAD
    }

    /// The length of its body, in bytes.
    pub(super) fn length(&self) -> usize {
        self.body.len()
    }

    /// The whole answer, to which `validators::answer_unmodified` is still to add the tag.
    pub(super) fn whole(&self) -> HttpResponse {
        let mut response = HttpResponse::new(StatusCode::OK).set_body(BoxBody::new(self.body.clone()));
        let headers = response.headers_mut();
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
        response.extensions_mut().insert(self.content.clone());
        response
    }

    /// What a request is answered: all of it, or that the client has it already.
    pub(super) fn respond(&self, request: &ServiceRequest) -> HttpResponse {
        let (mut response, tag) = match self.held(request) {
            Some(tag) => (HttpResponse::new(StatusCode::NOT_MODIFIED), tag),
            None => {
                let mut response = HttpResponse::new(StatusCode::OK).set_body(BoxBody::new(self.body.clone()));
                let headers = response.headers_mut();
                for (name, value) in &self.headers {
                    headers.append(name.clone(), value.clone());
                }
                (response, self.tag.clone())
            }
        };
        response.headers_mut().insert(header::ETAG, tag);
        response
    }

    /// The tag that a client has of it already.
    fn held(&self, request: &ServiceRequest) -> Option<HeaderValue> {
        if *request.headers().get(header::IF_NONE_MATCH)? == self.tag {
            return Some(self.tag.clone());
        }
        // A header that cannot be read names nothing that the client has: it is sent everything.
        let condition = Condition::of(request.headers(), &header::IF_NONE_MATCH).ok()??;
        let sent = self.content.encoded(self.encoding.name());
        let accepted = request.get_header::<AcceptEncoding>();
        let held = condition.held(&self.content, &sent, |encoding| accepts(accepted.as_ref(), encoding))?;
        held.to_header().ok()
    }
}
