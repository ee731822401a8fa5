//! Reading quotes, and when two printings are one quote.

use serde_json::Value;

use crate::support::TestServer;

fn article(title: &str, date: &str, body: &str) -> String {
    format!("{title}\n{date}\n{body}\nThe rest of the article goes on in plain words for a while.\nLabels: Sea\n")
}

fn quotes(server: &TestServer) -> Vec<Value> {
    server.get("/v1/quotes").data().as_array().unwrap().clone()
}

#[test]
fn five_words_of_one_speaker_in_two_articles_are_one_quote_with_two_printings() {
    let server = TestServer::start();
    let first = "\"The tide waits for nobody,\" said Ada Quill, warden of the Tern Society.";
    let second = "It was late. \u{201c}The tide waits for nobody!\u{201d} said Ada Quill, mayor.";
    server.import("a.txt", article("First", "May 1, 2023", first));
    server.import("b.txt", article("Second", "May 2, 2023", second));
    let quotes = quotes(&server);
    assert_eq!(quotes.len(), 1);
    let printings = quotes[0]["occurrences"].as_array().unwrap();
    let told: Vec<_> =
        printings.iter().map(|p| (p["article"]["title"].as_str().unwrap(), p["text"].as_str().unwrap())).collect();
    assert_eq!(told, [("First", "The tide waits for nobody,"), ("Second", "The tide waits for nobody!")]);
    assert_eq!(quotes[0]["published_at"], "2023-05-01T00:00:00Z", "the first printing counts");
    assert_eq!(printings[0]["role"], "warden");
    assert_eq!(printings[1]["role"], "mayor", "each printing keeps the role of its time");
}

#[test]
fn four_words_in_two_articles_are_two_quotes() {
    let server = TestServer::start();
    let body = "\"The tide never waits,\" said Ada Quill, warden of the Tern Society.";
    server.import("a.txt", article("First", "May 1, 2023", body));
    server.import("b.txt", article("Second", "May 2, 2023", body));
    assert_eq!(quotes(&server).len(), 2);
}

#[test]
fn the_same_words_of_two_speakers_are_two_quotes() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "May 1, 2023", "\"The tide waits for nobody,\" said Ada Quill."));
    server.import("b.txt", article("Second", "May 2, 2023", "\"The tide waits for nobody,\" said Bram Oster."));
    assert_eq!(quotes(&server).len(), 2);
}

#[test]
fn unattributed_words_join_only_within_one_article() {
    let server = TestServer::start();
    let body = "A note read: \"Leave the gate open for the sheep.\" Nobody knew the hand.\n\
                Weeks later another was pinned there. \"Leave the gate open for the sheep.\" It was the same hand.";
    server.import("a.txt", article("First", "May 1, 2023", body));
    server.import("b.txt", article("Second", "May 2, 2023", body));
    let quotes = quotes(&server);
    assert_eq!(quotes.len(), 2, "{quotes:#?}");
    for quote in quotes {
        assert_eq!(quote["speaker"], Value::Null);
        assert_eq!(quote["occurrences"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_trimmed_pull_quote_is_a_printing_of_the_passage_and_the_longest_printing_is_the_text() {
    let server = TestServer::start();
    let body = "\"The tide waits for nobody...\"Ada Quill, warden, Tern Society\n\
                The meeting was short. \"The tide waits for nobody, and the ferry waits for the tide,\" said Ada Quill.";
    server.import("a.txt", article("First", "May 1, 2023", body));
    let quotes = quotes(&server);
    assert_eq!(quotes.len(), 1, "{quotes:#?}");
    assert_eq!(quotes[0]["text"], "The tide waits for nobody, and the ferry waits for the tide,");
    let printings = quotes[0]["occurrences"].as_array().unwrap();
    assert_eq!(printings[0]["kind"], "pull");
    assert_eq!(printings[0]["fidelity"], "trimmed");
    assert_eq!(printings[0]["text"], "The tide waits for nobody...");
}

#[test]
fn a_split_quote_is_one_with_its_segments_joined() {
    let server = TestServer::start();
    let body = "\"The tide,\" said Ada Quill, warden of the Tern Society, \"waits for nobody.\"";
    server.import("a.txt", article("First", "May 1, 2023", body));
    let quotes = quotes(&server);
    assert_eq!(quotes[0]["text"], "The tide, waits for nobody.");
    let segments = quotes[0]["occurrences"][0]["segments"].as_array().unwrap().clone();
    let exact: Vec<_> = segments.iter().map(|segment| segment["exact"].as_str().unwrap()).collect();
    assert_eq!(exact, ["The tide,", "waits for nobody."]);
    assert_eq!(segments[0]["prefix"], "\"");
}

#[test]
fn a_quote_is_fetched_by_its_id_alone() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "May 1, 2023", "\"The tide waits for nobody,\" said Ada Quill."));
    let listed = quotes(&server).remove(0);
    let url = listed["url"].as_str().unwrap();
    assert_eq!(server.get(url).data(), listed);
    let whole = server.get(&format!("{url}?include=speaker")).data();
    assert_eq!(whole["speaker"]["kind"], "person");
    for unknown in ["the-tide-waits", "quo_01h455vb4pex5vsknk084sn02q", "per_01h455vb4pex5vsknk084sn02q"] {
        assert_eq!(server.get(&format!("/v1/quotes/{unknown}")).problem()["code"], "not_found");
    }
}

#[test]
fn quotes_are_listed_by_label_by_speaker_and_by_article() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "May 1, 2023", "\"The tide waits for nobody,\" said Ada Quill."));
    let other = article("Second", "May 2, 2023", "\"A gull is never late for lunch,\" said Bram Oster.");
    server.import("b.txt", other.replace("Labels: Sea", "Labels: Birds"));
    assert_eq!(server.get("/v1/quotes?label=birds").column("/text"), ["A gull is never late for lunch,"]);
    assert_eq!(server.get("/v1/quotes?label=birds,sea").data().as_array().unwrap().len(), 2);
    assert_eq!(server.get("/v1/people/ada-quill/quotes").column("/text"), ["The tide waits for nobody,"]);
    assert_eq!(server.get("/v1/articles/second/quotes").column("/text"), ["A gull is never late for lunch,"]);
    assert_eq!(server.get("/v1/people/nobody/quotes").problem()["code"], "not_found");
}
