//! Importing plain text as a blog prints it.

use serde_json::{Value, json};
use verbatim::imports::Outcome;

use crate::support::{Report, TestServer};

/// A page as blogs print it: the first mark missing, no blanks in the block of pull quotes, a collective and a person
/// with role and affiliation, a typing slip, leftover navigation.
const PAGE: &str = "The Keeper's Last Winter\n\
    We asked for coal and [were] sent a calendar.\"\"They counted our lamps, and then counted them again.\"Lamp \
    trimmers of Tern Point\"It is n ot the dark that wears you down.\"Bettina Sorrel-Vane, lighthouse historian, \
    University of Carrow, Netherby\n\
    The lamp has stood on Tern Point for ninety years, and nobody can say who lit it first.\n\
    The office sent a letter. \"The light will be kept until spring\", reported Osric Dunmoor, spokesman for the Coast \
    Lighting Board. \"After that we shall see what the budget allows.\"\n\
    Labels: Lighthouses, Tern Point, Budget\n\
    << Home";

fn outcome(report: &Report) -> &Outcome {
    &report.entries[0].outcome
}

#[test]
fn a_page_becomes_an_article_with_its_labels_pull_quotes_and_inline_quotes() {
    let server = TestServer::start();
    let report = server.import("keeper.txt", PAGE);
    assert_eq!(
        outcome(&report),
        &Outcome::Created { slug: "the-keepers-last-winter".into(), quotes: 5, attributed: 5 }
    );
    let article = server.get("/v1/articles/the-keepers-last-winter?include=quotes").data();
    let names = |list: &Value| list.as_array().unwrap().iter().map(|l| l["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&article["labels"]), [json!("Lighthouses"), json!("Tern Point"), json!("Budget")]);
    assert_eq!(article["external_ids"], json!([{ "source": "file", "id": "keeper.txt" }]));
    let body = article["body_text"].as_str().unwrap();
    assert!(body.starts_with("The lamp has stood") && body.ends_with("budget allows.\""), "{body}");

    let told: Vec<Value> = article["quotes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| {
            json!([q["kind"], q["text"], q["speaker"]["name"], q["role"], q["organization"]["name"], q["attribution"]])
        })
        .collect();
    let historian = "Bettina Sorrel-Vane, lighthouse historian, University of Carrow, Netherby";
    assert_eq!(
        told,
        [
            json!([
                "pull",
                "We asked for coal and [were] sent a calendar.",
                "Lamp trimmers of Tern Point",
                null,
                null,
                "Lamp trimmers of Tern Point"
            ]),
            json!([
                "pull",
                "They counted our lamps, and then counted them again.",
                "Lamp trimmers of Tern Point",
                null,
                null,
                "Lamp trimmers of Tern Point"
            ]),
            json!([
                "pull",
                "It is n ot the dark that wears you down.",
                "Bettina Sorrel-Vane",
                "lighthouse historian",
                "University of Carrow, Netherby",
                historian
            ]),
            json!([
                "inline",
                "The light will be kept until spring",
                "Osric Dunmoor",
                "spokesman",
                "Coast Lighting Board",
                "reported Osric Dunmoor, spokesman for the Coast Lighting Board"
            ]),
            json!([
                "inline",
                "After that we shall see what the budget allows.",
                "Osric Dunmoor",
                "spokesman",
                "Coast Lighting Board",
                null
            ]),
        ]
    );
    assert_eq!(server.get("/v1/people/lamp-trimmers-of-tern-point").data()["kind"], "group");
}

#[test]
fn provenance_names_the_bytes_of_the_imported_text() {
    let server = TestServer::start();
    server.import("keeper.txt", PAGE);
    let spans = server.database.query("SELECT provenance -> 'bytes' -> 0 FROM occurrences ORDER BY position");
    let texts = server.database.query("SELECT text FROM occurrences ORDER BY position");
    for (span, text) in spans.iter().zip(texts) {
        let [start, end]: [usize; 2] = serde_json::from_str(span).unwrap();
        assert_eq!(&PAGE[start..end], text);
    }
    assert_eq!(
        server.database.query("SELECT convert_from(content, 'UTF8') FROM article_sources"),
        [PAGE],
        "the bytes are kept as they came"
    );
}

#[test]
fn a_second_import_of_the_same_text_writes_nothing() {
    let server = TestServer::start();
    server.import("keeper.txt", PAGE);
    let state = "SELECT count(*)::text || ' ' || max(xmin::text::bigint)::text FROM (SELECT xmin FROM articles UNION ALL \
                 SELECT xmin FROM people UNION ALL SELECT xmin FROM labels UNION ALL SELECT xmin FROM quotes UNION ALL \
                 SELECT xmin FROM occurrences UNION ALL SELECT xmin FROM affiliations UNION ALL SELECT xmin FROM changes) AS rows";
    let before = server.database.query(state);
    let unchanged = Outcome::Unchanged { slug: "the-keepers-last-winter".into() };
    assert_eq!(outcome(&server.import("keeper.txt", PAGE)), &unchanged);
    assert_eq!(outcome(&server.import("copy.txt", PAGE)), &unchanged, "under another name too");
    assert_eq!(server.database.query(state), before);
}

#[test]
fn what_cannot_be_read_as_an_article_is_refused_with_its_line_and_reason() {
    let server = TestServer::start();
    let refused = |text: &[u8]| {
        let report = server.import("bad.txt", text);
        match outcome(&report) {
            Outcome::Refused { reason } => (report.entries[0].place.line, reason.clone()),
            other => panic!("{other:?}"),
        }
    };
    let (line, reason) = refused(b"Title\nA good line.\nA bad \xff line.\n");
    assert!(line == 3 && reason.starts_with("not UTF-8 text"), "{reason}");
    assert_eq!(refused(b"PK\x03\x04...").0, 1);
    assert_eq!(refused(b"Title\nA line with a \0 in it.\n").0, 2);
    assert_eq!(refused(b"").0, 1);
    assert_eq!(refused(b"\n\n<< Home\n").0, 1);
    let label = format!("Title\nA paragraph of some words.\nLabels: Sea, {}\n", "x".repeat(301));
    assert_eq!(refused(label.as_bytes()).0, 3);
    assert_eq!(server.get("/v1/articles").data(), json!([]));
}

#[test]
fn two_articles_of_one_title_get_two_slugs() {
    let server = TestServer::start();
    server.import("a.txt", "Notes\nMay 1, 2023\nThe first notes.\nLabels: Sea\n");
    server.import("b.txt", "Notes\nMay 2, 2023\nThe second notes.\nLabels: Sea\n");
    assert_eq!(server.get("/v1/articles").column("/slug"), ["notes-2", "notes"]);
}

#[test]
fn every_resource_of_an_import_is_in_the_change_log() {
    let server = TestServer::start();
    server.import("keeper.txt", PAGE);
    let count = |sql: &str| server.database.query(sql)[0].clone();
    for (resource, table) in [("article", "articles"), ("person", "people"), ("quote", "quotes"), ("label", "labels")] {
        let logged =
            count(&format!("SELECT count(*) FROM changes WHERE resource_type = '{resource}' AND action = 'created'"));
        assert_eq!(logged, count(&format!("SELECT count(*) FROM {table}")), "{resource}");
    }
    let revision = count("SELECT document FROM article_revisions");
    let document: Value = serde_json::from_str(&revision).unwrap();
    assert_eq!(document["title"], "The Keeper's Last Winter");
    assert_eq!(document["printings"].as_array().unwrap().len(), 5);
}

#[test]
fn imports_at_the_same_time_make_each_person_label_and_quote_once() {
    let server = TestServer::start();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let server = &server;
            scope.spawn(move || server.import(&format!("{number}.txt"), PAGE.replace("ninety", &format!("{number}0"))));
        }
    });
    assert_eq!(server.database.query("SELECT count(*) FROM articles"), ["8"]);
    assert_eq!(server.database.query("SELECT count(*) FROM people"), ["5"]);
    assert_eq!(server.database.query("SELECT count(*) FROM labels"), ["3"]);
    assert_eq!(server.database.query("SELECT count(*) FROM quotes"), ["5"]);
    assert_eq!(server.database.query("SELECT count(*) FROM occurrences"), ["40"]);
}

#[test]
fn the_whole_sample_content_goes_in() {
    let server = TestServer::with_sample();
    assert_eq!(server.database.query("SELECT count(*) FROM articles"), ["30"]);
    let bell = server.get("/v1/articles/the-ferry-bell-comes-home?include=quotes.speaker,labels").data();
    assert!(bell["quotes"].as_array().unwrap().len() > 4);
    let roles: Vec<Value> = server.get("/v1/people/maren-tolliver-haag").data()["affiliations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|affiliation| affiliation["role"].clone())
        .collect();
    assert!(roles.contains(&json!("mayor")) && roles.contains(&json!("harbour master")), "{roles:?}");
}

#[test]
fn an_article_of_thousands_of_quotes_goes_in() {
    let server = TestServer::start();
    let quotes = 5_000;
    let line: String =
        (0..quotes).map(|number| format!("\"This is number {number} of very many,\" said Ada Quill.\n")).collect();
    let report = server.import("many.txt", format!("Many Quotes\nIt rained.\n{line}Labels: Sea\n"));
    assert!(matches!(outcome(&report), Outcome::Created { quotes: 5_000, attributed: 5_000, .. }), "{report:?}");
    assert_eq!(server.database.query("SELECT count(*) FROM segments"), [quotes.to_string()]);
}

#[test]
fn what_the_database_does_not_take_is_refused_and_the_rest_goes_in() {
    let server = TestServer::start();
    let long = format!("Long\nIt rained. \"{}\" said Ada Quill.\nLabels: Sea\n", "very ".repeat(25_000));
    let report = server.import("long.txt", long);
    assert!(
        matches!(outcome(&report), Outcome::Refused { reason, .. } if reason.contains("_text_check")),
        "{report:?}"
    );
    assert_eq!(server.database.query("SELECT count(*) FROM people"), ["0"], "nothing of it is left");
    assert_eq!(server.import("keeper.txt", PAGE).tally.created, 1);
}
