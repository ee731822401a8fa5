//! The one error type of the API, and how it becomes a problem document.
//!
//! What the client reads (`code`, `detail`, `faults`) and what the log reads (`cause`) are apart, so that the second
//! cannot leak into the first.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};

use super::middleware::REQUEST_ID;
use super::problem::{Entry, Fault, MEDIA_TYPE, Problem, ProblemCode};
use crate::db::DatabaseError;

/// Seconds after which a client may ask again when the database is away.
const RETRY_AFTER: u32 = 1;

/// Why a request cannot be answered.
#[derive(Debug)]
pub struct ApiError {
    code: ProblemCode,
    detail: String,
    faults: Vec<Fault>,
    header: Option<Header>,
    extension: Option<Extension>,
    cause: Option<String>,
}

/// A header that goes with a problem: its name and value.
type Header = Box<(&'static str, String)>;

/// A member that some problems have beyond those that all have (RFC 9457 §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Extension {
    CurrentVersion(i32),
    Current(String),
}

/// Where a problem happened.
#[derive(Debug, Clone, Default)]
pub struct Occasion {
    /// The path that was asked for.
    pub path: String,
    /// The id of the request.
    pub request_id: String,
    /// What stands before `/problems/…`.
    pub base_url: String,
}

impl ApiError {
    /// A problem with a sentence about this time.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), header: None, extension: None, cause: None }
    }

    /// Everything that is wrong with a request's parameters. `faults` must not be empty.
    pub fn faults(faults: Vec<Fault>) -> Self {
        Self::gathered(faults, ProblemCode::InvalidParameters)
    }

    /// Everything that is wrong with a request's body. `faults` must not be empty.
    pub fn body_faults(faults: Vec<Fault>) -> Self {
        Self::gathered(faults, ProblemCode::InvalidBody)
    }

    /// The problem that faults make together: their own code where they share one, else `of_several`.
    fn gathered(faults: Vec<Fault>, of_several: ProblemCode) -> Self {
        let is_same = faults.windows(2).all(|pair| pair[0].code == pair[1].code);
        let code = match faults.first() {
            Some(first) if is_same => first.code,
            _ => of_several,
        };
        let details: Vec<&str> = faults.iter().map(|fault| fault.detail.as_str()).collect();
        let detail = details.join("; ");
        Self { faults, ..Self::new(code, detail) }
    }

    /// The same for what stands at `pointer` in a body. What named no place names this one, and what is missing or gone
    /// is there an invalid value. What is not the client's fault stays as it is.
    pub fn below(mut self, pointer: &str) -> Self {
        if self.faults.is_empty() && self.status_code().is_client_error() {
            if matches!(self.code, ProblemCode::NotFound | ProblemCode::Gone) {
                self.code = ProblemCode::InvalidValue;
            }
            self.faults.push(Fault::in_body(self.code, pointer, self.detail.clone()));
            return self;
        }
        for fault in &mut self.faults {
            if let Some(inner) = &mut fault.pointer {
                inner.insert_str(0, pointer);
            }
        }
        self
    }

    /// One wrong parameter.
    pub fn fault(fault: Fault) -> Self {
        Self::faults(vec![fault])
    }

    /// Fails with everything that is wrong, if anything is.
    pub fn refuse(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::faults(faults)) }
    }

    /// Fails with everything that is wrong in a body, if anything is.
    pub fn refuse_in_body(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::body_faults(faults)) }
    }

    /// Nothing public of that type is called that.
    pub fn not_found(resource: &str, reference: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("there is no public {resource} {reference:?}"))
    }

    /// It was public and is deleted.
    pub fn gone(resource: &str, reference: &str, reason: Option<&str>) -> Self {
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        Self::new(ProblemCode::Gone, format!("the {resource} {reference:?} was deleted{reason}"))
    }

    /// The request shows no key and needs one (RFC 6750 §3).
    pub fn missing_key() -> Self {
        let detail = "this needs a key: send it as `Authorization: Bearer vb_…`";
        Self { header: challenge(""), ..Self::new(ProblemCode::Unauthorized, detail) }
    }

    /// The request shows something that is no valid key. What it is instead is not told.
    pub fn refused_key() -> Self {
        let detail = "the Authorization header holds no valid key: it must be `Bearer vb_…`, of a key that is neither \
                      expired nor revoked";
        Self { header: challenge(", error=\"invalid_token\""), ..Self::new(ProblemCode::Unauthorized, detail) }
    }

    /// The key is valid and may not do this: that takes a key with `scope`.
    pub fn insufficient_scope(scope: &str) -> Self {
        let detail = format!("this takes a key with the scope {scope}");
        let attributes = format!(", error=\"insufficient_scope\", scope=\"{scope}\"");
        Self { header: challenge(&attributes), ..Self::new(ProblemCode::InsufficientScope, detail) }
    }

    /// The path exists, but only with the methods in `allow`.
    pub fn method_not_allowed(method: &str, allow: String) -> Self {
        let detail = format!("{method} is not allowed here, only {allow}");
        Self { header: Some(Box::new(("allow", allow))), ..Self::new(ProblemCode::MethodNotAllowed, detail) }
    }

    /// The write is not based on what the resource is now; `current_version` is that of the resource, where there is one.
    pub fn precondition_failed(current_version: Option<i32>, detail: impl Into<String>) -> Self {
        let extension = current_version.map(Extension::CurrentVersion);
        Self { extension, ..Self::new(ProblemCode::PreconditionFailed, detail) }
    }

    /// A write to a former slug or to what was merged; `current` is what the resource is called now.
    pub fn moved(resource: &str, reference: &str, current: &str) -> Self {
        let detail = format!("the {resource} {reference:?} is now {current:?}: write to that");
        Self { extension: Some(Extension::Current(current.to_owned())), ..Self::new(ProblemCode::Moved, detail) }
    }

    /// A failure of the server; `cause` is for the log alone.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let detail = "the server failed to answer; the request id finds the reason in its log";
        Self { cause: Some(cause.to_string()), ..Self::new(ProblemCode::InternalError, detail) }
    }

    /// The problem that a bare status stands for, for responses that came about outside our handlers.
    pub fn from_status(status: StatusCode, detail: String) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::new(ProblemCode::UnknownRoute, "there is no such path"),
            status if status.is_client_error() => Self::new(ProblemCode::MalformedRequest, detail),
            _ => Self::internal(detail),
        }
    }

    /// What the log should say, where there is something that the client is not told.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The problem as a response.
    pub fn respond(&self, occasion: &Occasion) -> HttpResponse {
        let Entry { code, title, .. } = self.code.entry();
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((REQUEST_ID, occasion.request_id.as_str()));
        if let Some((name, value)) = self.header.as_deref() {
            response.insert_header((*name, value.as_str()));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
        }
        let problem = Problem {
            kind: format!("{}/problems/{code}", occasion.base_url),
            title: (*title).to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            instance: occasion.path.clone(),
            code: (*code).to_owned(),
            request_id: occasion.request_id.clone(),
            errors: self.faults.clone(),
            current_version: match &self.extension {
                Some(Extension::CurrentVersion(version)) => Some(*version),
                _ => None,
            },
            current: match &self.extension {
                Some(Extension::Current(reference)) => Some(reference.clone()),
                _ => None,
            },
        };
        response.body(serde_json::to_vec(&problem).unwrap_or_default())
    }
}

/// How a client can let itself in (RFC 9110 §11.6.1, RFC 6750 §3).
fn challenge(attributes: &str) -> Option<Header> {
    Some(Box::new(("www-authenticate", format!("Bearer realm=\"verbatim\"{attributes}"))))
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.entry().code, self.detail)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Without path and request id: the middleware that knows them answers in this response's place.
    fn error_response(&self) -> HttpResponse {
        self.respond(&Occasion::default())
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        let cause = Some(error.to_string());
        match error {
            DatabaseError::Unavailable(_) => {
                Self { cause, ..Self::new(ProblemCode::DatabaseUnavailable, "the database cannot be reached") }
            }
            DatabaseError::Timeout => {
                Self { cause, ..Self::new(ProblemCode::RequestTimeout, "the database took too long to answer") }
            }
            error @ (DatabaseError::Constraint(_) | DatabaseError::Unexpected(_)) => Self::internal(error),
        }
    }
}
