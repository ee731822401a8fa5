//! Problems: everything that goes wrong is a problem document that says what and how to mend it.

use serde_json::json;

use crate::support::TestServer;
use crate::support::http::send_bytes;

#[test]
fn an_unknown_path_is_a_problem() {
    let server = TestServer::start();
    let answer = server.get("/v1/nothing/here");
    assert_eq!(answer.status, 404);
    let problem = answer.problem();
    assert_eq!(problem["code"], "unknown_route");
    assert_eq!(problem["instance"], "/v1/nothing/here");
    assert_eq!(problem["errors"], json!([]));
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let server = TestServer::start();
    for (method, path) in [("POST", "/v1/voices"), ("DELETE", "/v1/search"), ("PUT", "/health/live"), ("PATCH", "/")] {
        let answer = server.send(method, path, &[]);
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        assert_eq!(answer.problem()["code"], "method_not_allowed");
    }
    let answer = server.send("OPTIONS", "/v1/voices", &[]);
    assert_eq!((answer.status, answer.header("allow")), (204, "GET, HEAD, OPTIONS"));
    assert_eq!(server.send("POST", "/v1/nothing", &[]).status, 404);
}

#[test]
fn every_wrong_parameter_is_named_at_once() {
    let server = TestServer::start();
    let problem = server.get("/v1/articles?limit=101&include=lables&lable=x&limit=2").problem();
    assert_eq!(problem["status"], 400);
    assert_eq!(problem["code"], "invalid_parameters");
    let told: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| (e["parameter"].clone(), e["code"].clone())).collect();
    assert_eq!(
        told,
        [
            (json!("limit"), json!("invalid_parameter")),
            (json!("include"), json!("invalid_parameter")),
            (json!("lable"), json!("unknown_parameter")),
            (json!("limit"), json!("repeated_parameter")),
        ]
    );
    assert_eq!(problem["errors"][0]["detail"], "limit must be a whole number from 1 to 100");
    assert_eq!(problem["errors"][1]["did_you_mean"], json!(["labels"]));
    assert_eq!(problem["errors"][2]["did_you_mean"][0], "label");
}

#[test]
fn a_parameter_that_is_missing_is_named() {
    let server = TestServer::start();
    for (path, name) in [("/v1/search", "q"), ("/v1/labels/resolve", "line"), ("/oembed?format=json", "url")] {
        let problem = server.get(path).problem();
        assert_eq!((&problem["status"], &problem["errors"][0]["parameter"]), (&json!(400), &json!(name)), "{path}");
        assert_eq!(problem["errors"][0]["detail"], format!("{name} is missing: it is required"));
    }
}

#[test]
fn nothing_is_clamped_or_ignored() {
    let server = TestServer::start();
    for query in [
        "limit=0",
        "limit=-1",
        "limit=1000000000000000000000",
        "limit=",
        "limit=ten",
        "limit=1.5",
        "limit=%00",
        "include=",
        "include=labels,",
        "include=labels,labelss",
        "label=",
        "label=%22x",
        "label=a%00b",
        "after=",
        "after=short",
        "%FF=1",
        "a=%FF",
        "=",
        "limit",
        "LIMIT=5",
        "count=some",
        "page=1.5",
        "sort=titel",
        "sort=relevance",
        "published_at[gte]=yesterday",
        "descendants=yes",
    ] {
        let answer = server.get(&format!("/v1/articles?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        assert!(!answer.problem()["errors"].as_array().unwrap().is_empty(), "{query}");
    }
    let long = format!("/v1/articles?label={}", "a".repeat(3000));
    assert_eq!(server.get(&long).problem()["code"], "invalid_parameter");
    assert_eq!(server.get("/v1/articles?").status, 200);
}

#[test]
fn references_of_any_shape_find_nothing_and_break_nothing() {
    let server = TestServer::start();
    let long = "a".repeat(5000);
    for reference in
        ["%00", "%2e%2e", "%FF%FE", "'%3B--", "art_", "per_01h455vb4pex5vsknk084sn02q", &long, "%F0%9F%90%9F"]
    {
        for list in ["articles", "quotes", "people", "labels"] {
            let answer = server.get(&format!("/v1/{list}/{reference}"));
            assert!(matches!(answer.status, 400 | 404), "{list} {reference}: {}", answer.status);
            answer.problem();
        }
    }
}

#[test]
fn every_problem_is_explained() {
    let server = TestServer::start();
    let index = server.get("/problems");
    assert_eq!(index.status, 200);
    for entry in verbatim::http::problem::CATALOGUE {
        assert!(index.text.contains(entry.code));
        let page = server.get(&format!("/problems/{}", entry.code));
        assert_eq!(page.status, 200);
        assert!(page.text.contains(entry.title) && page.text.contains(entry.remedy));
    }
    let problem = server.get("/v1/articles?x=1").problem();
    assert_eq!(server.get(problem["type"].as_str().unwrap()).status, 200, "the type of a problem leads to its page");
    assert_eq!(server.get("/problems/none").problem()["code"], "not_found");
}

#[test]
fn what_is_not_http_is_refused() {
    let server = TestServer::start();
    for bytes in [b"nonsense\r\n\r\n".as_slice(), b"GET /v1/articles HTTP/1.1\r\nbad header\r\n\r\n"] {
        let answer = send_bytes(&server.address, bytes);
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let header = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(1_000_000));
    let answer = send_bytes(&server.address, header.as_bytes());
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
}
