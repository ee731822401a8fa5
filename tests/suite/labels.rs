//! Reading labels.

use serde_json::{Value, json};

use verbatim::access::Scope;

use crate::support::TestServer;
use crate::writing::{ANY, send};

fn article(title: &str, labels: &str) -> String {
    format!("{title}\nMay 1, 2023\nThe first words of {title} stand here in a paragraph.\nLabels: {labels}\n")
}

#[test]
fn a_label_is_the_same_in_any_spelling_and_keeps_its_first() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "Café, Sea"));
    server.import("b.txt", article("Second", "CAFE, cafe"));
    assert_eq!(server.get("/v1/labels").data().as_array().unwrap().len(), 2);
    assert_eq!(server.get("/v1/labels/cafe").data()["name"], "Café");
    assert_eq!(server.get("/v1/articles?label=cafe").data().as_array().unwrap().len(), 2);
    assert_eq!(server.get("/v1/articles/second").data()["labels"].as_array().unwrap().len(), 1);
}

#[test]
fn labels_of_one_slug_are_told_apart() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "C++, C, Sample"));
    assert_eq!(server.get("/v1/labels/c").data()["name"], "C++");
    assert_eq!(server.get("/v1/labels/c-2").data()["name"], "C");
    assert_eq!(server.get("/v1/labels/sample-2").data()["name"], "Sample", "a route needs the word sample");
}

#[test]
fn a_label_is_public_as_long_as_one_below_it_is() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    let write = |method: &str, path: &str, body: Value| {
        let answer = send(&server, &key, method, path, if method == "PATCH" { ANY } else { &[] }, &body);
        assert!(answer.status < 300, "{}", answer.text);
    };
    let labels = json!([{ "name": "Tides", "parent": "Sea" }]);
    write("POST", "/v1/articles", json!({ "title": "First", "body_source": "Low water.", "labels": labels }));
    let is_public = |slug: &str| server.get(&format!("/v1/labels/{slug}")).status == 200;
    let public = || ["tides", "sea", "nature", "weather"].map(is_public);
    assert_eq!(public(), [false; 4], "only a draft shows them");

    write("PATCH", "/v1/articles/first", json!({ "status": "published" }));
    assert_eq!(public(), [true, true, false, false]);
    let below = server.get("/v1/articles?label=sea&descendants=true");
    assert_eq!(below.column("/slug"), ["first"]);
    assert_eq!(server.get("/v1/labels/tides").data()["parent"]["slug"], "sea");

    write("PATCH", "/v1/labels/sea", json!({ "parent": "Nature" }));
    assert_eq!(public(), [true, true, true, false], "all the way up");
    write("PATCH", "/v1/labels/sea", json!({ "parent": "Weather" }));
    assert_eq!(public(), [true, true, false, true], "not above what it was below once");
    write("PATCH", "/v1/articles/first", json!({ "status": "draft" }));
    assert!(!is_public("tides"));
}

#[test]
fn a_label_shows_its_aliases_and_its_parent() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "Sea, North Sea"));
    server.database.execute(
        "UPDATE labels SET parent_id = (SELECT id FROM labels WHERE slug = 'sea') WHERE slug = 'north-sea'; \
         INSERT INTO label_names SELECT 'german ocean', id, 'German Ocean' FROM labels WHERE slug = 'north-sea'",
    );
    let label = server.get("/v1/labels/north-sea").data();
    assert_eq!(label["aliases"], json!(["German Ocean"]));
    assert_eq!(label["parent"]["slug"], "sea");
    server.import("b.txt", article("Second", "German ocean"));
    assert_eq!(server.get("/v1/articles?label=north-sea").column("/title").len(), 2, "an alias leads to its label");
}

#[test]
fn a_label_stands_for_those_below_it_only_where_that_is_asked_for() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "Sea"));
    server.import("b.txt", article("Second", "North Sea"));
    server
        .database
        .execute("UPDATE labels SET parent_id = (SELECT id FROM labels WHERE slug = 'sea') WHERE slug = 'north-sea'");
    for path in ["/v1/articles?label=sea", "/v1/labels/sea/articles?limit=9"] {
        assert_eq!(server.get(path).column("/title"), ["First"], "{path}");
        assert_eq!(server.get(&format!("{path}&descendants=true")).column("/title").len(), 2, "{path}");
    }
}

#[test]
fn the_people_of_a_label_are_those_quoted_in_its_articles() {
    let server = TestServer::start();
    let said = |who: &str| format!("\"The tide waits for nobody at all,\" said {who}.");
    for (file, title, who, label) in [
        ("a.txt", "First", "Ada Quill", "Sea"),
        ("b.txt", "Second", "Bram Oster", "Rain"),
        ("c.txt", "Third", "Cleo Marsh", "Sea"),
    ] {
        server.import(file, format!("{title}\nMay 1, 2023\n{}\nLabels: {label}\n", said(who)));
    }
    assert_eq!(server.get("/v1/labels/sea/people?sort=name").column("/name"), ["Ada Quill", "Cleo Marsh"]);
    assert_eq!(server.get("/v1/labels/sea/people?q=cleo").column("/name"), ["Cleo Marsh"]);
    assert!(server.get("/v1/labels/sea/people?quoted_on_label=rain").column("/name").is_empty(), "both, not either");
    assert_eq!(server.get("/v1/labels/nothing/people").status, 404);
}

fn resolved(server: &TestServer, line: &str) -> Vec<(String, String, Value)> {
    let line: String = url::form_urlencoded::byte_serialize(line.as_bytes()).collect();
    let rows = server.get(&format!("/v1/labels/resolve?line={line}")).data();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (text(row, "input"), text(row, "reason"), row["label"]["slug"].clone())).collect()
}

#[test]
fn a_line_of_labels_is_resolved_in_its_order_and_each_says_why() {
    let server = TestServer::start();
    let text = "First\nMay 1, 2023\nThe first words stand here in a paragraph.\nLabels: Café, North Sea, Old Town, Town, Dune: Two\n";
    server.import("a.txt", text);
    server.import("b.txt", "Second\nMay 1, 2100\nThe first words stand here too.\nLabels: Secret\n");
    server.database.execute(
        "INSERT INTO label_names SELECT 'german ocean', id, 'German Ocean' FROM labels WHERE slug = 'north-sea'; \
         INSERT INTO label_slugs SELECT 'the-sea', id FROM labels WHERE slug = 'north-sea'; \
         UPDATE labels SET merged_into_id = (SELECT id FROM labels WHERE slug = 'town') WHERE slug = 'old-town'",
    );
    let row = |input: &str, reason: &str, label: &str| {
        (input.to_owned(), reason.to_owned(), if label.is_empty() { Value::Null } else { json!(label) })
    };
    assert_eq!(
        resolved(&server, "Labels: German ocean, CAFE , old town,the-sea, Secret, Cafe"),
        [
            row("German ocean", "alias", "north-sea"),
            row("CAFE", "exact", "cafe"),
            row("old town", "merged", "town"),
            row("the-sea", "alias", "north-sea"),
            row("Secret", "unknown", ""),
            row("Cafe", "exact", "cafe"),
        ]
    );
    assert_eq!(
        resolved(&server, "Dune: Two, town"),
        [row("Dune: Two", "exact", "dune-two"), row("town", "exact", "town")]
    );
    assert_eq!(resolved(&server, "Tags:"), []);
    let near = server.get("/v1/labels/resolve?line=Nort+Sea").data();
    assert_eq!(near[0]["did_you_mean"], json!(["north-sea"]));
    assert_eq!(server.get("/v1/labels/resolve").problem()["errors"][0]["parameter"], "line");
    assert_eq!(server.get("/v1/labels/resolve?line=").problem()["errors"][0]["parameter"], "line");
    let long = format!("/v1/labels/resolve?line={}", "a,".repeat(1001));
    assert_eq!(server.get(&long).problem()["errors"][0]["parameter"], "line");
}
