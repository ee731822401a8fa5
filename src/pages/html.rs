//! The pages for people. They hold no script and load nothing.

use crate::http::problem::{CATALOGUE, Entry};
use crate::values::body::escape;

const STYLE: &str = "body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c1917;\
background:#fffdf9}h1{font-family:Georgia,serif;font-size:2.2rem;margin-bottom:.2rem}a{color:#9a3412}code{overflow-wrap:anywhere;background:#f5efe6;\
padding:.1rem .3rem;border-radius:.2rem}li{margin:.3rem 0}dt{font-weight:600;margin-top:1rem}blockquote{margin:1.5rem 0;\
padding-left:1rem;border-left:.25rem solid #9a3412;font-family:Georgia,serif;font-size:1.15rem}";

/// Live requests that the welcome page offers: a path and what it shows.
const REQUESTS: &[(&str, &str)] = &[
    ("/v1/articles?limit=5", "the newest articles"),
    (
        "/v1/articles?limit=1&include=quotes.speaker,labels",
        "the newest one with its quotes, their speakers and its labels",
    ),
    ("/v1/quotes?limit=5", "the newest quotes, with every printing of each"),
    ("/v1/people", "who speaks"),
    ("/v1/labels", "what the articles are about"),
];

fn page(title: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head>\
         <body><main>{content}</main></body></html>\n"
    )
}

/// The page at `/`.
pub(super) fn welcome() -> String {
    let requests: String = REQUESTS
        .iter()
        .map(|(path, shows)| {
            let path = escape(path);
            format!("<li><a href=\"{path}\"><code>{path}</code></a> {shows}</li>")
        })
        .collect();
    page(
        "Verbatim",
        &format!(
            "<h1>Verbatim</h1><p>A content API for publications that quote people: articles, the quotes in them, the \
             people who said them and the labels that group them.</p><blockquote>Every quote is word for word what the \
             article prints, at the offsets it names, attributed as the article attributed it.</blockquote>\
             <p><a href=\"/docs/\">Explore the API</a>, or take its <a href=\"/openapi.json\">OpenAPI document</a>.</p>\
             <h2>Try it</h2><ul>{requests}</ul>\
             <p>Errors explain themselves: see the <a href=\"/problems\">catalogue of problems</a>.</p>"
        ),
    )
}

/// The page at `/problems`.
pub(super) fn problems() -> String {
    let rows: String = CATALOGUE
        .iter()
        .map(|Entry { code, status, title, meaning, remedy: _ }| {
            format!("<dt><a href=\"/problems/{code}\"><code>{code}</code></a> {status} {title}</dt><dd>{meaning}</dd>")
        })
        .collect();
    page("Problems", &format!("<h1>Problems</h1><p>What can go wrong, by <code>code</code>.</p><dl>{rows}</dl>"))
}

/// The page at `/problems/{code}`.
pub(super) fn problem(entry: &Entry) -> String {
    let Entry { code, status, title, meaning, remedy } = entry;
    page(
        title,
        &format!(
            "<h1>{title}</h1><p><code>{code}</code>, status {status}</p><p>{meaning}</p><h2>What to do</h2>\
             <p>{remedy}</p><p><a href=\"/problems\">All problems</a></p>"
        ),
    )
}
