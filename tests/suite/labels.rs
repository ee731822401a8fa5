//! Reading labels.

use serde_json::json;

use crate::support::TestServer;

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
