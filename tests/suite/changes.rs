//! The change log as a follower reads it page by page.

use std::time::Duration;

use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::articles::schedule;
use verbatim::clock::Clock;
use verbatim::db::{Address, PoolSettings, open_pool};

use crate::schedule::{come, schedule_article};
use crate::support::cluster::client;
use crate::support::{TestServer, block_on, wait_until};
use crate::writing::{ANY, send, send_empty};

const BODY: &str = "\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour master.";

fn writer() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    (server, key)
}

/// A place in the changes, from which a follower goes on.
#[derive(Default)]
struct Follower {
    since: Option<String>,
}

impl Follower {
    /// The changes since the last time, to the end, as `type slug action` and the reason of a removal.
    fn news(&mut self, server: &TestServer) -> Vec<String> {
        self.changes(server, 1000, "").iter().map(told).collect()
    }

    fn changes(&mut self, server: &TestServer, limit: usize, query: &str) -> Vec<Value> {
        let mut changes = Vec::new();
        loop {
            let since = self.since.as_ref().map(|since| format!("&since={since}")).unwrap_or_default();
            let answer = server.get(&format!("/v1/changes?limit={limit}{query}{since}"));
            assert_eq!(answer.status, 200, "{}", answer.text);
            let mut part = answer.json();
            changes.append(part["data"].as_array_mut().unwrap());
            self.since = Some(part["meta"]["cursor"].as_str().unwrap().to_owned());
            if part["meta"]["has_more"] == false {
                return changes;
            }
        }
    }
}

fn told(change: &Value) -> String {
    let text = |name: &str| change[name].as_str().unwrap_or_default().to_owned();
    let words = [text("type"), text("slug"), text("action"), text("reason")];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn article(title: &str, status: &str) -> Value {
    json!({ "title": title, "status": status, "body_source": BODY, "labels": ["Sea"], "authors": ["Ida Marlow"] })
}

/// Brings forward what the time has come of.
fn let_time_pass(server: &TestServer) {
    let address = Address::parse(&server.database.url).unwrap();
    let settings = PoolSettings { connections: 1, statement_timeout: Duration::from_secs(30) };
    block_on(async {
        let pool = open_pool(&address, settings).unwrap();
        schedule::publish_due(&pool, Clock::System.now()).await.unwrap();
    });
}

#[test]
fn what_becomes_public_is_added_with_all_that_it_shows_and_what_leaves_the_public_is_removed() {
    let (server, key) = writer();
    let mut follower = Follower::default();
    assert_eq!(follower.news(&server), Vec::<String>::new());
    send(&server, &key, "POST", "/v1/articles", &[], &article("Tide", "draft"));
    assert_eq!(follower.news(&server), Vec::<String>::new(), "a draft is nobody's business");
    send(&server, &key, "PATCH", "/v1/articles/tide", ANY, &json!({ "status": "published" }));
    let everything =
        ["label sea added", "person ada-quill added", "person ida-marlow added", "quote added", "article tide added"];
    let mut news = follower.news(&server);
    news[1..3].sort();
    assert_eq!(news, everything);
    send(&server, &key, "PATCH", "/v1/articles/tide", ANY, &json!({ "summary": "At the quay." }));
    assert_eq!(follower.news(&server), ["article tide updated"]);
    send(&server, &key, "PATCH", "/v1/articles/tide", ANY, &json!({ "status": "draft", "slug": "secret" }));
    let removed = ["label", "person", "person", "quote", "article"].map(|what| format!("{what} removed hidden"));
    assert_eq!(follower.news(&server), removed);
    send(&server, &key, "PATCH", "/v1/articles/secret", ANY, &json!({ "summary": "Nobody reads it." }));
    assert_eq!(follower.news(&server), Vec::<String>::new());
    let log = server.get("/v1/changes");
    assert_eq!(log.data().as_array().unwrap().len(), 11, "from the beginning, each change once");
    assert!(
        !log.text.contains("tide") && !log.text.contains("quill"),
        "names are gone with what bore them: {}",
        log.text
    );
}

#[test]
fn deletions_merges_and_purges_tell_why_and_what_stands_in_their_place() {
    let (server, key) = writer();
    let admin = server.key(&[Scope::Admin]);
    let mut follower = Follower::default();
    for name in ["Boats", "Ships", "Ports"] {
        send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": name }));
    }
    let mut draft = article("Tide", "published");
    draft["labels"] = json!(["Boats"]);
    send(&server, &key, "POST", "/v1/articles", &[], &draft);
    follower.news(&server);
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/labels/ports?reason=A+mistake.", ANY).status, 204);
    let removed = follower.changes(&server, 10, "").remove(0);
    assert_eq!(told(&removed), "label ports removed deleted");
    assert_eq!((&removed["detail"], &removed["version"]), (&json!("A mistake."), &json!(1)));
    assert_eq!(send_empty(&server, &key, "POST", "/v1/labels/ports/restore", ANY).status, 200);
    assert_eq!(follower.news(&server), ["label ports added"]);
    let merge = send(&server, &key, "POST", "/v1/labels/boats/merge", ANY, &json!({ "into": "ships" }));
    let changes = follower.changes(&server, 10, "");
    let mut news: Vec<String> = changes.iter().map(told).collect();
    news.sort();
    assert_eq!(news, ["article tide updated", "label boats removed merged", "label ships updated"]);
    let ships = server.get("/v1/labels/ships").data()["id"].take();
    let successor = changes.iter().find_map(|change| change.get("successor")).unwrap();
    assert_eq!(successor["id"], ships);
    assert_eq!(server.get(successor["url"].as_str().unwrap()).status, 200);
    let merge = merge.json()["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(send_empty(&server, &key, "POST", &format!("/v1/merges/{merge}/undo"), ANY).status, 200);
    let mut news = follower.news(&server);
    news.sort();
    assert_eq!(news, ["article tide updated", "label boats added", "label ships updated"]);
    assert_eq!(send_empty(&server, &admin, "DELETE", "/v1/labels/ports?purge=true", ANY).status, 204);
    assert_eq!(follower.news(&server), ["label removed purged"]);
    let log = server.get("/v1/changes").text;
    assert!(!log.contains("ports") && !log.contains("A mistake"), "{log}");
}

#[test]
fn what_is_scheduled_is_added_when_its_time_comes() {
    let (server, key) = writer();
    let mut follower = Follower::default();
    schedule_article(&server, &key, &article("Tide", "scheduled"));
    assert_eq!(follower.news(&server), Vec::<String>::new());
    come(&server);
    let_time_pass(&server);
    assert_eq!(follower.news(&server).len(), 5, "the article, and all that only it shows");
    assert_eq!(server.database.query("SELECT count(*) FROM unannounced"), ["0"]);
}

#[test]
fn what_becomes_public_by_the_time_alone_waits_for_its_time() {
    let (server, key) = writer();
    let mut follower = Follower::default();
    schedule_article(&server, &key, &article("Tide", "scheduled"));
    let due = || server.database.query("SELECT DISTINCT due_at = '2300-01-01Z' FROM unannounced");
    assert_eq!(due(), ["t"]);
    let announce = |at: &str| server.database.query(&format!("SELECT count(*) FROM announce_changes('{at}')"));
    assert_eq!(announce("2299-12-31T23:59:59Z"), ["0"]);
    assert_eq!(announce("2300-01-01T00:00:00Z"), ["5"]);
    assert_eq!(follower.news(&server).len(), 5);
}

#[test]
fn what_people_are_printed_to_be_is_told_when_the_time_of_the_article_comes() {
    let (server, key) = writer();
    let mut follower = Follower::default();
    let printing = |title: &str, words: &str, role: &str| {
        let quote = json!({ "text": words, "speaker": "Ada Quill", "role": role });
        json!({ "title": title, "status": "published", "quotes": [quote] })
    };
    send(&server, &key, "POST", "/v1/articles", &[], &printing("Ebb", "The ebb is stronger than it looks", "pilot"));
    follower.news(&server);
    let as_it_comes = || server.database.execute("SELECT announce_changes('2300-01-01T00:00:00Z')");
    schedule_article(&server, &key, &printing("Tide", "Nobody has ever hurried a tide", "harbour master"));
    assert_eq!(follower.news(&server), Vec::<String>::new());
    let told_to_editors = server.get_with(&key, "/v1/changes?drafts=true&type=person");
    let told_to_editors: Vec<String> = told_to_editors.data().as_array().unwrap().iter().map(told).collect();
    assert_eq!(told_to_editors, ["person ada-quill added", "person ada-quill updated"], "they see it already");

    // What was to come and does not is not told when it would have been.
    let again = json!({ "status": "scheduled", "published_at": "2300-01-01T00:00:00Z" });
    for (patch, news) in [
        (json!({ "status": "draft" }), &[][..]),
        (again, &["person ada-quill updated", "quote added", "article tide added"]),
    ] {
        assert_eq!(send(&server, &key, "PATCH", "/v1/articles/tide", ANY, &patch).status, 200);
        assert_eq!(follower.news(&server), Vec::<String>::new());
        as_it_comes();
        assert_eq!(follower.news(&server), news);
    }
    as_it_comes();
    assert_eq!(follower.news(&server), Vec::<String>::new(), "each change once");
    assert_eq!(server.database.query("SELECT count(*) FROM unannounced"), ["0"]);
}

#[test]
fn a_change_is_told_when_it_commits_however_long_that_takes_and_none_is_passed_over() {
    let (server, key) = writer();
    let mut follower = Follower::default();
    for name in ["Long", "Short"] {
        send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": name }));
    }
    follower.news(&server);
    let change = |slug: &str| format!("UPDATE labels SET version = version + 1 WHERE slug = '{slug}'");
    let long = block_on(client(&server.database.url));
    // Begun first, and with the older number.
    block_on(long.batch_execute(&format!("BEGIN; {}", change("long")))).unwrap();
    send(&server, &key, "PATCH", "/v1/labels/short", ANY, &json!({ "name": "Shorter" }));
    assert_eq!(follower.news(&server), ["label short updated"], "nobody waits for what has not committed");
    block_on(long.batch_execute("SELECT announce_changes(now()); COMMIT")).unwrap();
    assert_eq!(follower.news(&server), ["label long updated"], "and it is told though it began before");

    // One that has announced and not committed: whoever announces next gets the next position, after it.
    block_on(long.batch_execute(&format!("BEGIN; {}; SELECT announce_changes(now())", change("long")))).unwrap();
    std::thread::scope(|scope| {
        let writing = scope
            .spawn(|| send(&server, &key, "PATCH", "/v1/labels/short", ANY, &json!({ "name": "Shortest" })).status);
        let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        wait_until("the other one waits", || server.database.query(waits) == ["1"]);
        assert_eq!(follower.news(&server), Vec::<String>::new(), "neither before the other");
        block_on(long.batch_execute("COMMIT")).unwrap();
        assert_eq!(writing.join().unwrap(), 200);
    });
    assert_eq!(follower.news(&server), ["label long updated", "label short updated"]);
}

#[test]
fn nobody_who_announces_waits_for_what_another_is_noting() {
    let (server, key) = writer();
    schedule_article(&server, &key, &article("Tide", "scheduled"));
    server.database.execute("UPDATE unannounced SET due_at = '-infinity'");
    let long = block_on(client(&server.database.url));
    block_on(long.batch_execute("BEGIN; UPDATE articles SET version = version + 1 WHERE slug = 'tide'")).unwrap();
    server.database.execute("SELECT announce_changes(now())");
    let mut follower = Follower::default();
    let news = follower.news(&server);
    assert!(news.is_empty(), "the others are not public yet, and the article is the other's to tell of: {news:?}");
    send(&server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Free" }));
    assert_eq!(follower.news(&server), ["label free added"]);
    block_on(long.batch_execute("SELECT announce_changes(now()); COMMIT")).unwrap();
    let left = "SELECT count(*) FROM unannounced WHERE due_at < '2300-01-01Z'";
    assert_eq!(server.database.query(left), ["0"]);
}

#[test]
fn positions_tell_nothing_of_what_is_hidden_or_rolled_back() {
    let (server, key) = writer();
    let mut follower = Follower::default();
    let label = |name: &str| json!({ "name": name });
    send(&server, &key, "POST", "/v1/labels", &[], &label("One"));
    send(&server, &key, "POST", "/v1/articles", &[], &json!({ "title": "Hidden" }));
    send(&server, &key, "POST", "/v1/labels?dry_run=true", &[], &label("Two"));
    send(&server, &key, "POST", "/v1/labels", &[], &label("Three"));
    assert_eq!(follower.news(&server), ["label one added", "label three added"]);
    let positions =
        "SELECT string_agg(position::text, ' ' ORDER BY position) FROM announcements WHERE audience = 'public'";
    assert_eq!(server.database.query(positions), ["1 2"]);
}

#[test]
fn a_part_goes_on_where_the_last_one_ended() {
    let server = TestServer::with_sample();
    let all = Follower::default().changes(&server, 1000, "");
    assert!(all.len() > 100, "{}", all.len());
    assert_eq!(Follower::default().changes(&server, 7, ""), all);
    let labels = Follower::default().changes(&server, 3, "&type=label");
    let expected: Vec<&Value> = all.iter().filter(|change| change["type"] == "label").collect();
    assert_eq!(labels.iter().collect::<Vec<_>>(), expected);
    let one = all[4]["cursor"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/changes?limit=1&since={one}")).json()["data"][0], all[5]);
    let first = server.get("/v1/changes?limit=2&type=article");
    let next = first.json()["links"]["next"].as_str().unwrap().to_owned();
    assert_eq!(first.header("link"), format!("<{next}>; rel=\"next\""));
    assert_eq!(server.get(&next).json()["data"].as_array().unwrap().len(), 2);
    let mut filtered = Follower::default();
    filtered.changes(&server, 5, "&type=quote");
    assert_eq!(filtered.changes(&server, 5, ""), Vec::<Value>::new(), "the place stands for what was passed over too");
}

#[test]
fn a_place_that_is_none_is_refused() {
    let (server, key) = writer();
    let other = TestServer::start();
    for server in [&server, &other] {
        let key = server.key(&[Scope::Write]);
        send(server, &key, "POST", "/v1/labels", &[], &json!({ "name": "Sea" }));
    }
    let cursor = |server: &TestServer, query: &str| {
        let answer = server.get_with(&server.key(&[Scope::Drafts]), &format!("/v1/changes?{query}"));
        answer.json()["meta"]["cursor"].as_str().unwrap().to_owned()
    };
    for strange in ["AAAA", &cursor(&other, ""), &cursor(&server, "drafts=true")] {
        let answer = server.get(&format!("/v1/changes?since={strange}"));
        assert_eq!(answer.status, 400);
        assert_eq!(answer.problem()["code"], "invalid_cursor");
    }
    assert_eq!(server.get("/v1/changes?drafts=true").status, 401);
    assert_eq!(server.get_with(&server.key(&[Scope::Read]), "/v1/changes?drafts=true").status, 403);
    assert_eq!(server.get_with(&key, "/v1/changes?drafts=true").status, 200);
}

#[test]
fn editors_are_told_of_drafts() {
    let (server, key) = writer();
    send(&server, &key, "POST", "/v1/articles", &[], &article("Tide", "draft"));
    send(&server, &key, "PATCH", "/v1/articles/tide", ANY, &json!({ "status": "published" }));
    send_empty(&server, &key, "DELETE", "/v1/articles/tide", ANY);
    let answer = server.get_with(&key, "/v1/changes?drafts=true&type=article");
    let news: Vec<String> = answer.data().as_array().unwrap().iter().map(told).collect();
    assert_eq!(news, ["article tide added", "article tide updated", "article tide removed deleted"]);
}

#[test]
fn what_was_there_before_the_log_is_in_it() {
    let (server, key) = writer();
    send(&server, &key, "POST", "/v1/articles", &[], &article("Tide", "published"));
    schedule_article(&server, &key, &article("Ebb", "scheduled"));
    let migration = include_str!("../../migrations/2026-11-22-180000_create_announcements/up.sql");
    let (_, backfill) = migration.split_once("-- What was there before").unwrap();
    server.database.execute(&format!("TRUNCATE announcements, unannounced; --{backfill}"));
    let news = Follower::default().news(&server);
    assert_eq!(news.len(), 5);
    let waiting = "SELECT resource_type FROM unannounced ORDER BY 1";
    assert_eq!(server.database.query(waiting), ["article"], "only it is not public through the other");
}
