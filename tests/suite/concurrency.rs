//! Many at once: editors of one article, readers beside writers, and more writers than can wait.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::writing::{ANY, send, send_empty};

const CLIENTS: usize = 50;

fn writer() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    (server, key)
}

fn publish(server: &TestServer, key: &str, draft: &Value) {
    let mut draft = draft.clone();
    draft["status"] = json!("published");
    let made = send(server, key, "POST", "/v1/articles", &[], &draft);
    assert_eq!(made.status, 201, "{}", made.text);
}

#[test]
fn fifty_editors_of_one_article_lose_no_update_and_hear_of_every_conflict() {
    let (server, key) = writer();
    publish(&server, &key, &json!({ "title": "Harbour" }));
    let (at_once, conflicts) = (Barrier::new(CLIENTS), AtomicUsize::new(0));
    // All begin at once; who has to begin again does so beside a few others, or the test would be one of patience.
    let places = [const { Mutex::new(()) }; 4];
    let edit = |editor: usize| {
        let mut article = server.get("/v1/articles/harbour").data();
        at_once.wait();
        let mut place = None;
        loop {
            let mut known = article["external_ids"].as_array().unwrap().clone();
            known.push(json!({ "source": "editor", "id": editor.to_string() }));
            let tag = format!("\"{}\"", article["version"]);
            let edit = json!({ "external_ids": known });
            let answer = send(&server, &key, "PATCH", "/v1/articles/harbour", &[("if-match", &tag)], &edit);
            match answer.status {
                200 => return,
                412 => {
                    let current = answer.problem()["current_version"].as_i64();
                    assert!(current > article["version"].as_i64(), "{}", answer.text);
                    conflicts.fetch_add(1, Ordering::Relaxed);
                    place.get_or_insert_with(|| places[editor % places.len()].lock().unwrap());
                }
                other => panic!("{other}: {}", answer.text),
            }
            article = server.get("/v1/articles/harbour").data();
        }
    };
    std::thread::scope(|scope| {
        for editor in 0..CLIENTS {
            let edit = &edit;
            scope.spawn(move || edit(editor));
        }
    });
    let article = server.get("/v1/articles/harbour").data();
    assert_eq!(article["external_ids"].as_array().unwrap().len(), CLIENTS, "no update is lost");
    assert_eq!(article["version"], CLIENTS + 1);
    assert!(conflicts.into_inner() >= CLIENTS - 1, "all but one of those who began at once were told");
    let noted = "SELECT count(DISTINCT version_after) FROM changes WHERE resource_type = 'article'";
    assert_eq!(server.database.query(noted), [(CLIENTS + 1).to_string()]);
    assert_eq!(server.database.query("SELECT count(*) FROM article_revisions"), [(CLIENTS + 1).to_string()]);
}

#[test]
fn fifty_equal_requests_with_one_name_create_one_article() {
    let (server, key) = writer();
    let draft = json!({ "title": "Harbour", "labels": ["Sea"], "authors": ["Ida Marlow"] });
    let ids: Vec<Option<Value>> = std::thread::scope(|scope| {
        let request = || {
            let answer = send(&server, &key, "POST", "/v1/articles", &[("idempotency-key", "one")], &draft);
            match answer.status {
                201 => Some(answer.json()["data"]["id"].take()),
                409 => {
                    assert_eq!(answer.problem()["code"], "idempotency_key_in_flight");
                    None
                }
                other => panic!("{other}: {}", answer.text),
            }
        };
        let requests: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(request)).collect();
        requests.into_iter().map(|request| request.join().unwrap()).collect()
    });
    let mut ids: Vec<Value> = ids.into_iter().flatten().collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "whoever gets an answer gets the same");
    assert_eq!(server.database.query("SELECT count(*) FROM articles"), ["1"]);
}

/// Reads while `work` is done: `check` is handed each answer of the paths, in turn.
fn beside_readers(server: &TestServer, paths: &[&str], check: impl Fn(&str, u16, Value) + Sync, work: impl FnOnce()) {
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    for path in paths {
                        let answer = server.get(path);
                        check(path, answer.status, answer.json());
                    }
                }
            });
        }
        work();
        is_done.store(true, Ordering::Relaxed);
    });
}

/// What a segment says stands in the text of its article, where it does.
fn assert_anchored(article: &Value) {
    let text: Vec<char> = article["body_text"].as_str().unwrap().chars().collect();
    for quote in article["quotes"].as_array().unwrap() {
        for segment in quote["segments"].as_array().unwrap() {
            let place = |end: &str| usize::try_from(segment[end].as_u64().unwrap()).unwrap();
            let words: String = text.get(place("start")..place("end")).unwrap_or_default().iter().collect();
            assert_eq!(Some(words.as_str()), segment["exact"].as_str(), "{article}");
        }
    }
}

#[test]
fn a_reader_beside_an_editor_gets_offsets_of_the_very_text_they_come_with() {
    let (server, key) = writer();
    let bodies = ["", "It rained all day, and nobody came.\n\n"].map(|start| {
        format!("{start}\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour master.")
    });
    publish(&server, &key, &json!({ "title": "Harbour", "body_source": bodies[0], "labels": ["Sea"] }));
    let paths = [
        "/v1/articles/harbour?include=quotes",
        "/v1/articles?include=quotes&fields=body_text,quotes,version",
        "/v1/articles/harbour?include=quotes&annotate=quotes",
    ];
    let check = |_: &str, status: u16, answer: Value| {
        assert_eq!(status, 200, "{answer}");
        let data = &answer["data"];
        let article = data.get(0).unwrap_or(data);
        assert_eq!(article["quotes"].as_array().unwrap().len(), 1);
        assert_anchored(article);
    };
    beside_readers(&server, &paths, check, || {
        for edit in 1..30 {
            let patch = json!({ "body_source": bodies[edit % 2] });
            assert_eq!(send(&server, &key, "PATCH", "/v1/articles/harbour", ANY, &patch).status, 200);
        }
    });
}

#[test]
fn a_reader_beside_a_purge_gets_the_whole_or_nothing() {
    let (server, key) = writer();
    let admin = server.key(&[Scope::Admin]);
    let body = "\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour master.";
    let draft =
        json!({ "title": "Harbour", "body_source": body, "labels": ["Sea", "Birds"], "authors": ["Ida Marlow"] });
    let paths = [
        "/v1/articles/harbour?include=quotes.speaker,labels,authors",
        "/v1/articles?include=quotes.speaker",
        "/v1/labels/sea",
        "/v1/labels/sea/articles",
        "/v1/people/ada-quill/quotes",
        "/v1/quotes?include=speaker&count=exact",
        "/v1/voices?label=sea",
        "/v1/search?q=tide",
    ];
    let check = |path: &str, status: u16, answer: Value| {
        assert!(matches!(status, 200 | 400 | 404), "{path}: {answer}");
        if path == paths[0] && status == 200 {
            let article = &answer["data"];
            let count = |member: &str| article[member].as_array().unwrap().len();
            let version = article["version"].as_u64();
            let whole = if version == Some(1) { (2, 1, "Ada Quill") } else { (1, 1, "Ada Quill") };
            let speaker = article["quotes"][0]["speaker"]["name"].as_str().unwrap_or_default();
            assert_eq!((count("labels"), count("authors"), speaker), whole, "{article}");
        }
        if path == paths[5] && status == 200 {
            assert_eq!(answer["meta"]["total"], answer["data"].as_array().unwrap().len(), "{answer}");
        }
    };
    beside_readers(&server, &paths, check, || {
        for _ in 0..8 {
            publish(&server, &key, &draft);
            for path in ["/v1/labels/sea", "/v1/articles/harbour", "/v1/people/ada-quill"] {
                let purged = send_empty(&server, &admin, "DELETE", &format!("{path}?purge=true"), ANY);
                assert_eq!(purged.status, 204, "{}", purged.text);
            }
        }
    });
    let left = "SELECT (SELECT count(*) FROM articles) + (SELECT count(*) FROM occurrences)";
    assert_eq!(server.database.query(left), ["0"]);
}

#[test]
fn writers_that_wait_for_their_turn_keep_no_reader_waiting() {
    let (server, key) = writer();
    publish(&server, &key, &json!({ "title": "Harbour" }));
    let lock = "SELECT pg_advisory_lock(27988542884245108)";
    let holder = crate::support::block_on(async {
        let client = crate::support::cluster::client(&server.database.url).await;
        client.batch_execute(lock).await.unwrap();
        client
    });
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..20)
            .map(|number| {
                let (server, key) = (&server, &key);
                let label = json!({ "name": format!("Label {number}") });
                scope.spawn(move || send(server, key, "POST", "/v1/labels", &[], &label).status)
            })
            .collect();
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        crate::support::wait_until("a writer waits", || server.database.query(waiting) == ["1"]);
        for _ in 0..5 {
            assert_eq!(server.get("/v1/articles/harbour").status, 200);
        }
        assert_eq!(server.database.query(waiting), ["1"], "the others wait without a connection");
        drop(holder);
        for writer in writers {
            assert_eq!(writer.join().unwrap(), 201);
        }
    });
}

#[test]
fn a_write_that_is_given_up_leaves_no_transaction_behind() {
    let server = TestServer::with(&[("VERBATIM_REQUEST_TIMEOUT", "1")]);
    let key = server.key(&[Scope::Write]);
    server.database.execute(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2); RETURN NEW; END'; \
         CREATE TRIGGER wait BEFORE INSERT ON labels FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let given_up = send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Sea" }));
    assert_eq!((given_up.status, &given_up.problem()["code"]), (503, &json!("request_timeout")));
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'verbatim' \
                AND xact_start IS NOT NULL";
    crate::support::wait_until("no transaction is open", || server.database.query(open) == ["0"]);
    server.database.execute("DROP TRIGGER wait ON labels");
    assert_eq!(send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Sea" })).status, 201);
}
