//! The server itself: health, pages, headers.

use crate::support::TestServer;
use crate::support::http::send_bytes;

#[test]
fn the_server_is_alive_and_ready() {
    let server = TestServer::start();
    for path in ["/health/live", "/health/ready"] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ok")));
    }
}

#[test]
fn every_answer_names_its_request() {
    let server = TestServer::start();
    let ids: Vec<String> = ["/", "/v1/articles", "/v1/none", "/openapi.json"]
        .iter()
        .map(|path| server.get(path).header("x-request-id").to_owned())
        .collect();
    assert!(ids.iter().all(|id| id.len() == 36), "{ids:?}");
    assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
}

#[test]
fn head_answers_as_get_does_without_the_body() {
    let server = TestServer::with_sample();
    for path in ["/v1/articles", "/v1/articles/none", "/", "/openapi.json", "/v1/people?limit=0"] {
        let get = server.get(path);
        let head = server.send("HEAD", path, &[]);
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.text, "");
        for header in ["content-type", "content-length", "link"] {
            assert_eq!(head.header(header), get.header(header), "{path} {header}");
        }
    }
    let raw = send_bytes(&server.address, b"HEAD /v1/articles HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(raw.ends_with("\r\n\r\n"), "no byte of a body: {raw}");
}

#[test]
fn answers_are_compressed_for_who_asks() {
    let server = TestServer::with_sample();
    for encoding in ["gzip", "br", "zstd"] {
        let request =
            format!("GET /v1/articles HTTP/1.1\r\nhost: x\r\naccept-encoding: {encoding}\r\nconnection: close\r\n\r\n");
        let raw = send_bytes(&server.address, request.as_bytes()).to_lowercase();
        assert!(raw.contains(&format!("content-encoding: {encoding}")), "{raw}");
        assert!(raw.contains("vary:") && raw.contains("accept-encoding"));
    }
    let plain = server.send("GET", "/v1/articles", &[("accept-encoding", "identity")]);
    assert_eq!(plain.header("content-encoding"), "");
}

#[test]
fn any_page_may_read_unless_the_configuration_names_origins() {
    let open = TestServer::start();
    let answer = open.send("GET", "/v1/articles", &[("origin", "https://reader.example")]);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    for exposed in [
        "etag",
        "link",
        "x-request-id",
        "ratelimit",
        "retry-after",
        "location",
        "preference-applied",
        "www-authenticate",
    ] {
        assert!(answer.header("access-control-expose-headers").contains(exposed));
    }
    let problem = open.send("GET", "/v1/none", &[("origin", "https://reader.example")]);
    assert_eq!(problem.header("access-control-allow-origin"), "*", "a page may read a problem too");

    let closed = TestServer::with(&[("VERBATIM_CORS_ORIGINS", "https://paper.example")]);
    let from = |origin: &str| {
        closed.send("GET", "/v1/articles", &[("origin", origin)]).header("access-control-allow-origin").to_owned()
    };
    assert_eq!(from("https://paper.example"), "https://paper.example");
    assert_eq!(from("https://reader.example"), "");
    let preflight = closed.send(
        "OPTIONS",
        "/v1/articles",
        &[("origin", "https://paper.example"), ("access-control-request-method", "GET")],
    );
    assert_eq!(preflight.status, 200);
    assert!(preflight.header("access-control-allow-methods").contains("GET"));
}

#[test]
fn the_welcome_page_leads_to_the_explorer_and_to_requests_that_work() {
    let server = TestServer::with_sample();
    let page = server.get("/");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let links: Vec<&str> = page.text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.contains(&"/docs/") && links.contains(&"/openapi.json") && links.len() > 6);
    for link in links {
        assert_eq!(server.get(&link.replace("&amp;", "&")).status, 200, "{link}");
    }
}

#[test]
fn the_explorer_is_served_from_here() {
    let server = TestServer::start();
    let answer = server.get("/docs");
    assert_eq!((answer.status, answer.header("location")), (308, "/docs/"));
    let page = server.get("/docs/");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui"));
    assert!(!page.text.contains("https://") && !page.text.contains("http://"), "nothing from elsewhere: {}", page.text);
    for asset in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert_eq!(server.get(&format!("/docs/{asset}")).status, 200);
    }
}
