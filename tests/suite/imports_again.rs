//! Importing what is there already: what the source changed, what an editor changed, and many entries at once.

use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::imports::Outcome;

use crate::support::http::send_body;
use crate::support::server::bearer;
use crate::support::{Report, TestServer};

/// A line of JSON that is an article.
fn article(id: &str, title: &str, body: &str) -> String {
    json!({ "id": id, "title": title, "body_source": body, "published_at": "2024-03-01T08:00:00Z", "labels": ["Sea"] })
        .to_string()
}

fn outcomes(report: &Report) -> Vec<&Outcome> {
    report.entries.iter().map(|entry| &entry.outcome).collect()
}

fn patch(server: &TestServer, path: &str, body: &Value) {
    let key = bearer(&server.key(&[Scope::Write]));
    let headers =
        [("authorization", key.as_str()), ("content-type", "application/merge-patch+json"), ("if-match", "*")];
    let answer = send_body("PATCH", &server.url(path), &headers, body.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Everything that is stored but for ids and instants.
fn content(server: &TestServer) -> Vec<String> {
    server.database.query(
        "SELECT row::text FROM (SELECT 'article', slug, title, body_text, version::text FROM articles \
         UNION ALL SELECT 'person', slug, name, kind, version::text FROM people \
         UNION ALL SELECT 'label', slug, name, '', version::text FROM labels \
         UNION ALL SELECT 'quote', text, coalesce(people.slug, ''), '', quotes.version::text FROM quotes \
             LEFT JOIN people ON people.id = speaker_id \
         UNION ALL SELECT 'printing', articles.slug, occurrences.position::text, text, rule FROM occurrences \
             JOIN articles ON articles.id = article_id \
         UNION ALL SELECT 'affiliation', people.slug, role, '', '' FROM affiliations JOIN people ON people.id = person_id \
         UNION ALL SELECT 'change', resource_type, action, count(*)::text, '' FROM changes GROUP BY 1, 2, 3 \
         ) AS row ORDER BY 1",
    )
}

#[test]
fn what_the_source_changed_is_taken_over_and_quotes_keep_their_ids() {
    let server = TestServer::start();
    let before = "It rained. “The boat is back,” said Ada Quill, the harbour master.";
    server.import("a.ndjson", article("1", "The Night Ferry", before));
    let ids = |field: &str| server.database.query(&format!("SELECT {field} FROM occurrences"));
    let (printing, quote) = (ids("id"), ids("quote_id"));
    let after = "It rained all day. Nobody came. “The boat is back,” said Ada Quill, the harbour master.";
    let report = server.import("a.ndjson", article("1", "The Night Ferry Again", after));
    let slug = "the-night-ferry".to_owned();
    assert_eq!(outcomes(&report), [&Outcome::Updated { slug, quotes: 1, kept: vec![] }]);
    let shown = server.get("/v1/articles/the-night-ferry?include=quotes").data();
    assert_eq!((&shown["title"], &shown["version"]), (&json!("The Night Ferry Again"), &json!(2)));
    assert_eq!(shown["body_text"], after);
    let segment = &shown["quotes"][0]["segments"][0];
    let (start, end) = (segment["start"].as_u64().unwrap() as usize, segment["end"].as_u64().unwrap() as usize);
    assert_eq!(after.chars().skip(start).take(end - start).collect::<String>(), "The boat is back,");
    assert_eq!((ids("id"), ids("quote_id")), (printing, quote));
    let again = server.import("a.ndjson", article("1", "The Night Ferry Again", after));
    assert_eq!(again.tally.unchanged, 1, "{again:?}");
}

#[test]
fn what_an_editor_changed_is_kept_and_told() {
    let server = TestServer::start();
    server.import("a.ndjson", article("1", "The Night Ferry", "It rained."));
    patch(&server, "/v1/articles/the-night-ferry", &json!({ "title": "The Late Ferry" }));
    let report = server.import("a.ndjson", article("1", "The Night Ferry", "It rained all day."));
    let slug = || "the-night-ferry".to_owned();
    assert_eq!(
        outcomes(&report),
        [&Outcome::Updated { slug: slug(), quotes: 0, kept: vec![] }],
        "the source has the old title"
    );
    let shown = || server.get("/v1/articles/the-night-ferry").data();
    assert_eq!((&shown()["title"], &shown()["body_text"]), (&json!("The Late Ferry"), &json!("It rained all day.")));

    let report = server.import("a.ndjson", article("1", "The Night Boat", "It rained all day."));
    let conflict = Outcome::Conflict { slug: slug(), fields: vec!["title".into()] };
    assert_eq!(outcomes(&report), [&conflict]);
    let report = server.import("a.ndjson", article("1", "The Night Boat", "It rained."));
    assert_eq!(outcomes(&report), [&Outcome::Updated { slug: slug(), quotes: 0, kept: vec!["title".into()] }]);
    let report = server.import("a.ndjson", article("1", "The Last Boat", "It rained."));
    assert_eq!(outcomes(&report), [&conflict], "what an editor decided once is the editor's");
    assert_eq!((&shown()["title"], &shown()["body_text"]), (&json!("The Late Ferry"), &json!("It rained.")));
}

#[test]
fn a_corrected_speaker_stays_when_the_text_changes() {
    let server = TestServer::start();
    let body = "“The boat is back at last,” said Ada Quill.";
    server.import("a.ndjson", article("1", "The Night Ferry", body));
    let quote = server.get("/v1/quotes").data()[0]["id"].as_str().unwrap().to_owned();
    server.send_json("POST", "/v1/people", &server.key(&[Scope::Write]), r#"{"name":"Bo Marsh"}"#);
    patch(&server, &format!("/v1/quotes/{quote}"), &json!({ "speaker": "Bo Marsh" }));
    let report = server.import("a.ndjson", article("1", "The Night Ferry", &format!("It rained. {body}")));
    assert_eq!(report.tally.updated, 1, "{report:?}");
    let quotes = server.get("/v1/quotes?include=speaker").data();
    assert_eq!((quotes.as_array().unwrap().len(), &quotes[0]["id"]), (1, &json!(quote)));
    assert_eq!(quotes[0]["speaker"]["name"], "Bo Marsh");
}

#[test]
fn a_withdrawn_article_stays_withdrawn() {
    let server = TestServer::start();
    server.import("a.ndjson", article("1", "The Night Ferry", "It rained."));
    let key = bearer(&server.key(&[Scope::Write]));
    server.send("DELETE", "/v1/articles/the-night-ferry", &[("authorization", key.as_str()), ("if-match", "*")]);
    assert_eq!(server.import("a.ndjson", article("1", "The Night Ferry", "It rained.")).tally.unchanged, 1);
    let report = server.import("a.ndjson", article("1", "The Night Ferry", "It rained again."));
    assert!(matches!(outcomes(&report)[0], Outcome::Conflict { .. }), "{report:?}");
    assert_eq!(server.get("/v1/articles/the-night-ferry").status, 410);
}

#[test]
fn one_bad_entry_among_many_is_refused_and_the_others_are_as_if_it_was_not_there() {
    let good: Vec<String> = (0..30)
        .map(|number| {
            let body = format!("“This is the one sentence number {number},” said Ada Quill, captain {}.", number % 3);
            article(&number.to_string(), &format!("Article {number}"), &body)
        })
        .collect();
    let bad = article("bad", "Too Long", &format!("It rained. “{}” said Ada Quill.", "very ".repeat(25_000)));
    let mut lines = good.clone();
    lines.insert(17, bad);
    lines.insert(20, "{".to_owned());
    let (server, unbroken) = (TestServer::start(), TestServer::start());
    let report = server.import("a.ndjson", lines.join("\n"));
    assert_eq!((report.tally.created, report.tally.refused), (30, 2));
    assert!(report.entries[17].to_string().contains("a.ndjson:18: refused"), "{}", report.entries[17]);
    assert!(report.entries[20].to_string().contains("not JSON"), "{}", report.entries[20]);
    unbroken.import("a.ndjson", good.join("\n"));
    let without_versions = |server: &TestServer| {
        server
            .database
            .query("SELECT slug || title || body_text FROM articles UNION ALL SELECT slug FROM people ORDER BY 1")
    };
    assert_eq!(without_versions(&server), without_versions(&unbroken));
}

#[test]
fn an_entry_that_stands_twice_in_a_file_is_taken_in_its_order() {
    let server = TestServer::start();
    let lines =
        [article("1", "One", "It rained."), article("2", "Two", "It rained."), article("1", "Three", "It snowed.")];
    let report = server.import("a.ndjson", lines.join("\n"));
    assert_eq!((report.tally.created, report.tally.updated), (2, 1));
    assert_eq!(server.get("/v1/articles/one").data()["title"], "Three");
}

#[test]
fn many_articles_in_one_batch_are_as_if_each_came_by_itself() {
    let lines: Vec<String> = (0..25)
        .map(|number| {
            let body = format!(
                "“We sail at dawn whatever they say,” said Ada Quill, captain of number {}. “No,” said Bo Marsh.",
                number % 4
            );
            article(&number.to_string(), "The Same Title", &body)
        })
        .collect();
    let (together, alone) = (TestServer::start(), TestServer::start());
    together.import("a.ndjson", lines.join("\n"));
    for line in &lines {
        alone.import("a.ndjson", line);
    }
    let content = |server: &TestServer| -> Vec<String> {
        // A person's version counts the writes that brought something new of it.
        let rows = content(server).into_iter().filter(|row| !row.contains("(person") && !row.contains("(change"));
        rows.collect()
    };
    assert_eq!(content(&together), content(&alone));
}

#[test]
fn two_imports_of_one_file_at_once_make_everything_once() {
    let server = TestServer::start();
    let lines: Vec<String> = (0..250)
        .map(|number| article(&number.to_string(), &format!("Article {number}"), "“Yes indeed it is,” said Ada Quill."))
        .collect();
    let text = lines.join("\n");
    let tallies: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| server.import("a.ndjson", &text).tally)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(tallies.iter().map(|tally| tally.created).sum::<u64>(), 250);
    assert_eq!(tallies.iter().map(|tally| tally.unchanged).sum::<u64>(), 250);
    assert_eq!(server.database.query("SELECT count(*) FROM articles"), ["250"]);
    assert_eq!(server.database.query("SELECT count(*) FROM people"), ["1"]);
}
