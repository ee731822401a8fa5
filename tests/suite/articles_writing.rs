//! Writing articles: everything at once, their life, and what becomes of their quotes.

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::writing::{ANY, send, send_empty};

const BODY: &str = "The boat came back.\n\n\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour \
    master.\n\n\u{201c}A gull is never late for supper,\u{201d} said Bram Oster.";

fn writer() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    (server, key)
}

fn published(server: &TestServer, key: &str, title: &str, body: &str) -> Value {
    let draft = json!({ "title": title, "status": "published", "body_source": body });
    let made = send(server, key, "POST", "/v1/articles", &[], &draft);
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["data"].take()
}

fn patch(server: &TestServer, key: &str, slug: &str, patch: &Value) -> Value {
    let changed = send(server, key, "PATCH", &format!("/v1/articles/{slug}"), ANY, patch);
    assert_eq!(changed.status, 200, "{}", changed.text);
    changed.json()["data"].take()
}

#[test]
fn an_article_is_made_with_its_labels_authors_and_quotes_at_once() {
    let (server, key) = writer();
    let draft = json!({
        "title": "The Night Ferry", "status": "published", "published_at": "2024-03-01T08:00:00Z", "body_source": BODY,
        "labels": ["Harbour", { "name": "Night Ferries", "aliases": ["Late Boats"] }], "authors": ["Ida Marlow"],
        "quotes": [{ "text": "The tide waits for nobody", "speaker": "Ada Quill", "organization": "Harbour Trust" }],
        "external_ids": [{ "source": "cms", "id": "7" }],
    });
    let made = send(&server, &key, "POST", "/v1/articles", &[], &draft);
    assert_eq!(made.status, 201, "{}", made.text);
    let article = server.get("/v1/articles/the-night-ferry").data();
    assert_eq!(made.json()["data"], article, "the answer is what a reader gets");
    assert_eq!(server.get("/v1/articles/external/cms/7").data(), article);
    assert_eq!(
        (&article["labels"][1]["name"], &article["authors"][0]["slug"]),
        (&json!("Night Ferries"), &json!("ida-marlow"))
    );
    let quotes = server.get("/v1/articles/the-night-ferry?include=quotes").data()["quotes"].take();
    let seen: Vec<(&str, &str, &str)> = quotes
        .as_array()
        .unwrap()
        .iter()
        .map(|quote| {
            (
                quote["kind"].as_str().unwrap(),
                quote["text"].as_str().unwrap(),
                quote["speaker"]["slug"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("pull", "The tide waits for nobody", "ada-quill"),
            ("inline", "The tide waits for nobody at all,", "ada-quill"),
            ("inline", "A gull is never late for supper,", "bram-oster"),
        ]
    );
    assert_eq!(quotes[0]["quote"], quotes[1]["quote"], "a trimmed pull quote is a printing of the passage's quote");
    assert_eq!(
        (&quotes[0]["fidelity"], &quotes[0]["organization"]["name"]),
        (&json!("verbatim"), &json!("Harbour Trust"))
    );
    let text = article["body_text"].as_str().unwrap();
    let segment = &quotes[2]["segments"][0];
    let (start, end) = (segment["start"].as_u64().unwrap() as usize, segment["end"].as_u64().unwrap() as usize);
    assert_eq!(text.chars().skip(start).take(end - start).collect::<String>(), "A gull is never late for supper,");
}

#[test]
fn what_is_wrong_anywhere_in_it_keeps_all_of_it_out() {
    let (server, key) = writer();
    let draft = json!({
        "title": "The Night Ferry", "body_source": BODY, "labels": ["Harbour"],
        "quotes": [{ "kind": "inline", "text": "Nobody printed this" }],
    });
    let refused = send(&server, &key, "POST", "/v1/articles", &[], &draft).problem();
    assert_eq!((&refused["status"], &refused["errors"][0]["pointer"]), (&json!(422), &json!("/quotes/0/text")));
    for table in ["articles", "labels", "people", "quotes", "occurrences", "changes"] {
        assert_eq!(server.database.query(&format!("SELECT count(*) FROM {table}")), ["0"], "{table}");
    }
}

#[test]
fn a_body_that_changes_keeps_the_quotes_whose_words_stay() {
    let (server, key) = writer();
    published(&server, &key, "Tide", BODY);
    let before = server.get("/v1/articles/tide?include=quotes").data()["quotes"].take();
    let body = format!(
        "A new beginning.\n\n{}",
        BODY.replace("A gull is never late for supper", "A gull comes when it likes")
    );
    let article = patch(&server, &key, "tide", &json!({ "body_source": body }));
    assert_eq!(article["version"], 2);
    let after = server.get("/v1/articles/tide?include=quotes").data()["quotes"].take();
    assert_eq!((&after[0]["id"], &after[0]["anchor"]), (&before[0]["id"], &json!("moved")));
    assert_eq!(after[1]["text"], "A gull comes when it likes,");
    assert_ne!(after[1]["id"], before[1]["id"]);
    assert_eq!(after.as_array().unwrap().len(), 2);
    let text = article["body_text"].as_str().unwrap();
    for quote in after.as_array().unwrap() {
        let segment = &quote["segments"][0];
        let (start, end) = (segment["start"].as_u64().unwrap() as usize, segment["end"].as_u64().unwrap() as usize);
        assert_eq!(text.chars().skip(start).take(end - start).collect::<String>(), segment["exact"]);
    }
    let orphans = "SELECT text FROM occurrences WHERE anchor = 'orphaned'";
    assert_eq!(server.database.query(orphans), ["A gull is never late for supper,"]);
    assert_eq!(server.get("/v1/quotes").column("/text").len(), 2, "what nothing prints any more is no longer shown");
}

#[test]
fn nothing_of_a_draft_is_public_and_publishing_shows_all_of_it() {
    let (server, key) = writer();
    let draft = json!({ "title": "Tide", "body_source": BODY, "labels": ["Sea"], "authors": ["Ida Marlow"] });
    let made = send(&server, &key, "POST", "/v1/articles", &[], &draft);
    assert_eq!(made.json()["data"]["status"], "draft");
    for path in ["/v1/articles", "/v1/quotes", "/v1/people", "/v1/labels"] {
        assert_eq!(server.get(path).data(), json!([]), "{path}");
    }
    assert_eq!(server.get("/v1/articles/tide").status, 404);
    let shown = patch(&server, &key, "tide", &json!({ "status": "published" }));
    assert!(shown["published_at"].is_string(), "now, where nothing else is said");
    for (path, count) in [("/v1/articles", 1), ("/v1/quotes", 2), ("/v1/people", 3), ("/v1/labels", 1)] {
        assert_eq!(server.get(path).data().as_array().unwrap().len(), count, "{path}");
    }
    patch(&server, &key, "tide", &json!({ "status": "archived" }));
    for path in ["/v1/articles", "/v1/quotes", "/v1/people", "/v1/labels"] {
        assert_eq!(server.get(path).data(), json!([]), "{path} after it was archived");
    }
    assert_eq!(server.get_with(&key, "/v1/articles?status=archived").column("/slug"), ["tide"]);
}

#[test]
fn a_scheduled_article_appears_on_time_by_itself() {
    let (server, key) = writer();
    let refused = json!({ "title": "Tide", "status": "scheduled" });
    assert_eq!(
        send(&server, &key, "POST", "/v1/articles", &[], &refused).problem()["errors"][0]["pointer"],
        "/published_at"
    );
    let in_a_moment = (verbatim::clock::Clock::System.now() + chrono::TimeDelta::milliseconds(1500)).to_rfc3339();
    let draft = json!({ "title": "Tide", "status": "scheduled", "published_at": in_a_moment, "body_source": BODY });
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &draft).json()["data"]["status"], "scheduled");
    assert_eq!(server.get("/v1/articles/tide").status, 404);
    crate::support::wait_until("the article appears", || server.get("/v1/articles/tide").status == 200);
    assert_eq!(server.get("/v1/articles/tide").data()["status"], "published");
    assert_eq!(server.get("/v1/quotes").data().as_array().unwrap().len(), 2);
}

#[test]
fn a_deleted_article_takes_with_it_what_only_it_showed_until_it_is_restored() {
    let (server, key) = writer();
    published(&server, &key, "Tide", BODY);
    published(&server, &key, "Again", "\u{201c}A gull is never late for supper,\u{201d} said Bram Oster.");
    assert_eq!(
        server.get("/v1/quotes").data().as_array().unwrap().len(),
        2,
        "equal words of one speaker are one quote"
    );
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/articles/tide", ANY).status, 204);
    assert_eq!(server.get("/v1/articles/tide").status, 410);
    assert_eq!(server.get("/v1/quotes").column("/text"), ["A gull is never late for supper,"]);
    assert_eq!(server.get("/v1/people").column("/slug"), ["bram-oster"]);
    assert_eq!(send_empty(&server, &key, "POST", "/v1/articles/tide/restore", ANY).status, 200);
    assert_eq!(server.get("/v1/people").data().as_array().unwrap().len(), 2);
    let admin = server.key(&[Scope::Admin]);
    assert_eq!(send_empty(&server, &admin, "DELETE", "/v1/articles/tide?purge=true", ANY).status, 204);
    assert_eq!(server.get("/v1/articles/tide").status, 404);
    assert_eq!(server.get("/v1/people").column("/slug"), ["bram-oster"]);
}

#[test]
fn each_version_is_kept_whole() {
    let (server, key) = writer();
    published(&server, &key, "Tide", BODY);
    patch(&server, &key, "tide", &json!({ "title": "The Tide", "labels": ["Sea"] }));
    patch(&server, &key, "tide", &json!({ "title": "The Tide" }));
    let kept = "SELECT version || ' ' || (document->>'title') || ' ' || jsonb_array_length(document->'printings') \
                FROM article_revisions ORDER BY version";
    assert_eq!(server.database.query(kept), ["1 Tide 2", "2 The Tide 2"], "what changes nothing is no version");
}

#[test]
fn authors_are_people_who_are_there_or_made_with_the_article() {
    let (server, key) = writer();
    let known = json!({ "name": "Tom Reeve", "external_ids": [{ "source": "cms", "id": "12" }] });
    let article = |title: &str, authors: &Value| {
        send(
            &server,
            &key,
            "POST",
            "/v1/articles",
            &[],
            &json!({ "title": title, "status": "published", "authors": authors }),
        )
    };
    let first =
        article("First", &json!(["Ida Marlow", known, { "name": "Ida Marlow", "slug": "ida-marlow-the-younger" }]));
    assert_eq!(first.status, 201, "{}", first.text);
    let slugs = |path: &str| -> Vec<String> {
        let authors = server.get(path).data()["authors"].take();
        authors.as_array().unwrap().iter().map(|author| author["slug"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(slugs("/v1/articles/first"), ["ida-marlow", "tom-reeve", "ida-marlow-the-younger"]);
    let renamed = json!({ "name": "Thomas Reeve", "external_ids": [{ "source": "cms", "id": "12" }] });
    assert_eq!(article("Second", &json!([renamed])).status, 201);
    assert_eq!(slugs("/v1/articles/second"), ["tom-reeve"]);
    assert_eq!(server.get("/v1/people/tom-reeve").data()["name"], "Tom Reeve", "who is there stays as they are");
    let refused = article(
        "Third",
        &json!([{ "name": "", "kind": "bird" }, { "name": "-" , "affiliations": [{ "role": "poet", "organization": "tom-reeve" }] }]),
    );
    assert_eq!(refused.status, 422);
    let refused = article(
        "Third",
        &json!(["New Person", { "name": "Poet", "affiliations": [{ "role": "poet", "organization": "tom-reeve" }] }]),
    );
    assert_eq!(refused.problem()["errors"][0]["pointer"], "/authors/1/affiliations/0/organization");
    assert_eq!(server.get("/v1/people/new-person").status, 404, "nothing half written");
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/articles/first", ANY).status, 204);
    assert_eq!(server.get("/v1/people/ida-marlow-the-younger").status, 404, "made for the article, public with it");
}

#[test]
fn the_source_of_an_article_is_what_it_was_made_from_to_the_byte() {
    let (server, key) = writer();
    let text = format!("Tide\r\nMay 1, 2023\r\n{BODY}\r\nLabels: Sea\r\n");
    server.import("a.txt", &text);
    let source = server.get_with(&key, "/v1/articles/tide/source");
    assert_eq!((source.status, &source.text), (200, &text));
    assert_eq!(
        (source.header("content-type"), source.header("content-disposition")),
        ("application/octet-stream", "attachment")
    );
    assert_eq!(server.get("/v1/articles/tide/source").status, 401);
    send(
        &server,
        &key,
        "POST",
        "/v1/articles",
        &[],
        &json!({ "title": "Gulls", "body_format": "markdown", "body_source": "*Gulls*" }),
    );
    assert_eq!(server.get_with(&key, "/v1/articles/gulls/source").text, "*Gulls*");
}
