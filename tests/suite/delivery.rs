//! Delivery: repeated reads come from memory, and none is ever out of date.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::delivery::rules::Rules;
use verbatim::values::id::{ArticleId, LabelId};

use crate::document::{document, operations};
use crate::support::cluster::scratch_directory;
use crate::support::http::{Answer, exchange_bytes};
use crate::support::proxy::{RecordingProxy, Statement};
use crate::support::valve::Valve;
use crate::support::{TestDatabase, TestServer, block_on, wait_until};
use crate::writing::{ANY, send, send_empty};

/// Settings with which answers are kept.
pub const CACHED: &[(&str, &str)] = &[("VERBATIM_CACHE_BYTES", "16777216")];

/// The precondition of what is to be made.
const NONE_YET: &[(&str, &str)] = &[("if-none-match", "*")];

/// Articles have pages, which sitemaps name.
const ON_SITE: &[(&str, &str)] = &[("VERBATIM_ARTICLE_URL", "https://paper.example/{slug}")];

const ARTICLE: &str = "/v1/articles/the-ferry-bell-comes-home";

/// Waits until a server may answer from memory.
pub fn warm(server: &TestServer) {
    wait_until("changes are heard", || server.cache.is_current());
}

/// A server on the sample content that keeps answers, behind something that sees its statements.
fn watched() -> (TestServer, RecordingProxy) {
    let database = TestDatabase::migrated();
    let proxy = block_on(RecordingProxy::before(&database.url, scratch_directory("proxy")));
    let server = TestServer::on(database, &proxy.url, CACHED);
    server.import_sources(verbatim::imports::sample_sources(), verbatim::clock::Clock::System);
    server.catch_up();
    (server, proxy)
}

/// The statements that a reader makes the server run.
fn statements(proxy: &RecordingProxy, work: impl FnOnce()) -> Vec<Statement> {
    let mut seen = proxy.record(work);
    seen.retain(|statement| !statement.sql.contains("pg_notify"));
    seen
}

fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    server.send("GET", path, headers)
}

#[test]
fn a_repeated_read_runs_no_statement_however_it_is_put() {
    let (server, proxy) = watched();
    for (first, again) in [
        (ARTICLE, ARTICLE),
        (ARTICLE, "/v1/articles/the-ferry-bell-comes-home?"),
        ("/v1/articles?limit=5&label=harbour", "/v1/articles?label=harbour&limit=5"),
        ("/v1/articles?limit=20&descendants=false", "/v1/articles"),
        ("/v1/quotes", "/v1/quotes?limit=20"),
        ("/v1/search?q=ferry", "/v1/search?limit=5&q=ferry"),
        ("/v1/suggest?q=fer", "/v1/suggest?q=fer"),
        ("/feeds/articles.atom?limit=5&label=harbour", "/feeds/articles.atom?label=harbour&limit=5"),
        ("/feeds/articles.rss", "/feeds/articles.rss"),
        ("/feeds/articles.json", "/feeds/articles.json"),
        ("/sitemap.xml", "/sitemap.xml"),
        ("/sitemaps/articles.xml?month=2026-03", "/sitemaps/articles.xml?month=2026-03"),
        ("/news-sitemap.xml", "/news-sitemap.xml"),
        (
            "/oembed?url=/v1/articles/the-ferry-bell-comes-home&format=json",
            "/oembed?format=json&url=/v1/articles/the-ferry-bell-comes-home",
        ),
    ] {
        let made = server.get(first);
        assert_eq!(made.status, 200, "{}", made.text);
        for method in ["GET", "HEAD"] {
            let seen = statements(&proxy, || {
                let kept = server.send(method, again, &[]);
                assert_eq!(kept.header("etag"), made.header("etag"), "{again}");
                assert_eq!(kept.text, if method == "GET" { made.text.as_str() } else { "" });
                assert_ne!(kept.header("x-request-id"), made.header("x-request-id"));
            });
            assert!(seen.is_empty(), "{method} {again}: {seen:?}");
        }
        let seen = statements(&proxy, || {
            let unmodified = get(&server, again, &[("if-none-match", made.header("etag"))]);
            assert_eq!((unmodified.status, unmodified.header("etag")), (304, made.header("etag")), "{again}");
        });
        assert!(seen.is_empty(), "{again}: {seen:?}");
    }
}

/// The headers of an answer in an encoding, in order, and its body.
fn encoded(server: &TestServer, path: &str, encoding: &str) -> (Vec<String>, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n");
    let answer = exchange_bytes(&server.address, request.as_bytes());
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines: Vec<String> = head.lines().map(str::to_ascii_lowercase).collect();
    lines.retain(|line| !line.starts_with("x-request-id") && !line.starts_with("date"));
    lines.sort();
    (lines, answer[end + 4..].to_vec())
}

fn decoded(encoding: &str, body: &[u8]) -> String {
    let mut text = String::new();
    match encoding {
        "gzip" => flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap(),
        "br" => brotli::Decompressor::new(body, 4096).read_to_string(&mut text).unwrap(),
        _ => zstd::Decoder::new(body).unwrap().read_to_string(&mut text).unwrap(),
    };
    text
}

#[test]
fn every_encoding_is_made_of_the_same_answer_once() {
    let (server, proxy) = watched();
    let plain = server.get(ARTICLE);
    let raw = |encoding: &str| encoded(&server, ARTICLE, encoding);
    for (encoding, wanted) in [("gzip", "gzip"), ("gzip, deflate, br, zstd", "br"), ("zstd;q=0.5, gzip;q=0.1", "zstd")]
    {
        let seen = statements(&proxy, || {
            let (first, body) = raw(encoding);
            let strong = plain.header("etag").trim_matches('"');
            assert!(first.contains(&format!("content-encoding: {wanted}")), "{first:?}");
            assert!(first.contains(&format!("etag: \"{strong}-{wanted}\"")), "{first:?}");
            assert_eq!(decoded(wanted, &body), plain.text);
            assert_eq!(raw(encoding), (first, body));
        });
        assert!(seen.is_empty(), "{encoding}: {seen:?}");
    }
    let held = plain.header("etag");
    let answer = get(&server, ARTICLE, &[("accept-encoding", "gzip"), ("if-none-match", held)]);
    assert_eq!((answer.status, answer.header("etag")), (304, held), "who has it in another encoding has it");
}

#[test]
fn an_answer_is_the_same_from_memory_and_from_the_database() {
    let (server, _proxy) = watched();
    let told = |headers: &[(&str, &str)], path: &str| {
        let answer = get(&server, path, headers);
        let names = answer.header_names().into_iter().filter(|name| !["x-request-id", "date"].contains(name));
        let mut shown: Vec<String> = names.map(|name| format!("{name}: {}", answer.header(name))).collect();
        shown.sort();
        (answer.status, answer.text.replace(answer.header("x-request-id"), ""), shown)
    };
    for path in [
        ARTICLE,
        "/v1/articles?limit=3",
        "/v1/articles?label=nowhere-at-all",
        "/v1/articles/none",
        "/v1/articles?limit=0",
    ] {
        for headers in [&[][..], &[("origin", "https://example.org")], &[("prefer", "explain")]] {
            let first = told(headers, path);
            assert_eq!(told(headers, path), first, "{path} {headers:?}");
        }
    }
    assert_ne!(told(&[("prefer", "explain")], "/v1/articles?limit=3").1, told(&[], "/v1/articles?limit=3").1);
}

#[test]
fn what_a_key_reads_is_neither_kept_nor_given_from_memory() {
    let (server, proxy) = watched();
    let key = server.key(&[Scope::Drafts]);
    for path in [ARTICLE, "/v1/articles"] {
        for _ in 0..2 {
            let seen = statements(&proxy, || {
                let read = server.get_with(&key, path);
                assert_eq!((read.status, read.header("cache-control")), (200, "private, no-store"));
                assert_eq!(read.header("surrogate-key"), "");
            });
            assert!(seen.len() > 1, "{path}");
        }
        let public = server.get(path);
        assert_eq!(public.header("cache-control"), "public, max-age=0, must-revalidate");
    }
}

#[test]
fn problems_are_told_anew_each_time() {
    let (server, proxy) = watched();
    for (path, status) in [("/v1/articles/none", 404), ("/v1/articles?label=fery-line", 400)] {
        let [one, other] = [server.get(path), server.get(path)].map(|answer| answer.problem());
        assert_eq!(one["status"], status);
        assert_ne!(one["request_id"], other["request_id"]);
        assert!(!statements(&proxy, || drop(server.get(path))).is_empty());
    }
}

#[test]
fn requests_that_come_while_an_answer_is_made_wait_for_it() {
    let (server, proxy) = watched();
    server.get("/v1/labels");
    let alone = statements(&proxy, || drop(server.get("/v1/articles?limit=7"))).len();
    let holder = block_on(crate::support::cluster::client(&server.database.url));
    let seen = statements(&proxy, || {
        block_on(holder.batch_execute("BEGIN; LOCK TABLE article_labels")).unwrap();
        std::thread::scope(|scope| {
            let ask = || {
                let (_, body) = encoded(&server, "/v1/articles?limit=8", "gzip");
                assert!(decoded("gzip", &body).contains("The Ferry Bell Comes Home"));
            };
            let readers: Vec<_> = (0..12).map(|_| scope.spawn(ask)).collect();
            wait_until("a reader waits for the table", || {
                server.database.query("SELECT count(*) FROM pg_locks WHERE NOT granted")[0] != "0"
            });
            // All of them have been taken in: the one worker answers in the order in which requests come.
            let others = || get(&server, "/health/live", &[]);
            assert_eq!(others().status, 200);
            block_on(holder.batch_execute("COMMIT")).unwrap();
            for reader in readers {
                reader.join().unwrap();
            }
        });
    });
    assert_eq!(seen.len(), alone, "{seen:?}");
}

#[test]
fn a_write_is_seen_at_once_and_leaves_what_it_does_not_touch() {
    let (server, proxy) = watched();
    let key = server.key(&[Scope::Write]);
    let other = "/v1/articles/the-choir-of-the-northern-line";
    for path in [ARTICLE, other, "/v1/articles", "/v1/labels/harbour", "/v1/people?limit=3"] {
        server.get(path);
    }
    let patch = json!({ "title": "The Bell Is Home" });
    assert_eq!(send(&server, &key, "PATCH", ARTICLE, ANY, &patch).status, 200);
    assert_eq!(server.get(ARTICLE).data()["title"], "The Bell Is Home");
    let untouched = statements(&proxy, || drop(server.get(other)));
    assert!(untouched.is_empty(), "{untouched:?}");
    let draft = json!({ "title": "Brand New", "status": "published", "labels": ["Harbour"] });
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &draft).status, 201);
    assert_eq!(server.get("/v1/articles").column("/title")[0], "Brand New", "it is in the lists that it belongs in");
    assert!(statements(&proxy, || drop(server.get(other))).is_empty());
    let label = server.get(other).data()["labels"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(send(&server, &key, "PATCH", &label, ANY, &json!({ "name": "Renamed Line" })).status, 200);
    assert_eq!(server.get(other).data()["labels"][0]["name"], "Renamed Line");
}

/// Reads of every kind of collection and resource.
const PUBLIC: [&str; 16] = [
    ARTICLE,
    "/v1/articles",
    "/v1/articles?label=harbour&count=exact&facets=label,speaker,author",
    "/v1/articles?q=ferry",
    "/v1/quotes",
    "/v1/people",
    "/v1/people/ottoline-brask",
    "/v1/people/ottoline-brask/quotes",
    "/v1/labels",
    "/v1/labels/harbour",
    "/v1/labels/harbour/voices",
    "/v1/search?q=harbour",
    "/v1/suggest?q=har",
    "/feeds/articles.atom",
    "/sitemap.xml",
    "/news-sitemap.xml",
];

fn read_all(server: &TestServer) -> Vec<(u16, String)> {
    let read = PUBLIC.iter().map(|path| server.get(path));
    read.map(|answer| (answer.status, answer.text)).collect()
}

#[test]
fn writes_of_what_the_public_does_not_see_leave_everything_in_memory() {
    let (server, proxy) = watched();
    let key = server.key(&[Scope::Write]);
    let before = read_all(&server);
    assert!(before.iter().all(|(status, _)| *status == 200));
    let draft = json!({
        "title": "The Ferry Bell Cracks", "slug": "cracked", "authors": ["Nobody Known"],
        "labels": ["Harbour", { "name": "Cracks", "parent": "Harbour" }],
        "body_source": "\u{201c}The harbour bell is cracked from rim to crown,\u{201d} said Ottoline Brask, the bell founder.",
    });
    let path = "/v1/articles/cracked";
    let patch = |path: &str, body: Value| send(&server, &key, "PATCH", path, ANY, &body);
    let writes: [(&str, &dyn Fn() -> Answer); 6] = [
        ("a draft is made", &|| send(&server, &key, "POST", "/v1/articles", &[], &draft)),
        ("it is changed", &|| patch(path, json!({ "title": "The Ferry Bell", "labels": ["Harbour", "Ferries"] }))),
        ("it is deleted", &|| send_empty(&server, &key, "DELETE", path, ANY)),
        ("it is restored", &|| send_empty(&server, &key, "POST", &format!("{path}/restore"), ANY)),
        ("it is archived", &|| patch(path, json!({ "status": "archived" }))),
        ("another is to become something else", &|| {
            let copy = format!("{ARTICLE}/working-copy");
            send(&server, &key, "PATCH", &copy, NONE_YET, &json!({ "title": "Draft" }))
        }),
    ];
    for (what, write) in writes {
        let answer = write();
        assert!((200..300).contains(&answer.status), "{what}: {}", answer.text);
        // What others are told of it leaves everything too.
        server.catch_up();
        let seen = statements(&proxy, || assert_eq!(read_all(&server), before, "{what}"));
        assert!(seen.is_empty(), "{what}: {seen:?}");
    }
    assert_eq!(patch(path, json!({ "status": "published" })).status, 200);
    for path in ["/v1/articles", "/v1/labels/harbour/voices", "/v1/search?q=harbour", "/feeds/articles.atom"] {
        assert_ne!(server.get(path).text, before[PUBLIC.iter().position(|one| *one == path).unwrap()].1, "{path}");
    }
    assert_eq!(patch(path, json!({ "status": "draft" })).status, 200);
    let lists = [1, 4, 5, 8, 13];
    let after = read_all(&server);
    assert!(lists.iter().all(|list| after[*list] == before[*list]), "nothing of it is left");
}

#[test]
fn a_dry_run_and_a_refused_write_leave_everything() {
    let (server, proxy) = watched();
    let key = server.key(&[Scope::Write]);
    server.get("/v1/articles");
    let draft = json!({ "title": "Not So", "status": "published" });
    assert_eq!(send(&server, &key, "POST", "/v1/articles?dry_run=true", &[], &draft).status, 200);
    assert_eq!(send(&server, &key, "PATCH", ARTICLE, &[("if-match", "\"99\"")], &json!({ "title": "x" })).status, 412);
    assert!(statements(&proxy, || drop(server.get("/v1/articles"))).is_empty());
}

#[test]
fn an_article_appears_when_its_time_comes_without_a_write() {
    let server = TestServer::with(&[CACHED, ON_SITE].concat());
    let key = server.key(&[Scope::Write]);
    warm(&server);
    assert_eq!(server.get("/v1/articles").data(), json!([]));
    let soon = chrono_soon();
    let draft = json!({ "title": "Soon", "status": "scheduled", "published_at": soon });
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &draft).status, 201);
    wait_until("the article is public", || {
        let is_early = now() < soon;
        let is_listed = !server.get("/v1/articles").column("/title").is_empty();
        let is_due = now() >= soon;
        assert!(is_early || is_listed, "the list is older than the article");
        assert!(is_due || !is_listed, "the list is newer than the present");
        for path in ["/feeds/articles.atom", "/feeds/articles.json", "/sitemap.xml", "/news-sitemap.xml"] {
            let is_early = now() < soon;
            let is_shown = server.get(path).text.contains("soon");
            assert!(is_early || is_shown, "{path} is older than the article");
            assert!(is_shown <= (now() >= soon), "{path} is newer than the present");
        }
        is_listed
    });
}

#[test]
fn the_news_end_when_they_are_two_days_old_without_a_write() {
    let server = TestServer::with(&[CACHED, ON_SITE].concat());
    let key = server.key(&[Scope::Write]);
    warm(&server);
    let two_days = Duration::from_secs(48 * 60 * 60);
    let end = verbatim::clock::Clock::System.now() + Duration::from_millis(1500);
    let published_at = (end - two_days).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let draft = json!({ "title": "Late", "status": "published", "published_at": published_at });
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &draft).status, 201);
    wait_until("they are old", || {
        let was_over = verbatim::clock::Clock::System.now() >= end;
        let is_shown = server.get("/news-sitemap.xml").text.contains("late");
        assert!(!(was_over && is_shown), "they are older than two days");
        assert!(is_shown || verbatim::clock::Clock::System.now() >= end, "they are not two days old");
        !is_shown
    });
}

fn now() -> String {
    stamp(Duration::ZERO)
}

fn chrono_soon() -> String {
    stamp(Duration::from_millis(1500))
}

/// An instant in the form of the API, all of one length.
fn stamp(later: Duration) -> String {
    let instant = verbatim::clock::Clock::System.now() + later;
    instant.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

#[test]
fn answers_name_what_a_network_drops_them_by() {
    let server = TestServer::with_sample();
    let article = server.get(ARTICLE);
    let data = article.data();
    let keys: Vec<&str> = article.header("surrogate-key").split(' ').collect();
    assert!(keys.contains(&data["id"].as_str().unwrap()), "{keys:?}");
    assert!(keys.contains(&data["labels"][0]["id"].as_str().unwrap()), "{keys:?}");
    assert!(!keys.contains(&"articles"), "{keys:?}");
    let list = server.get("/v1/articles");
    assert!(list.header("surrogate-key").starts_with("articles "), "{}", list.header("surrogate-key"));
    let chosen = server.get("/v1/articles?label=harbour");
    assert_eq!(chosen.header("surrogate-key"), "articles quotes people labels");
    let without = TestServer::with(&[("VERBATIM_SURROGATE_KEYS", "false")]);
    assert_eq!(without.get("/v1/articles").header("surrogate-key"), "");
}

#[test]
fn what_pages_of_named_origins_read_comes_from_memory_too() {
    let origin = "https://example.org";
    let settings = [CACHED, &[("VERBATIM_CORS_ORIGINS", origin)]].concat();
    let database = TestDatabase::migrated();
    let proxy = block_on(RecordingProxy::before(&database.url, scratch_directory("proxy")));
    let server = TestServer::on(database, &proxy.url, &settings);
    warm(&server);
    get(&server, "/v1/articles", &[("origin", origin)]);
    let seen = statements(&proxy, || {
        let own = get(&server, "/v1/articles", &[("origin", origin)]);
        assert_eq!(own.header("access-control-allow-origin"), origin);
        let other = get(&server, "/v1/articles", &[("origin", "https://elsewhere.example")]);
        assert_eq!((other.status, other.header("access-control-allow-origin")), (200, ""));
    });
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn every_operation_that_anybody_may_ask_is_kept_or_known_not_to_be() {
    let not_kept = ["/v1/changes", "/v1/events", "/openapi.json", "/health/live", "/health/ready"];
    let document = document();
    let gets = operations(&document).into_iter().filter(|(method, _, _)| method == "get");
    let public: Vec<String> = gets
        .filter(|(_, _, operation)| operation["security"][0].as_object().is_some_and(serde_json::Map::is_empty))
        .map(|(_, path, _)| path)
        .collect();
    for path in &public {
        let is_kept = Rules::templates().any(|template| template == path);
        assert!(is_kept != not_kept.contains(&path.as_str()), "{path}: see delivery/rules.rs");
    }
    for template in Rules::templates() {
        assert!(public.iter().any(|path| path == template), "{template} is no operation for everybody");
    }
}

/// Three servers on one database: one that writes and keeps answers, one that keeps answers and hears of writes, and one
/// that keeps none.
struct Instances {
    one: TestServer,
    other: TestServer,
    plain: TestServer,
    key: String,
}

impl Instances {
    fn start() -> Self {
        let plain = TestServer::with(ON_SITE);
        let database = Arc::clone(&plain.database);
        let [one, other] = [[CACHED, ON_SITE].concat(), [CACHED, ON_SITE, &[("VERBATIM_CACHE_LEASE", "400")]].concat()]
            .map(|settings| TestServer::on(Arc::clone(&database), &database.url, &settings));
        warm(&one);
        warm(&other);
        let key = plain.key(&[Scope::Admin]);
        Self { one, other, plain, key }
    }
}

/// What is asked of two servers that must tell the same: every list, and every resource by name, plain and rich.
fn questions(server: &TestServer) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/v1/articles",
        "/v1/articles?include=quotes.speaker,labels,authors&count=exact",
        "/v1/articles?facets=label,speaker,author,year&limit=2",
        "/v1/articles?label=sea",
        "/v1/articles?label[none]=harbour&fields=title,labels.name,authors.name",
        "/v1/articles?quoted=ada-quill",
        "/v1/articles?author=ida-marlow&sort=title",
        "/v1/articles?q=tide",
        "/v1/articles?page=2&limit=2",
        "/v1/quotes",
        "/v1/quotes?speaker=ada-quill&include=speaker",
        "/v1/quotes?label=sea&kind=pull",
        "/v1/quotes/sample?n=5&seed=x",
        "/v1/people",
        "/v1/people?min_quotes=1&sort=name",
        "/v1/people/ada-quill/quotes",
        "/v1/people/ada-quill/articles",
        "/v1/people/ada-quill/co-quoted",
        "/v1/labels",
        "/v1/labels?min_articles=1",
        "/v1/labels/sea/people",
        "/v1/labels/sea/articles",
        "/v1/labels/sea/voices",
        "/v1/labels/sea/related",
        "/v1/labels/resolve?line=Labels:+Sea,+Harbour,+Ferry",
        "/v1/voices?label=sea",
        "/v1/search?q=tide",
        "/v1/suggest?q=ha",
        "/v1/labels/resolve?line=Labels:+Hidden+1,+Hidden+2,+Hidden+3",
        "/v1/articles?label=sea&descendants=true",
        "/feeds/articles.atom",
        "/feeds/articles.rss?label=sea",
        "/feeds/articles.json?quoted=ada-quill&limit=2",
        "/sitemap.xml",
        "/news-sitemap.xml",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push(format!("/sitemaps/articles.xml?month={}", &now()[..7]));
    for (list, view) in [
        ("articles", "include=quotes.speaker,labels"),
        ("people", "fields=name"),
        ("labels", "fields=name"),
        ("quotes", "include=speaker"),
    ] {
        let all = server.get(&format!("/v1/{list}?limit=100"));
        for id in all.column("/id") {
            paths.push(format!("/v1/{list}/{id}"));
            paths.push(format!("/v1/{list}/{id}?{view}"));
            if list == "articles" {
                paths.push(format!("/oembed?url=/v1/articles/{id}"));
                paths.push(format!("/v1/articles/{id}?include=quotes"));
                paths.push(format!("/v1/articles/{id}/quotes"));
            }
        }
    }
    paths
}

/// What a reader learns from an answer.
fn told(server: &TestServer, path: &str) -> (u16, String, String) {
    let answer = server.get(path);
    (answer.status, answer.header("etag").to_owned(), answer.text.replace(answer.header("x-request-id"), ""))
}

/// Does something at random to the content; what is refused changes nothing.
fn write_something(instances: &Instances, random: &mut StdRng, number: usize) -> String {
    let Instances { one, key, .. } = instances;
    let any = |list: &str, random: &mut StdRng| {
        one.get(&format!("/v1/{list}?limit=100")).column("/id").into_iter().choose(random)
    };
    let said =
        ["The tide waits for nobody at all", "A gull is never late for supper", "Rain is only weather after all"];
    let who = ["Ada Quill, the harbour master of the Harbour Trust", "Bram Oster", "Ida Marlow, an officer"];
    let body = |random: &mut StdRng| {
        let quote = |random: &mut StdRng| {
            format!("\u{201c}{},\u{201d} said {}.", said.choose(random).unwrap(), who.choose(random).unwrap())
        };
        format!("It rained.\n\n{}\n\n{}", quote(random), quote(random))
    };
    let labels =
        |random: &mut StdRng| json!(["Sea", "Harbour", "Ferry", "Gulls"].sample(random, 2).collect::<Vec<_>>());
    let hidden = |table: &str| {
        one.database.query(&format!(
            "SELECT id FROM {table} WHERE public_from = 'infinity' AND deleted_at IS NULL ORDER BY random() LIMIT 1"
        ))
    };
    let article = |ids: Vec<String>| {
        ids.first().map_or_else(String::new, |id| format!("/v1/articles/{}", ArticleId(id.parse().unwrap())))
    };
    let kind = random.random_range(0..24);
    let (method, path, body) = match kind {
        0..=2 => {
            let status = *["published", "published", "draft", "scheduled"].choose(random).unwrap();
            let mut draft = json!({
                "title": format!("Number {number}"), "status": status, "labels": labels(random), "authors": ["Ida Marlow"],
                "body_source": body(random), "quotes": [{ "text": *said.choose(random).unwrap(), "speaker": "Ada Quill", "role": format!("role {number}") }],
            });
            if status == "scheduled" {
                draft["published_at"] = stamp(Duration::from_millis(random.random_range(50..400))).into();
            }
            ("POST", "/v1/articles".to_owned(), draft)
        }
        3 => (
            "PATCH",
            any("articles", random).map_or_else(String::new, |id| format!("/v1/articles/{id}")),
            json!({ "title": format!("Title {number}"), "labels": labels(random) }),
        ),
        4 => (
            "PATCH",
            any("articles", random).map_or_else(String::new, |id| format!("/v1/articles/{id}")),
            json!({ "body_source": body(random) }),
        ),
        5 => (
            "PATCH",
            any("articles", random).map_or_else(String::new, |id| format!("/v1/articles/{id}")),
            json!({ "status": "archived" }),
        ),
        6 => (
            "PATCH",
            any("labels", random).map_or_else(String::new, |id| format!("/v1/labels/{id}")),
            json!({ "name": format!("Label {number}") }),
        ),
        7 => (
            "PATCH",
            any("labels", random).map_or_else(String::new, |id| format!("/v1/labels/{id}")),
            json!({ "parent": "Sea", "aliases": [format!("Alias {number}")] }),
        ),
        8 => (
            "PATCH",
            any("people", random).map_or_else(String::new, |id| format!("/v1/people/{id}")),
            json!({ "name": format!("Person Number {number}") }),
        ),
        9 => (
            "PATCH",
            any("quotes", random).map_or_else(String::new, |id| format!("/v1/quotes/{id}")),
            json!({ "speaker": any("people", random) }),
        ),
        10 => {
            let into = any("people", random);
            (
                "POST",
                any("people", random).map_or_else(String::new, |id| format!("/v1/people/{id}/merge")),
                json!({ "into": into }),
            )
        }
        11 => {
            let into = any("labels", random);
            (
                "POST",
                any("labels", random).map_or_else(String::new, |id| format!("/v1/labels/{id}/merge")),
                json!({ "into": into }),
            )
        }
        12 => {
            let merges = one.get_with(key, "/v1/merges?limit=100").column("/id");
            (
                "POST",
                merges.into_iter().choose(random).map_or_else(String::new, |id| format!("/v1/merges/{id}/undo")),
                json!(null),
            )
        }
        13 | 14 => {
            let labels =
                json!(["Sea", { "name": format!("Hidden {number}"), "parent": format!("Hidden {}", number / 2) }]);
            let draft = json!({ "title": format!("Draft {number}"), "labels": labels, "body_source": body(random) });
            ("POST", "/v1/articles".to_owned(), draft)
        }
        15 => ("PATCH", article(hidden("articles")), json!({ "body_source": body(random), "labels": labels(random) })),
        16 | 17 => ("PATCH", article(hidden("articles")), json!({ "status": "published" })),
        18 => ("DELETE", article(hidden("articles")), json!(null)),
        19 => {
            let deleted =
                one.database.query("SELECT id FROM articles WHERE deleted_at IS NOT NULL ORDER BY random() LIMIT 1");
            ("POST", format!("{}/restore", article(deleted)), json!(null))
        }
        20 => (
            "PATCH",
            any("articles", random).map_or_else(String::new, |id| format!("/v1/articles/{id}/working-copy")),
            json!({ "title": format!("Copy {number}"), "body_source": body(random) }),
        ),
        21 => (
            "POST",
            any("articles", random).map_or_else(String::new, |id| format!("/v1/articles/{id}/working-copy/publish")),
            json!(null),
        ),
        22 => {
            let label = hidden("labels").first().map(|id| format!("/v1/labels/{}", LabelId(id.parse().unwrap())));
            (
                "PATCH",
                label.unwrap_or_default(),
                json!({ "name": format!("Hidden {}", number + 1), "parent": any("labels", random) }),
            )
        }
        _ => {
            let list = *["articles", "articles", "quotes", "people", "labels"].choose(random).unwrap();
            let purge = if random.random_bool(0.3) { "?purge=true" } else { "" };
            ("DELETE", any(list, random).map_or_else(String::new, |id| format!("/v1/{list}/{id}{purge}")), json!(null))
        }
    };
    let condition = if path.ends_with("/working-copy") { NONE_YET } else { ANY };
    let answer = match body {
        Value::Null => send_empty(one, key, method, &path, condition),
        body => send(one, key, method, &path, condition, &body),
    };
    assert!(answer.status < 500, "{method} {path}: {}", answer.text);
    format!("{method} {path} {body_of}: {}", answer.status, body_of = answer.text.chars().take(60).collect::<String>())
}

#[test]
fn answers_from_memory_are_those_of_a_server_that_keeps_none() {
    let steps = std::env::var("VERBATIM_TEST_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(12);
    let seed = std::env::var("VERBATIM_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let instances = Instances::start();
    let mut random = StdRng::seed_from_u64(seed);
    let (mut history, mut heard_of) = (Vec::new(), Vec::new());
    for number in 0..steps {
        history.push(write_something(&instances, &mut random, number));
        let questions = questions(&instances.plain).into_iter().sample(&mut random, 30);
        for path in questions {
            // Ask what keeps answers first: nothing that it is told later makes up for an old one.
            let (kept, plain) = (told(&instances.one, &path), told(&instances.plain, &path));
            // Where a time has come between the two, they agree when asked again.
            let again = || (told(&instances.one, &path), told(&instances.plain, &path));
            let (kept, plain) = if kept == plain { (kept, plain) } else { again() };
            assert_eq!(kept, plain, "step {number}, {path}, seed {seed}\n{}", history.join("\n"));
            heard_of.push(path);
        }
        // And what hears of it keeps nothing that is old either.
        instances.other.catch_up();
        for path in heard_of.drain(..) {
            let both = || (told(&instances.other, &path), told(&instances.plain, &path));
            let (kept, plain) = Some(both()).filter(|(kept, plain)| kept == plain).unwrap_or_else(both);
            assert_eq!(kept, plain, "heard of step {number}, {path}, seed {seed}\n{}", history.join("\n"));
        }
    }
}

/// For how long after a proof that it hears an instance answers from memory.
const LEASE: Duration = Duration::from_millis(400);

/// An article that one instance counts up in, and when each number was acknowledged.
struct Counter {
    path: String,
    acknowledged: Mutex<Vec<Instant>>,
}

impl Counter {
    fn make(server: &TestServer, key: &str) -> Self {
        let draft = json!({ "title": "0", "status": "published" });
        let made = send(server, key, "POST", "/v1/articles", &[], &draft).json();
        let path = format!("/v1/articles/{}", made["data"]["id"].as_str().unwrap());
        Self { path, acknowledged: Mutex::new(vec![Instant::now()]) }
    }

    fn count(&self, server: &TestServer, key: &str) {
        let next = self.acknowledged.lock().unwrap().len();
        let answer = send(server, key, "PATCH", &self.path, ANY, &json!({ "title": next.to_string() }));
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.acknowledged.lock().unwrap().push(Instant::now());
    }

    /// How long before `asked` something newer than `shown` was acknowledged already.
    fn age(&self, asked: Instant, shown: &Value) -> Duration {
        let shown: usize = shown["title"].as_str().unwrap().parse().unwrap();
        let acknowledged = self.acknowledged.lock().unwrap();
        acknowledged.get(shown + 1).map_or(Duration::ZERO, |newer| asked.saturating_duration_since(*newer))
    }
}

/// Reads a counter from an instance, by itself and in a list; tells how old what it shows was when it was asked for.
fn age_of(counter: &Counter, server: &TestServer) -> Duration {
    let asked = Instant::now();
    let alone = counter.age(asked, &server.get(&counter.path).data());
    let asked = Instant::now();
    let list = server.get("/v1/articles").data();
    let id = counter.path.rsplit('/').next().unwrap();
    let row = list.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    alone.max(counter.age(asked, row))
}

/// Lets two instances write and read for a while; tells the oldest answer that each gave of what the other wrote.
#[allow(clippy::print_stderr, reason = "a longer run tells what it saw")]
fn write_and_read(servers: [&TestServer; 2], counters: &[Counter; 2], key: &str, seconds: f64) -> [Duration; 2] {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let oldest = [Mutex::new(Duration::ZERO), Mutex::new(Duration::ZERO)];
    let (reads, kept) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for own in 0..2 {
            let (oldest, reads, kept) = (&oldest, &reads, &kept);
            scope.spawn(move || {
                while Instant::now() < end {
                    counters[own].count(servers[own], key);
                    // Others read in between.
                    std::thread::yield_now();
                    assert_eq!(age_of(&counters[own], servers[own]), Duration::ZERO, "a write was not seen at once");
                }
            });
            scope.spawn(move || {
                while Instant::now() < end {
                    assert_eq!(
                        age_of(&counters[own], servers[own]),
                        Duration::ZERO,
                        "an acknowledged write is not seen"
                    );
                    let age = age_of(&counters[1 - own], servers[own]);
                    assert!(age < LEASE, "an answer was {age:?} old");
                    let mut oldest = oldest[own].lock().unwrap();
                    *oldest = age.max(*oldest);
                    reads.fetch_add(4, Ordering::Relaxed);
                    kept.fetch_add(usize::from(servers[own].cache.is_current()), Ordering::Relaxed);
                }
            });
        }
    });
    let writes: usize = counters.iter().map(|counter| counter.acknowledged.lock().unwrap().len()).sum();
    eprintln!("{reads:?} reads, {kept:?} times current, {writes} writes so far, oldest answers {oldest:?}");
    oldest.map(|oldest| oldest.into_inner().unwrap())
}

#[test]
#[allow(clippy::print_stderr, reason = "a longer run tells what it saw")]
fn no_answer_is_older_than_a_write_of_the_instance_nor_than_the_lease_of_another() {
    let seconds = std::env::var("VERBATIM_TEST_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3.0) / 3.0;
    let plain = TestServer::start();
    let database = Arc::clone(&plain.database);
    let key = plain.key(&[Scope::Write]);
    let settings = [CACHED, &[("VERBATIM_CACHE_LEASE", "400")]].concat();
    let valve = block_on(Valve::before(&database.url, scratch_directory("valve")));
    let one = TestServer::on(Arc::clone(&database), &database.url, &settings);
    let other = TestServer::hearing(Arc::clone(&database), &database.url, &valve.url, &settings);
    warm(&one);
    warm(&other);
    let (servers, counters) = ([&one, &other], [Counter::make(&one, &key), Counter::make(&other, &key)]);
    write_and_read(servers, &counters, &key, seconds);

    // The connections that listen are ended, again and again.
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let ended = database.query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND query LIKE '%pg_notify(%' AND pid <> pg_backend_pid()",
                );
                wait_until("they listen again", || {
                    is_over.load(Ordering::Relaxed) || ended.is_empty() || other.cache.is_current()
                });
            }
        });
        write_and_read(servers, &counters, &key, seconds);
        is_over.store(true, Ordering::Relaxed);
    });

    // The connection that listens hangs, and nobody is told.
    warm(&other);
    valve.open(false);
    let oldest = write_and_read(servers, &counters, &key, seconds.max(1.0));
    assert!(!other.cache.is_current());
    eprintln!("while it does not hear, an instance gave answers of {:?} at most", oldest[1]);
    valve.open(true);
    warm(&other);
    assert_eq!(told(&other, &counters[0].path), told(&plain, &counters[0].path));
}
