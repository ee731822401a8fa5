//! What a reference answers that finds nothing public: 308 to where the resource is now, 410 where it is gone, else 404.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::error::ApiError;
use super::reference::Urls;
use crate::db::moved::{Kind, Whereabouts, whereabouts};
use crate::db::{Audience, Connection};

impl Kind {
    /// What the resource is called in a sentence.
    fn word(self) -> &'static str {
        match self {
            Kind::Article => "article",
            Kind::Quote => "quote",
            Kind::Person => "person",
            Kind::Label => "label",
        }
    }
}

/// Answers a request for something public that `reference`, the part of the path behind the collection, does not find.
pub async fn answer_absence(
    connection: &Connection,
    request: &HttpRequest,
    urls: &Urls,
    kind: Kind,
    reference: &str,
    audience: Audience,
) -> Result<HttpResponse, ApiError> {
    match whereabouts(connection, kind, reference, audience).await? {
        Whereabouts::Now(current) => {
            // `/v1/{collection}/{ref}` and what may follow it.
            let parts = request.path().split('/').enumerate();
            let moved: Vec<&str> = parts.map(|(index, part)| if index == 3 { &current } else { part }).collect();
            Ok(redirect(request, urls, &moved.join("/")))
        }
        Whereabouts::Gone(reason) => Err(ApiError::gone(kind.word(), reference, reason.as_deref())),
        Whereabouts::Unknown => Err(ApiError::not_found(kind.word(), reference)),
    }
}

/// The same for what another system calls `called`, which is `reference` here. Who may not see it is not told so.
pub async fn answer_external_absence(
    connection: &Connection,
    request: &HttpRequest,
    urls: &Urls,
    kind: Kind,
    reference: &str,
    called: &str,
    audience: Audience,
) -> Result<HttpResponse, ApiError> {
    match whereabouts(connection, kind, reference, audience).await? {
        Whereabouts::Now(current) => {
            // `/v1/{collection}` of `/v1/{collection}/external/{source}/{id}`.
            let collection: Vec<&str> = request.path().split('/').take(3).collect();
            Ok(redirect(request, urls, &format!("{}/{current}", collection.join("/"))))
        }
        Whereabouts::Gone(reason) => Err(ApiError::gone(kind.word(), called, reason.as_deref())),
        Whereabouts::Unknown => Err(ApiError::not_found(kind.word(), called)),
    }
}

/// Another path with the same query. Caches may keep it as long as the resource itself, not for ever: a rename can be
/// undone.
fn redirect(request: &HttpRequest, urls: &Urls, path: &str) -> HttpResponse {
    let query = request.query_string();
    let separator = if query.is_empty() { "" } else { "?" };
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, format!("{}{path}{separator}{query}", urls.base())))
        .finish()
}
