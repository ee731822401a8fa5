//! Preconditions of writes (RFC 9110 §13): which version of a resource a client has seen.

use actix_web::HttpRequest;
use actix_web::http::header::{IF_MATCH, IF_NONE_MATCH};

use super::error::ApiError;
use super::problem::ProblemCode;

/// Which version a write changes.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "what the document says of a header that `Preconditions` reads")]
pub struct IfMatch {
    /// The `ETag` of the version that the client has seen, or `*` for any.
    #[param(rename = "If-Match", example = "*")]
    if_match: Option<String>,
}

/// The preconditions of a request.
#[derive(Debug, Clone, Default)]
pub struct Preconditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl Preconditions {
    /// Reads them.
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Self { if_match: text(IF_MATCH), if_none_match: text(IF_NONE_MATCH) })
    }

    /// Fails unless the client has seen this version of the resource, or says that any will do.
    pub fn check(&self, current_version: i32) -> Result<(), ApiError> {
        let Some(tags) = &self.if_match else {
            return Err(ApiError::new(ProblemCode::InvalidBody, "If-Match is required"));
        };
        let is_met = tags.split(',').map(str::trim).any(|tag| {
            tag == "*"
                || tag.strip_prefix('"').and_then(|tag| tag.split(['.', '"']).next()?.parse().ok())
                    == Some(current_version)
        });
        if is_met { Ok(()) } else { Err(ApiError::new(ProblemCode::InvalidBody, "the resource has changed")) }
    }

    /// Fails where the resource must not be there yet.
    pub fn check_absent(&self, current_version: i32) -> Result<(), ApiError> {
        match &self.if_none_match {
            Some(_) => Err(ApiError::new(ProblemCode::InvalidBody, format!("it exists in version {current_version}"))),
            None => Ok(()),
        }
    }
}
