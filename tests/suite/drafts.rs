//! What is not public, for those who may read drafts, and for everybody else.

use std::cmp::Reverse;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use verbatim::access::Scope;

use crate::support::TestServer;

fn article(title: &str, date: &str, label: &str) -> String {
    format!(
        "{title}\n{date}\nIt rained. \"The tide waits for nobody in {title} this year,\" said {title} Quill, warden of \
         the {title} Society.\nLabels: {label}\n"
    )
}

/// One article in each state, each with a label, a speaker and an organization that only it knows.
fn server() -> TestServer {
    let server = TestServer::start();
    for (name, date) in [
        ("Opal", "May 1, 2023"),
        ("Cora", "May 1, 2999"),
        ("Elba", "May 1, 2999"),
        ("Otis", "May 1, 2999"),
        ("Lotte", "May 1, 2999"),
    ] {
        server.import(&format!("{name}.txt"), article(name, date, &format!("{name} Label")));
    }
    server.database.execute(
        "UPDATE articles SET status = 'draft', published_at = NULL WHERE slug = 'elba'; \
         UPDATE articles SET status = 'archived', published_at = '2020-05-01' WHERE slug = 'otis'; \
         UPDATE articles SET deleted_at = now() WHERE slug = 'lotte'; \
         UPDATE labels SET public_from = 'infinity' WHERE public_from > now() AND slug <> 'cora-label'; \
         UPDATE quotes SET public_from = 'infinity' WHERE public_from > now() AND text NOT LIKE '%Cora%'; \
         UPDATE people SET public_from = 'infinity' WHERE public_from > now() AND name NOT LIKE '%Cora%'; \
         UPDATE affiliations SET public_from = 'infinity' WHERE public_from > now()",
    );
    server
}

#[test]
fn a_list_shows_what_is_published_and_by_status_what_is_not_to_those_who_may() {
    let server = server();
    let [reader, editor, writer] = [Scope::Read, Scope::Drafts, Scope::Write].map(|scope| server.key(&[scope]));
    for key in [&reader, &editor, &writer] {
        assert_eq!(server.get_with(key, "/v1/articles").column("/slug"), ["opal"], "nothing more unless asked for");
    }
    for (status, slugs) in [
        ("published", vec!["opal"]),
        ("draft", vec!["elba"]),
        ("scheduled", vec!["cora"]),
        ("archived", vec!["otis"]),
        ("draft,archived", vec!["elba", "otis"]),
        ("published,scheduled", vec!["cora", "opal"]),
        ("archived,published,draft,scheduled", vec!["elba", "cora", "opal", "otis"]),
    ] {
        let path = format!("/v1/articles?count=exact&status={status}");
        for key in [&editor, &writer] {
            let answer = server.get_with(key, &path);
            assert_eq!(answer.column("/slug"), slugs, "{status}");
            assert_eq!(answer.json()["meta"]["total"], slugs.len());
            assert!(answer.column("/status").iter().all(|shown| status.contains(shown.as_str())), "{}", answer.text);
        }
        for answer in [server.get_with(&reader, &path), server.get(&path)] {
            if status == "published" {
                assert_eq!(answer.column("/slug"), slugs);
            } else {
                assert_eq!((answer.status, &answer.problem()["code"]), (403, &"insufficient_scope".into()), "{status}");
            }
        }
    }
    assert_eq!(
        server.get_with(&editor, "/v1/articles?status=drafts").problem()["errors"][0]["did_you_mean"][0],
        "draft"
    );
}

#[test]
fn everything_that_a_list_takes_works_on_what_is_not_public() {
    let server = server();
    let editor = server.key(&[Scope::Drafts]);
    let slugs = |query: &str| {
        server.get_with(&editor, &format!("/v1/articles?status=draft,scheduled,archived&{query}")).column("/slug")
    };
    assert_eq!(slugs("label=elba-label"), ["elba"], "a reference that only a draft knows");
    assert_eq!(slugs("quoted=otis-quill"), ["otis"]);
    assert_eq!(slugs("q=Cora"), ["cora"]);
    assert_eq!(slugs("q=tide&sort=relevance,-published_at").len(), 3);
    assert_eq!(slugs("q=tide&sort=published_at"), ["otis", "cora", "elba"]);
    assert_eq!(slugs("published_at[gte]=2000-01-01T00:00:00Z"), ["cora", "otis"], "a draft has no such instant");
    assert_eq!(slugs("published_at[lt]=2021-01-01T00:00:00Z"), ["otis"]);
    let answer = server
        .get_with(
            &editor,
            "/v1/articles?status=draft,archived&facets=label,speaker,year,month&include=quotes.speaker,labels",
        )
        .json();
    assert_eq!(answer["meta"]["facets"]["year"], serde_json::json!([{ "value": "2020", "count": 1 }]));
    assert_eq!(answer["meta"]["facets"]["label"].as_array().unwrap().len(), 2);
    assert_eq!(answer["data"][0]["quotes"][0]["speaker"]["affiliations"][0]["role"], "warden");
    assert_eq!(answer["data"][0]["published_at"], Value::Null);
    assert_eq!(server.get_with(&editor, "/v1/labels/elba-label/articles?status=draft").column("/slug"), ["elba"]);
    assert_eq!(server.get_with(&editor, "/v1/people/elba-quill/articles?status=draft").column("/slug"), ["elba"]);
    assert_eq!(server.get("/v1/labels/elba-label/articles?status=draft").status, 403);
}

#[test]
fn one_resource_is_shown_whatever_its_state_to_those_who_may() {
    let server = server();
    let [reader, editor] = [Scope::Read, Scope::Drafts].map(|scope| server.key(&[scope]));
    server.database.execute("INSERT INTO article_slugs SELECT 'earlier', id FROM articles WHERE slug = 'elba'");
    for (name, state) in [("elba", "draft"), ("cora", "scheduled"), ("otis", "archived"), ("opal", "published")] {
        let whole = server.get_with(&editor, &format!("/v1/articles/{name}?include=quotes.speaker,labels")).data();
        assert_eq!(whole["status"], state);
        assert_eq!(whole["quotes"].as_array().unwrap().len(), 1);
        let quote = whole["quotes"][0]["quote"]["id"].as_str().unwrap();
        for path in [
            format!("articles/{name}"),
            format!("articles/{}", whole["id"].as_str().unwrap()),
            format!("labels/{name}-label"),
            format!("people/{name}-quill"),
            format!("people/{name}-society"),
            format!("quotes/{quote}"),
        ] {
            assert_eq!(server.get_with(&editor, &format!("/v1/{path}")).status, 200, "{path}");
            let expected = if name == "opal" { 200 } else { 404 };
            for answer in [server.get(&format!("/v1/{path}")), server.get_with(&reader, &format!("/v1/{path}"))] {
                assert_eq!(answer.status, expected, "{path}");
            }
        }
        let quote = server.get_with(&editor, &format!("/v1/quotes/{quote}")).data();
        assert_eq!(quote["occurrences"][0]["article"]["slug"], name);
        assert_eq!(quote["speaker"]["slug"], format!("{name}-quill"));
        assert_eq!(quote["published_at"].is_null(), matches!(name, "elba" | "otis"));
    }
    let former = server.get_with(&editor, "/v1/articles/earlier");
    assert_eq!((former.status, former.header("location")), (308, "/v1/articles/elba"));
    assert_eq!(server.get("/v1/articles/earlier").status, 404);
    assert_eq!(server.get("/v1/articles/lotte").status, 404, "it never was public");
    assert_eq!(server.get_with(&editor, "/v1/articles/lotte").status, 410, "what is deleted is for nobody");
}

#[test]
fn a_deleted_article_prints_nothing_for_anybody() {
    let server = TestServer::start();
    let text = |title: &str| {
        format!("{title}\nMay 1, 2023\nIt rained. \"The tide waits for nobody here,\" said Ada Quill.\nLabels: Sea\n")
    };
    server.import("kept.txt", text("Kept"));
    server.import("lotte.txt", text("Lotte"));
    let editor = server.key(&[Scope::Drafts]);
    let quote = server.get("/v1/quotes").column("/url").remove(0);
    let printings = || {
        let occurrences = server.get_with(&editor, &quote).data()["occurrences"].take();
        occurrences
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["article"]["slug"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(printings().len(), 2);
    server.database.execute("UPDATE articles SET status = 'draft' WHERE slug = 'lotte'");
    assert_eq!(printings(), ["kept", "lotte"], "a draft's printing is there for editors");
    assert_eq!(server.get(&quote).data()["occurrences"].as_array().unwrap().len(), 1);
    server.database.execute("UPDATE articles SET deleted_at = now() WHERE slug = 'lotte'");
    assert_eq!(printings(), ["kept"]);
}

#[test]
fn no_other_list_shows_more_with_a_key_than_without() {
    let server = server();
    let admin = server.key(&[Scope::Admin]);
    for path in [
        "/v1/articles?include=quotes.speaker,labels,authors&facets=label,speaker,year&count=exact",
        "/v1/quotes?include=speaker&count=exact&facets=label,speaker",
        "/v1/people?count=exact",
        "/v1/labels?count=exact",
        "/v1/people?q=quill",
        "/v1/articles/elba/quotes",
        "/v1/people/elba-quill/quotes",
        "/v1/articles?label=elba-label",
        "/v1/voices",
        "/v1/quotes/sample?seed=a",
        "/v1/search?q=tide",
        "/v1/suggest?q=ear",
        "/v1/labels/resolve?line=Labels:+Elba+Label",
        "/v1/labels/elba-label/voices",
        "/v1/people/elba-quill/co-quoted",
    ] {
        let [with, without] = [server.get_with(&admin, path), server.get(path)].map(|answer| {
            let mut json = answer.json();
            json["request_id"].take();
            (answer.status, json)
        });
        assert_eq!(with, without, "{path}");
    }
}

#[test]
fn a_walk_by_status_equals_a_naive_evaluation() {
    let server = TestServer::with_sample();
    let editor = server.key(&[Scope::Drafts]);
    server.database.execute(
        "UPDATE articles SET status = (ARRAY['draft', 'scheduled', 'published', 'archived'])[1 + get_byte(sha256(slug::bytea), 0) % 4]; \
         UPDATE articles SET published_at = published_at + interval '1000 years' WHERE status IN ('scheduled', 'published') \
            AND get_byte(sha256(slug::bytea), 1) % 2 = 0; \
         UPDATE articles SET published_at = NULL WHERE status = 'draft' AND get_byte(sha256(slug::bytea), 1) % 2 = 0; \
         UPDATE articles SET deleted_at = now() WHERE get_byte(sha256(slug::bytea), 2) % 10 = 0",
    );
    let all: Vec<Value> = server
        .database
        .query("SELECT slug FROM articles WHERE deleted_at IS NULL")
        .iter()
        .map(|slug| server.get_with(&editor, &format!("/v1/articles/{slug}")).data())
        .collect();
    let in_state = |state: &str| all.iter().filter(|article| article["status"] == state).count();
    let states = ["draft", "scheduled", "published", "archived"];
    assert!(states.iter().all(|state| in_state(state) > 0), "{:?}", states.map(in_state));
    let strategy = (
        subsequence(states.to_vec(), 1..=4),
        select(vec!["", "harbour", "heritage"]),
        select(vec!["", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]),
        select(vec!["-published_at", "published_at"]),
    );
    let mut runner = TestRunner::new(Config { cases: 30, failure_persistence: None, ..Config::default() });
    runner
        .run(&strategy, |(states, label, from, sort)| {
            let mut expected: Vec<&Value> = all
                .iter()
                .filter(|article| {
                    states.contains(&article["status"].as_str().unwrap())
                        && (label.is_empty()
                            || article["labels"].as_array().unwrap().iter().any(|borne| borne["slug"] == label))
                        && (from.is_empty() || article["published_at"].as_str().is_some_and(|instant| instant >= from))
                })
                .collect();
            let place = |article: &&Value| {
                let never = || "~".to_owned();
                let published_at = article["published_at"].as_str().map_or_else(never, str::to_owned);
                (published_at, article["id"].as_str().unwrap().to_owned())
            };
            expected.sort_by_key(place);
            if sort == "-published_at" {
                expected.sort_by_key(|article| Reverse(place(article)));
            }
            let expected: Vec<&str> = expected.iter().map(|article| article["slug"].as_str().unwrap()).collect();
            let mut path = format!("/v1/articles?limit=3&sort={sort}&status={}", states.join(","));
            for (name, value) in [("label", label), ("published_at%5Bgte%5D", from)] {
                if !value.is_empty() {
                    path = format!("{path}&{name}={value}");
                }
            }
            let (mut forwards, mut next, mut last) = (Vec::new(), Some(path), String::new());
            while let Some(path) = next {
                let page = server.get_with(&editor, &path);
                forwards.extend(page.column("/slug"));
                next = page.json()["links"]["next"].as_str().map(str::to_owned);
                last = path;
            }
            prop_assert_eq!(&forwards, &expected);
            let (mut backwards, mut previous) = (Vec::new(), Some(last));
            while let Some(path) = previous {
                let page = server.get_with(&editor, &path);
                backwards.splice(0..0, page.column("/slug"));
                previous = page.json()["links"]["prev"].as_str().map(str::to_owned);
            }
            prop_assert_eq!(&backwards, &expected);
            Ok(())
        })
        .unwrap();
}
