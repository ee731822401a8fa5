//! Asking for some attributes only.

use serde_json::json;

use crate::support::TestServer;

#[test]
fn only_the_fields_asked_for_are_shown() {
    let server = TestServer::with_sample();
    let rows = server.get("/v1/articles?limit=2&fields=slug,labels.name,title").data();
    let keys: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 3);
    assert_eq!(rows[0]["labels"][0].as_object().unwrap().len(), 1);
    let one = server.get("/v1/people/maren-tolliver-haag?fields=name,affiliations.role").data();
    assert_eq!(one["name"], "Maren Tolliver-Haag");
    assert!(one.get("slug").is_none() && one["affiliations"][0].get("organization").is_none());
}

#[test]
fn fields_lead_into_includes_and_bodies_come_into_lists_when_asked_for() {
    let server = TestServer::with_sample();
    let rows = server.get("/v1/articles?limit=1&include=quotes.speaker&fields=quotes.speaker.aliases,body_text").data();
    assert_eq!(rows[0].as_object().unwrap().len(), 2);
    assert!(rows[0]["body_text"].as_str().unwrap().len() > 100);
    let speakers = rows[0]["quotes"].as_array().unwrap();
    assert!(speakers.iter().any(|quote| quote["speaker"] == json!({ "aliases": [] })));
    assert!(server.get("/v1/articles?limit=1&fields=quotes.text").data()[0]["quotes"][0]["text"].is_string());
}

#[test]
fn an_unknown_field_is_refused_and_a_near_one_named() {
    let server = TestServer::start();
    let problem = server.get("/v1/articles?fields=titel").problem();
    assert_eq!(problem["errors"][0]["parameter"], "fields");
    assert_eq!(problem["errors"][0]["did_you_mean"][0], "title");
    assert_eq!(server.get("/v1/quotes?fields=text,speaker.name").status, 200);
    assert_eq!(server.get("/v1/labels?fields=speaker").status, 400);
}
