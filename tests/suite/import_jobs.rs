//! Imports over HTTP: files sent, followed, cancelled, and taken up again.

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::cluster::scratch_directory;
use crate::support::http::{Answer, send_body};
use crate::support::server::bearer;
use crate::support::valve::Valve;
use crate::support::{TestDatabase, TestServer, block_on, wait_until};

const BELL: &str =
    "The Bell\nMay 1, 2023\nIt rained. \"The bell stays where it hangs,\" said Ada Quill.\nLabels: Sea\n";

fn post(server: &TestServer, key: &str, query: &str, body: &[u8]) -> Answer {
    let key = bearer(key);
    let headers = [("authorization", key.as_str()), ("content-type", "application/octet-stream")];
    send_body("POST", &server.url(&format!("/v1/imports?{query}")), &headers, body)
}

fn import_at(server: &TestServer, key: &str, url: &str) -> Value {
    server.get_with(key, url).data()
}

fn wait_for(server: &TestServer, key: &str, url: &str, state: &str) -> Value {
    wait_until(&format!("the import is {state}"), || import_at(server, key, url)["state"] == state);
    import_at(server, key, url)
}

fn many(count: usize) -> String {
    (0..count)
        .map(|number| {
            let body = format!("“This is sentence number {number},” said Ada Quill.");
            format!(
                "{}\n",
                json!({ "id": number.to_string(), "title": format!("Article {number}"), "body_source": body })
            )
        })
        .collect()
}

#[test]
fn a_file_that_is_sent_becomes_articles_and_a_report() {
    let mut server = TestServer::start();
    server.start_importing();
    let key = server.key(&[Scope::Write]);
    let answer = post(&server, &key, "file_name=bell.txt", BELL.as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.text);
    let url = answer.header("location").to_owned();
    assert_eq!(answer.json()["data"]["state"], "queued");
    let import = wait_for(&server, &key, &url, "finished");
    assert_eq!(import["entries"]["created"], 1, "{import}");
    assert_eq!((&import["bytes_read"], &import["size"]), (&json!(BELL.len()), &json!(BELL.len())));
    assert_eq!(
        server.get("/v1/articles/the-bell").data()["external_ids"],
        json!([{ "source": "file", "id": "bell.txt" }])
    );
    let entries = server.get_with(&key, &format!("{url}/entries")).data();
    assert_eq!(
        (&entries[0]["report"]["outcome"], &entries[0]["report"]["slug"]),
        (&json!("created"), &json!("the-bell"))
    );
    let actor = server.database.query("SELECT DISTINCT actor FROM changes");
    assert_eq!(actor, [import["actor"].as_str().unwrap()], "the record names the key");

    // The same again writes nothing.
    let answer = post(&server, &key, "file_name=bell.txt", BELL.as_bytes());
    let import = wait_for(&server, &key, answer.header("location"), "finished");
    assert_eq!((&import["entries"]["created"], &import["entries"]["unchanged"]), (&json!(0), &json!(1)));
    assert_eq!(server.get_with(&key, "/v1/imports?count=exact").json()["meta"]["total"], 2);
}

#[test]
fn who_reads_after_an_import_is_over_reads_what_it_brought_though_no_other_server_is_heard() {
    let database = TestDatabase::migrated();
    let url = database.url.clone();
    let valve = block_on(Valve::before(&url, scratch_directory("valve")));
    let settings = [("VERBATIM_CACHE_BYTES", "1000000"), ("VERBATIM_CACHE_LEASE", "60000")];
    let mut server = TestServer::hearing(database, &url, &valve.url, &settings);
    wait_until("it hears", || server.cache.is_current());
    valve.open(false);
    assert_eq!(server.get("/v1/articles?fields=title").data(), json!([]));
    server.start_importing();
    let key = server.key(&[Scope::Write]);
    let sent = post(&server, &key, "file_name=bell.txt", BELL.as_bytes());
    wait_for(&server, &key, sent.header("location"), "finished");
    assert_eq!(server.get("/v1/articles?fields=title").data()[0]["title"], "The Bell");
}

#[test]
fn bad_entries_are_listed_with_their_reasons_and_the_rest_goes_in() {
    let mut server = TestServer::start();
    server.start_importing();
    let key = server.key(&[Scope::Write]);
    let file = format!("{}{{\n{}", many(3), many(5));
    let answer = post(&server, &key, "file_name=blog.ndjson", file.as_bytes());
    let url = answer.header("location").to_owned();
    let import = wait_for(&server, &key, &url, "finished");
    assert_eq!(
        import["entries"],
        json!({ "total": 9, "created": 5, "updated": 0, "unchanged": 3, "conflicts": 0,
        "left_out": 0, "refused": 1 })
    );
    let refused = server.get_with(&key, &format!("{url}/entries?outcome=refused,conflict")).data();
    assert_eq!((refused.as_array().unwrap().len(), &refused[0]["position"]), (1, &json!(4)));
    assert!(refused[0]["report"]["reason"].as_str().unwrap().contains("not JSON"));
    assert_eq!(refused[0]["report"]["place"]["line"], 4);
}

#[test]
fn a_dry_run_is_an_import_that_keeps_its_report_alone() {
    let mut server = TestServer::start();
    server.start_importing();
    let key = server.key(&[Scope::Write]);
    let answer = post(&server, &key, "file_name=bell.txt&dry_run=true", BELL.as_bytes());
    let url = answer.header("location").to_owned();
    let import = wait_for(&server, &key, &url, "finished");
    assert_eq!((&import["is_dry_run"], &import["entries"]["created"]), (&json!(true), &json!(1)));
    let found = &server.get_with(&key, &format!("{url}/entries")).data()[0]["report"]["found"];
    assert_eq!(found["quotes"][0]["speaker"], "Ada Quill");
    assert_eq!(found["provenance"]["title"]["rule"], "first_line");
    assert_eq!(server.get("/v1/articles").data(), json!([]));
    assert_eq!(server.database.query("SELECT count(*) FROM changes"), ["0"]);
}

#[test]
fn an_import_that_waits_is_cancelled_at_once_and_one_that_is_over_is_not() {
    let mut server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    let url = post(&server, &key, "file_name=bell.txt", BELL.as_bytes()).header("location").to_owned();
    let cancel =
        |query: &str| server.send("DELETE", &format!("{url}{query}"), &[("authorization", bearer(&key).as_str())]);
    let rehearsed = cancel("?dry_run=true").json();
    assert_eq!((&rehearsed["data"]["state"], &rehearsed["meta"]["dry_run"]), (&json!("cancelled"), &json!(true)));
    assert_eq!(import_at(&server, &key, &url)["state"], "queued");
    assert_eq!(cancel("").data()["state"], "cancelled");
    for query in ["", "?dry_run=true"] {
        assert_eq!(cancel(query).problem()["code"], "conflict");
    }
    let other = post(&server, &key, "file_name=other.txt", BELL.as_bytes()).header("location").to_owned();
    server.start_importing();
    wait_for(&server, &key, &other, "finished");
    assert_eq!(import_at(&server, &key, &url)["state"], "cancelled");
    assert_eq!(server.get("/v1/articles").data().as_array().unwrap().len(), 1);
}

#[test]
fn an_import_under_way_ends_when_it_is_cancelled_and_goes_on_when_sent_again() {
    let mut server = TestServer::start();
    server.start_importing();
    let key = server.key(&[Scope::Write]);
    let file = many(900);
    let url = post(&server, &key, "file_name=blog.ndjson", file.as_bytes()).header("location").to_owned();
    wait_until("some articles are in", || import_at(&server, &key, &url)["entries"]["created"] != 0);
    server.send("DELETE", &url, &[("authorization", bearer(&key).as_str())]);
    let import = wait_for(&server, &key, &url, "cancelled");
    let created = import["entries"]["created"].as_u64().unwrap();
    assert!(created < 900);
    assert_eq!(server.database.query("SELECT count(*) FROM articles"), [created.to_string()]);
    let url = post(&server, &key, "file_name=blog.ndjson", file.as_bytes()).header("location").to_owned();
    let import = wait_for(&server, &key, &url, "finished");
    assert_eq!(import["entries"]["unchanged"], created);
    assert_eq!(server.database.query("SELECT count(*) FROM articles"), ["900"]);
}

#[test]
fn an_import_whose_worker_ended_is_taken_up_where_it_was() {
    let mut server = TestServer::start();
    server.start_importing();
    let key = server.key(&[Scope::Write]);
    let url = post(&server, &key, "file_name=blog.ndjson", many(900).as_bytes()).header("location").to_owned();
    wait_until("some articles are in", || import_at(&server, &key, &url)["entries"]["created"] != 0);
    server.stop_importing();
    let import = import_at(&server, &key, &url);
    assert_eq!(import["state"], "running");
    server.start_importing();
    let import = wait_for(&server, &key, &url, "finished");
    assert_eq!((&import["entries"]["total"], &import["entries"]["created"]), (&json!(900), &json!(900)));
    assert_eq!(server.database.query("SELECT count(*) FROM articles"), ["900"]);
    assert_eq!(server.database.query("SELECT count(*) FROM import_entries"), ["900"]);
}

#[test]
fn an_import_whose_server_does_not_come_back_has_failed() {
    let mut server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    let url = post(&server, &key, "file_name=bell.txt", BELL.as_bytes()).header("location").to_owned();
    server.lose_uploads();
    server.database.execute("UPDATE imports SET heard_at = heard_at - interval '11 minutes'");
    server.start_importing();
    let import = wait_for(&server, &key, &url, "failed");
    assert!(import["problem"].as_str().unwrap().contains("send the file again"), "{import}");
}

#[test]
fn what_cannot_be_a_file_is_refused_and_nothing_of_it_stays() {
    let server = TestServer::with(&[("VERBATIM_MAX_IMPORT", "1024")]);
    let key = server.key(&[Scope::Write]);
    let code = |answer: &Answer| answer.problem()["code"].as_str().unwrap().to_owned();
    assert_eq!(code(&post(&server, &key, "file_name=a.txt", &[b'x'; 1025])), "body_too_large");
    assert_eq!(code(&post(&server, &key, "file_name=a.txt", b"")), "malformed_request");
    assert_eq!(code(&post(&server, &key, "file_name=%20", b"x")), "invalid_parameter");
    let nameless = post(&server, &key, "dry_run=true", b"x");
    assert_eq!(code(&nameless), "invalid_parameter");
    assert_eq!(nameless.problem()["errors"][0]["parameter"], "file_name");
    let bearer = bearer(&key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "image/png")];
    let answer = send_body("POST", &server.url("/v1/imports?file_name=a.txt"), &headers, b"x");
    assert_eq!(answer.status, 415);
    assert_eq!(server.uploaded_files(), 0);
    assert_eq!(server.database.query("SELECT count(*) FROM imports"), ["0"]);
}

#[test]
fn a_file_that_is_sent_again_under_its_idempotency_key_is_one_import() {
    let server = TestServer::start();
    let bearer = bearer(&server.key(&[Scope::Write]));
    let send = |body: &[u8]| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/octet-stream"),
            ("idempotency-key", "one"),
        ];
        send_body("POST", &server.url("/v1/imports?file_name=a.txt"), &headers, body)
    };
    let (first, second) = (send(BELL.as_bytes()), send(BELL.as_bytes()));
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.text, second.text);
    assert_eq!(send(b"something else").status, 422);
    assert_eq!(server.uploaded_files(), 1);
}
