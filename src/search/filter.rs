//! The filter by words that lists share: web-search syntax in, a query out.

use super::db::{self, ArticleWords, NameWords, QuoteWords};
use crate::db::Connection;
use crate::http::error::ApiError;
use crate::http::explain::Reading;
use crate::http::problem::{Fault, ProblemCode};

/// What `q` looks for in articles; `None` where it was not given. What cannot be looked for is a fault.
pub async fn article_words(
    connection: &Connection,
    q: Option<&str>,
    languages: Option<&[String]>,
    reading: &mut Reading,
) -> Result<Option<ArticleWords>, ApiError> {
    let Some(text) = q else { return Ok(None) };
    let words = db::article_words(connection, text, languages).await?;
    reading.faults.extend(words.is_none().then(nothing_to_find));
    Ok(words)
}

/// What `q` looks for in quotes; `None` where it was not given. What cannot be looked for is a fault.
pub async fn quote_words(
    connection: &Connection,
    q: Option<&str>,
    reading: &mut Reading,
) -> Result<Option<QuoteWords>, ApiError> {
    let Some(text) = q else { return Ok(None) };
    let words = db::quote_words(connection, text).await?;
    reading.faults.extend(words.is_none().then(nothing_to_find));
    Ok(words)
}

/// The name that `q` looks for; `None` where it was not given. What cannot be looked for is a fault.
pub fn name_words(q: Option<&str>, reading: &mut Reading) -> Option<NameWords> {
    let text = q?;
    let words = NameWords::parse(text);
    reading.faults.extend(words.is_none().then(nothing_in_name));
    words
}

/// Refuses what makes sense only with `q`.
pub fn needs_words(parameter: &str, q: Option<&str>, is_asked_for: bool) -> Result<(), ApiError> {
    let detail = || match parameter {
        "sort" => "sort can be relevance only together with q".to_owned(),
        other => format!("{other} can be given only together with q"),
    };
    let fault = || Fault::new(ProblemCode::InvalidParameter, parameter, detail());
    ApiError::refuse((is_asked_for && q.is_none()).then(fault).into_iter().collect())
}

fn nothing_to_find() -> Fault {
    let detail = "q must hold a word to look for: it has only words that nearly every text has, punctuation or \
                  exclusions";
    Fault::new(ProblemCode::InvalidParameter, "q", detail)
}

/// `q` names nobody and nothing.
pub fn nothing_in_name() -> Fault {
    Fault::new(ProblemCode::InvalidParameter, "q", "q must hold a letter or a digit")
}
