//! Exporting everything, importing it into an empty database, and exporting it again.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::clock::Clock;
use verbatim::db::{Address, connect};
use verbatim::exports::export;
use verbatim::imports::{Content, Source};

use crate::support::http::send_body;
use crate::support::server::bearer;
use crate::support::{TestDatabase, TestServer, block_on};

/// What an export of a database says.
fn exported(database: &TestDatabase) -> String {
    let mut text = String::new();
    let address = Address::parse(&database.url).unwrap();
    block_on(async {
        let mut connection = connect(&address).await.unwrap();
        let write = |record: &_| {
            text += &serde_json::to_string(record).unwrap();
            text.push('\n');
            Ok(())
        };
        export(&mut connection, write).await.unwrap();
    });
    text
}

fn import(server: &TestServer, text: &str) -> crate::support::Report {
    let content = Content::Bytes(text.as_bytes().to_vec().into());
    let source = Source { shown: "export.ndjson".into(), system: "file", id: "export.ndjson".into(), content };
    server.import_sources(vec![source], Clock::System)
}

/// Sends a write; what it is answered does not matter, as a random write may be refused.
fn write(server: &TestServer, key: &str, method: &str, path: &str, body: &Value) -> u16 {
    let key = bearer(key);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json"), ("if-match", "*")];
    send_body(method, &server.url(path), &headers, body.to_string().as_bytes()).status
}

/// Edits the content in ways that a newsroom does.
fn edit_at_random(server: &TestServer, random: &mut StdRng, writes: usize) -> usize {
    let key = server.key(&[Scope::Admin]);
    let mut done = 0;
    for number in 0..writes {
        let one = |random: &mut StdRng, path: &str| {
            let found = server.get_with(&key, &format!("{path}?limit=100")).data();
            let list = found.as_array().cloned().unwrap_or_default();
            list[random.random_range(0..list.len())].clone()
        };
        let id = |resource: &Value| resource["id"].as_str().unwrap().to_owned();
        let status = match random.random_range(0..12) {
            0 => {
                let article = id(&one(random, "/v1/articles"));
                let body = server.get_with(&key, &format!("/v1/articles/{article}")).data();
                let source = body["body_source"].as_str().unwrap_or_default();
                let cut: String = source.chars().skip(random.random_range(0..300)).collect();
                write(server, &key, "PATCH", &format!("/v1/articles/{article}"), &json!({ "body_source": cut }))
            }
            1 => {
                let path = format!("/v1/articles/{}", id(&one(random, "/v1/articles")));
                write(
                    server,
                    &key,
                    "PATCH",
                    &path,
                    &json!({ "slug": format!("renamed-{number}"), "summary": "Short." }),
                )
            }
            2 => {
                let path = format!("/v1/articles/{}", id(&one(random, "/v1/articles")));
                let status = ["draft", "archived", "published", "scheduled"][random.random_range(0..4)];
                let body = match status {
                    "scheduled" => json!({ "status": status, "published_at": "2199-01-01T00:00:00Z" }),
                    _ => json!({ "status": status }),
                };
                write(server, &key, "PATCH", &path, &body)
            }
            3 => {
                let path = format!("/v1/articles/{}?reason=It%20was%20wrong.", id(&one(random, "/v1/articles")));
                write(server, &key, "DELETE", &path, &Value::Null)
            }
            4 => {
                let path = format!("/v1/people/{}", id(&one(random, "/v1/people")));
                let body = json!({ "slug": format!("person-{number}"), "aliases": [format!("Alias {number}")],
                    "affiliations": [{ "role": "editor", "organization": format!("Paper {}", number % 5), "starts_on": "2003-11" }] });
                write(server, &key, "PATCH", &path, &body)
            }
            5 => {
                let (one, other) = (id(&one(random, "/v1/people")), id(&one(random, "/v1/people")));
                write(server, &key, "POST", &format!("/v1/people/{one}/merge"), &json!({ "into": other }))
            }
            6 => {
                let (one, other) = (id(&one(random, "/v1/labels")), id(&one(random, "/v1/labels")));
                write(server, &key, "POST", &format!("/v1/labels/{one}/merge"), &json!({ "into": other }))
            }
            7 => {
                let parent = id(&one(random, "/v1/labels"));
                let body = json!({ "name": format!("Label {number}"), "parent": parent, "aliases": [format!("Other {number}")],
                    "external_ids": [{ "source": "cms", "id": number.to_string() }] });
                write(server, &key, "POST", "/v1/labels", &body)
            }
            8 => {
                let quote = id(&one(random, "/v1/quotes"));
                let speaker = id(&one(random, "/v1/people"));
                let body = json!({ "speaker": speaker, "said_on": "2011" });
                write(server, &key, "PATCH", &format!("/v1/quotes/{quote}"), &body)
            }
            9 => {
                let (one, other) = (id(&one(random, "/v1/quotes")), id(&one(random, "/v1/quotes")));
                write(server, &key, "POST", &format!("/v1/quotes/{one}/join"), &json!({ "into": other }))
            }
            10 => {
                let quote = id(&one(random, "/v1/quotes"));
                let successor = id(&one(random, "/v1/quotes"));
                write(server, &key, "DELETE", &format!("/v1/quotes/{quote}?successor={successor}"), &Value::Null)
            }
            _ => {
                let body = json!({ "title": format!("New {number}"), "status": "published", "body_format": "html",
                    "body_source": "<p>“It <em>was</em> so, I tell you,” said Ida Quill, editor of the Post.</p>",
                    "authors": ["Ida Quill"], "labels": ["Sea", format!("Made {number}")],
                    "quotes": [{ "text": "It was so", "speaker": "Ida Quill" }] });
                write(server, &key, "POST", "/v1/articles", &body)
            }
        };
        done += usize::from(status < 300);
    }
    done
}

#[test]
fn an_export_imports_into_an_empty_database_to_the_same_content() {
    let server = TestServer::with_sample();
    let mut random = StdRng::seed_from_u64(7);
    let done = edit_at_random(&server, &mut random, 150);
    assert!(done > 80, "{done} writes went through");
    let first = exported(&server.database);
    let other = TestServer::start();
    let report = import(&other, &first);
    let problems: Vec<String> =
        report.entries.iter().filter(|entry| entry.outcome.is_problem()).map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let second = exported(&other.database);
    for (one, two) in first.lines().zip(second.lines()) {
        assert_eq!(one, two);
    }
    assert_eq!(first, second, "byte for byte");

    assert_same_to_readers(&server, &other);
    assert_same_to_editors(&server, &other);
    // Nor does a second import write anything.
    let again = import(&other, &first);
    assert_eq!((again.tally.created, again.tally.updated, again.tally.conflicts, again.tally.refused), (0, 0, 0, 0));
    assert_eq!(exported(&other.database), first);
}

/// Every page of a list, as it is served.
fn pages(server: &TestServer, path: &str, key: Option<&str>) -> Vec<String> {
    let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let answer = key.map_or_else(|| server.get(&path), |key| server.get_with(key, &path));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        next = answer.json()["links"]["next"].as_str().map(str::to_owned);
        pages.push(answer.text);
    }
    pages
}

/// What anybody sees: the lists in their own orders, with all that they count and all that they show of one another.
fn assert_same_to_readers(server: &TestServer, other: &TestServer) {
    for table in ["articles", "people", "labels", "quotes", "affiliations"] {
        let since = format!("SELECT id::text, public_from::text FROM {table} ORDER BY id");
        assert_eq!(server.database.query(&since), other.database.query(&since), "since when {table} are public");
    }
    for path in [
        "/v1/articles?limit=100&count=exact&facets=label,speaker,author,year&include=quotes.speaker,labels,authors\
         &fields=title,slug,body_html,body_text,summary,quotes,labels,authors,version,updated_at,published_at",
        "/v1/articles?limit=100&sort=title",
        "/v1/articles?limit=100&q=ferry&highlight=true",
        "/v1/people?limit=100&count=exact",
        "/v1/people?limit=100&kind=organization&sort=name",
        "/v1/labels?limit=100&count=exact",
        "/v1/quotes?limit=100&count=exact&facets=label,speaker,year&include=speaker",
        "/v1/quotes?limit=100&anchor=orphaned,moved,ambiguous",
        "/v1/quotes?limit=100&fidelity=edited,trimmed,not_in_body",
        "/v1/voices?label=harbour",
    ] {
        assert_eq!(pages(server, path, None), pages(other, path, None), "{path}");
    }
    for list in ["articles", "people", "labels", "quotes"] {
        for one in server.get(&format!("/v1/{list}?limit=100")).data().as_array().unwrap() {
            let path = format!("/v1/{list}/{}", one["id"].as_str().unwrap());
            let (one, two) = (server.get(&path), other.get(&path));
            assert_eq!((&one.text, one.header("etag")), (&two.text, two.header("etag")), "{path}");
        }
    }
}

/// What is not public: drafts, archived and scheduled articles, and why something is gone.
fn assert_same_to_editors(server: &TestServer, other: &TestServer) {
    let keys = (server.key(&[Scope::Drafts]), other.key(&[Scope::Drafts]));
    let path = "/v1/articles?limit=100&status=draft,archived,scheduled&count=exact&include=quotes";
    assert_eq!(pages(server, path, Some(&keys.0)), pages(other, path, Some(&keys.1)));
    let gone = "SELECT 'articles/' || slug FROM articles WHERE deleted_at IS NOT NULL \
                UNION ALL SELECT 'people/' || slug FROM person_slugs UNION ALL SELECT 'labels/' || slug FROM label_slugs \
                UNION ALL SELECT 'articles/' || slug FROM article_slugs ORDER BY 1";
    for path in server.database.query(gone) {
        let path = format!("/v1/{path}");
        let told = |answer: &crate::support::http::Answer| {
            let detail = if answer.status >= 400 { answer.problem()["detail"].clone() } else { Value::Null };
            (answer.status, answer.header("location").to_owned(), detail)
        };
        assert_eq!(told(&server.get(&path)), told(&other.get(&path)), "{path}");
    }
}

#[test]
fn former_slugs_and_merged_people_lead_on_after_a_restore() {
    let server = TestServer::with_sample();
    let key = server.key(&[Scope::Write]);
    write(&server, &key, "PATCH", "/v1/articles/the-ferry-bell-comes-home", &json!({ "slug": "the-bell" }));
    write(&server, &key, "POST", "/v1/people/joost-van-der-moor/merge", &json!({ "into": "maren-tolliver-haag" }));
    let other = TestServer::start();
    import(&other, &exported(&server.database));
    for path in ["/v1/articles/the-ferry-bell-comes-home", "/v1/people/joost-van-der-moor"] {
        let (one, two) = (server.get(path), other.get(path));
        assert_eq!((one.status, two.status), (308, 308), "{path}");
        assert_eq!(one.header("location"), two.header("location"));
    }
}

#[test]
fn a_record_that_was_changed_by_hand_does_not_anchor_a_quote_where_its_words_are_not() {
    let server = TestServer::with_sample();
    let text = exported(&server.database);
    let line = text.lines().find(|line| line.contains("\"type\":\"article\"") && line.contains("\"start\":")).unwrap();
    let mut record: Value = serde_json::from_str(line).unwrap();
    let printings = record["printings"].as_array_mut().unwrap();
    let printing = printings.iter_mut().find(|printing| !printing["segments"].as_array().unwrap().is_empty()).unwrap();
    let segment = &mut printing["segments"][0];
    segment["start"] = json!(segment["start"].as_u64().unwrap() + 1);
    segment["end"] = json!(segment["end"].as_u64().unwrap() + 1);
    let other = TestServer::start();
    let all = text.replace(line, &record.to_string());
    let report = import(&other, &all);
    assert_eq!(report.tally.refused, 1);
    assert_eq!(other.database.query("SELECT count(*) FROM articles"), ["29"]);
}

#[test]
fn a_record_of_html_is_made_safe_like_any_body() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    let body = json!({ "title": "Safe", "status": "published", "body_format": "html", "body_source": "<p>Hello.</p>" });
    assert_eq!(write(&server, &key, "POST", "/v1/articles", &body), 201);
    let text = exported(&server.database).replace("<p>Hello.</p>", "<p>Hello.</p><script>alert(1)</script>");
    let other = TestServer::start();
    assert_eq!(import(&other, &text).tally.created, 1);
    assert_eq!(other.get("/v1/articles/safe").data()["body_html"], "<p>Hello.</p>");
}
