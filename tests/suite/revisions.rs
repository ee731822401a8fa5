//! Revisions: every version is kept, can be looked at, compared, and brought back.

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::writing::{ANY, send, send_empty};

const BODY: &str = "The boat came back.\n\n\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour \
    master.";
const OTHER_BODY: &str =
    "The boat came back late.\n\n\u{201c}A gull is never late for supper,\u{201d} said Bram Oster.";

/// A server with an article of three versions, and a key that may write.
fn revised() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    let draft = json!({
        "title": "Tide", "status": "published", "body_source": BODY, "labels": ["Sea"], "authors": ["Ida Marlow"],
        "quotes": [{ "text": "The tide waits", "speaker": "Ada Quill" }],
    });
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &draft).status, 201);
    patch(&server, &key, &json!({ "title": "The Tide", "labels": ["Sea", "Boats"], "summary": "Late again." }));
    patch(&server, &key, &json!({ "body_source": OTHER_BODY, "quotes": null }));
    (server, key)
}

fn patch(server: &TestServer, key: &str, patch: &Value) -> Value {
    let changed = send(server, key, "PATCH", "/v1/articles/tide", ANY, patch);
    assert_eq!(changed.status, 200, "{}", changed.text);
    changed.json()["data"].take()
}

fn restore(server: &TestServer, key: &str, version: u32) -> Value {
    let path = format!("/v1/articles/tide/revisions/{version}/restore");
    let restored = send_empty(server, key, "POST", &path, ANY);
    assert_eq!(restored.status, 200, "{}", restored.text);
    restored.json()["data"].take()
}

/// What the quotes of the article are, by id and words.
fn quotes(server: &TestServer) -> Vec<(String, String)> {
    let quotes = server.get("/v1/articles/tide?include=quotes").data()["quotes"].take();
    let text = |quote: &Value, member: &str| quote[member].as_str().unwrap().to_owned();
    quotes.as_array().unwrap().iter().map(|quote| (text(quote, "id"), text(quote, "text"))).collect()
}

#[test]
fn the_revisions_of_an_article_tell_who_did_what_and_when_the_newest_first() {
    let (server, key) = revised();
    let list = server.get_with(&key, "/v1/articles/tide/revisions?limit=2&count=exact");
    let rows = list.data();
    assert_eq!((&rows[0]["version"], &rows[1]["version"]), (&json!(3), &json!(2)));
    assert_eq!((&rows[0]["action"], list.json()["meta"]["total"].clone()), (&json!("updated"), json!(3)));
    assert!(rows[0]["actor"].as_str().unwrap().starts_with("key_") && rows[0]["request_id"].is_string());
    assert!(rows[0].get("content").is_none(), "the whole is not in lists");
    let next = list.json()["links"]["next"].as_str().unwrap().to_owned();
    let rest = server.get_with(&key, &next);
    assert_eq!(rest.column("/action"), ["created"]);
    assert_eq!(rest.json()["links"]["next"], Value::Null);
    let back = rest.json()["links"]["prev"].as_str().unwrap().to_owned();
    assert_eq!(server.get_with(&key, &back).data(), rows);
    let url = rows[1]["url"].as_str().unwrap();
    assert_eq!(server.get_with(&key, url).data()["content"]["title"], "The Tide");
}

#[test]
fn a_revision_is_the_whole_article_as_it_was() {
    let (server, key) = revised();
    let first = server.get_with(&key, "/v1/articles/tide/revisions/1").data()["content"].take();
    assert_eq!((&first["title"], &first["summary"]), (&json!("Tide"), &Value::Null));
    assert_eq!((&first["body_source"], &first["status"]), (&json!(BODY), &json!("published")));
    assert_eq!((first["labels"].as_array().unwrap().len(), first["authors"].as_array().unwrap().len()), (1, 1));
    let printings = first["printings"].as_array().unwrap();
    let texts: Vec<&str> = printings.iter().map(|printing| printing["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["The tide waits", "The tide waits for nobody at all,"]);
    assert_eq!(printings[1]["segments"][0]["exact"], "The tide waits for nobody at all,");
    assert_eq!(first["quotes"][0]["text"], "The tide waits");
}

#[test]
fn revisions_are_for_keys_that_may_read_drafts() {
    let (server, _) = revised();
    let (reader, editor) = (server.key(&[Scope::Read]), server.key(&[Scope::Drafts]));
    for path in ["revisions", "revisions/1", "revisions/1/diff"] {
        let path = format!("/v1/articles/tide/{path}");
        assert_eq!(server.get(&path).status, 401, "{path}");
        assert_eq!(server.get_with(&reader, &path).status, 403, "{path}");
        assert_eq!(server.get_with(&editor, &path).status, 200, "{path}");
    }
    let path = "/v1/articles/tide/revisions/1/restore";
    assert_eq!(send_empty(&server, &editor, "POST", path, ANY).status, 403);
}

#[test]
fn what_no_revision_is_called_is_not_found() {
    let (server, key) = revised();
    for version in ["0", "4", "-1", "first", "99999999999"] {
        for rest in ["", "/diff"] {
            let answer = server.get_with(&key, &format!("/v1/articles/tide/revisions/{version}{rest}"));
            assert_eq!(answer.problem()["code"], "not_found", "{version}{rest}");
        }
    }
    assert_eq!(server.get_with(&key, "/v1/articles/tide/revisions/1/diff?against=9").status, 404);
    assert_eq!(server.get_with(&key, "/v1/articles/none/revisions").status, 404);
    patch(&server, &key, &json!({ "slug": "ebb" }));
    let moved = server.get_with(&key, "/v1/articles/tide/revisions/1");
    assert_eq!((moved.status, moved.header("location")), (308, "/v1/articles/ebb/revisions/1"));
}

#[test]
fn two_revisions_are_compared_member_by_member_and_the_body_word_by_word() {
    let (server, key) = revised();
    let titles = server.get_with(&key, "/v1/articles/tide/revisions/2/diff?against=1").data();
    let changes = titles["changes"].as_array().unwrap();
    let members: Vec<&str> = changes.iter().map(|change| change["member"].as_str().unwrap()).collect();
    assert_eq!(members, ["labels", "summary", "title"]);
    assert_eq!((&changes[2]["before"], &changes[2]["after"]), (&json!("Tide"), &json!("The Tide")));
    assert_eq!((&changes[1]["before"], &changes[1]["after"]), (&Value::Null, &json!("Late again.")));
    assert_eq!(titles["body"], Value::Null);

    let newest = server.get_with(&key, "/v1/articles/tide/revisions/1/diff").data();
    assert_eq!((&newest["against"], &newest["version"]), (&json!(3), &json!(1)), "what restoring it would change");
    let runs = newest["body"].as_array().unwrap();
    let without = |op: &str| -> String {
        runs.iter().filter(|run| run["op"] != op).map(|run| run["text"].as_str().unwrap()).collect()
    };
    assert_eq!((without("insert"), without("delete")), (OTHER_BODY.to_owned(), BODY.to_owned()));
    assert!(runs.iter().any(|run| run["op"] == "equal"));

    let same = server.get_with(&key, "/v1/articles/tide/revisions/2/diff?against=2").data();
    assert_eq!((&same["changes"], &same["body"]), (&json!([]), &Value::Null));
}

#[test]
fn a_revision_that_is_restored_becomes_a_new_version_with_its_quotes() {
    let (server, key) = revised();
    let first = server.get_with(&key, "/v1/articles/tide/revisions/1").data()["content"].take();
    let article = restore(&server, &key, 1);
    assert_eq!(
        (&article["version"], &article["title"], &article["summary"]),
        (&json!(4), &json!("Tide"), &Value::Null)
    );
    let again = server.get_with(&key, "/v1/articles/tide/revisions/4").data()["content"].take();
    for member in ["title", "slug", "summary", "body_source", "labels", "authors", "quotes", "status", "published_at"] {
        assert_eq!(again[member], first[member], "{member}");
    }
    let texts: Vec<String> = quotes(&server).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["The tide waits", "The tide waits for nobody at all,"]);
    assert_eq!(quotes(&server)[1].0, first["printings"][1]["id"], "words that come back keep their id");
    assert_eq!(
        server.get_with(&key, "/v1/articles/tide/revisions/3").data()["content"]["body_source"],
        OTHER_BODY,
        "what was there in between stays in the history"
    );
}

#[test]
fn restoring_what_is_there_already_changes_nothing() {
    let (server, key) = revised();
    restore(&server, &key, 1);
    let before = quotes(&server);
    assert_eq!(restore(&server, &key, 4)["version"], 4);
    assert_eq!(quotes(&server), before);
}

#[test]
fn restoring_neither_withdraws_nor_publishes() {
    let (server, key) = revised();
    patch(&server, &key, &json!({ "status": "archived" }));
    assert_eq!(restore(&server, &key, 1)["status"], "archived");
    assert_eq!(server.get("/v1/articles/tide").status, 404);
}

#[test]
fn restoring_is_a_write_like_any_other() {
    let (server, key) = revised();
    let path = "/v1/articles/tide/revisions/1/restore";
    assert_eq!(send_empty(&server, &key, "POST", path, &[]).status, 428);
    let stale = send_empty(&server, &key, "POST", path, &[("if-match", "\"2\"")]).problem();
    assert_eq!((&stale["status"], &stale["current_version"]), (&json!(412), &json!(3)));
    let dry = send_empty(&server, &key, "POST", &format!("{path}?dry_run=true"), ANY).json();
    assert_eq!((&dry["meta"]["dry_run"], &dry["data"]["version"]), (&json!(true), &json!(4)));
    assert_eq!(server.get("/v1/articles/tide").data()["version"], 3);
    let named = &[("if-match", "\"3\""), ("idempotency-key", "once")];
    let answers = [0, 1].map(|_| send_empty(&server, &key, "POST", path, named));
    assert_eq!((answers[0].status, &answers[0].text), (200, &answers[1].text));
    assert_eq!(server.get("/v1/articles/tide").data()["version"], 4);
}

#[test]
fn an_imported_article_has_revisions_of_the_same_shape() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    server.import("a.txt", format!("Tide\nMay 1, 2023\n{BODY}\nLabels: Sea\n"));
    let first = server.get_with(&key, "/v1/articles/tide/revisions").data()[0].take();
    assert_eq!((&first["actor"], &first["request_id"]), (&json!("import"), &Value::Null));
    let content = server.get_with(&key, "/v1/articles/tide/revisions/1").data()["content"].take();
    assert_eq!(content["external_ids"][0]["id"], "a.txt");
    assert_eq!(content["printings"][0]["text"], "The tide waits for nobody at all,");
    let before = quotes(&server);
    patch(&server, &key, &json!({ "title": "The Tide", "body_source": "Nothing." }));
    assert_eq!(quotes(&server), []);
    assert_eq!(restore(&server, &key, 1)["title"], "Tide");
    assert_eq!(quotes(&server), before);
}

#[test]
fn a_label_that_was_withdrawn_stays_on_its_articles_through_their_changes() {
    let (server, key) = revised();
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/labels/sea", ANY).status, 204);
    let changed = patch(&server, &key, &json!({ "title": "Ebb" }));
    assert_eq!(changed["labels"].as_array().unwrap().len(), 1);
    assert_eq!(send_empty(&server, &key, "POST", "/v1/labels/sea/restore", ANY).status, 200);
    assert_eq!(server.get("/v1/articles/tide").data()["labels"].as_array().unwrap().len(), 2);
}

#[test]
fn a_version_that_a_purge_makes_is_kept_like_any_other() {
    let (server, key) = revised();
    let admin = server.key(&[Scope::Admin]);
    restore(&server, &key, 2);
    let ada = server.get("/v1/people/ada-quill").data()["id"].as_str().unwrap().to_owned();
    for path in ["/v1/labels/sea", "/v1/people/ada-quill", "/v1/people/ida-marlow"] {
        assert_eq!(send_empty(&server, &admin, "DELETE", &format!("{path}?purge=true"), ANY).status, 204);
    }
    assert_eq!(server.get_with(&key, "/v1/articles/tide/revisions").data().as_array().unwrap().len(), 7);
    let content = |version: u32| {
        server.get_with(&key, &format!("/v1/articles/tide/revisions/{version}")).data()["content"].take()
    };
    let [before, after] = [content(5), content(7)];
    assert_eq!((after["labels"].as_array().unwrap().len(), &after["authors"]), (1, &json!([])));
    assert_eq!(
        (&after["quotes"][0]["speaker"], &after["quotes"][0]["text"]),
        (&Value::Null, &before["quotes"][0]["text"])
    );
    assert!(!after.to_string().contains(&ada) && before.to_string().contains(&ada), "what was is not rewritten");
    assert_eq!(after["printings"].as_array().unwrap().len(), before["printings"].as_array().unwrap().len());
}

#[test]
fn restoring_leaves_out_what_was_purged_and_names_what_is_deleted() {
    let (server, key) = revised();
    let admin = server.key(&[Scope::Admin]);
    patch(&server, &key, &json!({ "labels": [], "authors": [] }));
    let path = "/v1/articles/tide/revisions/1/restore";
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/labels/sea", ANY).status, 204);
    let refused = send_empty(&server, &key, "POST", path, ANY);
    assert_eq!(refused.status, 422);
    assert!(
        refused.problem()["detail"].as_str().unwrap().contains("\"sea\" is deleted: restore it first"),
        "{}",
        refused.text
    );
    for path in ["/v1/labels/sea", "/v1/people/ida-marlow", "/v1/people/ada-quill"] {
        assert_eq!(send_empty(&server, &admin, "DELETE", &format!("{path}?purge=true"), ANY).status, 204);
    }
    let restored = restore(&server, &key, 1);
    assert_eq!(
        (&restored["labels"], &restored["authors"], &restored["title"]),
        (&json!([]), &json!([]), &json!("Tide"))
    );
}
