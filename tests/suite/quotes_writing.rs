//! Quotes are written: made, corrected, joined, split, withdrawn; and their printings corrected.

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::support::http::Answer;
use crate::writing::{ANY, send, send_empty};

const TIDE: &str = "\"The tide waits for nobody,\" said Ada Quill, warden of the Tern Society.";
const GULL: &str = "\"A gull is never late for lunch,\" said Bram Oster, mayor.";

fn writer() -> (TestServer, String) {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    (server, key)
}

/// Imports an article that is made of a body.
fn import(server: &TestServer, title: &str, date: &str, body: &str) {
    let rest = "The rest of the article goes on in plain words for a while.";
    server.import(&format!("{title}.txt"), format!("{title}\n{date}\n{body}\n{rest}\nLabels: Sea\n"));
}

fn quotes(server: &TestServer) -> Vec<Value> {
    server.get("/v1/quotes?limit=100&sort=created_at").data().as_array().unwrap().clone()
}

/// The one quote that begins so.
fn quote(server: &TestServer, start: &str) -> Value {
    let mut found = quotes(server);
    found.retain(|quote| quote["text"].as_str().unwrap().starts_with(start));
    assert_eq!(found.len(), 1, "{start}");
    found.remove(0)
}

fn url(resource: &Value) -> &str {
    resource["url"].as_str().unwrap()
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

fn pointers(answer: &Answer) -> Vec<String> {
    let problem = answer.problem();
    let faults = problem["errors"].as_array().unwrap().iter();
    faults.map(|fault| fault["pointer"].as_str().unwrap().to_owned()).collect()
}

fn made(answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.text);
    let data = answer.json()["data"].take();
    assert_eq!(answer.header("location"), url(&data));
    data
}

fn done(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].take()
}

#[test]
fn a_quote_is_created_with_a_speaker_that_nobody_knew() {
    let (server, key) = writer();
    let body = json!({
        "text": "Count the boats, then the people.", "speaker": "Ines Marlow", "said_on": "2003-11",
        "external_ids": [{ "source": "cms", "id": "q1" }],
    });
    let quote = made(&send(&server, &key, "POST", "/v1/quotes", &[], &body));
    assert_eq!(server.get(url(&quote)).data(), quote, "it is public, and the answer is what a reader sees");
    assert_eq!(quote["speaker"]["slug"], "ines-marlow");
    assert_eq!((&quote["said_on"], &quote["version"]), (&json!("2003-11"), &json!(1)));
    assert_eq!(quote["occurrences"], json!([]));
    assert_eq!(server.get("/v1/people").column("/slug"), ["ines-marlow"], "its speaker is public with it");
    assert_eq!(server.get("/v1/people/ines-marlow/quotes").column("/id"), [id(&quote)]);
    let whole = server.get(&format!("{}?include=speaker", url(&quote))).data();
    assert_eq!(whole["speaker"]["kind"], "person");

    let patch = json!({ "text": "Count the boats first.", "speaker": null, "said_on": null });
    let changed = done(&send(&server, &key, "PATCH", url(&quote), &[("if-match", "\"1\"")], &patch));
    assert_eq!((&changed["text"], &changed["speaker"]), (&json!("Count the boats first."), &Value::Null));
    assert_eq!((&changed["version"], &changed["external_ids"]), (&json!(2), &quote["external_ids"]));
    assert_eq!(server.get("/v1/people").column("/slug"), [""; 0], "nothing public shows her any more");
    let same = done(&send(&server, &key, "PATCH", url(&quote), ANY, &json!({ "speaker": null })));
    assert_eq!(same["version"], 2, "what changes nothing raises nothing");
    let stale = send(&server, &key, "PATCH", url(&quote), &[("if-match", "\"1\"")], &json!({ "said_on": "2003" }));
    assert_eq!((stale.status, &stale.problem()["current_version"]), (412, &json!(2)));
    let record = "SELECT action FROM changes WHERE resource_type = 'quote' ORDER BY id";
    assert_eq!(server.database.query(record), ["created", "updated"]);
}

#[test]
fn every_fault_of_a_quote_is_told_and_nothing_is_written() {
    let (server, key) = writer();
    let refused = |body: Value| {
        let answer = send(&server, &key, "POST", "/v1/quotes", &[], &body);
        assert_eq!(answer.status, 422, "{}", answer.text);
        pointers(&answer)
    };
    assert_eq!(refused(json!({})), ["/text"]);
    assert_eq!(refused(json!({ "text": "…", "speaker": "", "said_on": "May" })), ["/said_on", "/speaker", "/text"]);
    assert_eq!(refused(json!({ "text": "Words.", "said_on": "2003-02-30" })), ["/said_on"]);
    assert_eq!(refused(json!({ "text": "Words.", "speaker": "per_01h455vb4pex5vsknk084sn02q" })), ["/speaker"]);
    assert_eq!(refused(json!({ "text": "Words.", "speaker": "…" })), ["/speaker"]);
    assert_eq!(server.database.query("SELECT count(*) FROM quotes"), ["0"]);
    assert_eq!(server.database.query("SELECT count(*) FROM people"), ["0"]);
}

#[test]
fn a_corrected_speaker_shows_in_every_printing_and_in_all_lists() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", TIDE);
    import(&server, "Second", "May 2, 2023", TIDE);
    let before = quote(&server, "The tide");
    let patch = json!({ "speaker": "Carl Unger" });
    let after = done(&send(&server, &key, "PATCH", url(&before), ANY, &patch));
    assert_eq!(server.get(url(&before)).data(), after);
    for printing in after["occurrences"].as_array().unwrap() {
        assert_eq!((&printing["speaker"]["slug"], &printing["role"]), (&json!("carl-unger"), &json!("warden")));
    }
    assert_eq!(server.get("/v1/people/carl-unger").data()["affiliations"][0]["role"], "warden");
    assert_eq!(server.get("/v1/people/ada-quill").status, 404, "no public article shows her");
    assert_eq!(server.get("/v1/people?kind=organization").column("/slug"), ["tern-society"]);
    assert_eq!(server.get("/v1/articles?quoted=carl-unger").column("/slug"), ["second", "first"]);
    assert_eq!(server.database.query("SELECT DISTINCT is_corrected::text FROM occurrences"), ["true"]);

    import(&server, "Third", "May 3, 2023", TIDE);
    let third = server.get("/v1/articles/third?include=quotes").data()["quotes"][0].take();
    assert_eq!(third["speaker"]["slug"], "ada-quill", "what another article prints is its own");
    assert_eq!(server.get(url(&before)).data(), after);
}

#[test]
fn the_text_of_a_quote_that_an_article_prints_is_what_it_prints() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", TIDE);
    let tide = quote(&server, "The tide");
    let refused = send(&server, &key, "PATCH", url(&tide), ANY, &json!({ "text": "The tide waits for me." }));
    assert_eq!((refused.status, pointers(&refused)), (409, vec!["/text".to_owned()]));
    assert!(refused.problem()["detail"].as_str().unwrap().contains("longest public printing"));
}

#[test]
fn a_withdrawn_quote_is_gone_from_everything_until_it_is_restored() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", &format!("{TIDE} {GULL}"));
    let tide = quote(&server, "The tide");
    let before = server.get("/v1/articles/first?include=quotes&annotate=quotes").data();
    let deleted = send_empty(&server, &key, "DELETE", &format!("{}?reason=Never+said.", url(&tide)), ANY);
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    let gone = server.get(url(&tide)).problem();
    assert!(gone["status"] == 410 && gone["detail"].as_str().unwrap().ends_with(": Never said."), "{gone}");
    assert_eq!(server.get("/v1/quotes?count=exact").json()["meta"]["total"], 1);
    let article = server.get("/v1/articles/first?include=quotes&annotate=quotes").data();
    assert_eq!(article["quotes"].as_array().unwrap().len(), 1);
    assert!(!article["body_html"].as_str().unwrap().contains(id(&tide)), "{}", article["body_html"]);
    assert_eq!(article["version"], before["version"], "the article itself is what it was");
    assert_eq!(server.get("/v1/voices").column("/speaker/slug"), ["bram-oster"]);
    assert_eq!(server.get("/v1/people").column("/slug").concat(), "bram-oster", "only he is shown");
    assert_eq!(server.get(&format!("/v1/occurrences/{}", id(&tide["occurrences"][0]))).status, 404);
    for (method, path) in [("PATCH", ""), ("POST", "/split"), ("DELETE", "")] {
        let body = if path.is_empty() { json!({}) } else { json!({ "occurrences": [id(&tide["occurrences"][0])] }) };
        let refused = match method {
            "DELETE" => send_empty(&server, &key, method, url(&tide), ANY),
            _ => send(&server, &key, method, &format!("{}{path}", url(&tide)), ANY, &body),
        };
        assert_eq!(refused.status, 410, "{method} {path}: {}", refused.text);
    }
    let restored = send_empty(&server, &key, "POST", &format!("{}/restore", url(&tide)), ANY);
    assert_eq!(done(&restored)["version"], 3);
    let mut article = server.get("/v1/articles/first?include=quotes&annotate=quotes").data();
    assert_eq!(article["updated_at"].take(), before["updated_at"]);
    article["updated_at"] = before["updated_at"].clone();
    assert_eq!(article, before);
    assert_eq!(server.get("/v1/people/ada-quill").data()["affiliations"][0]["organization"]["slug"], "tern-society");
}

#[test]
fn a_quote_that_is_withdrawn_in_favour_of_another_leads_to_it() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", &format!("{TIDE} {GULL}"));
    let (tide, gull) = (quote(&server, "The tide"), quote(&server, "A gull"));
    for wrong in ["quo_01h455vb4pex5vsknk084sn02q", id(&tide)] {
        let refused = send_empty(&server, &key, "DELETE", &format!("{}?successor={wrong}", url(&tide)), ANY);
        assert_eq!((refused.status, &refused.problem()["errors"][0]["parameter"]), (400, &json!("successor")));
    }
    let deleted = send_empty(&server, &key, "DELETE", &format!("{}?successor={}", url(&tide), id(&gull)), ANY);
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    let led = server.get(url(&tide));
    assert_eq!((led.status, led.header("location")), (308, url(&gull)));
    let refused = send(&server, &key, "PATCH", url(&tide), ANY, &json!({ "said_on": "2003" }));
    assert_eq!((refused.status, &refused.problem()["current"]), (409, &json!(id(&gull))));
    done(&send_empty(&server, &key, "POST", &format!("{}/restore", url(&tide)), ANY));
    assert_eq!(server.get(url(&tide)).status, 200);
}

#[test]
fn a_purge_takes_the_printings_out_of_their_articles() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", &format!("{TIDE} {GULL}"));
    let (tide, gull) = (quote(&server, "The tide"), quote(&server, "A gull"));
    let purge = format!("{}?purge=true", url(&tide));
    assert_eq!(send_empty(&server, &key, "DELETE", &purge, ANY).status, 403);
    let admin = server.key(&[Scope::Admin]);
    let both = send_empty(&server, &admin, "DELETE", &format!("{purge}&successor={}", id(&gull)), ANY);
    assert_eq!(both.status, 400);
    assert_eq!(send_empty(&server, &admin, "DELETE", &purge, ANY).status, 204);
    assert_eq!(server.get(url(&tide)).status, 404);
    let article = server.get("/v1/articles/first?include=quotes").data();
    assert_eq!((article["quotes"].as_array().unwrap().len(), &article["version"]), (1, &json!(2)));
    let kept =
        "SELECT jsonb_array_length((document::jsonb)->'occurrences')::text FROM article_revisions ORDER BY version";
    assert_eq!(server.database.query(kept), ["2", "1"], "each version is kept");
    assert_eq!(server.get("/v1/people/ada-quill").status, 404);
}

#[test]
fn a_printing_is_corrected_and_keeps_its_words() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", TIDE);
    let tide = quote(&server, "The tide");
    let path = format!("/v1/occurrences/{}", id(&tide["occurrences"][0]));
    let before = server.get(&path);
    assert_eq!(before.data(), tide["occurrences"][0]);
    let patch = json!({ "role": "harbour master", "organization": "Harbour Trust" });
    let corrected = send(&server, &key, "PATCH", &path, &[("if-match", before.header("etag"))], &patch);
    let printing = done(&corrected);
    assert_eq!(
        (&printing["role"], &printing["organization"]["slug"]),
        (&json!("harbour master"), &json!("harbour-trust"))
    );
    assert_eq!(printing["attribution"], tide["occurrences"][0]["attribution"]);
    let after = server.get(&path);
    assert_eq!((after.data(), after.header("etag")), (printing, corrected.header("etag")));
    assert_eq!(server.get("/v1/articles/first").data()["version"], 2, "a printing is part of its article");
    let kept = "SELECT (document::jsonb)->'occurrences'->0->>'role' FROM article_revisions ORDER BY version";
    assert_eq!(server.database.query(kept), ["warden", "harbour master"]);
    assert_eq!(server.get("/v1/people/ada-quill").data()["affiliations"][0]["role"], "harbour master");
    assert_eq!(server.get("/v1/people/tern-society").status, 404, "no article shows it any more");
    let stale = send(&server, &key, "PATCH", &path, &[("if-match", "\"1\"")], &json!({ "role": null }));
    assert_eq!(stale.status, 412);
    assert_eq!(send(&server, &key, "PATCH", &path, &[], &json!({ "role": null })).status, 428);
    let person = send(&server, &key, "PATCH", &path, ANY, &json!({ "organization": "ada-quill" }));
    assert_eq!((person.status, pointers(&person)), (422, vec!["/organization".to_owned()]));
    let words = send(&server, &key, "PATCH", &path, ANY, &json!({ "attribution": "said Ada" }));
    assert_eq!((words.status, pointers(&words)), (422, vec!["/attribution".to_owned()]));
    let none = done(&send(&server, &key, "PATCH", &path, ANY, &json!({ "role": null, "organization": null })));
    assert_eq!((&none["role"], &none["organization"]), (&Value::Null, &Value::Null));
}

/// Two articles with other words of one speaker, as two quotes.
fn two_tides(server: &TestServer) -> (Value, Value) {
    import(server, "First", "May 1, 2023", TIDE);
    import(server, "Second", "May 2, 2023", "\"Tides will wait for nobody at all,\" said Ada Quill, warden.");
    (quote(server, "The tide"), quote(server, "Tides will"))
}

fn join(server: &TestServer, key: &str, joined: &Value, into: &Value) -> Answer {
    send(server, key, "POST", &format!("{}/join", url(joined)), ANY, &json!({ "into": id(into) }))
}

fn split(server: &TestServer, key: &str, quote: &Value, printings: &[&str]) -> Answer {
    send(server, key, "POST", &format!("{}/split", url(quote)), ANY, &json!({ "occurrences": printings }))
}

/// The quote of each printing of an article.
fn quotes_of(server: &TestServer, article: &str) -> Vec<String> {
    let article = server.get(&format!("/v1/articles/{article}?include=quotes")).data();
    let printings = article["quotes"].as_array().unwrap().iter();
    printings.map(|printing| id(&printing["quote"]).to_owned()).collect()
}

#[test]
fn a_joined_quote_leads_to_the_other_which_has_all_the_printings() {
    let (server, key) = writer();
    let (first, second) = two_tides(&server);
    let patch = json!({ "external_ids": [{ "source": "cms", "id": "1" }], "said_on": "2022" });
    done(&send(&server, &key, "PATCH", url(&first), ANY, &patch));
    let path = format!("{}/join", url(&first));
    let body = json!({ "into": id(&second) });
    assert_eq!(send(&server, &key, "POST", &path, &[], &body).status, 428);
    assert_eq!(send(&server, &key, "POST", &path, &[("if-match", "\"1\"")], &body).status, 412);

    let dry = send(&server, &key, "POST", &format!("{path}?dry_run=true"), ANY, &body);
    assert_eq!((dry.status, &dry.json()["meta"]["dry_run"]), (200, &json!(true)));
    assert_eq!(dry.json()["data"]["occurrences"].as_array().unwrap().len(), 2);
    assert_eq!(quotes(&server).len(), 2, "nothing was kept");

    let named = [("if-match", "\"2\""), ("idempotency-key", "join")];
    let answer = send(&server, &key, "POST", &path, &named, &body);
    let joined = done(&answer);
    assert_eq!(id(&joined), id(&second));
    assert_eq!(server.get(url(&second)).data(), joined);
    assert_eq!(joined["occurrences"].as_array().unwrap().len(), 2);
    assert_eq!((&joined["said_on"], &joined["external_ids"][0]["id"]), (&json!("2022"), &json!("1")));
    assert_eq!(joined["published_at"], "2023-05-01T00:00:00Z", "its earliest printing");
    assert_eq!(joined["text"], second["text"], "its longest printing");
    let led = server.get(url(&first));
    assert_eq!((led.status, led.header("location")), (308, url(&second)));
    assert_eq!((quotes_of(&server, "first"), quotes(&server).len()), (vec![id(&second).to_owned()], 1));
    assert_eq!(send(&server, &key, "POST", &path, &named, &body).text, answer.text, "sent again, answered again");
    assert_eq!(join(&server, &key, &first, &second).problem()["current"], id(&second));
    let restored = send_empty(&server, &key, "POST", &format!("{}/restore", url(&first)), ANY);
    assert_eq!(restored.status, 409, "it has nothing left to show");
    let record = format!(
        "SELECT action FROM changes WHERE resource_id = (SELECT id FROM quotes WHERE successor_id IS NOT NULL) ORDER BY id"
    );
    assert_eq!(server.database.query(&record), ["created", "updated", "merged"]);
}

#[test]
fn a_quote_is_joined_only_to_another_living_one_of_no_other_speaker() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", &format!("{TIDE} {GULL}"));
    let (tide, gull) = (quote(&server, "The tide"), quote(&server, "A gull"));
    let status = |answer: &Answer| (answer.status, pointers(answer));
    let at = |status: u16| (status, vec!["/into".to_owned()]);
    assert_eq!(status(&join(&server, &key, &tide, &tide)), at(422));
    assert_eq!(status(&join(&server, &key, &tide, &gull)), at(409), "two people said it");
    assert_eq!(status(&join(&server, &key, &tide, &json!({ "id": "quo_01h455vb4pex5vsknk084sn02q" }))), at(422));
    done(&send(&server, &key, "PATCH", url(&tide), ANY, &json!({ "speaker": null })));
    send_empty(&server, &key, "DELETE", url(&gull), ANY);
    assert_eq!(status(&join(&server, &key, &tide, &gull)), at(422));
    send_empty(&server, &key, "POST", &format!("{}/restore", url(&gull)), ANY);
    let joined = done(&join(&server, &key, &gull, &tide));
    assert_eq!(joined["speaker"]["slug"], "bram-oster", "the one who is known to have said it");
    assert_eq!(server.get("/v1/people?kind=person").column("/slug"), ["bram-oster"]);
}

#[test]
fn printings_are_split_from_a_quote_and_come_back_by_a_join() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", TIDE);
    import(&server, "Second", "May 2, 2023", TIDE);
    let tide = quote(&server, "The tide");
    let printings: Vec<&str> = tide["occurrences"].as_array().unwrap().iter().map(id).collect();
    let status = |printings: &[&str]| {
        let refused = split(&server, &key, &tide, printings);
        (refused.status, pointers(&refused))
    };
    let at = |pointer: &str| (422, vec![pointer.to_owned()]);
    assert_eq!(status(&[]), at("/occurrences"));
    assert_eq!(status(&printings), at("/occurrences"), "one must stay");
    assert_eq!(status(&[printings[0], "occ_01h455vb4pex5vsknk084sn02q"]), at("/occurrences/1"));
    assert_eq!(status(&[printings[0], printings[0]]), at("/occurrences/1"));
    let dry = send(
        &server,
        &key,
        "POST",
        &format!("{}/split?dry_run=true", url(&tide)),
        ANY,
        &json!({ "occurrences": [printings[1]] }),
    );
    assert_eq!((dry.status, quotes(&server).len()), (200, 1));

    let new = made(&split(&server, &key, &tide, &printings[1..]));
    assert_eq!(server.get(url(&new)).data(), new);
    assert_eq!((&new["speaker"], &new["text"]), (&tide["speaker"], &tide["text"]));
    assert_eq!((&new["published_at"], &new["version"]), (&json!("2023-05-02T00:00:00Z"), &json!(1)));
    assert_eq!(server.get(url(&tide)).data()["version"], 2);
    assert_eq!(quotes_of(&server, "first"), [id(&tide)]);
    assert_eq!(quotes_of(&server, "second"), [id(&new)]);

    import(&server, "Third", "May 3, 2023", TIDE);
    assert_eq!(quotes_of(&server, "third"), [id(&tide)], "the same words do not undo it");
    assert_eq!(quotes_of(&server, "second"), [id(&new)]);
    let joined = done(&join(&server, &key, &new, &tide));
    assert_eq!(joined["occurrences"].as_array().unwrap().len(), 3);
}

#[test]
fn a_join_stays_when_another_article_prints_the_joined_words() {
    let (server, key) = writer();
    let (first, second) = two_tides(&server);
    done(&join(&server, &key, &first, &second));
    import(&server, "Third", "May 3, 2023", TIDE);
    import(&server, "Fourth", "May 4, 2023", "\"Tides will wait for nobody at all,\" said Ada Quill.");
    assert_eq!(quotes_of(&server, "first"), [id(&second)]);
    assert_eq!(quotes_of(&server, "second"), [id(&second)]);
    assert_eq!(quotes_of(&server, "fourth"), [id(&second)], "words that nobody joined still tell their quote");
    assert_ne!(quotes_of(&server, "third"), [id(&first)], "what was joined does not come back to life");
    assert_eq!(server.get(url(&first)).status, 308);
}
