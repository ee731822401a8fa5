//! Working copies: a published article is edited while readers get it as it is.

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::support::http::Answer;
use crate::writing::{ANY, send, send_empty};

const BODY: &str = "\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour master.";
const NEW_BODY: &str = "\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour master.\n\n\
    \u{201c}A gull is never late for supper,\u{201d} said Bram Oster, a baker.";
const COPY: &str = "/v1/articles/tide/working-copy";
const PUBLISH: &str = "/v1/articles/tide/working-copy/publish";

/// A server with a published article, and a key that may write.
fn published() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    let draft = json!({ "title": "Tide", "status": "published", "body_source": BODY, "labels": ["Sea"] });
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &draft).status, 201);
    (server, key)
}

fn change(server: &TestServer, key: &str, headers: &[(&str, &str)], patch: &Value) -> Answer {
    send(server, key, "PATCH", COPY, headers, patch)
}

/// Begins a working copy that names what is nowhere else.
fn begin(server: &TestServer, key: &str) {
    let patch = json!({
        "title": "Ebb", "slug": "ebb", "body_source": NEW_BODY, "labels": ["Sea", "Secret Label"],
        "authors": ["Hidden Author"], "quotes": [{ "text": "The tide waits", "speaker": "Whispering Person" }],
    });
    let begun = change(server, key, &[], &patch);
    assert_eq!(begun.status, 201, "{}", begun.text);
    assert_eq!(begun.header("location"), begun.json()["data"]["url"].as_str().unwrap());
}

/// Everything that the public can see.
fn public(server: &TestServer) -> Vec<String> {
    let paths = [
        "/v1/articles?count=exact&facets=label,speaker,author",
        "/v1/articles/tide?include=quotes.speaker,labels,authors",
        "/v1/quotes?count=exact",
        "/v1/people?count=exact",
        "/v1/labels?count=exact",
        "/v1/search?q=secret+or+hidden+or+whispering+or+ebb",
        "/v1/suggest?q=secret",
        "/v1/articles/ebb",
        "/v1/people/hidden-author",
        "/v1/labels/secret-label",
        "/v1/labels/resolve?line=Labels:+Secret+Label",
        "/v1/articles?label=secret-label",
    ];
    let without_id = |answer: Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        format!("{} {body}", answer.status)
    };
    paths.iter().map(|path| without_id(server.get(path))).collect()
}

#[test]
fn a_working_copy_changes_nothing_that_the_public_sees() {
    let (server, key) = published();
    let before = public(&server);
    begin(&server, &key);
    let more = change(&server, &key, &[("if-match", "\"1\"")], &json!({ "summary": "A secret." }));
    assert_eq!((more.status, &more.json()["data"]["version"]), (200, &json!(2)));
    assert_eq!(server.get_with(&key, &format!("{COPY}/preview")).status, 200);
    assert_eq!(public(&server), before);
    for table in ["people", "labels", "quotes", "article_slugs"] {
        let rows = server.database.query(&format!("SELECT {table}::text FROM {table}")).concat().to_lowercase();
        for name in ["secret", "hidden", "whispering", "ebb"] {
            assert!(!rows.contains(name), "{name} is in {table}");
        }
    }
    assert_eq!(server.database.query("SELECT count(*) FROM changes WHERE action <> 'created'"), ["0"]);
}

#[test]
fn a_working_copy_is_for_keys_that_may_read_drafts_and_written_by_those_that_may_write() {
    let (server, key) = published();
    begin(&server, &key);
    let (reader, editor) = (server.key(&[Scope::Read]), server.key(&[Scope::Drafts]));
    for path in [COPY.to_owned(), format!("{COPY}/preview")] {
        assert_eq!(server.get(&path).status, 401);
        assert_eq!(server.get_with(&reader, &path).status, 403);
        assert_eq!(server.get_with(&editor, &path).status, 200);
    }
    assert_eq!(change(&server, &editor, ANY, &json!({ "title": "Flood" })).status, 403);
    for (method, path) in [("DELETE", COPY), ("POST", PUBLISH)] {
        assert_eq!(send_empty(&server, &editor, method, path, ANY).status, 403);
    }
}

#[test]
fn a_working_copy_shows_the_article_as_it_is_to_become() {
    let (server, key) = published();
    begin(&server, &key);
    let copy = server.get_with(&key, COPY).data();
    assert_eq!((&copy["version"], &copy["based_on"], &copy["is_outdated"]), (&json!(1), &json!(1), &json!(false)));
    assert_eq!((&copy["content"]["title"], &copy["content"]["status"]), (&json!("Ebb"), &json!("published")));
    assert!(copy["updated_by"].as_str().unwrap().starts_with("key_"));
    let preview = server.get_with(&key, &format!("{COPY}/preview")).data();
    assert_eq!((&preview["title"], &preview["slug"]), (&json!("Ebb"), &json!("ebb")));
    assert!(preview["body_html"].as_str().unwrap().contains("gull"));
    assert_eq!(preview["labels"][1]["name"], "Secret Label");
    let quotes = preview["quotes"].as_array().unwrap();
    let speakers: Vec<&str> = quotes.iter().map(|quote| quote["speaker"]["name"].as_str().unwrap()).collect();
    assert_eq!(speakers, ["Whispering Person", "Ada Quill", "Bram Oster"]);
}

#[test]
fn publishing_makes_the_article_what_the_working_copy_says() {
    let (server, key) = published();
    let quote = server.get("/v1/articles/tide?include=quotes").data()["quotes"][0]["id"].take();
    begin(&server, &key);
    let dry = send_empty(&server, &key, "POST", &format!("{PUBLISH}?dry_run=true"), ANY);
    assert_eq!((dry.status, &dry.json()["data"]["title"]), (200, &json!("Ebb")));
    assert_eq!(server.get("/v1/articles/tide").data()["title"], "Tide");
    let article = send_empty(&server, &key, "POST", PUBLISH, &[("if-match", "\"1\"")]);
    assert_eq!(article.status, 200, "{}", article.text);
    assert_eq!(article.json()["data"]["version"], 2);
    let shown = server.get("/v1/articles/ebb?include=quotes").data();
    assert_eq!((&shown["title"], &shown["labels"][1]["slug"]), (&json!("Ebb"), &json!("secret-label")));
    assert_eq!(shown["quotes"][1]["id"], quote, "a quote whose words stay keeps its id");
    assert_eq!(server.get("/v1/articles/tide").status, 308);
    assert_eq!(server.get_with(&key, "/v1/articles/ebb/working-copy").status, 404, "it is used up");
    let revisions = server.get_with(&key, "/v1/articles/ebb/revisions").data();
    assert_eq!(revisions.as_array().unwrap().len(), 2);
}

#[test]
fn a_working_copy_of_an_article_that_moved_on_is_published_only_on_purpose() {
    let (server, key) = published();
    begin(&server, &key);
    let changed = send(&server, &key, "PATCH", "/v1/articles/tide", ANY, &json!({ "title": "Flood" }));
    assert_eq!(changed.status, 200);
    assert_eq!(server.get_with(&key, COPY).data()["is_outdated"], true);
    let refused = send_empty(&server, &key, "POST", PUBLISH, &[("if-match", "\"1\"")]).problem();
    assert_eq!((&refused["status"], &refused["current_version"]), (&json!(412), &json!(2)));
    assert_eq!(server.get("/v1/articles/tide").data()["title"], "Flood");
    assert_eq!(send_empty(&server, &key, "POST", PUBLISH, ANY).json()["data"]["title"], "Ebb");
}

#[test]
fn a_working_copy_has_preconditions_of_its_own() {
    let (server, key) = published();
    let absent = change(&server, &key, ANY, &json!({ "title": "Ebb" })).problem();
    assert_eq!(absent["code"], "precondition_failed", "there is none to change yet");
    begin(&server, &key);
    assert_eq!(change(&server, &key, &[], &json!({ "title": "Flood" })).status, 428);
    assert_eq!(change(&server, &key, &[("if-none-match", "*")], &json!({ "title": "Flood" })).status, 412);
    let tag = server.get_with(&key, COPY).header("etag").to_owned();
    assert_eq!(change(&server, &key, &[("if-match", &tag)], &json!({ "title": "Flood" })).status, 200);
    let stale = change(&server, &key, &[("if-match", &tag)], &json!({ "title": "Ebb" })).problem();
    assert_eq!((&stale["status"], &stale["current_version"]), (&json!(412), &json!(2)));
    for (method, path) in [("DELETE", COPY), ("POST", PUBLISH)] {
        assert_eq!(send_empty(&server, &key, method, path, &[]).status, 428);
        assert_eq!(send_empty(&server, &key, method, path, &[("if-match", &tag)]).status, 412);
    }
}

#[test]
fn what_could_not_be_published_is_refused_at_once() {
    let (server, key) = published();
    for (patch, pointer) in [
        (json!({ "titel": "Ebb" }), "/titel"),
        (json!({ "status": "scheduled" }), "/published_at"),
        (json!({ "quotes": [{ "kind": "inline", "text": "Nobody printed this" }] }), "/quotes/0/text"),
    ] {
        let refused = change(&server, &key, &[], &patch).problem();
        assert_eq!((&refused["status"], &refused["errors"][0]["pointer"]), (&json!(422), &json!(pointer)));
    }
    assert_eq!(server.get_with(&key, COPY).problem()["code"], "not_found");
}

#[test]
fn a_working_copy_that_is_discarded_leaves_nothing_behind() {
    let (server, key) = published();
    begin(&server, &key);
    assert_eq!(send_empty(&server, &key, "DELETE", &format!("{COPY}?dry_run=true"), ANY).status, 200);
    assert_eq!(server.get_with(&key, COPY).status, 200);
    assert_eq!(send_empty(&server, &key, "DELETE", COPY, &[("if-match", "\"1\"")]).status, 204);
    for (method, path) in [("DELETE", COPY), ("POST", PUBLISH)] {
        assert_eq!(send_empty(&server, &key, method, path, ANY).status, 404);
    }
    assert_eq!(server.get_with(&key, COPY).status, 404);
    assert_eq!(server.get("/v1/articles/tide").data()["version"], 1);
}

#[test]
fn a_working_copy_goes_with_its_article() {
    let (server, key) = published();
    begin(&server, &key);
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/articles/tide", ANY).status, 204);
    assert_eq!(server.get_with(&key, COPY).status, 410);
    assert_eq!(send_empty(&server, &key, "POST", PUBLISH, ANY).status, 410);
    let admin = server.key(&[Scope::Admin]);
    assert_eq!(send_empty(&server, &admin, "DELETE", "/v1/articles/tide?purge=true", ANY).status, 204);
    assert_eq!(server.database.query("SELECT count(*) FROM working_copies"), ["0"]);
}
