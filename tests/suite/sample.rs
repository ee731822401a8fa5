//! Sampling quotes.

use std::cell::Cell;
use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::TestServer;

/// One article with `count` quotes of nobody, made in one statement; each call needs a name of its own.
fn fill(server: &TestServer, name: &str, count: usize) {
    server.database.execute(&format!(
        "BEGIN; \
         INSERT INTO articles (id, slug, title, status, published_at, body_format, body_source, body_html, body_text, created_at, updated_at) \
         VALUES (gen_random_uuid(), '{name}', '{name}', 'published', '2020-01-01', 'plain', '', '', '', now(), now()); \
         INSERT INTO article_slugs SELECT slug, id FROM articles WHERE slug = '{name}'; \
         INSERT INTO quotes (id, text, public_from, created_at, updated_at) \
         SELECT md5('{name}' || n)::uuid, '{name} ' || n, '2020-01-01', now(), now() FROM generate_series(1, {count}) AS n; \
         INSERT INTO occurrences (id, article_id, quote_id, position, public_from, kind, quotation, text, identity_digest, word_count, anchor, confidence, rule) \
         SELECT gen_random_uuid(), articles.id, md5('{name}' || n)::uuid, n, articles.public_from, 'inline', 'direct', '{name} ' || n, sha256(''), 2, 'exact', 1, 'test' \
           FROM articles, generate_series(1, {count}) AS n WHERE articles.slug = '{name}'; COMMIT",
    ));
}

fn sample(server: &TestServer, seed: &str, n: usize) -> Vec<String> {
    server.get(&format!("/v1/quotes/sample?seed={seed}&n={n}")).column("/id")
}

#[test]
fn a_seed_gives_the_same_quotes_and_new_ones_replace_as_many_at_most() {
    let server = TestServer::start();
    fill(&server, "first", 200);
    let added = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    runner
        .run(&("[a-z0-9]{0,12}", 1_usize..=100, 0_usize..8), |(seed, n, more)| {
            let before = sample(&server, &seed, n);
            prop_assert_eq!(before.len(), n);
            prop_assert_eq!(&sample(&server, &seed, n), &before);
            prop_assert_eq!(&sample(&server, &seed, n / 2 + 1), &before[..n / 2 + 1], "a smaller sample is a part");
            added.set(added.get() + 1);
            fill(&server, &format!("more-{}", added.get()), more);
            let after = sample(&server, &seed, n);
            let kept = after.iter().filter(|id| before.contains(id)).count();
            prop_assert!(kept + more >= n, "{} of {} are kept after {} were added", kept, n, more);
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_quote_is_about_as_likely_as_any_other() {
    let server = TestServer::start();
    fill(&server, "first", 40);
    let mut chosen: HashMap<String, f64> = HashMap::new();
    let seeds = 200;
    for seed in 0..seeds {
        for id in sample(&server, &format!("day-{seed}"), 10) {
            *chosen.entry(id).or_default() += 1.0;
        }
    }
    // Of 200 samples of 10 out of 40 each quote is expected in 50. The seeds are fixed, so this does not waver.
    let expected = f64::from(seeds) * 10.0 / 40.0;
    assert_eq!(chosen.len(), 40);
    let distance: f64 = chosen.values().map(|count| (count - expected).powi(2) / expected).sum();
    assert!(distance < 72.0, "chi-squared with 39 degrees of freedom is {distance}: less likely than 1 in 1,000");
}

#[test]
fn a_sample_is_drawn_from_what_passes_the_filters() {
    let server = TestServer::with_sample();
    let quotes = |query: &str| -> Vec<Value> {
        server.get(&format!("/v1/quotes/sample?seed=x&n=100&{query}")).data().as_array().unwrap().clone()
    };
    let ids = |rows: Vec<Value>| {
        let mut ids: Vec<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    for filter in
        ["label=harbour", "label[all]=harbour&label[none]=heritage", "speaker=maren-tolliver-haag", "max_length=40"]
    {
        let listed = server.get(&format!("/v1/quotes?limit=100&{filter}")).data().as_array().unwrap().clone();
        assert!(!listed.is_empty() && listed.len() < 100);
        assert_eq!(ids(quotes(filter)), ids(listed), "{filter}");
    }
    let one = server.get("/v1/quotes/sample").json();
    assert_eq!(one["data"].as_array().unwrap().len(), 1);
    assert_eq!(one["data"], server.get("/v1/quotes/sample?seed=").data(), "no seed is the empty one");
    assert_eq!(one["links"], json!({"self": "/v1/quotes/sample", "next": null, "prev": null}));
    assert_eq!(server.get("/v1/quotes/sample?n=101").problem()["code"], "invalid_parameter");
    assert_eq!(server.get("/v1/quotes/sample?speaker=nobody").problem()["code"], "unknown_reference");
}
