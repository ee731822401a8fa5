//! Every filter, against a naive evaluation of the same content.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::support::TestServer;

struct Content {
    server: TestServer,
    articles: Vec<Value>,
    quotes: Vec<Value>,
    people: Vec<Value>,
}

fn all(server: &TestServer, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = server.get(&path);
        rows.extend(page.data().as_array().unwrap().clone());
        next = page.json()["links"]["next"].as_str().map(str::to_owned);
    }
    rows
}

/// Never dropped: its database goes with the cluster at the end of the run.
static CONTENT: LazyLock<Content> = LazyLock::new(|| {
    let server = TestServer::with_sample();
    Content {
        articles: all(&server, "/v1/articles?include=quotes&limit=100"),
        quotes: all(&server, "/v1/quotes?limit=100"),
        people: all(&server, "/v1/people?limit=100"),
        server,
    }
});

fn texts(value: &Value, list: &str, field: &str) -> Vec<String> {
    let rows = value[list].as_array().into_iter().flatten();
    rows.filter_map(|row| row.pointer(field)?.as_str().map(str::to_owned)).collect()
}

fn any_of(wanted: &[String], found: &[String]) -> bool {
    wanted.iter().any(|one| found.contains(one))
}

/// A parameter as a client writes it; nothing for an empty list.
fn parameter(name: &str, values: &[String]) -> Vec<String> {
    let quoted = values.iter().map(|value| format!("%22{}%22", value.replace(' ', "%20")));
    let list: Vec<String> = quoted.collect();
    if list.is_empty() { vec![] } else { vec![format!("{name}={}", list.join(","))] }
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(strategy, |value| {
            test(value);
            Ok(())
        })
        .unwrap();
}

fn slugs(content: &[Value], list: &str) -> Vec<String> {
    let mut slugs: Vec<String> = content.iter().flat_map(|row| texts(row, list, "/slug")).collect();
    slugs.sort();
    slugs.dedup();
    slugs
}

#[test]
fn article_filters_equal_a_naive_evaluation() {
    let Content { server, articles, people, .. } = &*CONTENT;
    let labels = slugs(articles, "labels");
    let people: Vec<String> = people.iter().map(|person| person["slug"].as_str().unwrap().to_owned()).collect();
    let dates = select(vec!["", "2023-06-01T00:00:00Z", "2024-06-01T00:00:00Z", "2025-06-01T00:00:00Z"]);
    let strategy = (
        subsequence(labels.clone(), 0..=3),
        subsequence(labels.clone(), 0..=2),
        subsequence(labels, 0..=3),
        subsequence(people, 0..=6),
        dates.clone(),
        dates,
        select(vec!["", "-published_at", "published_at", "title", "-title", "-updated_at,title"]),
    );
    run(60, &strategy, |(any, every, none, quoted, from, until, sort)| {
        let expected: Vec<&Value> = articles
            .iter()
            .filter(|article| {
                let borne = texts(article, "labels", "/slug");
                let speakers = texts(article, "quotes", "/speaker/slug");
                let published = article["published_at"].as_str().unwrap();
                (any.is_empty() || any_of(&any, &borne))
                    && every.iter().all(|label| borne.contains(label))
                    && !any_of(&none, &borne)
                    && (quoted.is_empty() || any_of(&quoted, &speakers))
                    && published >= from
                    && (until.is_empty() || published < until)
            })
            .collect();
        let mut query = vec!["limit=100".to_owned(), "count=exact".to_owned()];
        query.extend(parameter("label", &any));
        query.extend(parameter("label[all]", &every));
        query.extend(parameter("label[none]", &none));
        query.extend(parameter("quoted", &quoted));
        for (name, value) in [("published_at[gte]", from), ("published_at[lt]", until), ("sort", sort)] {
            if !value.is_empty() {
                query.push(format!("{name}={value}"));
            }
        }
        let answer = server.get(&format!("/v1/articles?{}", query.join("&").replace('[', "%5B").replace(']', "%5D")));
        assert_eq!(answer.json()["meta"]["total"], expected.len(), "{query:?}");
        assert_eq!(answer.json()["meta"]["total_is_exact"], true);
        let mut found = answer.column("/slug");
        let mut expected: Vec<String> =
            expected.iter().map(|article| article["slug"].as_str().unwrap().to_owned()).collect();
        match sort {
            "" | "-published_at" => {}
            "published_at" => expected.reverse(),
            "title" | "-title" => {
                let mut titles = answer.column("/title");
                if sort == "-title" {
                    titles.reverse();
                }
                assert!(titles.is_sorted(), "{titles:?}");
                found.sort();
                expected.sort();
            }
            _ => {
                found.sort();
                expected.sort();
            }
        }
        assert_eq!(found, expected, "{query:?}");
    });
}

/// The counts of a facet as the server gives them, by slug or value.
fn facet(answer: &Value, name: &str) -> BTreeMap<String, usize> {
    let rows = answer["meta"]["facets"][name].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let value = row["ref"]["slug"].as_str().or(row["value"].as_str()).unwrap().to_owned();
            (value, usize::try_from(row["count"].as_u64().unwrap()).unwrap())
        })
        .collect()
}

fn counted(values: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

#[test]
fn facets_count_the_whole_filtered_list() {
    let Content { server, articles, quotes, .. } = &*CONTENT;
    let labels = slugs(articles, "labels");
    run(25, &(subsequence(labels.clone(), 0..=4), subsequence(labels, 0..=2)), |(any, none)| {
        let passes = |article: &&Value| {
            let borne = texts(article, "labels", "/slug");
            (any.is_empty() || any_of(&any, &borne)) && !any_of(&none, &borne)
        };
        let mut query = vec!["limit=1&facet_limit=100".to_owned()];
        query.extend(parameter("label", &any));
        query.extend(parameter("label[none]", &none));
        let query = query.join("&").replace('[', "%5B").replace(']', "%5D");
        let answer =
            server.get(&format!("/v1/articles?facets=label,speaker,author,language,year,month&{query}")).json();
        let matching: Vec<&Value> = articles.iter().filter(passes).collect();
        let each = |list: &str, field: &str| {
            counted(matching.iter().flat_map(|article| {
                let mut values = texts(article, list, field);
                values.sort();
                values.dedup();
                values
            }))
        };
        assert_eq!(answer["meta"]["facets"]["is_exact"], true);
        assert_eq!(facet(&answer, "label"), each("labels", "/slug"));
        assert_eq!(facet(&answer, "speaker"), each("quotes", "/speaker/slug"));
        assert_eq!(facet(&answer, "author"), BTreeMap::new());
        let published = |length: usize| {
            counted(matching.iter().map(|article| article["published_at"].as_str().unwrap()[..length].to_owned()))
        };
        assert_eq!(facet(&answer, "year"), published(4));
        assert_eq!(facet(&answer, "month"), published(7));
        assert_eq!(facet(&answer, "language"), counted(matching.iter().map(|_| "en".to_owned())));

        let slugs: Vec<&Value> = matching.iter().map(|article| &article["slug"]).collect();
        let answer = server.get(&format!("/v1/quotes?facets=speaker,kind&{query}")).json();
        let printed: Vec<&Value> = quotes
            .iter()
            .filter(|quote| {
                quote["occurrences"].as_array().unwrap().iter().any(|o| slugs.contains(&&o["article"]["slug"]))
            })
            .collect();
        let speakers = printed.iter().filter_map(|quote| quote["speaker"]["slug"].as_str().map(str::to_owned));
        assert_eq!(facet(&answer, "speaker"), counted(speakers));
    });
}

#[test]
fn facets_show_the_most_frequent_values_first_and_no_more_than_asked_for() {
    let Content { server, .. } = &*CONTENT;
    let answer = server.get("/v1/articles?facets=label&facet_limit=3").json();
    let counts: Vec<i64> = answer["meta"]["facets"]["label"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["count"].as_i64().unwrap())
        .collect();
    assert_eq!(counts.len(), 3);
    assert!(counts.is_sorted_by(|one, other| one >= other));
    let first = &answer["meta"]["facets"]["label"][0]["ref"];
    let label = server.get(first["url"].as_str().unwrap()).data();
    assert_eq!((&first["id"], &first["name"]), (&label["id"], &label["name"]));
    assert!(server.get("/v1/articles").json()["meta"].get("facets").is_none());
}

#[test]
fn quote_filters_equal_a_naive_evaluation() {
    let Content { server, articles, quotes, .. } = &*CONTENT;
    let labels = slugs(articles, "labels");
    let mut speakers: Vec<String> =
        quotes.iter().filter_map(|quote| quote["speaker"]["slug"].as_str().map(str::to_owned)).collect();
    speakers.sort();
    speakers.dedup();
    let labels_of = |slug: &str| {
        let article = articles.iter().find(|article| article["slug"] == slug).unwrap();
        texts(article, "labels", "/slug")
    };
    let strategy = (
        subsequence(labels.clone(), 0..=3),
        subsequence(labels, 0..=2),
        subsequence(speakers, 0..=5),
        select(vec!["", "inline", "pull"]),
        select(vec!["", "verbatim", "trimmed", "not_in_body"]),
        select(vec!["", "mayor", "Harbour Master", "spokesman"]),
        (select(vec![0_usize, 20, 60]), select(vec![0_usize, 40, 120]), select(vec!["", "true", "false"])),
    );
    run(60, &strategy, |(any, none, wanted, kind, fidelity, role, (least, most, attributed))| {
        let printing_passes = |printing: &Value| {
            let borne = labels_of(printing["article"]["slug"].as_str().unwrap());
            (any.is_empty() || any_of(&any, &borne))
                && !any_of(&none, &borne)
                && (kind.is_empty() || printing["kind"] == kind)
                && (fidelity.is_empty() || printing["fidelity"] == fidelity)
                && (role.is_empty()
                    || printing["role"].as_str().is_some_and(|found| found.to_lowercase() == role.to_lowercase()))
        };
        let expected: Vec<&str> = quotes
            .iter()
            .filter(|quote| {
                let length = quote["text"].as_str().unwrap().chars().count();
                quote["occurrences"].as_array().unwrap().iter().any(printing_passes)
                    && (wanted.is_empty()
                        || quote["speaker"]["slug"].as_str().is_some_and(|slug| wanted.contains(&slug.to_owned())))
                    && length >= least
                    && (most == 0 || length <= most)
                    && (attributed.is_empty() || quote["speaker"].is_null() == (attributed == "false"))
            })
            .map(|quote| quote["id"].as_str().unwrap())
            .collect();
        let mut query = vec!["limit=100".to_owned()];
        query.extend(parameter("label", &any));
        query.extend(parameter("label[none]", &none));
        query.extend(parameter("speaker", &wanted));
        let numbers = [("min_length", least), ("max_length", most)]
            .map(|(name, n)| (name, if n == 0 { String::new() } else { n.to_string() }));
        let words = [("kind", kind), ("fidelity", fidelity), ("role", role), ("attributed", attributed)];
        for (name, value) in words.iter().map(|(n, v)| (*n, (*v).to_owned())).chain(numbers) {
            if !value.is_empty() {
                query.push(format!("{name}={}", value.replace(' ', "%20")));
            }
        }
        let found = all(server, &format!("/v1/quotes?{}", query.join("&").replace('[', "%5B").replace(']', "%5D")));
        let found: Vec<&str> = found.iter().map(|quote| quote["id"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{query:?}");
    });
}

#[test]
fn people_and_labels_are_filtered_by_what_they_are_and_how_much_there_is_of_them() {
    let Content { server, quotes, people, .. } = &*CONTENT;
    for kind in ["person", "organization", "group"] {
        let expected = people.iter().filter(|person| person["kind"] == kind).count();
        assert_eq!(all(server, &format!("/v1/people?kind={kind}")).len(), expected);
    }
    for least in [1, 2, 5] {
        let said = |person: &Value| quotes.iter().filter(|quote| quote["speaker"]["id"] == person["id"]).count();
        let expected = people.iter().filter(|person| said(person) >= least).count();
        assert_eq!(all(server, &format!("/v1/people?min_quotes={least}")).len(), expected);
    }
    let names: Vec<String> = all(server, "/v1/people?affiliation=ostrey-sound-ferries&sort=name")
        .iter()
        .map(|person| person["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"Joost van der Moor".to_owned()) && names.is_sorted(), "{names:?}");
    for label in all(server, "/v1/labels?min_articles=8") {
        let slug = label["slug"].as_str().unwrap();
        let total = server.get(&format!("/v1/articles?label={slug}&count=exact")).json()["meta"]["total"].as_i64();
        assert!(total.unwrap() >= 8, "{slug}");
    }
}

#[test]
fn a_label_stands_for_its_descendants_when_asked_to() {
    let server = TestServer::with_sample();
    server.database.execute(
        "UPDATE labels SET parent_id = (SELECT id FROM labels WHERE slug = 'water') WHERE slug IN ('harbour', 'fisheries')",
    );
    let count = |query: &str| server.get(&format!("/v1/articles?count=exact&{query}")).json()["meta"]["total"].as_i64();
    assert_eq!(count("label=water&descendants=true"), count("label=water,harbour,fisheries"));
    assert!(count("label=water&descendants=true") > count("label=water"));
    assert_eq!(count("label[none]=water&descendants=true"), count("label[none]=water,harbour,fisheries"));
    assert_eq!(server.get("/v1/labels?parent=water&sort=name").column("/slug"), ["fisheries", "harbour"]);
}

#[test]
fn references_are_ids_slugs_former_slugs_names_and_aliases() {
    let server = TestServer::with_sample();
    server.database.execute(
        "INSERT INTO label_slugs SELECT 'ferries-of-old', id FROM labels WHERE slug = 'ferry-line'; \
         INSERT INTO label_names SELECT 'the boats', id, 'The Boats' FROM labels WHERE slug = 'ferry-line'; \
         INSERT INTO person_aliases SELECT id, 'captain joost', 'Captain Joost' FROM people WHERE slug = 'joost-van-der-moor'",
    );
    let total = |query: &str| server.get(&format!("/v1/articles?count=exact&{query}")).json()["meta"]["total"].clone();
    for name in ["ferries-of-old", "Ferry%20Line", "THE%20BOATS"] {
        assert_eq!(total(&format!("label={name}")), total("label=ferry-line"), "{name}");
    }
    for name in ["Joost%20van%20der%20Moor", "captain%20joost"] {
        assert_eq!(total(&format!("quoted={name}")), total("quoted=joost-van-der-moor"), "{name}");
    }
    let problem = server.get("/v1/articles?quoted=joost-van-der-mor&label=nothing&author=nobody").problem();
    let wrong: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["parameter"].as_str().unwrap()).collect();
    assert_eq!(wrong, ["label", "author", "quoted"], "all at once");
    assert_eq!(problem["errors"][2]["did_you_mean"][0], "joost-van-der-moor");
}

#[test]
fn an_external_id_leads_to_its_article() {
    let Content { server, .. } = &*CONTENT;
    let found = server.get("/v1/articles?external_id=sample:the-ferry-bell-comes-home.txt,other:x").column("/slug");
    assert_eq!(found, ["the-ferry-bell-comes-home"]);
    assert_eq!(server.get("/v1/articles?external_id=nocolon").problem()["errors"][0]["parameter"], "external_id");
}
