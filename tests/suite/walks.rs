//! Walking a list from page to page.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::TestServer;

/// Articles of which many became public at the same instant, made in one statement.
fn fill(server: &TestServer, count: usize, instants: usize, prefix: &str) {
    server.database.execute(&format!(
        "BEGIN; \
         INSERT INTO articles (id, slug, title, status, published_at, body_format, body_source, body_html, body_text, created_at, updated_at) \
         SELECT gen_random_uuid(), '{prefix}-' || n, '{prefix}-' || n, 'published', timestamptz '2020-01-01' + (n % {instants}) * interval '1 hour', \
                'plain', '', '', '', now(), now() FROM generate_series(1, {count}) AS n; \
         INSERT INTO article_slugs SELECT slug, id FROM articles WHERE slug LIKE '{prefix}-%'; COMMIT",
    ));
}

/// Follows `links.next` from `path` to the end; calls `between` before each further page.
fn walk(server: &TestServer, path: &str, mut between: impl FnMut(usize)) -> Vec<String> {
    let mut seen = Vec::new();
    let mut next = Some(path.to_owned());
    let mut pages = 0;
    while let Some(path) = next {
        let answer = server.get(&path);
        seen.extend(answer.column("/slug"));
        next = answer.json()["links"]["next"].as_str().map(str::to_owned);
        for (relation, url) in [("next", &answer.json()["links"]["next"]), ("prev", &answer.json()["links"]["prev"])] {
            let header = url.as_str().map(|url| format!("<{url}>; rel=\"{relation}\""));
            assert_eq!(answer.header("link").contains(relation), header.is_some());
            assert!(answer.header("link").contains(&header.unwrap_or_default()), "{}", answer.header("link"));
        }
        pages += 1;
        between(pages);
    }
    seen
}

#[test]
fn a_walk_sees_every_row_exactly_once_whatever_the_size_of_its_pages() {
    let server = TestServer::start();
    fill(&server, 120, 7, "a");
    let everything = walk(&server, "/v1/articles?limit=100", |_| {});
    let mut sorted = everything.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), 120);
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    runner
        .run(&(1_usize..=100), |limit| {
            prop_assert_eq!(walk(&server, &format!("/v1/articles?limit={limit}"), |_| {}), everything.clone());
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_walk_neither_skips_nor_repeats_while_others_write() {
    let server = TestServer::start();
    fill(&server, 60, 5, "old");
    let seen = walk(&server, "/v1/articles?limit=7", |page| fill(&server, 5, 4, &format!("new{page}")));
    let old: Vec<&String> = seen.iter().filter(|slug| slug.starts_with("old")).collect();
    assert_eq!(old.len(), 60);
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), seen.len());
}

#[test]
fn a_walk_of_a_label_keeps_its_filter_and_ends() {
    let server = TestServer::with_sample();
    let expected = server.get("/v1/articles?label=harbour,budget&limit=100").column("/slug");
    assert!(expected.len() > 10);
    assert_eq!(walk(&server, "/v1/articles?label=harbour,budget&limit=3&include=labels", |_| {}), expected);
}

#[test]
fn people_labels_and_quotes_are_walked_alike() {
    let server = TestServer::with_sample();
    for list in ["people", "labels", "quotes"] {
        let ids = |path: &str| {
            let mut seen = Vec::new();
            let mut next = Some(path.to_owned());
            while let Some(path) = next {
                let answer = server.get(&path);
                seen.extend(answer.column("/id"));
                next = answer.json()["links"]["next"].as_str().map(str::to_owned);
            }
            seen
        };
        let all = ids(&format!("/v1/{list}?limit=100"));
        assert!(all.len() >= 20, "{list}: {}", all.len());
        assert_eq!(ids(&format!("/v1/{list}?limit=6")), all, "{list}");
    }
}

#[test]
fn a_walk_backwards_sees_the_same_rows_from_the_end() {
    let server = TestServer::start();
    fill(&server, 50, 5, "a");
    for sort in ["", "&sort=title", "&sort=-title", "&sort=published_at,-title", "&sort=-published_at,title"] {
        let forwards = walk(&server, &format!("/v1/articles?limit=7{sort}"), |_| {});
        assert_eq!(forwards.len(), 50, "{sort}");
        let mut path = format!("/v1/articles?limit=7{sort}");
        while let Some(next) = server.get(&path).json()["links"]["next"].as_str() {
            path = next.to_owned();
        }
        let mut backwards = Vec::new();
        loop {
            let page = server.get(&path);
            backwards.splice(0..0, page.column("/slug"));
            match page.json()["links"]["prev"].as_str() {
                Some(prev) => path = prev.to_owned(),
                None => break,
            }
        }
        assert_eq!(backwards, forwards, "{sort}");
    }
}

#[test]
fn numbered_pages_show_the_same_rows_up_to_row_ten_thousand() {
    let server = TestServer::start();
    fill(&server, 25, 5, "a");
    let all = server.get("/v1/articles?limit=100").column("/slug");
    let pages: Vec<String> =
        (1..=3).flat_map(|n| server.get(&format!("/v1/articles?limit=10&page={n}")).column("/slug")).collect();
    assert_eq!(pages, all);
    let second = server.get("/v1/articles?limit=10&page=2").json()["links"].take();
    assert_eq!(second["next"], "/v1/articles?limit=10&page=3");
    assert_eq!(second["prev"], "/v1/articles?limit=10&page=1");
    assert_eq!(server.get("/v1/articles?limit=10&page=3").json()["links"]["next"], serde_json::Value::Null);
    assert_eq!(server.get("/v1/articles?limit=100&page=100").data(), serde_json::json!([]));
    let cursor = server.get("/v1/articles?limit=2").json()["links"]["next"]
        .as_str()
        .unwrap()
        .split("after=")
        .nth(1)
        .unwrap()
        .to_owned();
    for (query, parameter) in [
        ("limit=100&page=101".to_owned(), "page"),
        ("page=0".to_owned(), "page"),
        (format!("page=1&after={cursor}"), "page"),
        (format!("before={cursor}&after={cursor}"), "before"),
    ] {
        let problem = server.get(&format!("/v1/articles?{query}")).problem();
        assert_eq!(
            (&problem["status"], &problem["errors"][0]["parameter"]),
            (&400.into(), &parameter.into()),
            "{query}"
        );
    }
}

#[test]
fn the_whole_list_is_counted_or_estimated_when_asked_for() {
    let server = TestServer::start();
    fill(&server, 25, 5, "a");
    let meta = |query: &str| server.get(&format!("/v1/articles?limit=5{query}")).json()["meta"].take();
    assert_eq!(meta(""), serde_json::json!({ "limit": 5 }));
    assert_eq!(meta("&count=exact"), serde_json::json!({ "limit": 5, "total": 25, "total_is_exact": true }));
    assert_eq!(meta("&count=estimated")["total"], 25, "what is short is counted");
    fill(&server, 15_000, 5, "b");
    server.database.execute("ANALYZE articles");
    let estimated = meta("&count=estimated");
    assert_eq!(estimated["total_is_exact"], false);
    let total = estimated["total"].as_i64().unwrap();
    assert!((14_000..16_000).contains(&total), "{total}");
}

#[test]
fn a_cursor_of_another_list_or_of_nobody_is_refused() {
    let server = TestServer::with_sample();
    let next = server.get("/v1/articles?limit=2").json()["links"]["next"].as_str().unwrap().to_owned();
    let cursor = next.split("after=").nth(1).unwrap();
    assert_eq!(
        server.get(&format!("/v1/articles?limit=5&after={cursor}")).status,
        200,
        "another size is the same list"
    );
    for path in [
        format!("/v1/articles?label=harbour&after={cursor}"),
        format!("/v1/quotes?after={cursor}"),
        format!("/v1/articles?after={}", "A".repeat(44)),
        format!("/v1/articles?after={}", "_".repeat(44)),
    ] {
        let problem = server.get(&path).problem();
        assert_eq!((&problem["status"], &problem["code"]), (&400.into(), &"invalid_cursor".into()), "{path}");
        assert_eq!(problem["errors"][0]["parameter"], "after");
    }
}
