//! The catalogue of problems: each code with its status, its title and how to mend it, and the wire form (RFC 9457).

use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem document (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One row of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// The code, as it stands in `code` and at the end of `type`.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// A few words for a person.
    pub title: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// What the client can do about it.
    pub remedy: &'static str,
}

/// Declares the codes and their table in one go, so that neither can lack a row of the other.
macro_rules! catalogue {
    ($( $variant:ident, $code:literal, $status:literal, $title:literal, $meaning:literal, $remedy:literal; )+) => {
        /// What went wrong, as a client can tell it apart. A code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the table says what each means")]
        pub enum ProblemCode { $( $variant ),+ }

        /// Every problem there is.
        pub const CATALOGUE: &[Entry] = &[ $( Entry {
            code: $code, status: $status, title: $title, meaning: $meaning, remedy: $remedy,
        } ),+ ];
    };
}

catalogue! {
    MalformedRequest, "malformed_request", 400, "Malformed request",
        "The request could not be read as HTTP asks for it.",
        "Check how the client writes the request line, the headers and the query string.";
    InvalidParameters, "invalid_parameters", 400, "Invalid parameters",
        "Several parameters are wrong, each in its own way; `errors` lists them all.",
        "Mend each parameter that `errors` names. Every operation's parameters are described at /docs.";
    UnknownParameter, "unknown_parameter", 400, "Unknown parameter",
        "The query string holds a parameter that this operation does not have. Nothing is ignored silently.",
        "Remove it, or correct its name; `did_you_mean` lists near ones.";
    RepeatedParameter, "repeated_parameter", 400, "Repeated parameter",
        "A parameter stands more than once in the query string.",
        "Give it once. Several values are parted by commas.";
    InvalidParameter, "invalid_parameter", 400, "Invalid parameter",
        "The value of a parameter is not one it may have; `errors` says what is allowed.",
        "Correct the value.";
    UnknownReference, "unknown_reference", 400, "Unknown reference",
        "A parameter names a resource that does not exist or is not public.",
        "Check the id or slug; `did_you_mean` lists near ones.";
    InvalidCursor, "invalid_cursor", 400, "Invalid cursor",
        "The cursor was not made by this API, or was made for a list with other filters.",
        "Follow `links.next` as it is, or start the list again without a cursor.";
    Unauthorized, "unauthorized", 401, "Unauthorized",
        "The request needs a key, or the one it shows is not valid: unknown, expired or revoked, which are not told apart.",
        "Send a valid key as `Authorization: Bearer vb_…`, and never in a URL.";
    InsufficientScope, "insufficient_scope", 403, "Insufficient scope",
        "The key is valid, but may not do this; `detail` names the scope that it takes.",
        "Use a key with that scope.";
    NotFound, "not_found", 404, "Not found",
        "Nothing public has this id or slug.",
        "Check the id or slug, or look for the resource in its list.";
    Moved, "moved", 409, "Moved",
        "The write names its resource by a former slug, or by what was merged into another; `current` is what to call it now.",
        "Look at the resource under `current`, and write to that if it is still what is meant.";
    Conflict, "conflict", 409, "Conflict",
        "What is written cannot stand beside what is there already, such as a slug or a name that another resource has; `detail` says what.",
        "Change what clashes, or the resource that it clashes with.";
    IdempotencyKeyInFlight, "idempotency_key_in_flight", 409, "Idempotency key in flight",
        "A request with the same Idempotency-Key is still being answered.",
        "Wait for it, then send the request again with the same key: it will have the same answer.";
    AnswerShownOnce, "answer_shown_once", 409, "Answer shown once",
        "The request was done when it was first sent with this Idempotency-Key. Its answer held a secret, which is shown once and kept nowhere; `current` is the id of what it made.",
        "Look up what `current` names. Where its secret was lost on the way, revoke it and make another under a new Idempotency-Key.";
    Gone, "gone", 410, "Gone",
        "The resource was public once and was deleted; `detail` says why, where a reason was given.",
        "Remove what refers to it: it does not come back by itself.";
    UnknownRoute, "unknown_route", 404, "Unknown route",
        "The API has no such path.",
        "See /docs for every path.";
    MethodNotAllowed, "method_not_allowed", 405, "Method not allowed",
        "The path exists, but not with this method.",
        "Use one of the methods that the Allow header names.";
    PreconditionFailed, "precondition_failed", 412, "Precondition failed",
        "The resource is not in the state that If-Match or If-None-Match names; `current_version` is the version it has now. Nothing was written.",
        "Fetch the resource, put the change on what it is now, and send it with the new ETag in If-Match.";
    PreconditionRequired, "precondition_required", 428, "Precondition required",
        "The write would replace what somebody else may have changed since, and does not say what it is based on.",
        "Send the ETag of the resource as it was read in If-Match, or `If-Match: *` to write over whatever is there.";
    IdempotencyKeyReused, "idempotency_key_reused", 422, "Idempotency key reused",
        "The Idempotency-Key was used within the last 24 hours for a request with another body or target.",
        "Use a new key for each new request, and the same one only to repeat a request as it was.";
    BodyTooLarge, "body_too_large", 413, "Body too large",
        "The body of the request is larger than the server takes; `detail` says how large it may be.",
        "Send less at once.";
    UnsupportedMediaType, "unsupported_media_type", 415, "Unsupported media type",
        "The body is not of a media type that this operation reads, or is compressed.",
        "Send it as the media type that `detail` names, uncompressed, with a Content-Type header that says so.";
    MalformedJson, "malformed_json", 400, "Malformed JSON",
        "The body is not JSON; `detail` says at which line and column.",
        "Mend it there.";
    InvalidBody, "invalid_body", 422, "Invalid body",
        "Several things are wrong with the body, each in its own way; `errors` lists them with JSON pointers (RFC 6901).",
        "Mend each place that `errors` names. The body of every operation is described at /docs.";
    UnknownMember, "unknown_member", 422, "Unknown member",
        "An object holds a member that it cannot have. Nothing is ignored silently.",
        "Remove it, or correct its name; `did_you_mean` lists near ones.";
    MissingMember, "missing_member", 422, "Missing member",
        "An object lacks a member that it must have.",
        "Add it.";
    RepeatedMember, "repeated_member", 422, "Repeated member",
        "An object has two members of one name.",
        "Keep the one that is meant.";
    InvalidValue, "invalid_value", 422, "Invalid value",
        "A value in the body is not one it may be; `errors` says what is allowed.",
        "Correct the value.";
    RequestTimeout, "request_timeout", 503, "Request timed out",
        "The request took longer than the server gives one.",
        "Try again; if it happens again, ask for less, such as a smaller `limit`.";
    TooManyWrites, "too_many_writes", 503, "Too many writes",
        "More writes wait for their turn than the server can do in good time. Nothing was written.",
        "Send it again after the seconds that Retry-After names; many small writes fit into one batch.";
    DatabaseUnavailable, "database_unavailable", 503, "Database unavailable",
        "The server cannot reach its database at the moment.",
        "Try again after the seconds that Retry-After names.";
    InternalError, "internal_error", 500, "Internal error",
        "The server failed. It is not the client's fault.",
        "Try again later; if it happens again, report it with the `request_id`.";
}

impl ProblemCode {
    /// Its row of the catalogue.
    pub fn entry(self) -> &'static Entry {
        &CATALOGUE[self as usize]
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.entry().code)
    }
}

/// A problem document (RFC 9457): what went wrong, for programs and people.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Where the problem is explained.
    #[serde(rename = "type")]
    #[schema(format = UriReference, example = "/problems/invalid_parameter")]
    pub kind: String,
    /// A few words for a person, the same for every problem of the type.
    #[schema(example = "Invalid parameter")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// What is wrong this time, for a person.
    #[schema(example = "limit must be a whole number from 1 to 100")]
    pub detail: String,
    /// The path that was asked for.
    #[schema(format = UriReference, example = "/v1/articles")]
    pub instance: String,
    /// The problem, for a program: the last part of `type`.
    #[schema(example = "invalid_parameter")]
    pub code: String,
    /// Finds the request in the server's log; also in the `x-request-id` header.
    #[schema(example = "01936d3c-5a5e-7bb0-9a43-2f6d0c8e7b15")]
    pub request_id: String,
    /// Every fault of the request, not only the first; empty where there is nothing to mend in it.
    pub errors: Vec<Fault>,
    /// The version that the resource has now. Only with `precondition_failed`, where there is a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4)]
    pub current_version: Option<i32>,
    /// What the resource is called now: its slug, or the id of what has none. Only with `moved` and `answer_shown_once`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "the-ferry-bell-comes-home")]
    pub current: Option<String>,
}

/// One fault of a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Fault {
    /// The parameter at fault. Only where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "limit")]
    pub parameter: Option<String>,
    /// The place in the body that is at fault, a JSON pointer (RFC 6901): empty for the whole. Only where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/name")]
    pub pointer: Option<String>,
    /// What is wrong with it, for a program.
    #[schema(value_type = String, example = "invalid_parameter")]
    pub code: ProblemCode,
    /// What is wrong with it and what is allowed, for a person.
    #[schema(example = "limit must be a whole number from 1 to 100")]
    pub detail: String,
    /// What may have been meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub did_you_mean: Vec<String>,
}

impl Fault {
    /// A fault of a parameter.
    pub fn new(code: ProblemCode, parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { parameter: Some(parameter.into()), pointer: None, code, detail: detail.into(), did_you_mean: Vec::new() }
    }

    /// A fault of what stands at a JSON pointer in the body.
    pub fn in_body(code: ProblemCode, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { parameter: None, pointer: Some(pointer.into()), code, detail: detail.into(), did_you_mean: Vec::new() }
    }

    /// The same with what may have been meant.
    pub fn did_you_mean(mut self, near: Vec<String>) -> Self {
        self.did_you_mean = near;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_finds_its_own_row() {
        assert_eq!(ProblemCode::MalformedRequest.entry().code, "malformed_request");
        assert_eq!(ProblemCode::InternalError.entry().code, "internal_error");
        let mut codes: Vec<_> = CATALOGUE.iter().map(|entry| entry.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CATALOGUE.len());
    }
}
