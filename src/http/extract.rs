//! Extractors that answer with our problem documents. They keep actix's names, by which the document finds them.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use super::problem::ProblemCode;

/// The parameters of a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// The parameters of a query string.
///
/// Names and values were checked against the API document before a handler is reached, see
/// [`parameters`](super::parameters); what is left to fail here is a fault of ours.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let path = actix_web::web::Path::<T>::from_request(request, payload).into_inner();
        ready(
            path.map(|path| Self(path.into_inner())).map_err(|error| {
                ApiError::new(ProblemCode::MalformedRequest, format!("the path cannot be read: {error}"))
            }),
        )
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_query(request).map(Self))
    }
}

/// One group of parameters out of the query string.
pub fn read_query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    serde_html_form::from_str(request.query_string()).map_err(|error| {
        ApiError::new(ProblemCode::MalformedRequest, format!("the query string cannot be read: {error}"))
    })
}
