//! Scheduled articles whose time has come: published once each, however many servers run.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::articles::schedule;
use verbatim::clock::Clock;
use verbatim::db::{Address, Pool, PoolSettings, open_pool};

use crate::support::{TestServer, block_on, runtime, wait_until};
use crate::writing::{ANY, send, send_empty};

const SHORT: &str = "\u{201c}A gull is never late for supper,\u{201d} said Bram Oster.";
const LONG: &str =
    "\u{201c}A gull is never late for supper, whatever the weather forecast says,\u{201d} said Bram Oster.";

fn writer() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    (server, key)
}

/// The connections of one more server on the database.
fn instance(server: &TestServer) -> Pool {
    let address = Address::parse(&server.database.url).unwrap();
    let settings = PoolSettings { connections: 2, statement_timeout: Duration::from_secs(30) };
    block_on(async { open_pool(&address, settings).unwrap() })
}

fn now() -> DateTime<Utc> {
    Clock::System.now()
}

/// Makes an article that is scheduled for a year that is far away.
pub fn schedule_article(server: &TestServer, key: &str, draft: &Value) {
    let mut draft = draft.clone();
    draft["status"] = json!("scheduled");
    draft["published_at"] = json!("2300-01-01T00:00:00Z");
    let made = send(server, key, "POST", "/v1/articles", &[], &draft);
    assert_eq!(made.status, 201, "{}", made.text);
}

/// Lets the time of every scheduled article come.
pub fn come(server: &TestServer) {
    server
        .database
        .execute("UPDATE articles SET published_at = now() - interval '1 minute' WHERE status = 'scheduled'");
}

/// What the schedule did to articles: slug and versions.
pub fn done(server: &TestServer) -> Vec<String> {
    server.database.query(
        "SELECT slug || ' ' || action || ' ' || version_before || '-' || version_after FROM changes \
         JOIN articles ON articles.id = resource_id WHERE actor = 'schedule' AND request_id IS NULL ORDER BY slug",
    )
}

#[test]
fn each_article_that_is_due_is_published_once_however_many_servers_there_are() {
    let (server, key) = writer();
    let slugs: Vec<String> = (10..22).map(|number| format!("tide-{number}")).collect();
    for slug in &slugs {
        schedule_article(&server, &key, &json!({ "title": "Tide", "slug": slug, "body_source": SHORT }));
    }
    come(&server);
    let instances: [Pool; 3] = std::array::from_fn(|_| instance(&server));
    let [one, two, three] = &instances;
    let published = block_on(async {
        let now = now();
        let (one, two, three) = tokio::join!(
            schedule::publish_due(one, now),
            schedule::publish_due(two, now),
            schedule::publish_due(three, now),
        );
        one.unwrap() + two.unwrap() + three.unwrap()
    });
    assert_eq!(published, 12);
    let expected: Vec<String> = slugs.iter().map(|slug| format!("{slug} updated 1-2")).collect();
    assert_eq!(done(&server), expected);
    assert_eq!(server.database.query("SELECT DISTINCT status FROM articles"), ["published"]);
    let revisions = server.get_with(&key, "/v1/articles/tide-10/revisions").data();
    assert_eq!((&revisions[0]["version"], &revisions[0]["actor"]), (&json!(2), &json!("schedule")));
    let content = server.get_with(&key, "/v1/articles/tide-10/revisions/2").data()["content"].take();
    assert_eq!(content["status"], "published");
    assert_eq!(block_on(schedule::publish_due(one, now())).unwrap(), 0, "and not again");
}

#[test]
fn what_is_not_due_stays_as_it_is() {
    let (server, key) = writer();
    schedule_article(&server, &key, &json!({ "title": "Deleted" }));
    come(&server);
    schedule_article(&server, &key, &json!({ "title": "Later" }));
    let draft = json!({ "title": "Draft", "published_at": "2020-01-01T00:00:00Z" });
    send(&server, &key, "POST", "/v1/articles", &[], &draft);
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/articles/deleted", ANY).status, 204);
    let pool = instance(&server);
    assert_eq!(block_on(schedule::publish_due(&pool, now())).unwrap(), 0);
    assert_eq!(server.get_with(&key, "/v1/articles/later").data()["status"], "scheduled");
    assert_eq!(server.get_with(&key, "/v1/articles/draft").data()["status"], "draft");
    assert_eq!(send_empty(&server, &key, "POST", "/v1/articles/deleted/restore", ANY).status, 200);
    assert_eq!(block_on(schedule::publish_due(&pool, now())).unwrap(), 1, "due as soon as it is back");
    assert_eq!(done(&server), ["deleted updated 3-4"]);
}

#[test]
fn a_quote_says_what_its_longest_published_printing_says() {
    let (server, key) = writer();
    let first = json!({ "title": "First", "status": "published", "body_source": SHORT });
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &first).status, 201);
    let pull = json!([{ "text": "A gull is never late for supper", "speaker": "Bram Oster" }]);
    schedule_article(&server, &key, &json!({ "title": "Second", "body_source": LONG, "quotes": pull }));
    let texts = || server.get("/v1/quotes").column("/text");
    assert_eq!(texts(), ["A gull is never late for supper,"], "nothing of what is scheduled shows");
    come(&server);
    assert_eq!(server.get("/v1/articles/second").status, 200, "it is public by itself");
    block_on(schedule::publish_due(&instance(&server), now())).unwrap();
    assert_eq!(texts(), ["A gull is never late for supper, whatever the weather forecast says,"]);
}

#[test]
fn the_schedule_goes_on_when_the_database_comes_back() {
    let (server, key) = writer();
    schedule_article(&server, &key, &json!({ "title": "Tide" }));
    come(&server);
    let pool = instance(&server);
    server.database.let_in(false);
    server.database.end_sessions();
    assert!(block_on(schedule::publish_due(&pool, now())).is_err());
    let task = runtime().spawn(schedule::run(pool, Clock::System));
    server.database.let_in(true);
    wait_until("the article is published", || done(&server) == ["tide updated 1-2"]);
    schedule_article(&server, &key, &json!({ "title": "Ebb" }));
    come(&server);
    wait_until("the next one is", || done(&server).len() == 2);
    task.abort();
}
