//! The stream of events, and followers who rebuild the public content from what they are told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::cluster::scratch_directory;
use crate::support::events::EventStream;
use crate::support::http::send_bytes;
use crate::support::proxy::RecordingProxy;
use crate::support::server::bearer;
use crate::support::{TestDatabase, TestServer, block_on, wait_until};
use crate::writing::{ANY, send, send_empty};

fn writer() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    (server, key)
}

fn make_label(server: &TestServer, key: &str, name: &str) {
    assert_eq!(send(server, key, "POST", "/v1/labels", &[], &json!({ "name": name })).status, 201);
}

#[test]
fn a_change_arrives_as_an_event_that_says_what_the_list_says() {
    let (server, key) = writer();
    make_label(&server, &key, "Before");
    let mut stream = EventStream::open(&server.url("/v1/events"), &[("accept-encoding", "br, gzip")]);
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert_eq!((stream.header("cache-control"), stream.header("x-accel-buffering")), ("no-store", "no"));
    make_label(&server, &key, "After");
    // It may begin a moment before it was opened.
    let event = std::iter::from_fn(|| stream.next()).find(|event| event.data["slug"] == "after").unwrap();
    assert_eq!(event.name, "change");
    let listed = server.get("/v1/changes").data()[1].take();
    assert_eq!((&event.data, &event.id), (&listed, &listed["cursor"].as_str().unwrap().to_owned()));
}

#[test]
fn a_stream_goes_on_where_another_ended_from_memory_and_from_the_database() {
    let (server, key) = writer();
    let stream = EventStream::open(&server.url("/v1/events"), &[]);
    let place = stream.last_id.clone();
    drop(stream);
    for name in ["One", "Two", "Three"] {
        make_label(&server, &key, name);
    }
    let slugs = |server: &TestServer, last_id: &str, count: usize| {
        let mut stream = EventStream::resume(&server.url("/v1/events"), last_id, &[]);
        (0..count).map(|_| stream.next().unwrap().data["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(slugs(&server, &place, 3), ["one", "two", "three"]);
    let start = server.get("/v1/changes?limit=1").data()[0]["cursor"].as_str().unwrap().to_owned();
    assert_eq!(slugs(&server, &start, 2), ["two", "three"]);
    // A server that has just started has nothing in memory.
    let database = TestDatabase::copy_of(&server.database);
    let url = database.url.clone();
    let copy = TestServer::on(database, &url, &[]);
    assert_eq!(slugs(&copy, &start, 2), ["two", "three"]);
}

#[test]
fn a_place_that_is_not_known_is_answered_with_a_reset() {
    let (server, key) = writer();
    make_label(&server, &key, "Sea");
    for strange in ["", "nonsense", "AQAAAAAAAAAACQAGJ2pWvJoA"] {
        let mut stream = EventStream::resume(&server.url("/v1/events"), strange, &[]);
        let event = stream.next().unwrap();
        assert_eq!(event.name, "reset");
        let rest = server.get(&format!("/v1/changes?since={}", event.id));
        assert_eq!(rest.data(), json!([]), "it goes on at the end");
    }
    assert_eq!(server.get("/v1/events?since=nonsense").status, 400);
}

#[test]
fn drafts_are_for_those_who_may_read_them() {
    let (server, key) = writer();
    let authorization = bearer(&key);
    let editor = [("authorization", authorization.as_str())];
    let mut editors = EventStream::open(&server.url("/v1/events?drafts=true&type=article"), &editor);
    let mut public = EventStream::open(&server.url("/v1/events"), &editor);
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &json!({ "title": "Tide" })).status, 201);
    assert_eq!(editors.next().unwrap().data["slug"], "tide");
    make_label(&server, &key, "Sea");
    assert_eq!(public.next().unwrap().data["slug"], "sea", "nothing before it");
    assert_eq!(server.get("/v1/events?drafts=true").status, 401);
}

#[test]
fn the_head_of_a_stream_is_all_that_head_waits_for() {
    let (server, _) = writer();
    let head = "HEAD /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let next = "GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answers = send_bytes(&server.address, format!("{head}{next}").as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
    assert!(answers.contains("text/event-stream"), "{answers}");
}

#[test]
fn many_streams_ask_the_database_nothing_of_their_own() {
    let database = TestDatabase::migrated();
    let proxy = block_on(RecordingProxy::before(&database.url, scratch_directory("proxy")));
    let server = TestServer::on(database, &proxy.url, &[]);
    let key = server.key(&[Scope::Write]);
    // The follower has read something, so that it knows where streams begin.
    make_label(&server, &key, "Before");
    let mut first = EventStream::open(&server.url("/v1/events"), &[]);
    make_label(&server, &key, "Known");
    while first.next().unwrap().data["slug"] != "known" {}
    let mut streams = Vec::new();
    let seen = proxy.record(|| {
        streams.extend((0..300).map(|_| EventStream::open(&server.url("/v1/events"), &[])));
    });
    assert!(seen.is_empty(), "{} statements, such as {:?}", seen.len(), seen.first());
    let write = proxy.record(|| make_label(&server, &key, "After")).len();
    let write_and_reads = proxy.record(|| {
        make_label(&server, &key, "At Last");
        for stream in &mut streams {
            while stream.next().unwrap().data["slug"] != "at-last" {}
        }
    });
    assert!(
        write_and_reads.len() <= write + 2,
        "{} statements with 300 readers, {write} without",
        write_and_reads.len()
    );
}

#[test]
fn streams_end_when_the_server_stops() {
    let (server, _) = writer();
    let mut streams: Vec<EventStream> = (0..20).map(|_| EventStream::open(&server.url("/v1/events"), &[])).collect();
    server.follower.stop();
    for stream in &mut streams {
        assert_eq!(stream.next(), None);
    }
}

#[test]
fn streams_outlive_the_connections_to_the_database() {
    let (server, key) = writer();
    let mut stream = EventStream::open(&server.url("/v1/events"), &[]);
    for name in ["One", "Two"] {
        server.database.end_sessions();
        wait_until("a write goes through", || {
            send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": name })).status == 201
        });
        assert_eq!(stream.next().unwrap().data["slug"], name.to_lowercase());
    }
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let (server, key) = writer();
    let idle: Vec<EventStream> = (0..5).map(|_| EventStream::open(&server.url("/v1/events"), &[])).collect();
    let mut reading = EventStream::open(&server.url("/v1/events"), &[]);
    let names: Vec<String> = (0..40).map(|number| format!("Label {number}")).collect();
    let operations: Vec<Value> =
        names.iter().map(|name| json!({ "op": "create", "type": "label", "data": { "name": name } })).collect();
    for round in operations.chunks(20) {
        assert_eq!(send(&server, &key, "POST", "/v1/batch", &[], &json!({ "operations": round })).status, 200);
    }
    for _ in &names {
        assert_eq!(reading.next().unwrap().name, "change");
    }
    drop(idle);
}

/// What a follower keeps: by id, what is its own of a resource, and its references by id.
type Copy = BTreeMap<String, Value>;

/// What is a resource's own, with the ids of what it refers to.
fn own(resource: &Value) -> Value {
    let ids = |list: &Value| -> Vec<Value> {
        list.as_array().into_iter().flatten().map(|reference| reference["id"].clone()).collect()
    };
    json!({
        "version": resource["version"], "slug": resource["slug"], "title": resource["title"], "name": resource["name"],
        "text": resource["text"], "summary": resource["summary"], "labels": ids(&resource["labels"]),
        "authors": ids(&resource["authors"]), "speaker": resource["speaker"]["id"], "parent": resource["parent"]["id"],
    })
}

/// Does what a change asks of whoever keeps a copy.
fn follow(server: &TestServer, copy: &mut Copy, change: &Value) {
    let id = change["id"].as_str().unwrap();
    if change["action"] == "removed" {
        copy.remove(id);
        return;
    }
    let answer = server.get(change["url"].as_str().unwrap());
    match answer.status {
        200 => copy.insert(id.to_owned(), own(&answer.data())),
        // It is gone again already, of which a later change tells.
        _ => copy.remove(id),
    };
}

/// What is public.
fn public(server: &TestServer) -> Copy {
    let mut copy = Copy::new();
    for collection in ["articles", "people", "quotes", "labels"] {
        let mut url = format!("/v1/{collection}?limit=100");
        loop {
            let list = server.get(&url).json();
            for resource in list["data"].as_array().unwrap() {
                copy.insert(resource["id"].as_str().unwrap().to_owned(), own(resource));
            }
            match list["links"]["next"].as_str() {
                Some(next) => url = next.to_owned(),
                None => break,
            }
        }
    }
    copy
}

/// One write of many kinds; whether it succeeds depends on what the others do.
fn write_something(server: &TestServer, key: &str, random: &mut StdRng) {
    let slug = |random: &mut StdRng| format!("tale-{}", random.random_range(0..6));
    let label = |random: &mut StdRng| format!("Theme {}", random.random_range(0..4));
    let speaker = ["Ada Quill", "Bram Oster", "Cora Vane"][random.random_range(0..3)];
    let words = ["late for supper", "fond of the rain", "seen on a Monday"][random.random_range(0..3)];
    let body = format!("\u{201c}A gull is never {words} at all,\u{201d} said {speaker}.");
    let status = ["draft", "published", "archived"][random.random_range(0..3)];
    let path = format!("/v1/articles/{}", slug(random));
    match random.random_range(0..8) {
        0 | 1 => {
            let draft = json!({ "title": "Tale", "slug": slug(random), "status": status, "body_source": body, "labels": [label(random)], "authors": ["Ida Marlow"] });
            send(server, key, "POST", "/v1/articles", &[], &draft);
        }
        2 | 3 => {
            send(server, key, "PATCH", &path, ANY, &json!({ "status": status, "body_source": body }));
        }
        4 => {
            send(server, key, "PATCH", &path, ANY, &json!({ "labels": [label(random), label(random)] }));
        }
        5 => {
            send_empty(server, key, "DELETE", &path, ANY);
        }
        6 => {
            send_empty(server, key, "POST", &format!("{path}/restore"), ANY);
        }
        _ => {
            let (one, other) = (random.random_range(0..4), random.random_range(0..4));
            let merge = format!("/v1/labels/theme-{one}/merge");
            let merged = send(server, key, "POST", &merge, ANY, &json!({ "into": format!("theme-{other}") }));
            if merged.status == 201 && random.random_range(0..2) == 0 {
                let id = merged.json()["data"]["id"].as_str().unwrap().to_owned();
                send_empty(server, key, "POST", &format!("/v1/merges/{id}/undo"), ANY);
            }
        }
    }
}

#[test]
fn followers_of_both_kinds_rebuild_the_public_content_under_concurrent_writers() {
    let (server, key) = writer();
    make_label(&server, &key, "Sentinel");
    let is_over = AtomicBool::new(false);
    let (pages, streamed) = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|seed| {
                let (server, key) = (&server, &key);
                scope.spawn(move || {
                    let mut random = StdRng::seed_from_u64(seed);
                    for _ in 0..60 {
                        write_something(server, key, &mut random);
                    }
                })
            })
            .collect();
        // A long transaction past the program, which commits after many that began later.
        let long = scope.spawn(|| {
            for _ in 0..5 {
                server.database.execute(
                    "BEGIN; UPDATE labels SET version = version + 1 WHERE slug = 'sentinel'; SELECT pg_sleep(0.2); COMMIT",
                );
            }
        });
        let by_pages = scope.spawn(|| {
            let (mut copy, mut since, mut random) = (Copy::new(), String::new(), StdRng::seed_from_u64(7));
            loop {
                let was_over = is_over.load(Ordering::Relaxed);
                let limit = random.random_range(1..20);
                let part = server.get(&format!("/v1/changes?limit={limit}{since}")).json();
                for change in part["data"].as_array().unwrap() {
                    follow(&server, &mut copy, change);
                }
                since = format!("&since={}", part["meta"]["cursor"].as_str().unwrap());
                if was_over && part["meta"]["has_more"] == false {
                    return copy;
                }
            }
        });
        let by_events = scope.spawn(|| {
            let (mut copy, mut random) = (Copy::new(), StdRng::seed_from_u64(8));
            let beginning = "AQAAAAAAAAAAAAAAAAAAAAAA";
            let mut stream = EventStream::resume(&server.url("/v1/events"), beginning, &[]);
            loop {
                let event = stream.next().unwrap();
                assert_eq!(event.name, "change");
                follow(&server, &mut copy, &event.data);
                if event.data["slug"] == "the-end" {
                    return copy;
                }
                if random.random_range(0..10) == 0 {
                    stream = EventStream::resume(&server.url("/v1/events"), &stream.last_id, &[]);
                }
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        long.join().unwrap();
        make_label(&server, &key, "The End");
        is_over.store(true, Ordering::Relaxed);
        (by_pages.join().unwrap(), by_events.join().unwrap())
    });
    let public = public(&server);
    assert!(public.len() > 10, "{}", public.len());
    assert_eq!(pages, public);
    assert_eq!(streamed, public);
}
