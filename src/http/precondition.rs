//! Preconditions of writes: nobody writes over a change that they have not seen (RFC 9110 §13, RFC 6585 §3).

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use utoipa::IntoParams;

use super::entity_tag::{Condition, MalformedCondition};
use super::error::ApiError;
use super::problem::{Fault, ProblemCode};

/// What a write to an existing resource is based on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "what the document says of a header that `Preconditions` reads")]
pub struct WritePrecondition {
    /// The strong `ETag` of the resource as it was read, or its version in double quotes: when the resource has changed
    /// since, the answer is 412 and nothing is written; without it 428. What it shows of other resources may have changed. `*` writes
    /// over any version.
    #[param(rename = "If-Match", nullable = false, example = "*")]
    if_match: Option<String>,
}

/// What a write is based on that creates a resource or replaces it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "what the document says of headers that `Preconditions` reads")]
pub struct PutPreconditions {
    /// Needed where the resource exists: its strong `ETag` as it was read, or its version in double quotes. When the
    /// resource has changed since, or is not there, the answer is 412 and nothing is written. `*` replaces any version.
    #[param(rename = "If-Match", nullable = false, example = "*")]
    if_match: Option<String>,
    /// `*` only creates: when the resource exists, the answer is 412 and nothing is written.
    #[param(rename = "If-None-Match", nullable = false, example = "*")]
    if_none_match: Option<String>,
}

/// What the headers of a write say that it is based on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<Condition>,
    only_creates: bool,
}

impl Preconditions {
    /// Reads `If-Match` and `If-None-Match`; 400 where one of them is not what it may be.
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let refused = |name: HeaderName, detail: &str| {
            let fault = |name| Fault::new(ProblemCode::InvalidParameter, name, format!("{name} must be {detail}"));
            ApiError::fault(fault(if name == IF_MATCH { "If-Match" } else { "If-None-Match" }))
        };
        let if_match = Condition::of(request.headers(), &IF_MATCH)
            .map_err(|_| refused(IF_MATCH, "* or the ETag of the resource, such as \"3\" with its double quotes"))?;
        let only_creates = match Condition::of(request.headers(), &IF_NONE_MATCH) {
            Ok(None) => false,
            Ok(Some(Condition::Any)) => true,
            Ok(Some(Condition::Tags(_))) | Err(_) => {
                return Err(refused(IF_NONE_MATCH, "* where something is written"));
            }
        };
        Ok(Self { if_match, only_creates })
    }

    /// The same for a write inside a body, which says there what would stand in `If-Match`.
    pub fn matching(if_match: &str) -> Result<Self, MalformedCondition> {
        Ok(Self { if_match: Some(Condition::parse(if_match.as_bytes())?), only_creates: false })
    }

    /// Whether a write may change a resource that is at `current_version`: 428 where it does not say what it is based
    /// on, 412 where it is based on something else.
    ///
    /// Only versions are compared: what else the resource showed may have changed since, such as the name of a label.
    pub fn check(&self, current_version: i32) -> Result<(), ApiError> {
        let failed = |detail: String| Err(ApiError::precondition_failed(Some(current_version), detail));
        if self.only_creates {
            return failed("the resource exists, and If-None-Match says only to create it".to_owned());
        }
        let tags = match &self.if_match {
            None => {
                let detail = "this takes an If-Match header with the ETag of the resource as it was read, or with *";
                return Err(ApiError::new(ProblemCode::PreconditionRequired, detail));
            }
            Some(Condition::Any) => return Ok(()),
            Some(Condition::Tags(tags)) => tags,
        };
        if tags.iter().any(|tag| !tag.is_weak() && tag.is_of_version(current_version)) {
            return Ok(());
        }
        if tags.iter().all(|tag| tag.is_weak()) {
            return failed(format!(
                "If-Match holds weak tags only (W/\"…\"), which match nothing: take the ETag of the resource without \
                 parameters, or its version, which is \"{current_version}\""
            ));
        }
        failed(format!("the resource is at version {current_version} now, which If-Match does not name"))
    }

    /// Whether the write is to go ahead whatever version there is: `If-Match: *`.
    pub fn takes_any_version(&self) -> bool {
        matches!(self.if_match, Some(Condition::Any))
    }

    /// Whether a write may create a resource, or go on where there is one already, which is at version `existing`: 412
    /// where it may only create and there is one, or may only change and there is none.
    pub fn check_absent(&self, existing: Option<i32>) -> Result<(), ApiError> {
        match existing {
            Some(_) if self.only_creates => {
                let detail = "the resource exists, and If-None-Match says only to create it";
                Err(ApiError::precondition_failed(existing, detail))
            }
            None if self.if_match.is_some() => {
                let detail = "there is no such resource, and If-Match says only to change one";
                Err(ApiError::precondition_failed(None, detail))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;
    use crate::http::entity_tag::EntityTag;
    use crate::http::error::Occasion;

    fn preconditions(headers: &[(&'static str, &str)]) -> Result<Preconditions, ApiError> {
        let request = headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
        Preconditions::of(&request.to_http_request())
    }

    /// The problem document of an error.
    fn problem(error: &ApiError) -> serde_json::Value {
        let body = actix_web::body::MessageBody::try_into_bytes(error.respond(&Occasion::default()).into_body());
        serde_json::from_slice(&body.unwrap()).unwrap()
    }

    /// Whether a write with this `If-Match` may change a resource at version 3, or the code it is refused with.
    fn checked(if_match: &str) -> String {
        match preconditions(&[("if-match", if_match)]).and_then(|preconditions| preconditions.check(3)) {
            Ok(()) => "passes".to_owned(),
            Err(error) => problem(&error)["code"].as_str().unwrap().to_owned(),
        }
    }

    #[test]
    fn a_write_must_name_the_version_it_is_based_on() {
        for passing in ["*", "\"3\"", "\"3.aa\"", "\"3.bb-gzip\"", "\"2\", \"3.aa\"", "W/\"3.aa\", \"3\""] {
            assert_eq!(checked(passing), "passes", "{passing}");
        }
        for stale in ["\"2\"", "\"4.aa\"", "W/\"3.aa\"", "\"03\"", "\"+3\"", "\"33\"", "\"\"", "\"x\"", "\"3-gzip\""] {
            assert_eq!(checked(stale), "precondition_failed", "{stale}");
        }
        for wrong in ["3", "", "\"3", "*, \"3\"", "3.aa"] {
            assert_eq!(checked(wrong), "invalid_parameter", "{wrong}");
        }
        let without = preconditions(&[]).unwrap().check(3).unwrap_err();
        assert_eq!(
            (&problem(&without)["code"], &problem(&without)["status"]),
            (&"precondition_required".into(), &428.into())
        );
        let two_lines = preconditions(&[("if-match", "\"2\""), ("if-match", "\"3\"")]).unwrap();
        assert!(two_lines.check(3).is_ok());
    }

    #[test]
    fn a_stale_write_is_told_the_current_version_and_a_weak_one_why_it_fails() {
        let stale = problem(&preconditions(&[("if-match", "\"2.aa\"")]).unwrap().check(3).unwrap_err());
        assert_eq!((&stale["status"], &stale["current_version"]), (&412.into(), &3.into()));
        let weak = problem(&preconditions(&[("if-match", "W/\"3.aa\"")]).unwrap().check(3).unwrap_err());
        assert!(weak["detail"].as_str().unwrap().contains("weak"), "{weak}");
        assert_eq!(weak["current_version"], 3);
        let wrong = problem(&preconditions(&[("if-match", "3")]).unwrap_err());
        assert_eq!((&wrong["status"], &wrong["errors"][0]["parameter"]), (&400.into(), &"If-Match".into()));
        assert!(wrong.get("current_version").is_none());
    }

    #[test]
    fn a_write_may_be_told_only_to_create() {
        let only_creates = preconditions(&[("if-none-match", "*")]).unwrap();
        assert!(only_creates.check_absent(None).is_ok());
        for refused in [only_creates.check_absent(Some(7)), only_creates.check(7)] {
            let problem = problem(&refused.unwrap_err());
            assert_eq!((&problem["code"], &problem["current_version"]), (&"precondition_failed".into(), &7.into()));
        }
        let free = preconditions(&[]).unwrap();
        assert!(free.check_absent(None).is_ok() && free.check_absent(Some(7)).is_ok());
        for if_match in ["*", "\"7\""] {
            let only_changes = preconditions(&[("if-match", if_match)]).unwrap();
            let absent = problem(&only_changes.check_absent(None).unwrap_err());
            assert_eq!((&absent["code"], absent.get("current_version")), (&"precondition_failed".into(), None));
            assert!(only_changes.check_absent(Some(7)).is_ok());
        }
        for wrong in ["\"7\"", "W/\"7.aa\"", "7", ""] {
            let refused = problem(&preconditions(&[("if-none-match", wrong)]).unwrap_err());
            assert_eq!(refused["errors"][0]["parameter"], "If-None-Match", "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let request = TestRequest::default().append_header((IF_MATCH, value.clone())).append_header((IF_NONE_MATCH, value));
                let _ = Preconditions::of(&request.to_http_request()).map(|preconditions| preconditions.check(3));
            }
        }

        #[test]
        fn the_tag_of_a_version_matches_that_version_alone(body: Vec<u8>, version in 1..i32::MAX, other in 1..i32::MAX) {
            let tag = EntityTag::of(&body, Some(version), true).encoded("br").to_string();
            let preconditions = preconditions(&[("if-match", &tag)]).unwrap();
            prop_assert!(preconditions.check(version).is_ok());
            prop_assert_eq!(preconditions.check(other).is_ok(), other == version);
        }
    }
}
