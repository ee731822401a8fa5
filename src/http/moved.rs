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
        Whereabouts::Now(current) => Ok(redirect(request, urls, &current)),
        Whereabouts::Gone(reason) => Err(ApiError::gone(kind.word(), reference, reason.as_deref())),
        Whereabouts::Unknown => Err(ApiError::not_found(kind.word(), reference)),
    }
}

/// The same path and query with the current reference. Caches may keep it as long as the resource itself, not for ever: a
/// rename can be undone.
fn redirect(request: &HttpRequest, urls: &Urls, current: &str) -> HttpResponse {
    // `/v1/{collection}/{ref}` and what may follow it.
    let parts: Vec<&str> = request.path().split('/').collect();
    // What another system calls a resource takes three parts: `external/{source}/{id}`.
    let behind = if parts.get(3) == Some(&"external") { 6 } else { 4 };
    let moved: Vec<&str> =
        parts.iter().take(3).chain(std::iter::once(&current)).chain(parts.iter().skip(behind)).copied().collect();
    let query = request.query_string();
    let separator = if query.is_empty() { "" } else { "?" };
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, format!("{}{}{separator}{query}", urls.base(), moved.join("/"))))
        .finish()
}
