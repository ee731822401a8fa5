//! What holds of every write: who may, what it needs, what it keeps, and what it leaves behind.

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::support::http::Answer;
use crate::support::server::bearer;

/// Sends JSON with a key and headers of its own.
pub fn send(
    server: &TestServer,
    key: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let authorization = bearer(key);
    let mut all = vec![("authorization", authorization.as_str()), ("content-type", "application/json")];
    all.extend(headers);
    crate::support::http::send_body(method, &server.url(path), &all, body.to_string().as_bytes())
}

/// Sends a request without a body.
pub fn send_empty(server: &TestServer, key: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let authorization = bearer(key);
    let mut all = vec![("authorization", authorization.as_str())];
    all.extend(headers);
    server.send(method, path, &all)
}

fn writer() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    (server, key)
}

/// Whatever version there is.
pub const ANY: &[(&str, &str)] = &[("if-match", "*")];

#[test]
fn a_label_is_created_shown_changed_deleted_and_restored() {
    let (server, key) = writer();
    let body = json!({
        "name": "Ferry Line", "aliases": ["Ferries"], "parent": "Harbour",
        "external_ids": [{ "source": "cms", "id": "7" }],
    });
    let made = send(&server, &key, "POST", "/v1/labels", &[], &body);
    assert_eq!(made.status, 201, "{}", made.text);
    let label = made.json()["data"].take();
    assert_eq!(made.header("location"), format!("/v1/labels/{}", label["id"].as_str().unwrap()));
    assert_eq!(label["slug"], "ferry-line");
    assert_eq!(
        (&label["aliases"], &label["parent"]["name"]),
        (&json!(["Ferries"]), &json!("Harbour")),
        "made on the way"
    );
    assert_eq!(server.get("/v1/labels/ferry-line").data(), label, "it is public, and the answer is what a reader sees");
    assert_eq!(server.get("/v1/labels/external/cms/7").data(), label);

    let patch = json!({ "name": "Ferry Lines", "slug": "ferry-lines", "aliases": null });
    let changed = send(&server, &key, "PATCH", "/v1/labels/ferry-line", &[("if-match", "\"1\"")], &patch);
    assert_eq!(changed.status, 200, "{}", changed.text);
    let label = changed.json()["data"].take();
    assert_eq!((&label["version"], &label["aliases"]), (&json!(2), &json!([])));
    assert_eq!(label["parent"]["name"], "Harbour", "what is absent stays");
    assert_eq!(server.get("/v1/labels/ferry-line").status, 308, "the former slug leads on");
    let old = send(&server, &key, "PATCH", "/v1/labels/ferry-line", ANY, &json!({ "name": "Other" }));
    assert_eq!((&old.problem()["code"], &old.problem()["current"]), (&json!("moved"), &json!("ferry-lines")));

    let deleted = send_empty(&server, &key, "DELETE", "/v1/labels/ferry-lines?reason=A+mistake.", ANY);
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    let gone = server.get("/v1/labels/ferry-lines").problem();
    assert!(gone["status"] == 410 && gone["detail"].as_str().unwrap().contains("A mistake."), "{gone}");
    assert_eq!(send(&server, &key, "PATCH", "/v1/labels/ferry-lines", ANY, &json!({})).status, 410);
    let restored = send_empty(&server, &key, "POST", "/v1/labels/ferry-lines/restore", ANY);
    assert_eq!(restored.json()["data"]["version"], 4);
    assert_eq!(server.get("/v1/labels/ferry-lines").status, 200);
    let record = server.database.query(
        "SELECT action || coalesce(version_before, 0) || '-' || coalesce(version_after, 0) || left(actor, 4) FROM changes \
         WHERE resource_id = (SELECT id FROM labels WHERE slug = 'ferry-lines') AND request_id IS NOT NULL ORDER BY id",
    );
    assert_eq!(record, ["created0-1key_", "updated1-2key_", "deleted2-3key_", "restored3-4key_"]);
}

#[test]
fn a_purge_takes_an_administrator_and_frees_the_slug() {
    let (server, key) = writer();
    server.import("a.txt", "First\nMay 1, 2023\nThe first words stand here in a paragraph.\nLabels: Sea, Birds\n");
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/labels/sea?purge=true", ANY).status, 403);
    let admin = server.key(&[Scope::Admin]);
    assert_eq!(send_empty(&server, &admin, "DELETE", "/v1/labels/sea?purge=true", ANY).status, 204);
    assert_eq!(server.get("/v1/labels/sea").status, 404);
    assert_eq!(server.get("/v1/articles/first").data()["labels"].as_array().unwrap().len(), 1);
    let made = send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Sea" }));
    assert_eq!(made.json()["data"]["slug"], "sea");
}

#[test]
fn a_deleted_label_is_on_no_article_and_in_no_list() {
    let (server, key) = writer();
    server.import("a.txt", "First\nMay 1, 2023\nThe first words stand here in a paragraph.\nLabels: Sea, Birds\n");
    send_empty(&server, &key, "DELETE", "/v1/labels/sea", ANY);
    let labels = server.get("/v1/articles/first").data()["labels"].take();
    assert_eq!(labels.as_array().unwrap().len(), 1);
    assert_eq!(server.get("/v1/labels").column("/slug"), ["birds"]);
    assert_eq!(server.get("/v1/articles?label=sea").status, 400);
    let facets = server.get("/v1/articles?facets=label").json()["meta"]["facets"]["label"].take();
    assert_eq!(facets["values"].as_array().or(facets.as_array()).unwrap().len(), 1, "{facets}");
}

#[test]
fn every_fault_of_a_body_is_told_at_once_and_nothing_is_written() {
    let (server, key) = writer();
    send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Harbour", "aliases": ["Port"] }));
    let taken =
        send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "PORT", "aliases": ["harbour", "New"] }));
    let pointers = |answer: &Answer| -> Vec<String> {
        let problem = answer.problem();
        problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!((taken.status, pointers(&taken)), (409, vec!["/name".to_owned(), "/aliases/0".to_owned()]));
    let wrong = json!({ "name": "", "slug": "No Slug", "aliases": [5], "parents": "x" });
    let refused = send(&server, &key, "POST", "/v1/labels", &[], &wrong);
    assert_eq!(refused.status, 422);
    let mut found = pointers(&refused);
    found.sort();
    assert_eq!(found, ["/aliases/0", "/name", "/parents", "/slug"]);
    let circle = send(&server, &key, "PATCH", "/v1/labels/harbour", ANY, &json!({ "parent": "port" }));
    assert_eq!((circle.status, pointers(&circle)), (422, vec!["/parent".to_owned()]));
    let itself = json!({ "name": "Sea", "aliases": ["Coast"], "parent": "coast" });
    let itself = send(&server, &key, "POST", "/v1/labels", &[], &itself);
    assert_eq!((itself.status, pointers(&itself)), (422, vec!["/parent".to_owned()]), "{}", itself.text);
    let null = send(&server, &key, "PATCH", "/v1/labels/harbour", ANY, &json!({ "name": null }));
    assert_eq!((null.status, pointers(&null)), (422, vec!["/name".to_owned()]));
    assert_eq!(server.get("/v1/labels").column("/slug"), ["harbour"]);
}

#[test]
fn a_dry_run_answers_as_if_and_keeps_nothing() {
    let (server, key) = writer();
    let key_for_repeats = [("idempotency-key", "one")];
    let body = json!({ "name": "Harbour" });
    let dry = send(&server, &key, "POST", "/v1/labels?dry_run=true", &key_for_repeats, &body);
    assert_eq!((dry.status, &dry.json()["meta"]["dry_run"]), (200, &json!(true)));
    assert_eq!(dry.json()["data"]["slug"], "harbour");
    assert_eq!(server.get("/v1/labels/harbour").status, 404);
    assert_eq!(server.database.query("SELECT count(*) FROM changes"), ["0"]);
    let real = send(&server, &key, "POST", "/v1/labels", &key_for_repeats, &body);
    assert_eq!(real.status, 201, "the name of the request was not used up");
    let dry = send_empty(&server, &key, "DELETE", "/v1/labels/harbour?dry_run=true", ANY);
    assert_eq!((dry.status, dry.json()), (200, json!({ "meta": { "dry_run": true } })));
    assert_eq!(server.get("/v1/labels/harbour").status, 200);
}

#[test]
fn a_request_that_is_sent_again_gets_the_first_answer() {
    let (server, key) = writer();
    let named = [("idempotency-key", "a-name")];
    let first = send(&server, &key, "POST", "/v1/labels", &named, &json!({ "name": "Harbour" }));
    let again = send(&server, &key, "POST", "/v1/labels", &named, &json!({ "name": "Harbour" }));
    assert_eq!((again.status, &again.text, again.header("location")), (201, &first.text, first.header("location")));
    let other = send(&server, &key, "POST", "/v1/labels", &named, &json!({ "name": "Ferry" }));
    assert_eq!((other.status, &other.problem()["code"]), (422, &json!("idempotency_key_reused")));
    let stranger = server.key(&[Scope::Write]);
    let elsewhere = send(&server, &stranger, "POST", "/v1/labels", &named, &json!({ "name": "Ferry" }));
    assert_eq!(elsewhere.status, 201, "another client's names are its own");
    server.database.execute("UPDATE stored_answers SET created_at = now() - interval '25 hours'");
    let late = send(&server, &key, "POST", "/v1/labels", &named, &json!({ "name": "Gulls" }));
    assert_eq!(late.status, 201, "after a day the name is free");
    let failed = send(&server, &key, "POST", "/v1/labels", &[("idempotency-key", "b")], &json!({ "name": "harbour" }));
    assert_eq!(failed.status, 409);
    let mended = send(&server, &key, "POST", "/v1/labels", &[("idempotency-key", "b")], &json!({ "name": "Quay" }));
    assert_eq!(mended.status, 201, "what failed is not kept");
}

#[test]
fn many_equal_requests_at_once_create_one_label() {
    let (server, key) = writer();
    let body = json!({ "name": "Harbour" }).to_string();
    let headers = [
        ("authorization", bearer(&key)),
        ("content-type", "application/json".to_owned()),
        ("idempotency-key", "n".to_owned()),
    ];
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let requests: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| {
                    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
                    crate::support::http::send_body("POST", &server.url("/v1/labels"), &headers, body.as_bytes()).status
                })
            })
            .collect();
        requests.into_iter().map(|request| request.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| [201, 409, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&201));
    assert_eq!(server.database.query("SELECT count(*) FROM labels"), ["1"]);
}

#[test]
fn editors_at_once_lose_no_update_and_hear_of_every_conflict() {
    let (server, key) = writer();
    send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Harbour" }));
    let edits = |editor: usize| {
        let mut done = 0;
        while done < 5 {
            let label = server.get("/v1/labels/harbour").data();
            let mut aliases: Vec<String> =
                label["aliases"].as_array().unwrap().iter().map(|alias| alias.as_str().unwrap().to_owned()).collect();
            aliases.push(format!("Alias {editor} {done}"));
            let tag = format!("\"{}\"", label["version"]);
            let answer = send(
                &server,
                &key,
                "PATCH",
                "/v1/labels/harbour",
                &[("if-match", &tag)],
                &json!({ "aliases": aliases }),
            );
            match answer.status {
                200 => done += 1,
                412 | 503 => {}
                other => panic!("{other}: {}", answer.text),
            }
        }
    };
    std::thread::scope(|scope| {
        for editor in 0..8 {
            let edits = &edits;
            scope.spawn(move || edits(editor));
        }
    });
    let label = server.get("/v1/labels/harbour").data();
    assert_eq!(label["aliases"].as_array().unwrap().len(), 40);
    assert_eq!(label["version"], 41);
}

#[test]
fn a_put_by_another_systems_id_creates_then_replaces() {
    let (server, key) = writer();
    let path = "/v1/labels/external/cms/42";
    let made =
        send(&server, &key, "PUT", path, &[("if-none-match", "*")], &json!({ "name": "Sea", "aliases": ["Ocean"] }));
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(send(&server, &key, "PUT", path, &[], &json!({ "name": "Sea" })).status, 428);
    assert_eq!(send(&server, &key, "PUT", path, &[("if-none-match", "*")], &json!({ "name": "Sea" })).status, 412);
    let replaced = send(&server, &key, "PUT", path, ANY, &json!({ "name": "The Sea" }));
    let label = replaced.json()["data"].take();
    assert_eq!((replaced.status, &label["aliases"], &label["slug"]), (200, &json!([]), &json!("sea")));
    assert_eq!(label["external_ids"], json!([{ "source": "cms", "id": "42" }]));
    let same = send(&server, &key, "PUT", path, ANY, &json!({ "name": "The Sea" }));
    assert_eq!(same.json()["data"]["version"], label["version"], "what changes nothing raises nothing");
    assert_eq!(server.get("/v1/labels/external/cms/43").status, 404);
}

#[test]
fn an_answer_that_is_cut_off_leaves_no_transaction_behind() {
    let (server, key) = writer();

    for number in 0..20 {
        let body = json!({ "name": format!("Label {number}") }).to_string();
        let head = format!(
            "POST /v1/labels HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            bearer(&key),
            body.len()
        );
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
    }
    assert_eq!(send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Last" })).status, 201);
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    crate::support::wait_until("no transaction is open", || server.database.query(open) == ["0"]);
}
