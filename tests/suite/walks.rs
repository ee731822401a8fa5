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
