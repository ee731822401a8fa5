//! Quotes are written: made, corrected, joined, split, withdrawn; and their printings corrected.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::clock::Clock;
use verbatim::db::{Address, PublicFrom, connect};
use verbatim::quotes::{Fidelity, OccurrenceKind, Quotation};
use verbatim::values::anchor::AnchorState;
use verbatim::values::id::OccurrenceId;
use verbatim::writing::{Attributed, Earlier, Origin, PrintedIn, Printing, Writer};

use crate::support::http::Answer;
use crate::support::{TestServer, block_on};
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
fn a_pull_quote_decides_who_says_the_same_words_in_the_body_and_after_an_edit_too() {
    let (server, key) = writer();
    let body = "\"There is still too much tin in it.\"Odd Holt, bell-founder\n\
                Bram Oster rang it and waited. \"There is still too much tin in it,\" he said, plainly delighted.";
    import(&server, "First", "May 1, 2023", body);
    let printed = || {
        let article = server.get("/v1/articles/first?include=quotes").data();
        let quotes = article["quotes"].as_array().unwrap().clone();
        quotes.into_iter().map(|quote| (quote["speaker"]["name"].clone(), quote["rule"].clone())).collect::<Vec<_>>()
    };
    let expected = [(json!("Odd Holt"), json!("attribution_line")), (json!("Odd Holt"), json!("same_words"))];
    assert_eq!(printed(), expected);
    assert_eq!(quotes(&server).len(), 1, "two printings of one quote");
    let text = server.get("/v1/articles/first").data()["body_text"].as_str().unwrap().to_owned();
    let edited = json!({ "body_source": format!("It rained. {text}") });
    assert_eq!(send(&server, &key, "PATCH", "/v1/articles/first", ANY, &edited).status, 200);
    assert_eq!(printed(), expected);
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
        "SELECT jsonb_array_length((document::jsonb)->'printings')::text FROM article_revisions ORDER BY version";
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
    let kept = "SELECT (document::jsonb)->'printings'->0->>'role' FROM article_revisions ORDER BY version";
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
    let record = "SELECT action FROM changes WHERE resource_id = (SELECT id FROM quotes WHERE successor_id IS NOT NULL) ORDER BY id";
    assert_eq!(server.database.query(record), ["created", "updated", "merged"]);
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

#[test]
fn an_article_prints_the_quote_that_was_made_before_it() {
    let (server, key) = writer();
    let body = json!({ "text": "The tide waits for nobody.", "speaker": "Ada Quill" });
    let tide = made(&send(&server, &key, "POST", "/v1/quotes", &[], &body));
    import(&server, "Draft", "May 1, 2999", &TIDE.replace("nobody,", "nobody!"));
    let before = server.get(url(&tide)).data();
    assert_eq!(before, tide, "nothing of what is not public yet moves what the public sees");
    import(&server, "First", "May 1, 2023", TIDE);
    let after = server.get(url(&tide)).data();
    assert_eq!(after["text"], "The tide waits for nobody,", "its longest public printing");
    assert_eq!((quotes_of(&server, "first"), quotes(&server).len()), (vec![id(&tide).to_owned()], 1));
    assert_eq!(after["published_at"], "2023-05-01T00:00:00Z");
}

#[test]
fn an_edited_pull_quote_tells_which_words_are_not_the_bodys() {
    let (server, _) = writer();
    let body = "\"The tide never waits for anybody in the old harbour.\"Ada Quill, warden, Tern Society\n\
                It was late. \"The tide hardly waits for anybody in the old harbour,\" said Ada Quill.";
    import(&server, "First", "May 1, 2023", body);
    let printings = server.get("/v1/articles/first?include=quotes").data()["quotes"].take();
    assert_eq!((&printings[0]["fidelity"], printings[0].get("word_diff")), (&json!("edited"), None));
    let with = |printing: &Value| server.get(&format!("{}?include=word_diff", url(printing))).data();
    let shown = with(&printings[0]);
    assert_eq!(
        shown["word_diff"],
        json!([
            { "op": "equal", "text": "The tide " },
            { "op": "delete", "text": "hardly" },
            { "op": "insert", "text": "never" },
            { "op": "equal", "text": " waits for anybody in the old " },
            { "op": "delete", "text": "harbour" },
            { "op": "insert", "text": "harbour." },
        ])
    );
    assert_eq!(with(&printings[1])["word_diff"], Value::Null, "an inline one is the body");
}

/// Writes the printings of an article again, as an edit does: the ones before with what became of them, each found to be
/// said by `found`.
fn rewrite(server: &TestServer, article: &Value, printings: &[Printing], found: &Attributed) {
    let address = Address::parse(&server.database.url).unwrap();
    let article = id(article).parse().unwrap();
    server.database.execute("DELETE FROM occurrences");
    block_on(async {
        let connection = connect(&address).await.unwrap();
        let origin = Origin { actor: "a test".to_owned(), request_id: None };
        let mut writer = Writer::new(&connection, Clock::System.now(), origin);
        let public_from = PublicFrom(Some("2023-05-01T00:00:00Z".parse().unwrap()));
        let found = vec![found.clone(); printings.len()];
        writer.write_printings(PrintedIn { article, public_from }, printings, &found).await.unwrap();
        writer.finish().await.unwrap();
    });
}

/// A printing of these words that was there before.
fn printed_before(kind: OccurrenceKind, text: &str, earlier: Earlier) -> Printing {
    let is_pull = kind == OccurrenceKind::Pull;
    Printing {
        kind,
        quotation: Quotation::Direct,
        text: text.to_owned(),
        segments: Vec::new(),
        anchor: (!is_pull).then_some(AnchorState::Exact),
        fidelity: is_pull.then_some(Fidelity::Trimmed),
        attribution: None,
        speaker: None,
        confidence: 1.0,
        rule: "test".to_owned(),
        same_quote_as: None,
        provenance: None,
        earlier: Some(earlier),
    }
}

#[test]
fn an_edit_of_the_article_keeps_what_an_editor_said_of_its_printings() {
    let (server, key) = writer();
    import(&server, "First", "May 1, 2023", &format!("{TIDE} {GULL}"));
    let article = server.get("/v1/articles/first").data();
    let (tide, gull) = (quote(&server, "The tide"), quote(&server, "A gull"));
    let carl = done(&send(&server, &key, "PATCH", url(&gull), ANY, &json!({ "speaker": "Carl Unger" })));
    let person = |quote: &Value| Some(id(&quote["speaker"]).parse().unwrap());
    let earlier = |quote: &Value, is_corrected, is_quote_settled| Earlier {
        id: OccurrenceId::generate(),
        quote: id(quote).parse().unwrap(),
        speaker: person(quote),
        role: Some("keeper".to_owned()),
        organization: None,
        is_corrected,
        is_quote_settled,
    };
    let other = made(&send(&server, &key, "POST", "/v1/quotes", &[], &json!({ "text": "x", "speaker": "ada-quill" })));
    // The pull quote is a form of the passage, which an editor said is another quote; the corrected one is found to be
    // Ada's, like everything else.
    let printings = [
        Printing {
            same_quote_as: Some(1),
            ..printed_before(OccurrenceKind::Pull, "The tide waits...", earlier(&tide, false, false))
        },
        printed_before(OccurrenceKind::Inline, "The tide waits for nobody,", earlier(&other, false, true)),
        printed_before(OccurrenceKind::Inline, "A gull is never late,", earlier(&carl, true, false)),
    ];
    let found = Attributed { speaker: person(&tide), role: Some("warden".to_owned()), organization: None };
    rewrite(&server, &article, &printings, &found);
    assert_eq!(quotes_of(&server, "first"), [id(&tide), id(&other), id(&gull)]);
    let shown = server.get("/v1/articles/first?include=quotes").data()["quotes"].take();
    let told: Vec<_> = shown.as_array().unwrap().iter().map(|p| (&p["speaker"]["slug"], &p["role"])).collect();
    let (ada, carl, warden, keeper) = (json!("ada-quill"), json!("carl-unger"), json!("warden"), json!("keeper"));
    assert_eq!(told, [(&ada, &warden), (&ada, &warden), (&carl, &keeper)]);
}

/// One write, of which the numbers choose what it is done to among what there is.
#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    Speaker(usize, Option<usize>),
    Withdraw(usize, Option<usize>),
    Restore(usize),
    Join(usize, usize),
    Split(usize, usize),
    Correct(usize, usize),
    Purge(usize),
}

const SPEAKERS: [&str; 4] = ["Ada Quill", "Bram Oster", "Ines Marlow", "tern-society"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = 0..12_usize;
    let step = prop_oneof![
        1 => (0..4_usize).prop_map(Step::Create),
        2 => (number.clone(), prop::option::of(0..4_usize)).prop_map(|(quote, speaker)| Step::Speaker(quote, speaker)),
        3 => (number.clone(), prop::option::of(number.clone())).prop_map(|(quote, other)| Step::Withdraw(quote, other)),
        3 => number.clone().prop_map(Step::Restore),
        4 => (number.clone(), number.clone()).prop_map(|(quote, into)| Step::Join(quote, into)),
        4 => (number.clone(), number.clone()).prop_map(|(quote, printing)| Step::Split(quote, printing)),
        2 => (number.clone(), number.clone()).prop_map(|(printing, role)| Step::Correct(printing, role)),
        1 => number.prop_map(Step::Purge),
    ];
    prop::collection::vec(step, 1..14)
}

/// What must be so after every write: what there is against it, which is nothing.
const OBJECTIONS: [(&str, &str); 10] = [
    (
        "a quote is public from its earliest printing, or from when it was made",
        "SELECT id::text FROM quotes WHERE public_from <> coalesce(least(CASE WHEN is_independent THEN created_at END, \
         (SELECT min(o.public_from) FROM occurrences o WHERE o.quote_id = quotes.id AND o.position IS NOT NULL)), 'infinity')",
    ),
    (
        "a quote says what its longest public printing says",
        "SELECT id::text FROM quotes, LATERAL (SELECT max(char_length(o.text)) AS most FROM occurrences o \
         WHERE o.quote_id = quotes.id AND o.public_from <= now()) AS printed WHERE most IS NOT NULL AND NOT EXISTS \
         (SELECT FROM occurrences o WHERE o.quote_id = quotes.id AND o.text = quotes.text AND char_length(o.text) = most \
          AND o.public_from <= now())",
    ),
    (
        "anchors are true to the text",
        "SELECT s.occurrence_id::text FROM segments s JOIN occurrences o ON o.id = s.occurrence_id \
         JOIN articles a ON a.id = o.article_id WHERE substr(a.body_text, starts_at + 1, ends_at - starts_at) <> exact",
    ),
    (
        "what leads to another quote is withdrawn, and leads somewhere",
        "SELECT id::text FROM quotes WHERE successor_id IS NOT NULL AND deleted_at IS NULL",
    ),
    (
        "who said what is public is public",
        "SELECT p.slug FROM quotes q JOIN people p ON p.id = q.speaker_id WHERE q.deleted_at IS NULL \
         AND p.public_from > q.public_from",
    ),
    (
        "nobody is public whom nothing public shows",
        "SELECT slug FROM people p WHERE p.public_from <= now() AND NOT EXISTS (SELECT FROM quotes q \
         WHERE q.speaker_id = p.id AND q.deleted_at IS NULL AND q.public_from <= now()) AND NOT EXISTS (SELECT \
         FROM occurrences o JOIN quotes q ON q.id = o.quote_id WHERE o.organization_id = p.id AND q.deleted_at IS NULL \
         AND o.public_from <= now())",
    ),
    (
        "what a person was is public as long as a living quote is printed so",
        "SELECT f.id::text FROM affiliations f WHERE f.public_from <> coalesce((SELECT min(o.public_from) FROM quotes q \
         JOIN occurrences o ON o.quote_id = q.id WHERE q.deleted_at IS NULL AND q.speaker_id = f.person_id \
         AND o.role IS NOT DISTINCT FROM f.role AND o.organization_id IS NOT DISTINCT FROM f.organization_id), 'infinity')",
    ),
    (
        "what a printing says of its speaker the speaker was",
        "SELECT o.id::text FROM quotes q JOIN occurrences o ON o.quote_id = q.id WHERE o.role IS NOT NULL \
         AND q.speaker_id IS NOT NULL AND q.deleted_at IS NULL AND q.speaker_id IS DISTINCT FROM o.organization_id \
         AND NOT EXISTS (SELECT FROM affiliations f WHERE f.person_id = q.speaker_id AND f.role = o.role \
         AND o.organization_id IS NOT DISTINCT FROM f.organization_id)",
    ),
    (
        "the version of an article is kept, with the printings it has",
        "SELECT a.slug FROM articles a WHERE NOT EXISTS (SELECT FROM article_revisions r WHERE r.article_id = a.id \
         AND r.version = a.version AND jsonb_array_length(r.document::jsonb->'printings') = \
         (SELECT count(*) FROM occurrences o WHERE o.article_id = a.id))",
    ),
    (
        "the record tells of every version of a quote",
        "SELECT q.id::text FROM quotes q WHERE q.version <> (SELECT count(*) FROM changes c WHERE c.resource_id = q.id)",
    ),
];

/// Does a step; it succeeds or is refused.
fn take(server: &TestServer, admin: &str, step: &Step) {
    let ids = |query: &str| server.database.query(query);
    let quotes = ids("SELECT id::text FROM quotes ORDER BY id");
    let printings = ids("SELECT id::text FROM occurrences ORDER BY id");
    if quotes.is_empty() || printings.is_empty() {
        return;
    }
    let quote =
        |number: usize| verbatim::values::id::QuoteId(quotes[number % quotes.len()].parse().unwrap()).to_string();
    let printing = |number: usize| OccurrenceId(printings[number % printings.len()].parse().unwrap()).to_string();
    let quote_path = |number: usize, rest: &str| format!("/v1/quotes/{}{rest}", quote(number));
    let written = |method: &str, path: String, body: Value| send(server, admin, method, &path, ANY, &body);
    let done = |method: &str, path: String| send_empty(server, admin, method, &path, ANY);
    let answer = match step {
        Step::Create(number) => {
            let body = json!({ "text": format!("Words number {number}."), "speaker": SPEAKERS[*number] });
            send(server, admin, "POST", "/v1/quotes", &[], &body)
        }
        Step::Speaker(number, speaker) => {
            written("PATCH", quote_path(*number, ""), json!({ "speaker": speaker.map(|speaker| SPEAKERS[speaker]) }))
        }
        Step::Withdraw(number, None) => done("DELETE", quote_path(*number, "?reason=So.")),
        Step::Withdraw(number, Some(other)) => {
            done("DELETE", quote_path(*number, &format!("?successor={}", quote(*other))))
        }
        Step::Restore(number) => done("POST", quote_path(*number, "/restore")),
        Step::Join(number, into) => written("POST", quote_path(*number, "/join"), json!({ "into": quote(*into) })),
        Step::Split(number, chosen) => {
            // One of the printings of the quote, where it has any.
            let of_quote = format!(
                "SELECT id::text FROM occurrences WHERE quote_id = '{}' ORDER BY id",
                quotes[*number % quotes.len()]
            );
            let own = ids(&of_quote);
            let chosen = own.get(chosen % own.len().max(1)).map(|id| OccurrenceId(id.parse().unwrap()).to_string());
            let body = json!({ "occurrences": [chosen.unwrap_or_else(|| printing(0))] });
            written("POST", quote_path(*number, "/split"), body)
        }
        Step::Correct(number, role) => {
            let role = ["warden", "mayor", "keeper"].get(*role);
            let body = json!({ "role": role, "organization": role.map(|_| "Harbour Trust") });
            written("PATCH", format!("/v1/occurrences/{}", printing(*number)), body)
        }
        Step::Purge(number) => done("DELETE", quote_path(*number, "?purge=true")),
    };
    assert!(matches!(answer.status, 200 | 201 | 204 | 400 | 404 | 409 | 410 | 422), "{step:?}: {}", answer.text);
}

#[test]
fn whatever_is_written_quotes_stay_true_to_what_is_printed() {
    let mut runner = TestRunner::new(Config { cases: 8, failure_persistence: None, ..Config::default() });
    let told = OBJECTIONS.map(|(rule, query)| format!("SELECT '{rule}: ' || one FROM ({query}) AS objections (one)"));
    let objections = told.join(" UNION ALL ");
    let outcome = runner.run(&steps(), |steps| {
        let server = TestServer::start();
        let admin = server.key(&[Scope::Admin]);
        import(&server, "First", "May 1, 2023", &format!("{TIDE} {GULL}"));
        import(&server, "Second", "May 2, 2023", &format!("{TIDE} \"The tide,\" said Bram Oster, \"is late.\""));
        import(
            &server,
            "Third",
            "May 3, 2999",
            &format!("{GULL} \"Nobody has seen this before,\" said Ines Marlow, poet."),
        );
        for (index, step) in steps.iter().enumerate() {
            take(&server, &admin, step);
            let found = server.database.query(&objections);
            prop_assert!(found.is_empty(), "after {:?}: {found:?}", &steps[..=index]);
            let living = server.get("/v1/quotes?limit=100").column("/id");
            for article in ["first", "second"] {
                let shown = quotes_of(&server, article);
                prop_assert!(
                    shown.iter().all(|quote| living.contains(quote)),
                    "{article} after {:?}",
                    &steps[..=index]
                );
            }
            for quote in &living {
                prop_assert_eq!(server.get(&format!("/v1/quotes/{}", quote)).status, 200);
            }
        }
        Ok(())
    });
    outcome.unwrap();
}
