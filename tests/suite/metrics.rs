//! What is counted of the server, and who may know.

use std::collections::HashMap;

use serde_json::json;
use verbatim::access::Scope;

use crate::delivery::{CACHED, warm};
use crate::support::http::send_bytes;
use crate::support::{TestServer, wait_until};
use crate::writing::{send, send_empty};

const ARTICLE: &str = "/v1/articles/the-ferry-bell-comes-home";

const PUBLIC: &[(&str, &str)] = &[("VERBATIM_PUBLIC_METRICS", "true")];

/// The metrics by their names and labels, each of which has been told what it is.
fn metrics(server: &TestServer) -> HashMap<String, f64> {
    let answer = server.get("/metrics");
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4");
    let mut described: Vec<&str> = Vec::new();
    let mut metrics = HashMap::new();
    for line in answer.text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            described.push(comment.split(' ').nth(1).unwrap());
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let family = name.split('{').next().unwrap();
        let is_described = described.iter().any(|known| family.strip_prefix(known).is_some());
        assert!(is_described && name.starts_with("verbatim_"), "{line}");
        metrics.insert(name.to_owned(), value.parse().unwrap());
    }
    metrics
}

fn requests(method: &str, route: &str, source: &str, status: u16) -> String {
    format!(
        "verbatim_http_requests_total{{method=\"{method}\",route=\"{route}\",source=\"{source}\",status=\"{status}\"}}"
    )
}

#[test]
fn requests_are_counted_by_route_status_and_where_the_answer_came_from() {
    let server = TestServer::with(&[CACHED, PUBLIC].concat());
    server.import_sources(verbatim::imports::sample_sources(), verbatim::clock::Clock::System);
    server.catch_up();
    warm(&server);
    let tag = server.get(ARTICLE).header("etag").to_owned();
    for _ in 0..3 {
        assert_eq!(server.get(ARTICLE).status, 200);
    }
    assert_eq!(server.send("GET", ARTICLE, &[("if-none-match", &tag)]).status, 304);
    assert_eq!(server.get("/v1/articles/none").status, 404);
    assert_eq!(server.get("/nowhere/at/all").status, 404);
    let brewed = send_bytes(&server.address, b"BREW /v1/labels HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(brewed.starts_with("HTTP/1.1 405"), "{brewed}");
    let metrics = metrics(&server);
    for (method, route, source, status, count) in [
        ("GET", "/v1/articles/{ref}", "handler", 200, 1),
        ("GET", "/v1/articles/{ref}", "memory", 200, 3),
        ("GET", "/v1/articles/{ref}", "memory", 304, 1),
        ("GET", "/v1/articles/{ref}", "handler", 404, 1),
        ("GET", "none", "handler", 404, 1),
        ("other", "/v1/labels", "handler", 405, 1),
    ] {
        let counted = requests(method, route, source, status);
        assert_eq!(metrics.get(&counted), Some(&f64::from(count)), "{counted}: {metrics:?}");
    }
    assert_eq!(metrics["verbatim_cache_misses_total"], 2.0);
    let of_memory = "method=\"GET\",route=\"/v1/articles/{ref}\",source=\"memory\"";
    assert_eq!(metrics[&format!("verbatim_http_request_duration_seconds_count{{{of_memory}}}")], 4.0);
    assert_eq!(metrics[&format!("verbatim_http_request_duration_seconds_bucket{{{of_memory},le=\"+Inf\"}}")], 4.0);
}

#[test]
fn they_tell_how_the_cache_the_connections_and_the_webhooks_are() {
    let server = TestServer::with(&[CACHED, PUBLIC].concat());
    let key = server.key(&[Scope::Admin]);
    warm(&server);
    server.get("/v1/articles");
    wait_until("an answer is in memory", || metrics(&server)["verbatim_cache_answers"] >= 1.0);
    let draft = json!({ "name": "A test's", "endpoint": "https://search.example.org/" });
    let webhook = send(&server, &key, "POST", "/v1/webhooks", &[], &draft).json()["data"].take();
    for _ in 0..2 {
        crate::webhooks::message_to(&server, webhook["id"].as_str().unwrap());
        server.database.execute("UPDATE webhook_deliveries SET position = position + 1");
    }
    let waiting = "UPDATE webhook_deliveries SET status = 'pending', due_at = now() - interval '1 minute'";
    server.database.execute(waiting);
    let told = metrics(&server);
    assert!(told["verbatim_cache_bytes"] > 0.0 && told["verbatim_hearing_age_seconds"] < 30.0, "{told:?}");
    assert_eq!(told["verbatim_cache_is_current"], 1.0);
    let connections =
        ["idle", "busy"].map(|state| told[&format!("verbatim_database_connections{{state=\"{state}\"}}")]);
    assert!(connections.iter().sum::<f64>() >= 1.0, "{told:?}");
    assert!(told["verbatim_database_connections_limit"] >= 1.0);
    assert_eq!((told["verbatim_database_is_up"], told["verbatim_webhook_messages_pending"]), (1.0, 2.0));
    assert!(told["verbatim_webhook_delay_seconds"] >= 60.0);
    let path = webhook["url"].as_str().unwrap();
    assert_eq!(send_empty(&server, &key, "DELETE", path, &[("if-match", "*")]).status, 204);
    assert_eq!(metrics(&server)["verbatim_webhook_messages_pending"], 0.0);
}

#[test]
fn of_a_database_that_is_away_they_tell_that() {
    let server = TestServer::with(PUBLIC);
    assert_eq!(metrics(&server)["verbatim_database_is_up"], 1.0);
    server.database.let_in(false);
    server.database.end_sessions();
    wait_until("the loss is told", || metrics(&server)["verbatim_database_is_up"] == 0.0);
    server.database.let_in(true);
    wait_until("it is back", || metrics(&server)["verbatim_database_is_up"] == 1.0);
    assert_eq!(metrics(&server)["verbatim_hearing_age_seconds"], f64::INFINITY, "nothing is kept, so nothing is heard");
}
