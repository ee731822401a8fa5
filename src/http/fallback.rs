//! What no route answers: unknown paths, and known ones with another method.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::error::ApiError;
use super::parameters::ParameterRules;
use super::problem::ProblemCode;

/// Answers 404 for an unknown path, 405 with `Allow` for a known one, and `OPTIONS` for a known one.
pub async fn answer(request: HttpRequest, rules: web::Data<ParameterRules>) -> Result<HttpResponse, ApiError> {
    let Some(template) = request.match_pattern() else {
        let detail = format!("there is no path {:?}", request.path());
        return Err(ApiError::new(ProblemCode::UnknownRoute, detail));
    };
    let mut methods = rules.methods(&template);
    if methods.is_empty() {
        // A page for people, which the document leaves out.
        methods = vec!["GET", "HEAD"];
    }
    methods.push("OPTIONS");
    let allow = methods.join(", ");
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish());
    }
    Err(ApiError::method_not_allowed(request.method().as_str(), allow))
}
