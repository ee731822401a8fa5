//! Many writes at once: in order, all or nothing.

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::support::http::Answer;
use crate::writing::{ANY, send};

fn writer() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    (server, key)
}

fn batch(server: &TestServer, key: &str, operations: &Value) -> Answer {
    send(server, key, "POST", "/v1/batch", &[], &json!({ "operations": operations }))
}

/// The status of an answer, and the place and the code of each fault.
fn faults(answer: &Answer) -> (u16, Vec<(String, String)>) {
    let problem = answer.problem();
    let faults = problem["errors"].as_array().unwrap().iter();
    let text = |fault: &Value, member: &str| fault[member].as_str().unwrap().to_owned();
    (answer.status, faults.map(|fault| (text(fault, "pointer"), text(fault, "code"))).collect())
}

fn fault(status: u16, pointer: &str, code: &str) -> (u16, Vec<(String, String)>) {
    (status, vec![(pointer.to_owned(), code.to_owned())])
}

/// Everything that the database holds, but for when keys were last used.
fn everything(server: &TestServer) -> Vec<String> {
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'keys' ORDER BY 1";
    let tables = server.database.query(tables);
    assert!(tables.len() > 15, "{tables:?}");
    let rows = |table: &String| {
        server.database.query(&format!("SELECT '{table} ' || row_to_json(t)::text FROM \"{table}\" t ORDER BY 1"))
    };
    tables.iter().flat_map(rows).collect()
}

const BODY: &str = "\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour master.";

#[test]
fn later_operations_refer_to_what_earlier_ones_made() {
    let (server, key) = writer();
    let answer = batch(
        &server,
        &key,
        &json!([
            { "op": "create", "type": "label", "data": { "name": "Harbour" } },
            { "op": "create", "type": "label", "local_id": "@sea", "data": { "name": "Sea" } },
            { "op": "create", "type": "label", "local_id": "@ferries", "data": { "name": "Ferries", "parent": "@sea" } },
            {
                "op": "create", "type": "article", "local_id": "@tide",
                "data": {
                    "title": "Tide", "status": "published", "body_source": BODY, "authors": ["Ida Marlow"],
                    "labels": ["@ferries", "Harbour", { "name": "Night Ferries", "parent": "@ferries" }],
                },
            },
            { "op": "update", "type": "article", "ref": "@tide", "if_match": 1, "data": { "title": "The Tide", "labels": ["@sea"] } },
            { "op": "update", "type": "label", "ref": "@sea", "if_match": "\"1\"", "data": { "aliases": ["Ocean"] } },
            { "op": "delete", "type": "label", "ref": "harbour", "if_match": "*", "data": { "reason": "A mistake." } },
        ]),
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    let done = answer.json()["data"].take();
    let row = |report: &Value| {
        format!("{} {} {} {}", report["op"], report["type"], report["status"], report["local_id"]).replace('"', "")
    };
    assert_eq!(
        done.as_array().unwrap().iter().map(row).collect::<Vec<_>>(),
        [
            "create label 201 null",
            "create label 201 @sea",
            "create label 201 @ferries",
            "create article 201 @tide",
            "update article 200 @tide",
            "update label 200 @sea",
            "delete label 204 null",
        ]
    );
    assert_eq!(done[2]["data"]["parent"]["slug"], "sea");
    assert_eq!(done[3]["data"]["labels"].as_array().unwrap().len(), 3, "as it was after the operation");
    assert_eq!(done[4]["data"], server.get("/v1/articles/tide").data(), "the answer is what a reader gets");
    assert_eq!(done[5]["data"], server.get("/v1/labels/sea").data());
    assert_eq!((&done[4]["data"]["version"], &done[6]["data"]), (&json!(2), &Value::Null));
    assert!(server.get("/v1/labels/harbour").problem()["detail"].as_str().unwrap().contains("A mistake."));
    assert_eq!(server.get("/v1/labels?parent=ferries").column("/slug"), Vec::<String>::new(), "on no article any more");
    assert_eq!(server.get("/v1/articles?label=sea").column("/slug"), ["tide"]);
    let record = server.database.query("SELECT DISTINCT request_id FROM changes");
    assert_eq!(record, [answer.header("x-request-id")], "one request did it all");
}

#[test]
fn all_bodies_are_checked_before_anything_is_done() {
    let (server, key) = writer();
    let refused = batch(
        &server,
        &key,
        &json!([
            { "op": "create", "type": "label", "data": { "name": "" } },
            { "op": "create", "type": "article", "data": { "title": "Tide", "labels": [{ "name": 5 }], "colour": "red" } },
            { "op": "update", "type": "label", "ref": "sea", "data": { "name": null } },
            { "op": "delete", "type": "label", "ref": "sea", "if_match": "3", "data": { "why": "" } },
            { "op": "erase", "type": "label" },
            { "op": "create", "type": "labels", "data": {} },
            { "op": "create", "type": "label", "local_id": "sea", "data": { "name": "Sea" }, "if_match": 1 },
            { "type": "label" },
            7,
        ]),
    );
    let (status, mut found) = faults(&refused);
    found.sort();
    let told: Vec<String> = found.iter().map(|(pointer, code)| format!("{pointer} {code}")).collect();
    assert_eq!(status, 422);
    assert_eq!(
        told,
        [
            "/operations/0/data/name invalid_value",
            "/operations/1/data/colour unknown_member",
            "/operations/1/data/labels/0/name invalid_value",
            "/operations/2/data/name invalid_value",
            "/operations/2/if_match missing_member",
            "/operations/3/data/why unknown_member",
            "/operations/3/if_match invalid_value",
            "/operations/4/op invalid_value",
            "/operations/5/type invalid_value",
            "/operations/6/if_match unknown_member",
            "/operations/6/local_id invalid_value",
            "/operations/7/op missing_member",
            "/operations/8 invalid_value",
        ]
    );
    let twice = json!([
        { "op": "create", "type": "label", "local_id": "@a", "data": { "name": "Sea" } },
        { "op": "create", "type": "label", "local_id": "@a", "data": { "name": "Sky" } },
    ]);
    assert_eq!(faults(&batch(&server, &key, &twice)), fault(422, "/operations/1/local_id", "invalid_value"));
    assert_eq!(faults(&batch(&server, &key, &json!([]))), fault(422, "/operations", "invalid_value"));
}

#[test]
fn the_first_operation_that_fails_is_named_and_nothing_is_left_of_the_others() {
    let (server, key) = writer();
    let article = json!({ "title": "Tide", "status": "published", "body_source": BODY, "labels": ["Sea", "Birds"] });
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &article).status, 201);
    send(&server, &key, "PATCH", "/v1/labels/birds", ANY, &json!({ "slug": "gulls" }));
    send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Gone" }));
    crate::writing::send_empty(&server, &key, "DELETE", "/v1/labels/gone", ANY);
    let before = everything(&server);
    let update = |reference: &str, if_match: Value, data: Value| json!({ "op": "update", "type": "label", "ref": reference, "if_match": if_match, "data": data });
    let create = |of_type: &str, data: Value| json!({ "op": "create", "type": of_type, "data": data });
    let cases = [
        (create("label", json!({ "name": "SEA" })), 409, "data/name", "conflict"),
        (create("label", json!({ "name": "A", "parent": "@nobody" })), 422, "data/parent", "invalid_value"),
        (create("article", json!({ "title": "A", "labels": ["B", "@tide"] })), 422, "data/labels/1", "invalid_value"),
        (create("article", json!({ "title": "A", "authors": ["@quay"] })), 422, "data/authors/0", "invalid_value"),
        (
            create("article", json!({ "title": "A", "labels": [{ "name": "sea" }] })),
            409,
            "data/labels/0/name",
            "conflict",
        ),
        (
            create("article", json!({ "title": "A", "quotes": [{ "text": "No", "kind": "inline" }] })),
            422,
            "data/quotes/0/text",
            "invalid_value",
        ),
        (create("article", json!({ "title": "A", "status": "scheduled" })), 422, "data/published_at", "invalid_value"),
        (update("sea", json!(2), json!({})), 412, "if_match", "precondition_failed"),
        (update("sea", json!("\"7\""), json!({})), 412, "if_match", "precondition_failed"),
        (update("sea", json!("W/\"1\""), json!({})), 412, "if_match", "precondition_failed"),
        (update("@quay", json!(2), json!({})), 412, "if_match", "precondition_failed"),
        (update("sea", json!(1), json!({ "parent": "sea" })), 422, "data/parent", "invalid_value"),
        (update("nothing", json!("*"), json!({})), 422, "ref", "invalid_value"),
        (update("@nothing", json!("*"), json!({})), 422, "ref", "invalid_value"),
        (update("@tide", json!("*"), json!({})), 422, "ref", "invalid_value"),
        (update("gone", json!("*"), json!({})), 422, "ref", "invalid_value"),
        (update("birds", json!("*"), json!({})), 409, "ref", "moved"),
        (
            json!({ "op": "delete", "type": "article", "ref": "tide", "if_match": 1 }),
            412,
            "if_match",
            "precondition_failed",
        ),
    ];
    for (failing, status, place, code) in cases {
        let operations = json!([
            { "op": "create", "type": "label", "local_id": "@quay", "data": { "name": "Quay" } },
            { "op": "create", "type": "article", "local_id": "@tide", "data": { "title": "Other", "body_source": BODY, "labels": ["New"] } },
            { "op": "update", "type": "article", "ref": "tide", "if_match": 1, "data": { "body_source": "Nothing was said." } },
            failing,
            { "op": "delete", "type": "label", "ref": "sea", "if_match": 99 },
        ]);
        let refused = batch(&server, &key, &operations);
        assert_eq!(faults(&refused), fault(status, &format!("/operations/3/{place}"), code), "{}", refused.text);
        assert_eq!(everything(&server), before, "after {failing}");
    }
    let stale = batch(&server, &key, &json!([update("sea", json!(3), json!({}))])).problem();
    assert_eq!(stale["current_version"], 1);
    let former = batch(&server, &key, &json!([update("birds", json!(3), json!({}))])).problem();
    assert_eq!(former["current"], "gulls");
}

#[test]
fn a_local_id_is_no_name_in_a_batch_and_nothing_else_outside() {
    let (server, key) = writer();
    let made = send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Tag", "parent": "@sea" }));
    assert_eq!(made.json()["data"]["parent"]["name"], "@sea", "a name like any other");
    let by_name = json!([{ "op": "create", "type": "label", "data": { "name": "Tags", "parent": "@sea" } }]);
    assert_eq!(faults(&batch(&server, &key, &by_name)), fault(422, "/operations/0/data/parent", "invalid_value"));
    let other = json!([{ "op": "create", "type": "label", "data": { "name": "Tags", "parent": "@sea birds" } }]);
    assert_eq!(batch(&server, &key, &other).json()["data"][0]["data"]["parent"]["name"], "@sea birds");
    let by_slug = json!([{ "op": "create", "type": "label", "data": { "name": "Tagged", "parent": "sea" } }]);
    assert_eq!(batch(&server, &key, &by_slug).json()["data"][0]["data"]["parent"]["name"], "@sea");
}

#[test]
fn a_thousand_operations_are_one_transaction_and_one_more_is_refused() {
    let server = TestServer::with(&[("VERBATIM_REQUEST_TIMEOUT", "300")]);
    let key = server.key(&[Scope::Write]);
    let make = |number: usize| match number % 20 {
        0..19 => {
            json!({ "op": "create", "type": "label", "local_id": format!("@{number}"), "data": { "name": format!("Label {number}") } })
        }
        _ => {
            let labels = [format!("@{}", number - 1)];
            let data = json!({ "title": format!("Article {number}"), "status": "published", "body_source": BODY, "labels": labels });
            json!({ "op": "create", "type": "article", "data": data })
        }
    };
    let operations: Vec<Value> = (0..1000).map(make).collect();
    let done = batch(&server, &key, &json!(operations));
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(done.json()["data"].as_array().unwrap().len(), 1000);
    assert_eq!(server.database.query("SELECT count(*) FROM labels"), ["950"]);
    let counted = server.get("/v1/articles?limit=1&count=exact").json()["meta"]["total"].take();
    assert_eq!(counted, 50);
    let quotes = server.get("/v1/quotes").data();
    assert_eq!(quotes.as_array().unwrap().len(), 1, "equal words of one speaker are one quote");
    let more: Vec<Value> = (0..1001).map(make).collect();
    assert_eq!(faults(&batch(&server, &key, &json!(more))), fault(422, "/operations", "invalid_value"));
}

#[test]
fn a_dry_run_answers_as_if_and_a_repeat_gets_the_first_answer() {
    let (server, key) = writer();
    let body = json!({ "operations": [
        { "op": "create", "type": "label", "local_id": "@sea", "data": { "name": "Sea" } },
        { "op": "delete", "type": "label", "ref": "@sea", "if_match": 1 },
        { "op": "create", "type": "article", "data": { "title": "Tide", "body_source": BODY } },
    ] });
    let named = [("idempotency-key", "a-name")];
    let before = everything(&server);
    let dry = send(&server, &key, "POST", "/v1/batch?dry_run=true", &named, &body);
    assert_eq!((dry.status, &dry.json()["meta"]["dry_run"]), (200, &json!(true)), "{}", dry.text);
    assert_eq!(dry.json()["data"].as_array().unwrap().len(), 3);
    assert_eq!(everything(&server), before);
    let first = send(&server, &key, "POST", "/v1/batch", &named, &body);
    let again = send(&server, &key, "POST", "/v1/batch", &named, &body);
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.text, again.text);
    assert_eq!(server.database.query("SELECT count(*) FROM articles"), ["1"]);
}

#[test]
fn a_batch_is_no_larger_than_any_body() {
    let server = TestServer::with(&[("VERBATIM_MAX_BODY", "1024")]);
    let key = server.key(&[Scope::Write]);
    let long = "a".repeat(1000);
    let operations = json!([{ "op": "create", "type": "label", "data": { "name": "Sea", "aliases": [long] } }]);
    let refused = batch(&server, &key, &operations);
    assert_eq!((refused.status, &refused.problem()["code"]), (413, &json!("body_too_large")));
}
