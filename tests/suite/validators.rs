//! Validators: each answer to a GET says which state it shows, and nobody is sent again what they have.

use verbatim::access::Scope;

use crate::document::{document, example_target, operations};
use crate::support::http::{Answer, send_bytes};
use crate::support::server::bearer;
use crate::support::{TestServer, wait_until};

const ARTICLE: &str = "/v1/articles/the-ferry-bell-comes-home";

fn tag(answer: &Answer) -> String {
    let tag = answer.header("etag").to_owned();
    assert!(tag.ends_with('"'), "{} has the tag {tag:?}", answer.text);
    tag
}

fn revalidate(server: &TestServer, path: &str, held: &str) -> Answer {
    server.send("GET", path, &[("if-none-match", held)])
}

/// The headers of what a GET of the path answers, in this encoding.
fn head_in(server: &TestServer, path: &str, encoding: &str) -> Answer {
    server.send("HEAD", path, &[("accept-encoding", encoding)])
}

/// The version in a tag.
fn version(tag: &str) -> i64 {
    tag.trim_start_matches("W/").trim_start_matches('"').split_once('.').unwrap().0.parse().unwrap()
}

#[test]
fn every_get_has_a_tag_and_says_when_nothing_has_changed() {
    let server = TestServer::with_examples();
    let admin = server.key(&[Scope::Admin]);
    let authorization = bearer(&admin);
    server.get_with(&admin, "/v1/keys");
    wait_until("the use of the key is noted", || {
        server.database.query("SELECT last_used_at::text FROM keys")[0] != "null"
    });
    let mut gets = 0;
    for (_, path, operation) in operations(&document()).into_iter().filter(|(method, ..)| method == "get") {
        let target = example_target(&server, &admin, &path, operation, true);
        let needs_key = operation["security"][0].get("key").is_some();
        let ask = |method: &str, held: &[(&str, &str)]| {
            let key = needs_key.then_some(("authorization", authorization.as_str()));
            server.send(method, &target, &key.iter().chain(held).copied().collect::<Vec<_>>())
        };
        let found = ask("GET", &[]);
        assert_eq!(found.status, 200, "{target}: {}", found.text);
        // A stream is not known before it is sent, and what is counted has changed with every look.
        if found.header("content-type") == "text/event-stream" || path == "/metrics" {
            continue;
        }
        let tag = tag(&found);
        assert_eq!(ask("HEAD", &[]).header("etag"), tag, "{target}");
        assert_eq!(ask("GET", &[("if-none-match", "\"another\"")]).text, found.text, "{target}");
        for method in ["GET", "HEAD"] {
            let unmodified = ask(method, &[("if-none-match", &tag)]);
            assert_eq!((unmodified.status, unmodified.text.as_str()), (304, ""), "{method} {target}");
            for header in ["etag", "cache-control", "vary"] {
                assert_eq!(unmodified.header(header), found.header(header), "{method} {target} {header}");
                assert!(!unmodified.header(header).is_empty(), "{method} {target} {header}");
            }
            let names = unmodified.header_names();
            assert!(!names.iter().any(|name| name.starts_with("content-") && *name != "content-location"), "{names:?}");
        }
        assert!(operation["responses"]["200"]["headers"]["ETag"].is_object(), "{path}");
        assert!(operation["responses"]["304"].is_object(), "{path}");
        let parameters = operation["parameters"].as_array().unwrap();
        assert!(parameters.iter().any(|parameter| parameter["name"] == "If-None-Match"), "{path}");
        gets += 1;
    }
    assert!(gets >= 20);
}

#[test]
fn pages_have_tags_and_problems_have_none() {
    let server = TestServer::start();
    for path in ["/", "/problems", "/problems/not_found"] {
        let tag = tag(&server.get(path));
        assert_eq!(revalidate(&server, path, &tag).status, 304, "{path}");
    }
    for (path, status) in [("/v1/articles/none", 404), ("/v1/articles?x=1", 400), ("/v1/keys", 401)] {
        let answer = revalidate(&server, path, "*");
        assert_eq!((answer.status, answer.header("etag")), (status, ""), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}

#[test]
fn the_whole_of_a_resource_has_a_strong_tag_and_everything_else_a_weak_one() {
    let server = TestServer::with_sample();
    let quote = format!("/v1/quotes/{}", server.get("/v1/quotes?limit=1").column("/id")[0]);
    for path in [ARTICLE, &quote, "/v1/people/maren-tolliver-haag", "/v1/labels/harbour"] {
        let whole = server.get(path);
        let strong = tag(&whole);
        assert!(strong.starts_with('"'), "{path}: {strong}");
        assert_eq!(version(&strong), whole.data()["version"], "{path}");
        let sparse = tag(&server.get(&format!("{path}?fields=id")));
        assert!(sparse.starts_with("W/\""), "{path}: {sparse}");
        assert_eq!(version(&sparse), version(&strong), "{path}");
    }
    let expanded = tag(&server.get(&format!("{ARTICLE}?include=labels")));
    assert!(expanded.starts_with("W/\""), "{expanded}");
    for path in ["/v1/articles", "/v1/search?q=bell", "/v1/voices", "/openapi.json", "/v1/quotes/sample?seed=1"] {
        let weak = tag(&server.get(path));
        assert!(weak.starts_with("W/\"") && !weak.contains('.'), "{path}: {weak}");
    }
}

#[test]
fn whatever_an_answer_shows_changes_its_tag_but_only_its_own_content_its_version() {
    let server = TestServer::with_sample();
    let tags = || [ARTICLE, "/v1/articles", "/v1/labels/ferry-line", "/v1/people"].map(|path| tag(&server.get(path)));
    let before = tags();
    server.database.execute("UPDATE labels SET name = 'The Northern Line' WHERE slug = 'ferry-line'");
    let renamed = tags();
    assert_ne!(renamed[0], before[0], "an article bears the label");
    assert_eq!(version(&renamed[0]), version(&before[0]), "but was not changed itself");
    assert_eq!(revalidate(&server, ARTICLE, &before[0]).status, 200);
    assert!(renamed[1] != before[1] && renamed[2] != before[2]);
    assert_eq!(renamed[3], before[3], "people bear no labels");
    server.database.execute("UPDATE articles SET version = version + 1 WHERE slug = 'the-ferry-bell-comes-home'");
    assert_eq!(version(&tag(&server.get(ARTICLE))), version(&before[0]) + 1);
}

#[test]
fn a_client_may_name_several_tags_or_any() {
    let server = TestServer::with_sample();
    let current = tag(&server.get(ARTICLE));
    let weak = format!("W/{current}");
    let listed = format!("\"one\", W/\"two\",,{current}");
    for held in ["*", &weak, &listed] {
        let answer = revalidate(&server, ARTICLE, held);
        assert_eq!((answer.status, answer.header("etag")), (304, current.as_str()), "{held}");
    }
    let two_lines = server.send("GET", ARTICLE, &[("if-none-match", "\"one\""), ("if-none-match", &current)]);
    assert_eq!(two_lines.status, 304);
    let bare = current.trim_matches('"');
    let unclosed = &current[..current.len() - 1];
    let after_a_star = format!("*, {current}");
    for not_held in ["\"one\"", "", bare, unclosed, &after_a_star, &format!("{current} {current}")] {
        assert_eq!(revalidate(&server, ARTICLE, not_held).status, 200, "{not_held:?}");
    }
}

#[test]
fn each_encoding_of_a_resource_has_a_strong_tag_of_its_own() {
    let server = TestServer::with_sample();
    let plain = tag(&server.get(ARTICLE));
    let weak = tag(&server.get("/v1/articles"));
    for encoding in ["gzip", "br", "zstd"] {
        let head = head_in(&server, ARTICLE, encoding);
        let named = format!("{}-{encoding}\"", plain.trim_end_matches('"'));
        assert_eq!((head.header("content-encoding"), head.header("etag")), (encoding, named.as_str()));
        let request = format!(
            "GET {ARTICLE} HTTP/1.1\r\nhost: x\r\naccept-encoding: {encoding}\r\nif-none-match: {named}\r\n\
             connection: close\r\n\r\n"
        );
        let unmodified = send_bytes(&server.address, request.as_bytes());
        assert!(unmodified.starts_with("HTTP/1.1 304") && unmodified.ends_with("\r\n\r\n"), "{unmodified}");
        assert!(unmodified.contains(&format!("etag: {named}\r\n")), "{unmodified}");
        for header in ["content-encoding", "content-type", "content-length", "transfer-encoding"] {
            assert!(!unmodified.to_lowercase().contains(&format!("\n{header}:")), "{unmodified}");
        }
        let list = head_in(&server, "/v1/articles", encoding);
        assert_eq!((list.header("content-encoding"), list.header("etag")), (encoding, weak.as_str()));
    }
}

#[test]
fn what_is_held_in_another_encoding_is_still_good_where_the_client_can_read_it() {
    let server = TestServer::with_sample();
    let plain = tag(&server.get(ARTICLE));
    let gzip = tag(&head_in(&server, ARTICLE, "gzip"));
    let ask = |held: &str, accepted: &str| {
        let answer = server.send("HEAD", ARTICLE, &[("if-none-match", held), ("accept-encoding", accepted)]);
        (answer.status, answer.header("etag").to_owned())
    };
    assert_eq!(ask(&plain, "gzip"), (304, plain.clone()), "what is not compressed can be read by anybody");
    assert_eq!(ask(&gzip, "br, gzip"), (304, gzip.clone()));
    assert_eq!(ask(&gzip, "identity"), (200, plain.clone()), "a cache may hold what its client cannot read");
    assert_eq!(ask(&gzip, "br").0, 200);
    let stale = gzip.replacen('"', "\"9", 1);
    assert_eq!(ask(&stale, "gzip").0, 200);
}

#[test]
fn what_is_read_with_a_key_has_a_tag_and_is_kept_by_no_cache() {
    let server = TestServer::with_sample();
    let authorization = bearer(&server.key(&[Scope::Drafts]));
    let with_key =
        |held: &str| server.send("GET", ARTICLE, &[("authorization", &authorization), ("if-none-match", held)]);
    let found = with_key("\"none\"");
    assert_eq!((found.status, found.header("cache-control")), (200, "private, no-store"));
    let unmodified = with_key(&tag(&found));
    assert_eq!((unmodified.status, unmodified.header("cache-control")), (304, "private, no-store"));
}

#[test]
fn a_draft_that_may_not_be_seen_answers_as_if_it_were_not_there() {
    let server = TestServer::start();
    server.import("a.txt", "First\nMay 1, 2100\nIt is not public for a while.\n");
    let authorization = bearer(&server.key(&[Scope::Drafts]));
    let seen = tag(&server.send("GET", "/v1/articles/first", &[("authorization", &authorization)]));
    for held in [seen.as_str(), "*"] {
        let answer = revalidate(&server, "/v1/articles/first", held);
        assert_eq!((answer.status, answer.header("etag")), (404, ""), "{held}");
    }
}

#[test]
fn caches_are_told_what_the_configuration_says() {
    let server = TestServer::start();
    for path in ["/v1/articles", "/", "/openapi.json"] {
        assert_eq!(server.get(path).header("cache-control"), "public, max-age=0, must-revalidate", "{path}");
    }
    let kept = TestServer::with(&[("VERBATIM_CACHE_CONTROL", "public, max-age=60, stale-while-revalidate=600")]);
    let answer = kept.get("/v1/articles");
    assert_eq!(answer.header("cache-control"), "public, max-age=60, stale-while-revalidate=600");
    assert_eq!(
        revalidate(&kept, "/v1/articles", &tag(&answer)).header("cache-control"),
        answer.header("cache-control")
    );
    assert_eq!(kept.get("/v1/none").header("cache-control"), "no-store");
    assert_eq!(kept.get("/health/live").header("cache-control"), "no-store", "how it was is of no use");
}

#[test]
fn every_answer_depends_on_the_same_headers_each_named_once() {
    let server = TestServer::start();
    let origin = ("origin", "https://reader.example");
    for headers in [vec![], vec![origin], vec![origin, ("accept-encoding", "gzip")], vec![("if-none-match", "*")]] {
        for path in ["/v1/articles", "/v1/none", "/", "/openapi.json"] {
            let answer = server.send("HEAD", path, &headers);
            assert_eq!(answer.header("vary"), "Accept-Encoding, Authorization, Origin, Prefer", "{path} {headers:?}");
            assert_eq!(answer.header_names().iter().filter(|name| **name == "vary").count(), 1);
        }
    }
}
