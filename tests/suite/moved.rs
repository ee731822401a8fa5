//! What was renamed, merged or deleted.

use crate::support::TestServer;

fn server() -> TestServer {
    let server = TestServer::start();
    let body = "\"The tide waits for nobody,\" said Ada Quill. \"A gull is never late,\" said Bram Oster.";
    server.import("a.txt", format!("First\nMay 1, 2023\n{body}\nLabels: Sea, Birds, Rain\n"));
    server.import("b.txt", "Second\nMay 1, 2100\nThe second article is not public for a while.\nLabels: Secret\n");
    server
}

/// Where a path leads, with the status it answers.
fn led(server: &TestServer, path: &str) -> (u16, String) {
    let answer = server.get(path);
    (answer.status, answer.header("location").to_owned())
}

fn to(location: &str) -> (u16, String) {
    (308, location.to_owned())
}

#[test]
fn a_former_slug_leads_to_the_current_one_with_the_query() {
    let server = server();
    server.database.execute(
        "INSERT INTO article_slugs SELECT 'the-first', id FROM articles WHERE slug = 'first'; \
         INSERT INTO article_slugs SELECT 'the-second', id FROM articles WHERE slug = 'second'; \
         INSERT INTO person_slugs SELECT 'ada', id FROM people WHERE slug = 'ada-quill'; \
         INSERT INTO label_slugs SELECT 'the-sea', id FROM labels WHERE slug = 'sea'; \
         INSERT INTO label_slugs SELECT 'a-secret', id FROM labels WHERE slug = 'secret'",
    );
    assert_eq!(
        led(&server, "/v1/articles/the-first?include=quotes%2Clabels"),
        to("/v1/articles/first?include=quotes%2Clabels")
    );
    assert_eq!(led(&server, "/v1/people/ada"), to("/v1/people/ada-quill"));
    assert_eq!(led(&server, "/v1/labels/the-sea"), to("/v1/labels/sea"));
    for (former, current) in [
        ("/v1/people/ada/quotes?limit=5", "/v1/people/ada-quill/quotes?limit=5"),
        ("/v1/people/ada/articles", "/v1/people/ada-quill/articles"),
        ("/v1/people/ada/co-quoted", "/v1/people/ada-quill/co-quoted"),
        ("/v1/articles/the-first/quotes", "/v1/articles/first/quotes"),
        ("/v1/labels/the-sea/articles", "/v1/labels/sea/articles"),
        ("/v1/labels/the-sea/voices", "/v1/labels/sea/voices"),
        ("/v1/labels/the-sea/related", "/v1/labels/sea/related"),
    ] {
        assert_eq!(led(&server, former), to(current));
        assert_eq!(server.get(current).status, 200, "{current}");
    }
    let own = server.get("/v1/people/ada-quill").header("cache-control").to_owned();
    assert_eq!(server.get("/v1/people/ada").header("cache-control"), own, "a rename can be undone");
    for draft in ["/v1/articles/the-second", "/v1/articles/second", "/v1/labels/a-secret", "/v1/labels/secret"] {
        assert_eq!(server.get(draft).problem()["code"], "not_found", "{draft}");
    }
    assert_eq!(server.get("/v1/people/ada?x=1").status, 400, "what is wrong is told first");
}

#[test]
fn addresses_are_made_from_the_configuration() {
    let server = TestServer::with(&[("VERBATIM_PUBLIC_URL", "https://api.example.org")]);
    server.import("a.txt", "First\nMay 1, 2023\nThe first words stand here in a paragraph.\nLabels: Sea\n");
    server.database.execute("INSERT INTO label_slugs SELECT 'the-sea', id FROM labels WHERE slug = 'sea'");
    assert_eq!(led(&server, "/v1/labels/the-sea"), to("https://api.example.org/v1/labels/sea"));
}

#[test]
fn what_was_merged_leads_to_what_it_was_merged_into_however_often() {
    let server = server();
    let id = |path: &str| server.get(path).data()["id"].as_str().unwrap().to_owned();
    let (ada, birds) = (id("/v1/people/ada-quill"), id("/v1/labels/birds"));
    server.database.execute(
        "UPDATE people SET merged_into_id = (SELECT id FROM people WHERE slug = 'bram-oster') WHERE slug = 'ada-quill'; \
         UPDATE labels SET merged_into_id = (SELECT id FROM labels WHERE slug = 'rain'), deleted_at = now() WHERE slug = 'birds'; \
         UPDATE labels SET merged_into_id = (SELECT id FROM labels WHERE slug = 'sea') WHERE slug = 'rain'",
    );
    for reference in [ada.as_str(), "ada-quill"] {
        assert_eq!(led(&server, &format!("/v1/people/{reference}")), to("/v1/people/bram-oster"));
    }
    for reference in [birds.as_str(), "birds", "rain"] {
        assert_eq!(led(&server, &format!("/v1/labels/{reference}")), to("/v1/labels/sea"));
    }
    server
        .database
        .execute("UPDATE labels SET merged_into_id = (SELECT id FROM labels WHERE slug = 'secret') WHERE slug = 'sea'");
    assert_eq!(server.get("/v1/labels/birds").problem()["code"], "not_found", "what is not public is not told");
    server
        .database
        .execute("UPDATE labels SET merged_into_id = (SELECT id FROM labels WHERE slug = 'birds') WHERE slug = 'sea'");
    assert_eq!(server.get("/v1/labels/birds").problem()["code"], "not_found", "a circle leads nowhere");
}

#[test]
fn what_was_public_and_is_deleted_is_gone_and_says_why() {
    let server = server();
    let quote = server.get("/v1/quotes?limit=1").column("/url").remove(0);
    server.database.execute(
        "UPDATE articles SET deleted_at = now(), deletion_reason = 'withdrawn on request' WHERE slug = 'second'; \
         UPDATE people SET deleted_at = now(), deletion_reason = 'withdrawn on request' WHERE slug = 'ada-quill'; \
         UPDATE labels SET deleted_at = now() WHERE slug IN ('birds', 'secret'); \
         UPDATE quotes SET deleted_at = now(), deletion_reason = 'never said'",
    );
    let detail = |path: &str| {
        let answer = server.get(path);
        assert_eq!(answer.status, 410, "{path}");
        let problem = answer.problem();
        assert_eq!(problem["code"], "gone");
        problem["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(detail("/v1/people/ada-quill"), "the person \"ada-quill\" was deleted: withdrawn on request");
    assert_eq!(detail("/v1/people/ada-quill/quotes"), "the person \"ada-quill\" was deleted: withdrawn on request");
    assert_eq!(detail("/v1/labels/birds"), "the label \"birds\" was deleted");
    assert!(detail(&quote).ends_with("was deleted: never said"));
    for draft in ["/v1/articles/second", "/v1/labels/secret"] {
        assert_eq!(server.get(draft).problem()["code"], "not_found", "{draft} never was public");
    }
    server
        .database
        .execute("UPDATE articles SET deleted_at = now(), deletion_reason = 'an error' WHERE slug = 'first'");
    assert_eq!(detail("/v1/articles/first"), "the article \"first\" was deleted: an error");
    assert_eq!(detail("/v1/articles/first/quotes"), "the article \"first\" was deleted: an error");
}

#[test]
fn a_quote_that_was_joined_to_another_leads_to_it() {
    let server = server();
    let urls = server.get("/v1/quotes").column("/url");
    let id = |url: &str| url.rsplit('/').next().unwrap().to_owned();
    server.database.execute(
        "UPDATE quotes SET deleted_at = now(), successor_id = (SELECT id FROM quotes WHERE text LIKE 'A gull%') WHERE text LIKE 'The tide%'",
    );
    let current = server.get("/v1/quotes").column("/url").remove(0);
    let former = urls.iter().find(|url| **url != current).unwrap();
    assert_eq!(led(&server, former), to(&current));
    assert!(id(former).starts_with("quo_"));
}

#[test]
fn a_filter_by_what_was_merged_finds_what_it_was_merged_into() {
    let server = server();
    let id = |path: &str| server.get(path).data()["id"].as_str().unwrap().to_owned();
    let (bram, birds) = (id("/v1/people/bram-oster"), id("/v1/labels/birds"));
    server.database.execute(
        "UPDATE labels SET merged_into_id = (SELECT id FROM labels WHERE slug = 'rain') WHERE slug = 'birds'; \
         UPDATE labels SET merged_into_id = (SELECT id FROM labels WHERE slug = 'sea') WHERE slug = 'rain'; \
         UPDATE people SET merged_into_id = (SELECT id FROM people WHERE slug = 'ada-quill') WHERE slug = 'bram-oster'",
    );
    for label in ["birds", "Birds", "rain", "sea", &birds] {
        assert_eq!(server.get(&format!("/v1/articles?label={label}")).column("/slug"), ["first"], "{label}");
    }
    for speaker in ["bram-oster", &bram, "ada-quill"] {
        let quotes = server.get(&format!("/v1/quotes?speaker={speaker}"));
        assert_eq!(quotes.column("/text"), ["The tide waits for nobody,"], "{speaker}");
    }
}
