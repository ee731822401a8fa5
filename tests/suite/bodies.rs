//! Bodies of requests: what is refused before anything is done, and how it is told.

use serde_json::json;
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::support::http::{Answer, send_body, send_bytes};
use crate::support::server::bearer;

/// Sends a body as a media type; a key is made of one that is right.
fn send(server: &TestServer, key: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let authorization = bearer(key);
    let headers = [&[("authorization", authorization.as_str())], headers].concat();
    send_body("POST", &server.url("/v1/keys"), &headers, body)
}

const JSON: (&str, &str) = ("content-type", "application/json");
const GOOD: &[u8] = br#"{"name": "x", "scopes": ["read"]}"#;

#[test]
fn only_json_in_utf_8_and_uncompressed_is_read() {
    let server = TestServer::start();
    let admin = server.key(&[Scope::Admin]);
    for media_type in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
        assert_eq!(send(&server, &admin, &[("content-type", media_type)], GOOD).status, 201, "{media_type}");
    }
    for media_type in ["text/plain", "application/json; charset=latin1", "application/merge-patch+json", "json", ""] {
        let answer = send(&server, &admin, &[("content-type", media_type)], GOOD);
        assert_eq!((answer.status, &answer.problem()["code"]), (415, &json!("unsupported_media_type")), "{media_type}");
    }
    assert_eq!(send(&server, &admin, &[JSON, ("content-encoding", "gzip")], GOOD).status, 415);
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    let server = TestServer::start();
    let admin = server.key(&[Scope::Admin]);
    for (body, place) in [
        (b"".as_slice(), "line 1 column 0"),
        (b"{\n  \"name\": x}", "line 2 column 11"),
        (b"{} {}", "line 1 column 4"),
        (b"{\"name\": \"\xff\"}", "line 1 column"),
        (b"{\"name\": \"\\ud800\"}", "line 1 column"),
        (b"[1e999]", "line 1 column"),
    ] {
        let answer = send(&server, &admin, &[JSON], body);
        let problem = answer.problem();
        assert_eq!((answer.status, &problem["code"]), (400, &json!("malformed_json")), "{}", answer.text);
        assert!(problem["detail"].as_str().unwrap().contains(place), "{}", answer.text);
    }
}

#[test]
fn what_json_allows_and_we_do_not_is_told_with_everything_else() {
    let server = TestServer::start();
    let admin = server.key(&[Scope::Admin]);
    let body = br#"{"name": "a\u0000b", "name": 5, "scopes": ["read"], "a/b~c": 1, "\u0000": {}}"#;
    let problem = send(&server, &admin, &[JSON], body).problem();
    let errors = problem["errors"].as_array().unwrap().iter();
    let mut told: Vec<_> =
        errors.map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("/\0", "invalid_value"),
            ("/\0", "unknown_member"),
            ("/a~1b~0c", "unknown_member"),
            ("/name", "invalid_value"),
            ("/name", "invalid_value"),
            ("/name", "repeated_member"),
        ]
    );
    assert_eq!(problem["status"], 422);

    let problem = send(&server, &admin, &[JSON], br#"{"name": "x", "scope": ["read"]}"#).problem();
    assert_eq!(problem["errors"][1]["did_you_mean"], json!(["scopes"]));

    let deep = format!("{{\"name\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let problem = send(&server, &admin, &[JSON], deep.as_bytes()).problem();
    assert_eq!(problem["status"], 422);
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("deeper than 32"), "{problem}");

    let many: String = (0..5000).map(|number| format!(", \"member{number}\": 1")).collect();
    let problem = send(&server, &admin, &[JSON], format!("{{\"nam\": 1{many}}}").as_bytes()).problem();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 100, "as many as anybody reads");
}

#[test]
fn a_body_of_another_sort_is_told_what_it_must_be() {
    let server = TestServer::start();
    let admin = server.key(&[Scope::Admin]);
    for body in ["[]", "null", "\"x\"", "5"] {
        let problem = send(&server, &admin, &[JSON], body.as_bytes()).problem();
        assert_eq!(
            problem["errors"],
            json!([{ "pointer": "", "code": "invalid_value", "detail": "the body must be an object" }])
        );
    }
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let server = TestServer::with(&[("VERBATIM_MAX_BODY", "1024")]);
    let admin = server.key(&[Scope::Admin]);
    let padded = |size: usize| [GOOD, " ".repeat(size - GOOD.len()).as_bytes()].concat();
    assert_eq!(send(&server, &admin, &[JSON], &padded(1024)).status, 201);
    let answer = send(&server, &admin, &[JSON], &padded(1025));
    assert_eq!((answer.status, &answer.problem()["code"]), (413, &json!("body_too_large")));
    let chunked = format!(
        "POST /v1/keys HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        bearer(&admin),
        2000,
        " ".repeat(2000)
    );
    assert!(send_bytes(&server.address, chunked.as_bytes()).starts_with("HTTP/1.1 413"));
}

#[test]
fn a_caller_who_may_not_is_told_so_before_the_body_is_read() {
    let server = TestServer::start();
    let reader = server.key(&[Scope::Read]);
    assert_eq!(send(&server, &reader, &[JSON], b"nonsense").status, 403);
    assert_eq!(send(&server, "vb_none", &[JSON], b"nonsense").status, 401);
}
